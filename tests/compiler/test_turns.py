"""Turns: a sentence in other words says what the sentence says, held against what a careful person reads in it."""

from __future__ import annotations

import re

import pytest
import yaml

from judge.compiler.grammar import turning
from judge.compiler.grammar.advice import Unparsed, _other_ways
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.grammar import parse_rule
from judge.compiler.grammar.grammar import plain as sentence_of
from judge.compiler.grammar.reword import as_preconditions
from judge.compiler.grammar.turns import TURNS
from judge.constitution import Rule
from tests.compiler.test_sentences import sentences
from tests.compiler.worlds import Plain, plain, violated, worlds_of, written

# Offered in words that worlds of facts do not find alike, and that say the same: `fed by a visitor`, `a visitor feeds`.
OTHER_WORDS = {
    "A cap or a seal must be visible.",
    "A phone may be used only by an adult.",
    "A rope must hang in front of each painting.",
    "A sign must hang beside each sculpture.",
    "A smoke alarm must be visible in every bedroom.",
    "Captions must be white on a black background.",
    "Dinosaurs must be shown with their tails.",
    "Dogs must be leashed or muzzled, cats must be in a carrier.",
    "Do not cover the logo of the product with stickers.",
    "Doctors, nurses and dentists must wear gloves when they are examining a patient.",
    "Goats may be fed only by visitors with a badge.",
    "Hard hats are required on all building sites.",
    "Helmets must be yellow or white, never red.",
    "Marquees must be open on at least two sides.",
    "Name badges must be worn on the chest.",
    "No ladder may be shown unless a worker is holding it.",
    "Paintings must be shown with their frame.",
    "Phones may be used only by adults.",
    "Product photos must have a plain white background.",
    "Puppies must be shown with their mother.",
    "Riders must have both feet on the pedals.",
    "Scaffolders must be secured with two ropes.",
    "Seats reserved for wheelchairs must be empty or used by people in wheelchairs.",
    "The kitchen must be shown with all cupboards closed.",
}
NEW = 4  # sentences that come into the sets, until somebody has looked at them


def chains(way: tuple[str, ...]) -> list[Plain]:
    """What rules, or preconditions, ask; each is violated by itself."""
    if way[0].startswith("preconditions: "):
        rule = Rule.model_validate({"id": "a", "rule": "Anything.", **yaml.safe_load(way[0].replace("` and `", "\n"))})
        groups = tuple(tuple(one.statement for one in each.any) for each in rule.preconditions)
        return [Plain(groups, tuple(one.statement for each in rule.exceptions for one in each.any))]
    found = [parse_rule(text) for text in way]
    return [plain(one) for one in found if isinstance(one, Parsed)]


def alike(wanted: Plain, way: tuple[str, ...]) -> bool:
    """Whether some rule of a way is violated in just those worlds in which the wanted chain is."""
    found = chains(way)
    worlds = [world for one in (wanted, *found) for world in worlds_of(one)]
    return all(violated(wanted, world) == any(violated(one, world) for one in found) for world in worlds)


def ways(rule: str) -> tuple[tuple[str, ...], ...]:
    """How a sentence can be written in other words; the sentence need not be refused."""
    bare = sentence_of(rule)
    bare = bare if bare[1:2].isupper() else bare[0].lower() + bare[1:]
    if not any(turning._pattern(text).fullmatch(bare) for text, *_ in TURNS):
        return ()
    refused = parse_rule(rule)
    reason = refused.reason if isinstance(refused, Unparsed) else ""
    found = next(_other_ways(sentence_of(rule), Unparsed(reason, ""), parse_rule), None)
    return () if found is None else tuple(one.rules or (as_preconditions(one.chains[0]),) for one in found.choices)


def test_a_turn_of_a_sentence_says_what_a_careful_person_reads_in_it():
    told = [entry for name in ("read", "tenth") for entry in sentences(name) if "flag" in entry]
    offered = {entry["rule"]: (entry, found) for entry in told if (found := ways(entry["rule"]))}
    assert len(offered) > 150
    other = {
        rule
        for rule, (entry, found) in offered.items()
        if not any(alike(written(entry["flag"], entry.get("unless", "")), way) for way in found)
    }
    assert len(other - OTHER_WORDS) <= NEW, other - OTHER_WORDS


def test_every_turn_is_a_pattern_whose_words_are_in_its_ways():
    for text, meanings, *why in TURNS:
        found = turning._pattern(text)
        named = set(found.groupindex)
        used = {
            name for meaning in meanings for hole in turning._HOLE.finditer(meaning) for name in hole_names(hole, named)
        }
        assert used <= named, (text, used - named)
        assert all(re.compile(one) for one in why)


def hole_names(hole: re.Match[str], named: set[str]) -> set[str]:
    """The groups that a hole names: `<q/a>` two, `<n=x>` two."""
    both = {hole["with"], hole["name"]} - {""}
    return both if hole["mark"] else {hole["with"] + hole["name"]}


@pytest.mark.parametrize(
    ("rule", "way"),
    [
        ("Dogs must have no collar.", ("Dogs must not have a collar.",)),
        ("Workers must lock the gate.", ("The gate must be locked.",)),
        ("Some seats must be empty.", ("At least one seat must be empty.",)),
        ("A child and a weapon must not be shown together.", ("A child must not be shown when a weapon is visible.",)),
        ("Mirror selfies are not allowed.", ("The picture must not be a mirror selfie.",)),
        (
            "Jewellery must be shown on a plain background without props.",
            ("Jewellery must be shown on a plain background.", "Jewellery must not be shown with props."),
        ),
        (
            "Ads for cars must not show drivers without seat belts.",
            ("preconditions: [the picture is an ad for cars, drivers without seat belts are visible]",),
        ),
    ],
)
def test_the_words_are_put_as_english_has_them(rule, way):
    assert way in ways(rule)
