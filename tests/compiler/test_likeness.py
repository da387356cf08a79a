"""What a person's chain says in other words than its rule, and what it says otherwise."""

from __future__ import annotations

import pytest

from judge.compiler.grammar.checks import other_words
from tests.compiler.test_checks import chain


@pytest.mark.parametrize(
    ("rule", "groups", "told"),
    [
        ("No counterfeit banknotes may be shown.", ["banknotes are visible"], "`counterfeit` stands in the rule"),
        ("No banknotes may be shown.", ["counterfeit banknotes are visible"], "`counterfeit` stands in a statement"),
        ("No gun may be shown.", ["a toy is visible"], "`gun` stands in the rule"),
        ("No weapon may be shown.", ["a knife is visible"], "`weapon` stands in the rule"),
        ("No knife may be shown.", ["a weapon is visible"], "`weapon` stands in a statement"),
        ("No more than three dogs may be shown.", ["more than four dogs are visible"], "`three` stands in the rule"),
        ("No dogs may be shown on a train.", ["dogs are visible"], "`train` stands in the rule"),
        ("No dog, cat or other animal may be shown.", ["cars are visible"], "stand in the rule"),
        ("No cups, plates or other objects may be shown.", ["plates are visible"], "`cups`"),
        ("No skating may be shown.", ["people are skiing"], "`skating` stands in the rule"),
    ],
)
def test_what_only_one_of_them_says_is_told(rule, groups, told):
    assert told in " ".join(fault.message for fault in other_words(rule, chain(*groups), ()))


@pytest.mark.parametrize(
    ("rule", "groups"),
    [
        ("No person may be shown with blood on its body.", ["people are visible", "the body is bloody"]),
        ("No fire may be shown.", ["flames are visible"]),
        ("No weapon may be shown.", ["a weapon is visible | a knife is visible"]),
        ("No bomb or other explosive may be shown.", ["explosives are visible"]),
        ("An alcoholic drink is not allowed.", ["alcohol is visible"]),
        ("No person may be shown with a gun in the hand.", ["a person holds a gun"]),
        (
            "No person may be shown touching another person.",
            ["two people are visible", "a person touches another person"],
        ),
        ("No masked person may be shown.", ["a person with a mask is visible"]),
    ],
)
def test_the_same_in_other_words_is_not(rule, groups):
    assert list(other_words(rule, chain(*groups), ())) == []
