"""Offers: what a refusal says to write never forbids what the sentence allows, nor demands another thing of it."""

from __future__ import annotations

import pytest

from judge.compiler.grammar.advice import Unparsed
from judge.compiler.grammar.grammar import parse_rule
from judge.compiler.grammar.kept import keeps
from judge.compiler.grammar.offers import reverses
from tests.compiler.test_sentences import sentences


def refusal(rule: str) -> Unparsed:
    found = parse_rule(rule)
    assert isinstance(found, Unparsed), found
    return found


def reversing(sentence: str, *way: str) -> bool:
    return reverses(sentence, way, parse_rule)


@pytest.mark.parametrize(
    ("rule", "never"),
    [
        (
            "Children may not be shown except with a parent or with a teacher.",
            "Children may not be shown without a parent or with a teacher.",
        ),
        ("Dogs may not be shown except on a lead or in a car.", "Dogs may not be in a car."),
        (
            "A ruler or a coin must be placed beside every dent.",
            "Every ruler and every coin must be placed beside every dent.",
        ),
        ("No guns except on police officers or soldiers.", "unless a sign is visible"),
        ("Guns may not be shown except in the hands of a guard.", "unless a sign is visible"),
        ("Selfies must not be shown.", "the picture is shown"),
        ("Photos must not be posted.", "the picture is posted"),
        ("No pictures of accident patients who are still alive.", "red alive"),
        ("Photos must not show more than one coffin or any blood.", "coffin blood"),
        ("Photos must not show more than one child or any toys.", "child toys"),
        ("Shirtless men may be shown only at the beach or by a pool.", "a rule for each"),
        ("Dogs including guide dogs must be muzzled.", "No car"),
        ("If a ring is worn on a hand, the hand must be clean.", "itself, with `it`"),
        ("No gun may be shown unless a guard is at every door.", "did you mean"),
    ],
)
def test_an_offer_that_reverses_the_sentence_is_not_made(rule, never):
    assert never not in str(refusal(rule))


@pytest.mark.parametrize(
    ("rule", "way"),
    [
        (
            "Children may not be shown except with a parent or with a teacher.",
            "Children may not be shown unless with a parent or with a teacher.",
        ),
        (
            "Dogs may not be shown except on a lead or in a car.",
            "Dogs may not be shown unless on a lead or in a car.",
        ),
    ],
)
def test_an_exception_of_two_parts_is_offered_whole(rule, way):
    assert refusal(rule).rewordings == (way,)


@pytest.mark.parametrize(
    ("sentence", "way"),
    [
        ("No cat may be shown, except in a basket or on a sofa", ("No cat may be shown in a basket.",)),
        ("No cat may be shown, except in a basket or on a sofa", ("No cat may be shown without a lead.",)),
        ("Cats may be shown only in a basket or on a sofa", ("Cats must not be shown on a sofa.",)),
        ("Masks are forbidden unless a clown or a nurse wears one", ("No nurse may be shown.",)),
        ("A lamp or a candle must stand on every table", ("Every lamp must stand on a table.",)),
    ],
)
def test_what_forbids_a_part_of_the_exception_reverses_it(sentence, way):
    assert reversing(sentence, *way)


@pytest.mark.parametrize(
    ("sentence", "way"),
    [
        ("No cat may be shown, except in a basket or on a sofa", ("Cats may be shown only in a basket or on a sofa.",)),
        ("No dogs, except for guide dogs", ("No dogs other than guide dogs may be shown.",)),
        ("Except with a lead, no dog may be shown", ("No dog without a lead may be shown.",)),
        ("A lamp must stand on every table", ("No table without a lamp may be shown.",)),
    ],
)
def test_what_keeps_the_exception_does_not(sentence, way):
    assert not reversing(sentence, *way)


def test_no_offer_of_all_the_sets_reverses_its_sentence():
    refused = [
        (entry["rule"], found)
        for name in ("refuse", "tenth", "outside-tenth")
        for entry in sentences(name)
        if isinstance(found := parse_rule(entry["rule"]), Unparsed)
    ]
    offered = [
        (rule, way) for rule, found in refused for way in (*((one,) for one in found.rewordings), *found.several)
    ]
    assert len(offered) > 100
    assert [pair for pair in offered if reversing(*pair[:1], *pair[1])] == []


@pytest.mark.parametrize(
    "rule",
    [
        "No more than one pizza and at least two forks.",
        "No more than two pizzas and at least two forks may be shown.",
        "Do not allow dogs and children in the same picture.",
        "Never permit smoking people.",
        "Do not have candles.",
        "Dogs are prohibited, but cats are allowed.",
        "Pets are prohibited. This does not apply to guide dogs.",
        "No guns may be shown. Exception: police.",
    ],
)
def test_nothing_is_offered_where_it_would_not_say_the_same(rule):
    assert refusal(rule).choices == ()


@pytest.mark.parametrize(
    ("sentence", "way", "kept"),
    [
        ("At most two cats and at least three dogs must be visible", "No at least three dogs may be shown.", False),
        ("No group may have fewer than four members", "No group with fewer than four people may be shown.", True),
        ("Up to three lamps must be visible", "No more than three lamps may be shown.", True),
        ("Up to three lamps must be visible", "At least three lamps must be visible.", False),
        ("No cat may be shown without at least two dogs", "No cat without at least two dogs may be shown.", True),
        ("No cat may be shown with at least two dogs", "No cat without at least two dogs may be shown.", False),
        ("Cats and dogs must not be shown in the same picture", "No cats or dogs may be shown.", False),
        ("Cats and dogs must not be shown in the same picture", "No cats may be shown when dogs are visible.", True),
        ("Pets are banned, except for goldfish", "Pets are banned, unless goldfish are visible.", False),
        ("Pets are banned when no goldfish are visible", "Pets are banned, unless goldfish are visible.", True),
    ],
)
def test_an_offer_keeps_counts_what_is_together_and_what_lifts(sentence, way, kept):
    chain = parse_rule(way)
    assert not isinstance(chain, Unparsed)
    assert keeps(sentence, (chain,)) is kept


@pytest.mark.parametrize(
    ("rule", "offered"),
    [
        ("Smoking is forbidden in all carriages.", "Smoking is forbidden in carriages."),
        ("In all carriages, passengers must not smoke.", "In carriages, passengers must not smoke."),
        ("Bicycles are prohibited on every platform.", "Bicycles are prohibited on a platform."),
        ("The doors of each moving train must not be open.", "The doors of a moving train must not be open."),
        ("Every passenger in every carriage must wear a mask.", "Every passenger in a carriage must wear a mask."),
        ("The faces of all children must be blurred.", "The faces of children must be blurred."),
        ("No cats on tables; cats on chairs are fine.", "No cats on tables."),
        ("Cats on tables are forbidden. Cats on chairs are allowed.", "Cats on tables are forbidden."),
        ("Knives in kitchens must not be shown; knives in bars are allowed.", "Knives in kitchens must not be shown."),
    ],
)
def test_what_is_forbidden_in_each_place_is_offered_of_any(rule, offered):
    assert refusal(rule).rewordings == (offered,)


@pytest.mark.parametrize(
    ("rule", "offered"),
    [
        (
            "Photos must not show more than two cups or a knife.",
            ("Photos must not show more than two cups.", "Photos must not show a knife."),
        ),
        ("Dogs including guide dogs must be muzzled.", ("Dogs must be muzzled.", "Guide dogs must be muzzled.")),
    ],
)
def test_a_number_before_a_list_and_examples_of_a_demand_are_offered_as_two_rules(rule, offered):
    assert refusal(rule).several == (offered,)
