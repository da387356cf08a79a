"""An offer never says the reverse of its rule, and passes the gate that a rule passes: of every refused sentence."""

from __future__ import annotations

import re
from functools import cache

import pytest

from judge.compiler.grammar.advice import Unparsed
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.checks import faults, subjective, unseeable
from judge.compiler.grammar.offers import demands, turns_round
from tests.compiler.parsing import parse_rule
from tests.compiler.test_sentences import sentences

_BAN = re.compile(r"`[^`]*(?:must not be shown|are prohibited|may be shown)[^`]*`")


@cache  # nine seconds of parsing, which nobody who only collects this file has to wait for
def all_refused() -> list[tuple[str, Unparsed]]:
    rules = dict.fromkeys(entry["rule"] for name in ("refuse", "followed", "sixty") for entry in sentences(name))
    return [(rule, found) for rule in rules if isinstance(found := parse_rule(rule), Unparsed)]


def test_every_offer_is_read_without_a_fault_and_turns_nothing_round():
    offered = 0
    for rule, refused in all_refused():
        for choice in refused.choices:
            read = [parse_rule(text) for text in choice.rules]
            assert all(isinstance(one, Parsed) for one in read), rule
            for text, chain in zip(choice.rules or [rule] * len(choice.chains), choice.chains, strict=True):
                statements = [one.statement for each in chain.conditions for one in each.any]
                assert not any(unseeable(one) or subjective(one) for one in statements), (rule, statements)
                found = faults(text, chain.preconditions, chain.exceptions) if choice.rules else ()
                assert not any(fault.refuses for fault in found), (rule, text)
            assert not turns_round(rule, choice.chains), (rule, choice.rules)
            offered += 1
    assert offered > 300


def test_what_a_demand_is_told_to_write_forbids_nothing():
    demanding = [(rule, found) for rule, found in all_refused() if demands(rule)]
    assert len(demanding) > 100
    assert [(rule, found.hint) for rule, found in demanding if not found.choices and _BAN.search(found.hint)] == []


@pytest.mark.parametrize(
    ("rule", "offer"),
    [
        ("A fence and a sign must be visible.", "The following are prohibited: a fence; a sign."),
        ("The label must be readable.", "No label may be shown."),
        ("No cats and dogs may be shown.", "At least one cat must be visible."),
        ("Dogs must not be shown.", "Photos must show a dog."),
    ],
)
def test_a_reversed_offer_is_told(rule, offer):
    found = parse_rule(offer)
    assert isinstance(found, Parsed)
    assert turns_round(rule, (found,))


@pytest.mark.parametrize(
    "rule",
    [
        "Exactly one person must be visible, and that person must be facing the camera.",
        "Photos must be less than two years old.",
    ],
)
def test_nothing_is_offered_that_points_at_another_sentence_or_cannot_be_seen(rule):
    found = parse_rule(rule)
    assert isinstance(found, Unparsed)
    assert found.choices == ()
