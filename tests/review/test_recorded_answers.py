"""Drafts on pictures that were judged before: what was asked then decides now, and what was not is named."""

from __future__ import annotations

import pytest

from judge.judging.deciding import gravest_of, of_rule
from judge.review.workbench.draft import read
from judge.review.workbench.library import Library, Ref
from judge.review.workbench.recorded import RELEVANCE, RecordedPicture, again
from tests.review.shelf import samples


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return Library(tmp_path_factory.mktemp("none")).text(Ref(origin="shipped", name="demo"))


def rule_of(text, name):
    whole = read(text).whole()
    return next(one for one in whole.rules if one.id == name), whole


def test_the_constitution_of_a_verdict_comes_to_what_the_verdict_says(demo):
    whole = read(demo).whole()
    told = open_ = 0
    for name, verdict in samples().items():
        picture = RecordedPicture.of([verdict])
        for rule in whole.rules:
            found, was = again(rule, whole, picture), gravest_of(of_rule(verdict.findings, rule.id))
            if found.open:
                open_ += 1
                assert was.outcome == "undecided", (name, rule.id)
                continue
            told += 1
            assert gravest_of(found.findings).outcome == was.outcome, (name, rule.id)
    assert told > 400
    assert open_ == 0


@pytest.mark.parametrize(
    ("old", "new", "outcome", "asks"),
    [
        ("    status: enforce", "    status: shadow", "violated", ()),
        ("      - statement: the body is on fire\n        central_objects: [fire, flames]\n", "", "violated", ()),
        ("      - statement: fire is visible\n", "      - statement: smoke is visible\n", "undecided", ("smoke is visible",)),
        ("      - any: [people are visible, animals are visible]\n", "      - animals are visible\n", "not_violated", ()),
        ("      - any: [people", "      - animals are visible\n      - any: [smoke", "not_violated", ()),
        ("with its body on fire.", "with a body on fire.", "undecided", None),
        ("    status: enforce", "    status: enforce\n    thresholds: {prior_fails: 0, region_drop: 1}", "undecided", ("people are visible", "the body is on fire")),
        ("        central_objects: [fire, flames]\n\n", "        central_objects: [smoke]\n\n", "undecided", ("the body is on fire",)),
    ],
)  # fmt: skip
def test_an_edit_is_decided_by_what_was_asked_and_else_names_what_it_would_ask(demo, old, new, outcome, asks):
    assert old in demo
    rule, whole = rule_of(demo.replace(old, new, 1), "body-on-fire")
    found = again(rule, whole, RecordedPicture.of([samples()["body-on-fire-violating.png"]]))
    assert gravest_of(found.findings).outcome == outcome
    assert found.asks == (asks if asks is not None else (RELEVANCE,))


def test_answers_of_other_models_are_not_mixed_in(demo):
    verdict = samples()["body-on-fire-violating.png"]
    other = verdict.provenance.models[0].model_copy(update={"digest": "0" * 64})
    strange = verdict.model_copy(
        update={"provenance": verdict.provenance.model_copy(update={"models": (other, *verdict.provenance.models[1:])})}
    )
    less = strange.model_copy(update={"findings": strange.findings[1:]})
    picture = RecordedPicture.of([less, verdict])
    rule, whole = rule_of(demo, "body-on-fire")
    assert RELEVANCE in again(rule, whole, picture).asks
    assert RecordedPicture.of([]) is None
