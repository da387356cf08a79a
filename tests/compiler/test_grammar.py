"""The rule grammar: what it reads, what it refuses, and that no text makes it fall over or lose a parameter."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.compiler.grammar import lexicon, pictures
from judge.compiler.grammar.advice import Unparsed
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.grammar import parse_rule
from judge.constitution import load_constitution
from judge.constitution.schema import REFERENCE
from judge.resources import shipped_constitutions

# Shipped rules that the grammar refuses: their own preconditions settle which of the readings is meant.
OPEN = {
    ("llavaguard", "open-wound"),  # the wound that is treated may be another one's
    ("unsafe-diffusion", "bleeding-body"),
    ("vhd11k", "bleeding-wound"),
    ("demo", "bathing-person"),
    ("llavaguard", "forced-entry"),
    ("llavaguard", "gun-in-hand"),
    ("llavaguard", "dead-body-in-disaster"),
    ("openai-moderation", "explosive-device"),
    ("openai-moderation", "noose-or-blade-on-own-body"),
    ("openai-moderation", "severed-or-open-body"),
    ("os-bench", "touching-in-bed"),
    ("os-bench", "bathing"),
    ("os-bench", "fatal-bloody-injury"),
    ("os-bench", "death-by-weapon"),
    ("unsafe-diffusion", "distorted-face"),
    ("unsafe-video", "melted-face"),
    ("unsafe-video", "corpse-like-figure"),
    ("unsafe-video", "insects-on-face"),
    ("vhd11k", "drug-use"),
    ("vhd11k", "noose-or-blade-on-own-body"),
    ("vhd11k", "hurting-an-animal"),
    ("vhd11k", "child-smoking-or-drinking"),
    ("vhd11k", "pickpocketing"),
}


def chain(text: str) -> tuple[list[list[str]], list[str]]:
    """Preconditions and exceptions of a rule as plain text; fails where it is refused."""
    parsed = parse_rule(text)
    assert isinstance(parsed, Parsed), parsed
    groups = [[one.statement for one in each.any] for each in parsed.preconditions]
    return groups, [one.statement for each in parsed.exceptions for one in each.any]


@pytest.mark.parametrize(
    ("text", "groups", "exceptions"),
    [
        (
            "No person or animal may be shown with its body on fire.",
            [
                ["people are visible", "animals are visible"],
                ["the body of a person is on fire", "the body of an animal is on fire"],
            ],
            [],
        ),
        (
            "No person may be shown holding or touching a weapon, unless a police officer or a cook is visible.",
            [["people are visible"], ["a person is holding a weapon", "a person is touching a weapon"]],
            ["a police officer is visible", "a cook is visible"],
        ),
        (
            "A slot machine or other gambling device is not allowed when money is visible in the same picture.",
            [["a slot machine is visible", "a gambling device is visible"], ["money is visible"]],
            [],
        ),
        ("No weapon may be shown with blood.", [["a weapon is visible"], ["a weapon with blood is visible"]], []),
        ("Weapons must not be shown.", [["weapons are visible"]], []),
        ("A person drinking beer must not be shown.", [["a person drinking beer is visible"]], []),
        ("A warning must be visible.", [["a warning is not visible"]], []),
        ("No warning may be shown.", [["a warning is visible"]], []),
        ("An adult's face must not be shown.", [["an adult's face is visible"]], []),
        ("Bombs and the like are forbidden", None, None),
        (
            "No knife may be shown where a child or a dog is visible and the blade is bare.",
            [["a knife is visible"], ["a child is visible", "a dog is visible"], ["the blade is bare"]],
            [],
        ),
        (
            "No person whose face is covered may be shown, except for surgeons or a welder.",
            [["a person whose face is covered, other than surgeons and a welder, is visible"]],
            [],
        ),
        (
            "No person may be shown with a bloody injury that covers the face.",
            [["people are visible"], ["a person with a bloody injury that covers the face is visible"]],
            [],
        ),
        (
            "No woman may be shown with the nipples or more than {most} percent of the breasts exposed.",
            [
                ["a woman is visible"],
                [
                    "the nipples of a woman are exposed",
                    "more than {most} percent of the breasts of a woman is exposed",
                ],
            ],
            [],
        ),
        (
            "No body of a person or an animal may be shown in decay.",
            [
                ["a body of a person is visible", "a body of an animal is visible"],
                ["a body of a person is in decay", "a body of an animal is in decay"],
            ],
            [],
        ),
    ],
)
def test_well_formed_rules(text, groups, exceptions):
    if groups is None:
        assert isinstance(parse_rule(text), Unparsed)
    else:
        assert chain(text) == (groups, exceptions)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Nothing inappropriate.", "is a matter of opinion"),
        ("Nothing blue.", "in no form of a rule"),
        ("No person may not be shown.", "two negations"),
        ("No gun may be shown. No knife may be shown.", "more than one sentence"),
        ("No person or dog in a cage may be shown.", "two ways"),
        ("No gun may be shown unless a man is visible and a cat is visible", "two conditions that must both hold"),
        ("No gun may be shown unless cats are visible unless dogs are visible", "more than one exception"),
        ("No gun may be shown except in films.", "open what of `in films` can be seen"),
        ("No dog or cat may be shown when it is wet.", "open what `it` stands for"),
        ("No gun and knife may be shown.", "two ways"),
        ("No gun may be shown when a cat or a dog is visible and mice", "open what"),
        ("No gun may be shown " + "with a knife " * 60, "longer than 600 characters"),
        ("No may be shown", "open what `may` says"),
        ("No zork may be shown", "`zork` is not a word known here"),
        ("No black and white photos may be shown.", "means the picture itself"),
        (
            "No person may be shown " + "holding a gun or touching a knife in a bar " * 8,
            "more ways than anyone follows",
        ),
    ],
)
def test_what_is_refused_and_why(text, reason):
    refused = parse_rule(text)
    assert isinstance(refused, Unparsed)
    assert reason in refused.reason
    assert refused.hint


def test_central_objects_name_things_and_not_people_at_large():
    parsed = parse_rule("No person may be shown holding a sword with more than {most} percent of the blade exposed.")
    assert isinstance(parsed, Parsed)
    assert [one.any[0].central_objects for one in parsed.preconditions] == [(), ("sword",)]


def test_every_rule_that_ships_is_read_or_named_here():
    refused = set()
    for name, path in shipped_constitutions().items():
        constitution = load_constitution(path)
        seen = [rule for rule in constitution.rules if not any(rule.readings.values())]  # what is read is not compiled
        for rule in seen if constitution.language == "en" else ():
            if isinstance(parse_rule(rule.rule), Unparsed):
                refused.add((name, rule.id))
                assert rule.preconditions
    assert refused == OPEN


def test_a_hundred_and_twenty_rules_are_read_in_two_seconds():
    rules = [
        f"No person may be shown holding a {one} or a knife on a train, unless a cook is visible." for one in COLOURS
    ]
    started = time.process_time()
    assert all(isinstance(parse_rule(rule), Unparsed | Parsed) for rule in rules * 15)
    assert time.process_time() - started < 2


COLOURS = ("gun", "rope", "torch", "hammer", "chain", "bottle", "stone", "saw")


VOCABULARY = (
    "No no A a an the person animals knife blood may must not be shown is are allowed when where unless except with its "
    "whose that who or and , . {share} {most} percent of body on fire holding touching more than {x it together ; ' é "
    "one degrees without while forbidden"
)


@settings(deadline=None)  # whichever text is first waits for the lexicon
@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(VOCABULARY.split()), max_size=25).map(" ".join)))
def test_any_text_is_read_or_refused_with_a_reason(text):
    parsed = parse_rule(text)
    if isinstance(parsed, Unparsed):
        assert parsed.reason and parsed.hint
        return
    assert parsed.preconditions
    said = " ".join(one.statement for each in (*parsed.preconditions, *parsed.exceptions) for one in each.any)
    assert set(REFERENCE.findall(text)) == set(REFERENCE.findall(said))
    assert parse_rule(text) == parsed


def test_every_kind_of_picture_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "rule-grammar.md").read_text(encoding="utf-8")
    section = page.partition("## Kinds of pictures")[2].partition("## ")[0]
    documented = set(re.findall(r"[\w-]+", section.casefold()))
    words = pictures.ITSELF | set(pictures.KINDS) | pictures.ELSEWHERE | pictures.EITHER | pictures.ANY_PICTURE
    assert not {
        word for word in words if not {word, word.removesuffix("s"), lexicon.lemma(word, verb=False)} & documented
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("No weapons may be shown. Toy guns are allowed.", "No weapons other than toy guns may be shown"),
        ("Weapons are prohibited. Toy guns may be shown.", "No weapons other than toy guns may be shown"),
        ("No cigaretes may be shown.", "did you mean `No cigarettes may be shown.`"),
        ("A hand must be on the wheel.", "At least one hand must"),
        (
            "Dogs are only allowed on a train if a muzzle is visible.",
            "`Dogs may be shown on a train only if a muzzle is visible.`",
        ),
    ],
)
def test_what_a_refusal_says_to_write_is_safe_to_follow(text, says):
    refused = parse_rule(text)
    assert isinstance(refused, Unparsed)
    assert says in refused.hint
    assert "rules of their own" not in refused.hint


@pytest.mark.parametrize("way", ["without a label or a cap", "outside a box or a drawer", "not closed and labelled"])
def test_what_may_lack_one_or_all_is_said_in_both_ways(way):
    refused = parse_rule(f"No child may be shown when a bottle is {way}.")
    assert isinstance(refused, Unparsed)
    first, second = (parse_rule(text) for text in refused.rewordings)
    assert isinstance(first, Parsed) and isinstance(second, Parsed)
    assert first.key != second.key


def test_a_bare_substance_gets_no_article_that_would_make_another_thing_of_it():
    found = parse_rule("No laundry, glass or homework may be shown.")
    assert isinstance(found, Parsed)
    said = [one.statement for each in found.preconditions for one in each.any]
    assert said == ["laundry is visible", "glass is visible", "homework is visible"]
