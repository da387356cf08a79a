"""What every chain is held to, whoever made it."""

from __future__ import annotations

import pytest

from judge.compiler.grammar.checks import content, faults, subjective, unseeable
from judge.constitution import Precondition, Statement


def chain(*groups: str) -> tuple[Precondition, ...]:
    return tuple(
        Precondition(any=tuple(Statement(statement=one.strip()) for one in group.split("|"))) for group in groups
    )


RULE = "No counterfeit banknotes may be shown on more than {most} percent of the table."
GOOD = chain("counterfeit banknotes are visible", "counterfeit banknotes are on more than {most} percent of the table")


def test_a_chain_that_says_what_the_rule_says_has_no_fault():
    assert faults(RULE, GOOD, ()) == ()


@pytest.mark.parametrize(
    ("rule", "groups", "unless", "check", "says"),
    [
        (RULE, chain("banknotes are on more than {most} percent of the table"), (), "lost word", "counterfeit"),
        (RULE, chain("counterfeit banknotes are on 20 percent of the table"), (), "lost word", "{most}"),
        ("No cups may be shown.", chain("dirty cups are visible"), (), "new word", "dirty"),
        ("No cups may be shown.", chain("cups"), (), "incomplete", "no verb"),
        ("No cups may be shown.", chain("cups are"), (), "incomplete", "says nothing"),
        ("No cups may be shown.", chain("is visible cups"), (), "incomplete", "does not say what"),
        ("No owned cups may be shown.", chain("owned cups are visible"), (), "cannot be seen", "owned"),
        ("No ugly cups may be shown.", chain("ugly cups are visible"), (), "opinion", "ugly"),
        (
            "No cups may be shown unless a cup is visible.",
            chain("cups are visible"),
            chain("cups are visible"),
            "swallowed",
            "lift",
        ),
        ("No zork cups may be shown.", chain("zork cups are visible"), (), "unknown word", "zork"),
        (
            "No person may be shown holding a phone while driving.",
            chain("people are visible", "a person is holding a phone", "a person is driving"),
            (),
            "two subjects",
            "two different ones",
        ),
        (
            "Bottles must not be shown without a label or without a seal.",
            chain("bottles are visible", "bottles are without a label", "bottles are without a seal"),
            (),
            "two subjects",
            "two different ones",
        ),
        (
            "No car may be shown if its doors are open.",
            chain("a car is visible", "its doors are open"),
            (),
            "open word",
            "its",
        ),
        ("No trucks, guide dogs.", chain("guide dogs", "trucks are visible"), (), "incomplete", "no verb"),
    ],
)
def test_each_fault_is_found_and_named(rule, groups, unless, check, says):
    found = {fault.check: fault.message for fault in faults(rule, groups, unless)}
    assert says in found[check]


def test_what_only_the_form_of_a_rule_says_may_get_lost():
    for rule in (
        "Product photos must not show cups.",
        "Never post or share pictures of cups.",
        "Cups, whether old or new, are strictly prohibited.",
    ):
        assert faults(rule, chain("cups are visible"), ()) == ()


def test_words_are_compared_by_their_dictionary_form():
    assert set(content("Children are holding {n} knives and the cook's 2 bags")) == {
        "child", "hold", "{n}", "knife", "cook", "2", "bag",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["a person gives consent", "stolen goods are visible", "the seller owns a car"])
def test_what_no_picture_shows_is_known(text):
    assert unseeable(text)


@pytest.mark.parametrize("text", ["a person on the own wrist", "a towel is on the floor", "a planned garden"])
def test_ordinary_words_can_be_seen(text):
    assert unseeable(text.replace("planned", "green")) == ""


def test_an_opinion_with_a_measure_is_none():
    assert subjective("large and ugly") and not subjective("ugly for more than 20 percent")
