"""The tables keep how sure the judge is, of statements and of rules, and how a committee voted."""

from __future__ import annotations

import json

from judge.judging.ladder import Further
from judge.judging.scoring import rule_scores
from judge.models.scripted import ScriptedMllm
from judge.serving.batch.call import batch
from judge.serving.batch.room import last_run, models_of_run
from judge.serving.batch.schema import rows_of
from tests.judging.scenes import judge_with, png
from tests.serving.batch.colours import colour_judge, pictures, rows

FIRE = "id: fire, rule: no fire, preconditions: [fire is visible], exceptions: [it is a stove]"


def told(own, **others):
    """The rows of a picture of which the judge's model says `own` and members what is named."""
    prior = {"fire is visible": 0.5, "it is a stove": 0.5}
    mllm = ScriptedMllm({"fire is visible": [own, *[0.6] * 200], "it is a stove": [0.01]}, prior)
    members = {name: ScriptedMllm({"fire is visible": [said]}, prior) for name, said in others.items()}
    committee = {"members": tuple(members)} if members else {}
    steps = ("committee",) if members else ()
    judge = judge_with((FIRE,), mllm, further=Further(members=members), committee=committee, escalate=steps)
    verdict = judge.judge(png())
    return verdict, rows_of("key", verdict, {}, "none", "0" * 64).statements


def test_statements_and_rules_have_the_probabilities_that_the_verdict_has():
    verdict, (fire, stove) = told(0.97)
    assert fire["probability"] >= 0.9 and stove["probability"] < 0.5
    assert fire["rule_probability"] == stove["rule_probability"] == rule_scores(verdict)["fire"] >= 0.5
    assert fire["votes_yes"] is fire["votes_no"] is fire["votes_silent"] is None


def test_an_undecided_statement_is_no_no():
    _, (fire, _) = told(0.7)
    assert fire["outcome"] == "undecided" and 0.35 <= fire["probability"] <= 0.9


def test_a_committee_leaves_its_votes_as_counts():
    verdict, (fire, _) = told(0.7, a=0.95, b=0.96)
    assert verdict.verdict == "violation"
    assert [fire[f"votes_{word}"] for word in ("yes", "no", "silent")] == [2, 0, 1]


def test_a_run_names_its_models_in_full(tmp_path):
    batch(pictures(tmp_path / "in", 2), tmp_path / "out", judge=colour_judge())
    assert models_of_run(last_run(tmp_path / "out")) == ["mllm:colours@" + "c" * 12]
    assert json.loads((tmp_path / "out" / "batch.json").read_text())["runs"][0]["models"]
    assert {row["rule_probability"] is None for row in rows(tmp_path / "out", "statements")} == {False}
