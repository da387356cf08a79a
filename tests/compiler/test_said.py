"""Said back: a chain in plain words, and every picture in words checked against the logic of chains."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.chain import Chain, Outcome, resolve
from judge.constitution.document import comment
from judge.locks.said import MOST_PICTURES, in_words, not_so, pictures, said_back


def chain(*groups, unless=()):
    return Chain(tuple(map(tuple, groups)), tuple((one,) for one in unless))


FIRE = chain(["people are visible", "animals are visible"], ["fire is visible"], ["the body is on fire"])
TOYS = chain(["a child is visible"], ["a gun is visible"], unless=["the gun is a toy"])


def test_a_chain_is_said_in_whole_sentences():
    assert said_back(FIRE) == (
        "Flagged when: people are visible or animals are visible; and fire is visible; and the body is on fire.",
        "Not flagged when: no people are visible and no animals are visible; or no fire is visible; or the body is not "
        "on fire.",
    )


def test_an_exception_is_said_where_the_rule_is_lifted():
    flagged, clear = said_back(TOYS)
    assert flagged == "Flagged when: a child is visible; and a gun is visible; unless the gun is a toy."
    assert clear == "Not flagged when: no child is visible; or no gun is visible; or the gun is a toy."


def test_no_chain_is_said_to_end_in_review():
    assert said_back(Chain(())) == ("Every picture goes to a person: this rule has no chain that could be asked.",)
    assert pictures(Chain(())) == ()


def test_the_smallest_pictures_lie_on_either_side():
    assert [str(one) for one in pictures(TOYS)] == [
        "flagged: a child is visible and a gun is visible, but the gun is not a toy",
        "not flagged: a child is visible, a gun is visible and the gun is a toy",
        "not flagged: a child is visible, but no gun is visible",
        "not flagged: a gun is visible, but no child is visible",
    ]


def test_what_is_missing_is_missing_in_every_form():
    (picture,) = [one for one in pictures(chain(["a skull is visible", "bones are visible"])) if not one.flagged]
    assert str(picture) == "not flagged: no skull is visible and no bones are visible"


def test_what_a_later_statement_speaks_of_is_never_missing():
    assert [one.words for one in pictures(FIRE) if not one.flagged] == [
        "people are visible and fire is visible, but the body is not on fire",
        "animals are visible and fire is visible, but the body is not on fire",
    ]


def test_every_alternative_gets_a_picture_before_any_gets_two():
    flagged = [one.shown for one in pictures(FIRE) if one.flagged]
    assert flagged == [
        ("people are visible", "fire is visible", "the body is on fire"),
        ("animals are visible", "fire is visible", "the body is on fire"),
    ]


def test_what_cannot_be_without_the_rest_is_no_picture():
    """Nobody can collect a picture of a person who holds a weapon on which no weapon is visible."""
    held = chain(["people are visible"], ["a weapon is visible"], ["a person is holding a weapon"])
    assert [one.missing for one in pictures(held) if not one.flagged] == [("a person is holding a weapon",)]


@pytest.mark.parametrize(
    ("statement", "negated"),
    [
        ("a gun is visible", "no gun is visible"),
        ("people are visible", "no people are visible"),
        ("the body is on fire", "the body is not on fire"),
        ("a person is holding a weapon", "no person is holding a weapon"),
        ("a person who is old is visible", "it is not so that a person who is old is visible"),
        ("the dog that is wet is on a sofa", "it is not so that the dog that is wet is on a sofa"),
        ("a dog and a cat are visible", "it is not so that a dog and a cat are visible"),
        ("a beer or a wine is visible", "it is not so that a beer or a wine is visible"),
        ("at least 2 dogs are visible", "fewer than 2 dogs are visible"),
        ("more than {most} dogs are visible", "at most {most} dogs are visible"),
        ("at least two dogs or cats are visible", "it is not so that at least two dogs or cats are visible"),
        ("more than half of the body is bare", "it is not so that more than half of the body is bare"),
        ("a helmet is not visible", "a helmet is visible"),
        ("the lid is not closed", "the lid is closed"),
        ("the lid or the cup is not closed", "it is not so that the lid or the cup is not closed"),
        ("the lid is not closed and not clean", "it is not so that the lid is not closed and not clean"),
        ("the lid of a bin is not closed", "the lid of every bin is closed"),
        ("the lid of an old bin is not visible", "the lid of every old bin is visible"),
        ("the lid of a bin or a jar is not closed", "it is not so that the lid of a bin or a jar is not closed"),
        ("people are not visible", "it is not so that people are not visible"),
        ("all people are dressed", "it is not so that all people are dressed"),
        ("only people are visible", "it is not so that only people are visible"),
        ("no helmet is visible", "at least one helmet is visible"),
        ("a person is not wearing a helmet", "it is not so that a person is not wearing a helmet"),
        ("the person wears a hat", "it is not so that the person wears a hat"),
        ("eine Waffe ist sichtbar", "it is not so that eine Waffe ist sichtbar"),
        ("the people and the dog are wet", "it is not so that the people and the dog are wet"),
        ("{count} dogs are visible", "it is not so that {count} dogs are visible"),
        ("the cup is dirty and the plate is clean", "it is not so that the cup is dirty and the plate is clean"),
        ("a gun is visible and is loaded", "it is not so that a gun is visible and is loaded"),
        ("a dog is without a leash", "it is not so that a dog is without a leash"),
        ("a cup is empty or cracked", "it is not so that a cup is empty or cracked"),
    ],
)
def test_a_statement_is_turned_round_only_where_that_cannot_go_wrong(statement, negated):
    assert not_so(statement) == negated


def test_words_fit_a_comment_of_one_line():
    assert comment("a\nb\x85c\u2028d\x00\ufeffe") == "a b c d\ufffd\ufffde"


LETTERS = st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True), max_size=4)


@given(LETTERS, st.lists(st.sampled_from("abcdefgh"), max_size=2, unique=True))
def test_every_picture_is_on_its_side_and_as_small_as_can_be(groups, unless):
    one = chain(*groups, unless=unless)
    found = pictures(one)
    assert all(len([each for each in found if each.flagged is side]) <= MOST_PICTURES for side in (True, False))
    satisfiable = any(judged(one, set(held)) for held in subsets(one.statements))
    assert any(each.flagged for each in found) == (satisfiable and bool(groups))
    for each in found:
        assert judged(one, set(each.shown)) is each.flagged
        assert not set(each.shown) & set(each.missing)
        if each.flagged:
            assert not any(judged(one, set(each.shown) - {less}) for less in each.shown)
        elif each.missing:
            assert judged(one, {*each.shown, each.missing[0]})


def test_an_empty_side_is_never_claimed():
    swallowed = chain(["a gun is visible"], unless=["a gun is visible"])
    assert not [one for one in pictures(swallowed) if one.flagged]
    assert in_words(swallowed)[-1] == "No picture can be flagged: the exceptions take back all that the rule says."


def subsets(texts):
    return itertools.chain.from_iterable(itertools.combinations(texts, size) for size in range(len(texts) + 1))


def judged(one, held):
    outcomes = {text: Outcome.HOLDS if text in held else Outcome.FAILS for text in one.statements}
    return resolve(one, outcomes) is Outcome.HOLDS


def test_an_alternative_that_the_rest_says_is_never_missing():
    held = chain(["a knife is visible", "a weapon is visible"], ["a person is holding a weapon"])
    assert all(
        "a weapon is visible" not in one.missing or "a person is holding a weapon" in one.missing
        for one in pictures(held)
    )


@pytest.mark.parametrize(
    ("group", "not_flagged"),
    [
        (("no chair is visible", "more than one chair is visible"), "at least one chair is visible and at most one chair is visible"),
        (("no dogs are visible",), "dogs are visible"),
        (
            ("a dog with a ball and a stick is visible", "a cat is visible"),
            "no cat is visible and it is not so that a dog with a ball and a stick is visible",
        ),
    ],
)  # fmt: skip
def test_what_is_not_so_denies_nothing_that_follows(group, not_flagged):
    assert said_back(Chain((group,)))[1] == f"Not flagged when: {not_flagged}."
