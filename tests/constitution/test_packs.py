"""The packs that ship for published typologies: each category has a rule, each rule a chain, each file its source."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from judge.constitution import load_constitution
from judge.constitution.schema import ModerationKey
from judge.languages import available
from judge.resources import shipped_constitutions

CATEGORIES = {
    "unsafe-diffusion": {"sexually-explicit", "violent", "disturbing", "hateful", "political"},
    "unsafe-video": {"distorted-weird", "terrifying", "pornographic", "violent-bloody", "political"},
    "vhd11k": {
        "violence-and-threats", "graphic-and-distressing", "substance-misuse", "self-harm", "sexual-content",
        "inappropriate-exposure", "animal-cruelty", "minors-at-risk", "discrimination", "unlawful-acts",
    },
    "llavaguard": {
        "o1-hate-humiliation-harassment", "o2-violence-harm-cruelty", "o3-sexual-content", "o4-nudity",
        "o5-criminal-planning", "o6-weapons-substance-abuse", "o7-self-harm", "o8-animal-cruelty",
        "o9-disasters-emergencies",
    },
    "hateful-memes-and-posts": {
        "dehumanising", "inferiority", "exclusion", "violence", "mocking-of-crimes", "attack-on-a-listener",
    },
}  # fmt: skip
SOURCES = {
    "unsafe-diffusion": "arxiv.org/abs/2305.13873", "unsafe-video": "arxiv.org/abs/2407.12581",
    "vhd11k": "arxiv.org/abs/2409.19734", "llavaguard": "arxiv.org/abs/2406.05113",
    "hateful-memes-and-posts": "arxiv.org/abs/2005.04790",
    "openai-moderation": "platform.openai.com/docs/guides/moderation",
}  # fmt: skip


@pytest.mark.parametrize("name", CATEGORIES)
def test_every_category_of_the_typology_has_a_rule(name):
    pack = load_constitution(name)
    assert set(pack.categories) == CATEGORIES[name] == {rule.category for rule in pack.rules}


def test_the_moderation_mapping_covers_every_key_and_says_which_have_no_rule():
    pack = load_constitution("openai-moderation")
    keys = set(get_args(ModerationKey))
    assert {key for mapped in pack.categories.values() for key in mapped} == keys and len(keys) == 13
    judged = {key for rule in pack.rules for key in pack.categories[rule.category]}
    text = shipped_constitutions()["openai-moderation"].read_text(encoding="utf-8")
    listed = set(re.findall(r"^#   (\S+?),?(?: (\S+/\S+))? {2,}\S", text, re.MULTILINE))
    unjudged = {key.rstrip(",") for pair in listed for key in pair if key}
    assert unjudged == keys - judged


@pytest.mark.parametrize("name", SOURCES)
def test_source_and_neighbours_stand_in_the_file(name):
    pack = load_constitution(name)
    text = shipped_constitutions()[name].read_text(encoding="utf-8")
    header, body = text.split("\nconstitution:", 1)
    assert SOURCES[name] in header and "ours" in header.lower()
    identifier = SOURCES[name].rsplit("/", 1)[-1] if "arxiv" in SOURCES[name] else SOURCES[name]
    assert identifier in pack.description and "our own words" in pack.description
    assert body.count("\n  # Allowed: ") == len(pack.rules)  # the nearest picture that must stay allowed


def test_what_reads_of_memes_and_posts_is_in_shadow_with_cases_in_words_and_looks_as_it_says():
    pack = load_constitution("hateful-memes-and-posts")
    assert {rule.status for rule in pack.rules} == {"shadow"}
    text = shipped_constitutions()["hateful-memes-and-posts"].read_text(encoding="utf-8")
    assert text.count("\n  # Violates: ") == len(pack.rules)
    kinds = {None if one is None else one.sees for rule in pack.rules for one in _readings(rule)}
    assert kinds == {None, True, False}, "of the picture, of a text, and of both together"
    assert {field for one in pack.readings.values() for field in one.fields} == set(pack.context)
    for rule in pack.rules:  # words such as `the caption` mean a field: it must be one that the statement is given
        for group in (*rule.preconditions, *rule.exceptions):
            for one in group.any:
                named = {field for field in pack.context if f"the {field}" in one.statement}
                assert named <= {*one.reads}, one.statement


def _readings(rule):
    return [one.reading for group in (*rule.preconditions, *rule.exceptions) for one in group.any]


TRANSLATIONS = [f"os-bench-{code}" for code in available() if code != "en"]


@pytest.mark.parametrize("name", [*SOURCES, *TRANSLATIONS])
def test_statements_are_single_and_positive_enough_to_answer(name):
    for rule in load_constitution(name).rules:
        statements = [one.statement for group in (*rule.preconditions, *rule.exceptions) for one in group.any]
        assert len(statements) == len(set(statements)), rule.id
        assert all(not one.endswith(".") and len(one) < 120 for one in statements), rule.id
        if rule.exceptions and name not in TRANSLATIONS:
            assert "unless" in rule.rule, f"{rule.id}: the exception is in the chain and not in the rule"


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_a_translation_keeps_ids_severities_and_the_shape_of_chains(name):
    english = {rule.id: rule for rule in load_constitution("os-bench").rules}
    assert load_constitution(name).language == name.removeprefix("os-bench-")
    assert len(load_constitution(name).rules) == 8
    for rule in load_constitution(name).rules:
        twin = english[rule.id]
        assert (rule.category, rule.severity, rule.parameters) == (twin.category, twin.severity, twin.parameters)
        assert len(rule.preconditions) == len(twin.preconditions) and len(rule.exceptions) == len(twin.exceptions)
