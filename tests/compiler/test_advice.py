"""What a refusal says to write is safe to follow to the letter: nothing that an author said is lost on the way."""

from __future__ import annotations

import re

import pytest
import yaml

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.advice import BY_HAND, Unparsed, advised, swapped
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.grammar import parse_rule
from judge.compiler.grammar.lexicon import word_set
from judge.constitution import Rule
from tests.compiler.test_sentences import sentences

# Sentences of people who wrote policies, refused, and followed to something else than they said.
FOLLOWED = (
    "No child may be shown while giving an injection.",
    "Gloves must be worn when handling raw fish.",
    "The card must lie flat on a dark surface.",
    "No shadows on the face or behind the head.",
    "No children under five may be shown.",
    "No toys with small parts may be shown near a child under five.",
    "No toddler alone in a bath may be shown.",
    "No person wearing only a towel may be shown.",
    "No crowd of more than ten may be shown.",
    "A car must have four wheels.",
    "A nurse must wear gloves while giving an injection.",
    "No fresh scars.",
    "Photos must not be black and white.",
    "X-rays are not allowed when a face is visible.",
)
REFUSED = (*(entry["rule"] for entry in sentences("refuse")), *FOLLOWED)
# What a rule says of itself: that something is forbidden, asked, seen, in this picture.
OF_THE_RULE = word_set(
    "a an the no any some each every all both and or nor not but only if when where while whenever then unless except "
    "other than for post may must can should shall will would be is are been being has have do does never neither "
    "nobody always ever also show shown showing see seen depict picture photo image visible appear allow allowed permit "
    "permitted forbid forbidden prohibit prohibited ban banned acceptable accept accepted following fine welcome ok "
    "exempt still unacceptable exception there who that which with of in as it they we you include contain feature "
    "person people"
)


def words(text: str) -> dict[str, set[str]]:
    """Each word of a text that is not the rule's own, with all that it can be an inflection of."""
    found = re.findall(r"[a-z0-9{}-]+", re.sub(r"'s|\bno one\b", "", text.casefold()))
    bases = {word: {word, lexicon.lemma(word, verb=True), lexicon.lemma(word, verb=False)} for word in found}
    return {word: each for word, each in bases.items() if not each & OF_THE_RULE}


@pytest.mark.parametrize("rule", REFUSED, ids=lambda rule: rule[:60])
def test_whatever_is_offered_is_read_and_says_every_word_of_the_sentence(rule):
    refused = parse_rule(rule)
    assert isinstance(refused, Unparsed)
    for text in refused.rewordings:
        assert isinstance(parse_rule(text), Parsed), text
        there = set().union(*words(text).values())
        assert [word for word, bases in words(rule).items() if not bases & there] == [], text
        assert f"`{text}`" in refused.hint
    assert refused.rewordings or BY_HAND in refused.hint
    assert not re.search(r"\bleave (?:it|them) out\b|\bleft out\b|\bin a simpler way\b", refused.hint)


def test_enough_is_offered_for_the_check_to_mean_something():
    offered = [found for rule in REFUSED if isinstance(found := parse_rule(rule), Unparsed) and found.rewordings]
    assert len(offered) > 150


def test_a_rewording_that_is_refused_or_loses_a_word_is_not_offered():
    rule = "No gun on a table may be shown"
    bad = ("No gun may be shown.", "No gun on a table may twice be shown.")
    found = advised(rule, Unparsed("it is open", "say more", bad), parse_rule)
    assert found.rewordings == ()
    assert "No gun may be shown" not in found.hint
    assert "`No gun on a table may twice be shown.` is not read" in found.hint
    assert found.hint.endswith(BY_HAND)
    good = "A gun on tables must not be shown."
    assert advised(rule, Unparsed("it is open", "", (*bad, good)), parse_rule).rewordings == (good,)


def test_what_is_put_in_must_have_something_to_stand_for():
    assert swapped("a car must be red", ((("a car", "every car"),), (("a van", "every van"),))) == (
        "Every car must be red.",
    )
    assert swapped("No scars", ((("", " may be shown"),),)) == ("No scars may be shown.",)


def test_preconditions_by_hand_are_written_as_constitutions_have_them():
    (example,) = re.findall(r"`(.+)`", BY_HAND)
    rule = Rule.model_validate({"id": "a", "rule": "Anything, shirtless or not.", **yaml.safe_load(example)})
    assert [one.any[0].statement for one in rule.preconditions] == ["a dog is visible", "a dog is without a muzzle"]


@pytest.mark.parametrize(
    ("rule", "blocking"),
    [
        ("No children under five may be shown.", "`five`"),
        ("No crowd of more than ten may be shown.", "`ten`"),
        ("No toys with small parts may be shown near a child under five.", "`five`"),
        ("No person wearing only a towel may be shown.", "`only`"),
        ("Photos must not be black and white.", "`black and white`"),
        ("X-rays are not allowed when a face is visible.", "`X-rays`"),
        ("No child may be shown while giving an injection.", "`while`"),
    ],
)
def test_the_blocking_words_are_named(rule, blocking):
    refused = parse_rule(rule)
    assert isinstance(refused, Unparsed)
    assert blocking in refused.hint


def test_a_choice_of_which_one_cannot_be_written_says_so():
    refused = parse_rule("A car must have four wheels.")
    assert isinstance(refused, Unparsed)
    assert "`Every car must have four wheels.` is not read" in refused.hint
