"""Which nouns name kinds of which: what may be left out of a rule with `except`."""

from __future__ import annotations

import pytest

from judge.compiler.grammar.advice import Unparsed
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.grammar import parse_rule
from judge.compiler.grammar.nets import is_kind_of


@pytest.mark.parametrize(
    ("noun", "other"),
    [
        ("puppies", "dogs"),
        ("taxis", "cars"),
        ("ambulances", "vehicles"),
        ("kittens", "cats"),
        ("children", "passengers"),
        ("staff", "people"),
        ("fruit", "food"),
    ],
)
def test_a_kind_is_known(noun, other):
    assert is_kind_of(noun, other)


@pytest.mark.parametrize(
    ("noun", "other"),
    [
        ("jewellery", "mannequins"),
        ("cutlery", "vehicles"),
        ("wheels", "cars"),
        ("hands", "people"),
        ("zork", "dogs"),
        ("dogs", "puppies"),
    ],
)
def test_what_is_no_kind_or_not_known_is_none(noun, other):
    assert not is_kind_of(noun, other)


@pytest.mark.parametrize("word", ["except", "except for", "apart from", "excluding"])
def test_only_a_kind_is_left_out(word):
    assert isinstance(parse_rule(f"No vehicles may be shown, {word} ambulances."), Parsed)
    refused = parse_rule(f"No vehicles may be shown, {word} cutlery.")
    assert isinstance(refused, Unparsed) and "cutlery" in refused.reason


def test_other_than_says_so_itself():
    assert isinstance(parse_rule("No text other than the brand name may be shown."), Parsed)
