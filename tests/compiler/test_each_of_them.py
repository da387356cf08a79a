"""What each of several must be is denied of one of them: nine of ten in a helmet are not enough."""

from __future__ import annotations

import pytest

from judge.compiler.grammar.advice import Unparsed
from judge.compiler.grammar.chains import Parsed
from tests.compiler.parsing import parse_rule


@pytest.mark.parametrize(
    ("rule", "denied"),
    [
        ("All people in the picture must be wearing a helmet.", "a person is not wearing a helmet"),
        ("All the people must be standing.", "a person is not standing"),
        ("All children must be holding a rope.", "a child is not holding a rope"),
        ("The children must be wearing a cap.", "a child is not wearing a cap"),
        ("All the bottles must be closed.", "a bottle is not closed"),
        ("Dogs must be on a leash.", "a dog is not on a leash"),
        ("Dogs may be shown only on a leash.", "a dog is not on a leash"),
        ("All sheep must be in a pen.", "a sheep is not in a pen"),
        ("Syringes must be capped.", "a syringe is not capped"),
        ("Pools must have a fence around them.", "a pool is without a fence around it"),
        ("Guests must be wearing a mask or a scarf.", "a guest is neither wearing a mask nor wearing a scarf"),
    ],
)
def test_what_all_must_be_is_denied_of_one(rule, denied):
    found = parse_rule(rule)
    assert isinstance(found, Parsed)
    assert denied in [one.statement for each in found.preconditions for one in each.any]


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("Shoes must be shown in pairs.", "shoes are not in pairs"),
        ("Food must be covered.", "food is not covered"),
        ("Photos must show the wheels.", "the wheels are not visible"),
    ],
)
def test_what_one_of_them_cannot_be_is_denied_of_all(rule, kept):
    found = parse_rule(rule)
    assert isinstance(found, Parsed)
    assert kept in [one.statement for each in found.preconditions for one in each.any]


def test_one_of_them_is_enough_to_be_there():
    found = parse_rule("All cyclists must be wearing a helmet.")
    assert isinstance(found, Parsed)
    assert found.preconditions[0].any[0].statement == "a cyclist is visible"


def test_an_exception_holds_of_all():
    found = parse_rule("No ball may be shown unless dogs are not barking.")
    assert isinstance(found, Parsed)
    assert [one.statement for each in found.exceptions for one in each.any] == ["dogs are not barking"]


@pytest.mark.parametrize(
    ("rule", "offered"),
    [
        ("All staff must be wearing gloves.", "Every member of staff must be wearing gloves."),
        ("All food must be covered.", "Every piece of food must be covered."),
        ("All scissors must be closed.", "Every pair of scissors must be closed."),
    ],
)
def test_where_there_is_no_word_for_one_of_them_one_is_offered(rule, offered):
    found = parse_rule(rule)
    assert isinstance(found, Unparsed)
    assert found.rewordings == (offered,)
