"""How far `not`, numbers and exceptions reach, whatever the words: no part of a chain may forget them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from judge.compiler.grammar import pictures
from judge.compiler.grammar.advice import Unparsed
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.grammar import parse_rule

MANY = ("dogs", "bottles", "nurses", "chairs", "lamps", "drivers", "boxes", "horses", "towels", "candles")
ONE = ("dog", "bottle", "nurse", "chair", "lamp", "driver", "box", "horse", "towel", "candle")
SO = ("clean", "on a table", "in a cage", "covered", "behind a fence", "painted")
KINDS = ("red", "wooden", "striped", "old", "empty")
NUMBERS = ("two", "three", "7", "{n}", "twelve")
LACKING = ("without", "outside", "off", "away from")

many, one, so, kinds, numbers = map(st.sampled_from, (MANY, ONE, SO, KINDS, NUMBERS))


def chain(text: str) -> Parsed:
    found = parse_rule(text)
    assert isinstance(found, Parsed), found
    return found


def statements(found: Parsed) -> list[str]:
    return [each.statement for group in (*found.preconditions, *found.exceptions) for each in group.any]


@settings(deadline=None)
@given(many, so, kinds, st.sampled_from(["{0} must be {1}, except {2} {0}.", "Except for {2} {0}, {0} must be {1}.",
       "{0} must be {1}. Exception: {2} {0}.", "{0} must be {1}. {2} {0} are exempt.", "{0} may be shown only {1}, except {2} {0}."]))  # fmt: skip
def test_an_exempted_kind_is_left_out_of_every_statement(things, said, kind, form):
    found = parse_rule(form.format(things.capitalize() if form.startswith("{0}") else things, said, kind))
    if isinstance(found, Parsed):
        assert all(f"other than {kind} {things}" in text.casefold() for text in statements(found))
        assert not found.exceptions
    else:
        assert "only" in form  # `only covered`: in no form


@settings(deadline=None)
@given(many, so, numbers)
def test_too_few_is_what_breaks_a_least_number(things, said, number):
    assert statements(chain(f"At least {number} {things} must be {said}.")) == [
        f"fewer than {number} {things} are {said}"
    ]
    assert isinstance(parse_rule(f"{number.capitalize()} {things} must be {said}."), Unparsed)
    assert isinstance(parse_rule(f"Some {things} must be {said}."), Unparsed)
    assert isinstance(parse_rule(f"All {things} must not be {said}."), Unparsed)


@settings(deadline=None)
@given(one, many, many, numbers, st.sampled_from(["more than", "fewer than", "at least", "exactly", ""]),
       st.sampled_from(["No {0} with {1} {2} or {3} may be shown.", "Photos must not show a {0} with {1} {2} or {3}.",
       "No {0} carrying {1} {2} or {3} may be shown.", "No group of {1} {2} or {3} may be shown."]))  # fmt: skip
def test_what_a_number_counts_in_a_list_is_never_guessed(thing, first, second, number, quantity, form):
    assert isinstance(parse_rule(form.format(thing, f"{quantity} {number}".strip(), first, second)), Unparsed)


@settings(deadline=None)
@given(
    many, one, st.sampled_from(["on a table", "in a cage", "behind a fence"]), st.sampled_from(["if", "when", "where"])
)
def test_a_condition_behind_only_is_never_guessed(things, other, place, word):
    assume(not things.startswith(other))  # `only if a dog is visible`: of dogs, it says nothing
    for form in ("{0} may be shown only {1} {2} a {3} is visible.", "{0} are only allowed {1} {2} a {3} is visible."):
        assert isinstance(parse_rule(form.format(things.capitalize(), place, word, other)), Unparsed)
    found = chain(f"{things.capitalize()} may be shown {place} only {word} a {other} is visible.")
    assert statements(found)[:2] == [f"{things} are visible", f"{things} are {place}"]
    assert [each.any[0].statement for each in found.exceptions] == [f"a {other} is visible"]


@settings(deadline=None)
@given(st.lists(one, min_size=3, max_size=3, unique=True), st.sampled_from(LACKING), st.sampled_from(["or", "and"]))
def test_what_may_lack_one_or_all_is_said_in_both_ways(things, lacking, joint):
    first, second, third = things
    refused = parse_rule(f"No {first} may be shown {lacking} a {second} {joint} a {third}.")
    assert isinstance(refused, Unparsed)
    ways = [statements(chain(text)) for text in refused.rewordings]
    assert sorted(len(way) for way in ways) == [2, 3]
    assert any(f"{lacking} a {second} and {lacking} a {third}" in text for way in ways for text in way)


@settings(deadline=None)
@given(
    many,
    st.sampled_from(["used", "seen through a window", "shown as a toy"]),
    st.sampled_from(["indoors", "on a table"]),
)
def test_a_verb_that_says_something_stays(things, verb, place):
    said = statements(chain(f"{things.capitalize()} must not be {verb} {place}."))
    assert all(f"are {verb}" in text for text in said if "visible" not in text)
    assert len(said) == 2


@pytest.mark.parametrize("kind", sorted(pictures.KINDS | dict.fromkeys(pictures.ELSEWHERE, "")))
def test_a_rule_about_one_kind_of_picture_is_no_rule_about_all(kind):
    for text in (
        f"{kind.capitalize()} must not show knives.",
        f"No {kind} may show knives.",
        f"{kind} must show knives.",
    ):
        found = parse_rule(text)
        if isinstance(found, Parsed):
            assert any(each.startswith("the picture is a") for each in statements(found))
        else:
            assert kind in pictures.ELSEWHERE
