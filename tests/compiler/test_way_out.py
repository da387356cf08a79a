"""The way out of a refusal: what is offered can be pasted as it is, and says what its words say."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from judge.chain import Chain, chain_of_conditions
from judge.compiler.compile import compile_constitution
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.either import either
from judge.compiler.grammar.grammar import parse_rule
from judge.compiler.grammar.named import named_in
from judge.compiler.way_out import scaffold, to_fill_in, way_out
from judge.constitution import Rule, Statement
from judge.constitution.load import parse_constitution
from judge.errors import ConstitutionError
from judge.locks.apart import telling_apart
from judge.locks.said import said_back
from tests.compiler.test_checks import chain as chain_of
from tests.compiler.test_sentences import sentences
from tests.compiler.worlds import plain, violated, worlds_of

SETS = ("tenth", "outside-tenth", "sixty")
REFUSED = [entry["rule"] for name in SETS for entry in sentences(name)]
REFUSED += [entry["rule"] for entry in sentences("refuse") if "readings" in entry]


def rule(text: str, **more) -> Rule:
    return Rule.model_validate({"id": "a", "rule": text, **more})


def file(text: str, block: str, below: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in block.splitlines())
    return f"constitution: a\nversion: 1.0.0\nrules:\n  - id: a\n    rule: {text!r}\n{below}{lines}"


def test_each_offer_pasted_below_its_rule_is_just_its_chain():
    pasted = 0
    for text in REFUSED:
        out = way_out(rule(text))
        for offer in out.offers if out else ():
            if not offer.yaml:
                assert len(offer.rules) > 1
                continue
            pasted += 1
            constitution = parse_constitution(file(text, offer.yaml))
            entry = compile_constitution(constitution, None).rules["a"]
            assert (entry.made_by, entry.rule) == ("written", text)
            assert (entry.preconditions, entry.exceptions) == (offer.preconditions, offer.exceptions)
            assert said_back(chain_of_conditions(entry.preconditions, entry.exceptions)) == offer.said_back
            chains = [plain(parse_rule(wording)) for wording in offer.rules]
            whole = plain(Parsed(offer.preconditions, offer.exceptions))
            for world in {world for chain in (whole, *chains) for world in worlds_of(chain)} if chains else ():
                assert violated(whole, world) == any(violated(chain, world) for chain in chains), (text, world)
    assert pasted > 120


def test_an_offer_of_two_rules_is_one_chain_that_either_violates():
    (offer,) = way_out(rule("Ladders must stand on firm ground and lean at the right angle.")).offers
    assert len(offer.rules) == 2
    assert [[one.statement for one in group.any] for group in offer.preconditions] == [
        ["ladders are visible"],
        ["a ladder is not standing on firm ground", "a ladder is not leaning at the right angle"],
    ]
    apart = chain_of("a dog is visible", "the dog is wet"), chain_of("a cat is visible", "the cat is wet")
    joined = either([Parsed(one) for one in apart])
    assert len(joined.preconditions) == 4  # either animal, with either's state
    lifted = Parsed(apart[0], chain_of("a vet is visible"))
    assert either([lifted, Parsed(apart[1])]) is None  # the exception is of one alone
    assert (
        either([Parsed(chain_of(*(f"a dog is at number {at}" for at in range(9)))), Parsed(apart[0])]) is None
    )  # too many


def test_every_refusal_ends_with_lines_to_fill_in_that_are_refused_until_they_are():
    for text in REFUSED[::4]:
        out = way_out(rule(text))
        if out is None:
            continue
        with pytest.raises(ConstitutionError, match=r"is not filled in .*a picture that breaks the rule"):
            parse_constitution(file(text, out.scaffold))
        filled = out.scaffold.replace("- ___", "- a dog is visible").replace("___", "are visible")
        assert parse_constitution(file(text, filled)).rules[0].preconditions
        assert out.reason and "flagged when" not in out.reason


def test_of_several_readings_some_picture_tells_each_from_each():
    outs = [out for text in REFUSED if (out := way_out(rule(text))) and out.reason.startswith("it can be read in two")]
    assert sum(bool(out.apart) for out in outs) > 0.9 * len(outs) > 30


@pytest.mark.parametrize(
    ("first", "second", "telling"),
    [
        (
            [["forged tickets are visible", "vouchers are visible"]],
            [["forged tickets are visible", "forged vouchers are visible"]],
            "vouchers are visible, but no forged tickets are visible and no forged vouchers are visible: "
            "flagged by 1, not by 2",
        ),
        (
            [["blood is visible", "bandages are visible"]],
            [["blood is visible"], ["bandages are visible"]],
            "blood is visible, but no bandages are visible: flagged by 1, not by 2",
        ),
        ([["dogs are visible"]], [["big dogs are visible"]], "dogs are visible, but no big dogs are visible: flagged by 1, not by 2"),
    ],
)  # fmt: skip
def test_the_smallest_picture_that_tells_two_chains_apart(first, second, telling):
    chains = [Chain(tuple(map(tuple, groups))) for groups in (first, second)]
    assert [str(one) for one in telling_apart(chains)] == [telling]


def test_chains_that_say_the_same_are_told_apart_by_nothing():
    chain = Chain((("a dog is visible",),))
    assert telling_apart([chain, chain]) == () == telling_apart([chain])


def test_what_the_constitution_excepts_already_stays_in_what_is_offered():
    out = way_out(rule("No forged tickets or vouchers.", exceptions=["a museum is visible"]))
    assert all("unless a museum is visible" in offer.said_back[0] for offer in out.offers)
    assert all([one.any[0].statement for one in offer.exceptions] == ["a museum is visible"] for offer in out.offers)
    assert "exceptions:\n- a museum is visible" in to_fill_in(
        rule("Nothing awful.", exceptions=["a museum is visible"])
    )


def test_a_rule_that_is_read_needs_no_way_out():
    assert way_out(rule("No gun may be shown.")) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Adults may only hold knives in the kitchen.", ("adults", "knives", "the kitchen")),
        ("No photos of people drinking alcohol.", ("people", "alcohol")),
        ("The design must not touch the edge of the shirt.", ("the design", "the edge of the shirt")),
        ("Do not upload stock photos.", ()),
        (
            "Science photos must show everyone wearing safety goggles at sports events.",
            ("safety goggles", "sports events"),
        ),
        ("Nothing awful.", ()),
    ],
)
def test_what_a_sentence_names(text, named):
    assert named_in(text) == named


def test_the_first_thing_that_a_rule_names_begins_the_first_line():
    lines = scaffold(rule("Each child with a scooter must zork.")).splitlines()
    assert lines[1:] == ["- a child ___", "- ___"] and lines[0].endswith("# it also names: a scooter")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("There mustn't be fewer than four candles.", "- fewer than four candles ___"),
        ("Up to three people.", "- more than three people ___"),
        ("A dozen eggs or fewer.", "- ___"),
        ("No cats or dogs anywhere.", "- ___"),
        ("At least one window must not be open.", "- ___"),
        ("Few toys only.", "- ___"),
        ("Flag a photo with a knife.", "- a knife ___"),
        ("I zork when it rains.", "- ___"),
    ],
)
def test_the_lines_say_how_many_as_it_is_broken_and_name_nothing_where_that_is_open(text, first):
    lines = scaffold(rule(text)).splitlines()
    assert lines[1:] == [first, "- ___"]
    assert ("- any: [___, ___]" in lines[0]) == (first == "- ___" and "zork" not in text)


def test_a_statement_with_a_place_to_fill_in_is_none():
    with pytest.raises(ValidationError, match="a place to fill in"):
        Statement(statement="a child ___ is visible")
