"""A review log as a training set: what people came to wins, what waits keeps the judge's, and no original is given out."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from judge.cli.verbs import app
from judge.judging.scoring import rule_scores
from judge.review.distil import decided
from judge.review.store import Decision
from tests.review.audited import NOON
from tests.review.shelf import drawing, samples, unmixed_store
from tests.review.test_near import FIRE, POOL, copies, put

store = pytest.fixture(unmixed_store)
SKULL = "human-remains-violating.png"


def rows_of(store, tmp_path, *options):
    to = tmp_path / "rows.jsonl"
    told = CliRunner().invoke(app, ["export", "--data", str(store.folder), "--distil", str(to), *options])
    assert told.exit_code == 0 and told.stdout == f"{to}\n", told.output
    return told.stderr, [json.loads(line) for line in to.read_text(encoding="utf-8").splitlines()]


def decide(store, item, action, rules=(), reason="", after=0):
    moment = NOON + timedelta(minutes=after)
    store.take(item, "ann", moment)
    return store.decide(item, "ann", Decision(action=action, rules=rules, reason=reason), moment).seq


def test_what_people_came_to_wins_and_the_rest_is_the_judges(store, tmp_path):
    verdicts = {name: samples()[name] for name in (FIRE, POOL, SKULL)}
    fire, pool, _ = (store.add(one, drawing(name), "batch", now=NOON) for name, one in verdicts.items())
    decide(store, pool, "violation", ("drugs",))
    store.undo("ann", NOON)
    line = decide(store, pool, "violation", ("bathing-person",), "a tub")
    safe = decide(store, fire, "no_violation", reason="a stove", after=1)
    _, lines = rows_of(store, tmp_path)
    by_rule = {(line["key"], line["rule"]): line for line in lines if line["rule"] is not None}
    found = by_rule[str(pool), "bathing-person"]
    assert (found["soft"], found["answer"], found["decided_by"], found["rationale"]) == (1.0, "yes", "person", "a tub")
    assert found["provenance"]["decision"] == line and by_rule[str(pool), "drugs"]["decided_by"] == "judge"
    denied = [one for (key, _), one in by_rule.items() if key == str(fire) and one["decided_by"] == "person"]
    assert len(denied) > 5 and {(one["soft"], one["provenance"]["decision"]) for one in denied} == {(0.0, safe)}
    scores = rule_scores(verdicts[SKULL])
    kept = {one["rule"]: one["soft"] for one in by_rule.values() if one["images"] == [verdicts[SKULL].image]}
    assert kept == {rule: pytest.approx(score, abs=1e-6) for rule, score in scores.items()}
    assert {one["decided_by"] for one in lines if one["statement"] is not None} == {"judge"}
    digest = verdicts[FIRE].provenance.constitution_digest
    assert {one["provenance"]["constitution_digest"] for one in lines} == {digest}
    assert sorted((one.line, one.action) for _, _, one in decided(store)) == [
        (line, "violation"),
        (safe, "no_violation"),
    ]


def test_copies_of_one_picture_are_on_one_side(store, tmp_path):
    for name in (FIRE, POOL, SKULL):
        for image in copies(name, 4):
            put(store, name, image)
    said, lines = rows_of(store, tmp_path, "--held-out", "0.5")
    groups = {}
    for one in lines:
        groups.setdefault(one["images"][0], set()).add((one["group"], one["split"]))
    assert len(groups) == 3 and {len(sides) for sides in groups.values()} == {1}
    assert len({one["sha256"] for one in lines}) == 12 and "neither" not in said


def test_one_row_of_a_policy_the_decided_one_even_if_another_came_later(store, tmp_path):
    image = copies(FIRE, 1)[0]
    first = put(store, FIRE, image)
    decide(store, first, "no_violation", reason="a stove")
    put(store, FIRE, image, models=())
    put(store, FIRE, image, constitution_digest="f" * 64)
    said, lines = rows_of(store, tmp_path)
    assert "1 copies of another image" in said
    found = [(one["provenance"]["constitution_digest"], one["decided_by"]) for one in lines if one["rule"] == "drugs"]
    assert len(found) == 2 and ("f" * 64, "judge") in found and {by for _, by in found} == {"judge", "person"}


def test_a_file_for_decisions_and_one_to_train_on_are_two_commands(store, tmp_path):
    told = CliRunner().invoke(app, ["export", "--data", str(store.folder), "--distil", "rows.jsonl", "--json"])
    assert told.exit_code != 0 and "--distil names its own file" in str(told.exception)


def beside(verdict, told, *, reading=None):
    """The verdict as if something was told beside its picture, and a rule read it."""
    findings = tuple(
        one.model_copy(update={"preconditions": tuple(map(_reading, one.preconditions))})
        if one.rule == reading
        else one
        for one in verdict.findings
    )
    return verdict.model_copy(update={"context": told, "findings": findings})


def _reading(condition):
    read = [one.model_copy(update={"reads": ("caption",)}) for one in condition.alternatives]
    return condition.model_copy(update={"alternatives": tuple(read)})


CAPTION = {"caption": "look at him"}


def test_what_was_decided_beside_a_context_is_said_of_no_picture_alone(store, tmp_path):
    alone, told = (
        store.add(one, drawing(FIRE), "batch", now=NOON) for one in (samples()[FIRE], beside(samples()[FIRE], CAPTION))
    )
    decide(store, told, "violation", ("drugs",))
    assert [one.beside_context for _, _, one in decided(store)] == [True]
    said, lines = rows_of(store, tmp_path)
    assert "1 decided beside a context" in said and "1 copies of another image" in said
    rules = {line["rule"]: line["decided_by"] for line in lines if line["rule"] is not None}
    assert "drugs" not in rules and len(rules) > 5 and set(rules.values()) == {"judge"}
    line = decide(store, alone, "no_violation", reason="a stove", after=1)
    assert [(one.line, one.beside_context) for _, _, one in decided(store)] == [(line, False)]
    said, lines = rows_of(store, tmp_path)
    assert "decided beside" not in said and "person" in {one["decided_by"] for one in lines if one["rule"]}


def test_what_is_about_a_picture_alone_is_learnt_though_something_was_told_beside_it(store, tmp_path):
    store.add(beside(samples()[FIRE], CAPTION, reading="drugs"), drawing(FIRE), "batch", now=NOON)
    said, lines = rows_of(store, tmp_path)
    plain = [one.rule for one in samples()[FIRE].findings if one.rule != "drugs"]
    assert {line["rule"] for line in lines if line["rule"]} == set(plain)
    assert "about what stands beside an image" in said
    read = [one.statement for finding in samples()[FIRE].findings if finding.rule == "drugs"
            for condition in finding.preconditions for one in condition.alternatives]  # fmt: skip
    assert read and not [line for line in lines if line["statement"] in read]


def test_no_violation_of_a_picture_says_nothing_of_a_rule_that_reads_what_was_not_told(store, tmp_path):
    untold = beside(samples()[FIRE], None, reading="drugs")
    item = store.add(untold, drawing(FIRE), "batch", now=NOON)
    decide(store, item, "no_violation", reason="a stove")
    said, lines = rows_of(store, tmp_path)
    labelled = {line["rule"] for line in lines if line["decided_by"] == "person"}
    assert "drugs" not in {line["rule"] for line in lines} and len(labelled) > 5
    assert "about what stands beside an image" in said
