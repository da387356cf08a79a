"""The judge as a method: what it says of an image, how sure it is, and answers that are asked for once."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.caches.answers import CachedAnswers
from judge.caches.verdicts import CachedVerdicts
from judge.chain import Outcome, chain_of, resolve
from judge.errors import ModelError, UserError
from judge.evaluation.methods.clue import all_enforced, the_judge
from judge.judging.probability import Facts, evidence
from judge.judging.scoring import rule_score, statement_score
from judge.models.scripted import ScriptedMllm
from judge.settings import Bounds, Thresholds
from judge.verdict import Answer, Condition, Finding, ReasoningEvidence
from tests.judging.scenes import constitution, judge_with, png

RULES = (
    "id: dogs, rule: no dogs, preconditions: [a dog is visible], exceptions: [a leash is visible]",
    "id: cats, rule: no cats, status: shadow, preconditions: [a cat is visible]",
)
CATS = "id: cats, rule: no cats, preconditions: [a cat is visible]"
PRIORS = {"a dog is visible": 0.5, "a leash is visible": 0.5, "a cat is visible": 0.5}


def pictures(folder, count):
    paths = [folder / f"{index}.png" for index in range(count)]
    for index, path in enumerate(paths):
        path.write_bytes(png(colour=("white", "red", "blue", "green")[index]))
    return [str(path) for path in paths]


def scripted(dog=(), leash=(), cat=(), replies=()):
    answers = {"a dog is visible": dog, "a leash is visible": leash, "a cat is visible": cat}
    return ScriptedMllm(answers, PRIORS, replies)


def test_shadow_rules_are_judged_as_if_enforced(tmp_path):
    mllm = scripted(dog=[0.1, 0.95], leash=[0.02, 0.03], cat=[0.97, 0.05])
    judge = judge_with(RULES, mllm)
    cat, dog = the_judge(judge).judge(pictures(tmp_path, 2))
    assert (cat.verdict, cat.violations) == ("violation", ("cats",))
    assert (dog.verdict, dog.violations, dog.undecided) == ("violation", ("dogs",), ())
    assert dog.rule_scores == {"dogs": 0.95, "cats": 0.05} and dog.score == 0.95
    assert all(one.seconds > 0 and one.trace is not None for one in (cat, dog))
    assert [rule.status for rule in judge.constitution.rules] == ["enforce", "shadow"], "the judge itself is left alone"
    assert all(rule.status == "enforce" for rule in all_enforced(judge.constitution).rules)


def test_what_stays_open_is_named_and_what_fails_says_why(tmp_path):
    broken = ModelError("the model fell over")
    paths = [*pictures(tmp_path, 1), str(tmp_path / "none.png")]
    mllm = scripted(dog=[0.6, *[0.6] * 16], leash=[0.1], cat=[0.1])
    still_open, missing = the_judge(judge_with(RULES, mllm, escalate=())).judge(paths)
    assert (still_open.verdict, still_open.undecided, still_open.failure) == ("needs_review", ("dogs",), None)
    assert still_open.rule_scores == {"dogs": 0.6, "cats": 0.1}
    assert (missing.verdict, missing.score, missing.rule_scores) == ("needs_review", None, {})
    assert missing.failure == "no such file"
    (failed,) = the_judge(judge_with(RULES, scripted(dog=[broken] * 2, leash=[0.1], cat=[0.1]))).judge(paths[:1])
    assert (failed.verdict, failed.failure) == ("needs_review", "the model fell over")


def test_a_pruned_rule_scores_nothing():
    rule = constitution(RULES[0]).rules[0]
    pruned = Finding(
        rule="dogs", text=rule.text, view="image", category="other", severity="low", enforced=True, outcome="pruned"
    )
    assert rule_score(pruned) == 0.0


chances = st.floats(0.0, 1.0).map(lambda chance: round(chance, 3))
facts = st.builds(
    lambda answer, prior, rating: Facts(
        answer=Answer(p_yes=answer, p_no=round(1.0 - answer, 3)),
        prior=Answer(p_yes=prior, p_no=round(1.0 - prior, 3)),
        reasoning=None if rating is None else ReasoningEvidence(text="", rating=rating),
    ),
    chances, chances, st.sampled_from([None, "Yes", "No"]),
)  # fmt: skip
bounds = st.tuples(st.floats(-9.0, 9.0), st.floats(-9.0, 9.0)).map(
    lambda two: Bounds(fails_under=min(two), holds_over=max(two))
)
thresholds = st.builds(
    Thresholds, prior_fails=chances, prior_holds=chances, debias=st.sampled_from(["probability", "logit"]),
    bounds=st.none() | bounds,
)  # fmt: skip


EITHER = "id: a, rule: no a, preconditions: [{any: [b is visible, c is visible]}], exceptions: [d is visible]"


@settings(max_examples=300, deadline=None)
@given(st.lists(facts, min_size=3, max_size=3), thresholds)
def test_a_score_never_contradicts_its_verdict(found, bar):
    (rule,) = constitution(EITHER).rules
    chain = chain_of(rule)
    known = dict(zip(chain.statements, found, strict=True))
    proof = {
        text: evidence(text, one, bar if text in chain.preconditions[0] else bar.of_exceptions)
        for text, one in known.items()
    }
    outcomes = {text: one.outcome for text, one in proof.items()}
    conditions = [
        Condition(outcome=Outcome.UNDECIDED, alternatives=tuple(proof[text] for text in group))
        for group in (*chain.preconditions, *chain.exceptions)
    ]
    finding = Finding(
        rule="a", text=rule.text, view="image", category="other", severity="low", enforced=True, outcome="undecided",
        preconditions=(conditions[0],), exceptions=(conditions[1],), thresholds=bar,
    )  # fmt: skip
    score = rule_score(finding)
    assert 0.0 <= score <= 1.0
    resolved = resolve(chain, outcomes)
    if resolved is Outcome.HOLDS:
        assert score >= 0.5
    if resolved is Outcome.FAILS:
        assert score <= 0.5


@settings(max_examples=200, deadline=None)
@given(chances, chances, chances, thresholds)
def test_a_higher_answer_never_scores_lower(one, other, prior, bar):
    low, high = (
        evidence(
            "x", Facts(answer=Answer(p_yes=p, p_no=round(1.0 - p, 3)), prior=Answer(p_yes=prior, p_no=1.0 - prior)), bar
        )
        for p in sorted((one, other))
    )
    assert statement_score(low, bar) <= statement_score(high, bar) + 1e-9


def test_the_published_bounds_are_the_same_for_every_prior():
    for prior in (0.1, 0.5, 0.8):

        def score(answer, prior=prior):
            said = Facts(answer=Answer(p_yes=answer, p_no=1.0 - answer), prior=Answer(p_yes=prior, p_no=1.0 - prior))
            return statement_score(evidence("x", said, Thresholds()), Thresholds())

        at_bounds = score(prior * 0.7), score(prior), score(prior + 0.8 * (1.0 - prior))
        assert all(math.isclose(*two, abs_tol=1e-5) for two in zip(at_bounds, (0.35, 0.5, 0.9), strict=True))


def test_answers_are_kept_for_the_next_judge_and_the_next_process(tmp_path):
    paths, file = pictures(tmp_path, 3), tmp_path / "kept" / "answers.sqlite"
    said = {"dog": [0.95, 0.1, 0.1], "leash": [0.1], "cat": [0.1, 0.1, 0.95]}  # the script raises if asked once more
    judge = judge_with(RULES, scripted(**said), batch=2)
    kept = CachedAnswers(file)
    first = list(the_judge(judge, kept).judge(paths))
    again = list(the_judge(judge, kept).judge(paths))
    kept.close()
    later = list(the_judge(judge_with(RULES, scripted(), batch=2), CachedAnswers(file)).judge(paths))
    assert [one.verdict for one in first] == ["violation", "no_violation", "violation"]
    assert all(one.seconds > 0 for one in first) and all(one.seconds is None for one in (*again, *later))
    for run in (again, later):
        assert [one.trace.canonical_json() for one in run] == [one.trace.canonical_json() for one in first]


def test_another_model_is_asked_itself(tmp_path):
    paths, kept = pictures(tmp_path, 1), CachedAnswers(tmp_path / "answers.sqlite")
    one = judge_with(RULES[1:], ScriptedMllm({"a cat is visible": [0.95]}, {"a cat is visible": 0.5}))
    other = judge_with(RULES[1:], ScriptedMllm({"a cat is visible": [0.05]}, {"a cat is visible": 0.4}))
    assert [next(the_judge(judge, kept).judge(paths)).verdict for judge in (one, other)] == [
        "violation",
        "no_violation",
    ]
    assert the_judge(one).identity != the_judge(other).identity


class Served(ScriptedMllm):
    """A scripted model that says it is behind a server."""

    @property
    def identity(self):
        return super().identity.model_copy(update={"device": "server"})


@pytest.mark.parametrize(("kind", "again"), [(ScriptedMllm, "violation"), (Served, "no_violation")])
def test_what_a_server_said_is_used_for_the_day(tmp_path, monkeypatch, kind, again):
    """It may have exchanged its weights under the same name, address and build."""
    paths, current = pictures(tmp_path, 1), ["2026-01-01"]
    monkeypatch.setattr("judge.caches.shelf_life.today", lambda: current[0])
    found = []
    for answer in (0.95, 0.05, 0.05):
        mllm = kind({"a cat is visible": [answer]}, {"a cat is visible": 0.4})
        judge = judge_with((CATS,), mllm)
        ((verdict, _),) = CachedVerdicts(judge, tmp_path / "verdicts").judge_many(paths)
        answers = CachedAnswers(tmp_path / "answers.sqlite")
        mllm = kind({"a cat is visible": [answer]}, {"a cat is visible": 0.4})
        (judgement,) = the_judge(judge_with((CATS,), mllm), answers).judge(paths)
        answers.close()
        found.append((verdict.verdict, judgement.verdict))
        if len(found) == 2:
            current[0] = "2026-01-02"
    assert found == [("violation",) * 2, ("violation",) * 2, (again,) * 2]


def test_kept_answers_are_told_apart_by_what_the_model_was_shown(tmp_path):
    paths, kept = pictures(tmp_path, 1), CachedAnswers(tmp_path / "answers.sqlite")
    found = []
    for answer, most in ((0.95, 4096), (0.05, 8192)):
        mllm = ScriptedMllm({"a cat is visible": [answer]}, {"a cat is visible": 0.4})
        (judgement,) = the_judge(judge_with((CATS,), mllm, max_pixels=most), kept).judge(paths)
        found.append(judgement.verdict)
    assert found == ["violation", "no_violation"]


def test_what_changes_answers_changes_the_identity():
    judge = judge_with(RULES, scripted())
    others = [
        judge_with(RULES[:1], scripted()), judge_with(RULES, scripted(), escalate=()),
        judge_with(RULES, scripted(), thresholds={"prior_holds": 0.7}), judge_with(RULES, scripted(), reason_tokens=99),
    ]  # fmt: skip
    identities = {the_judge(one).identity for one in (judge, *others)}
    assert len(identities) == 5 and the_judge(judge_with(RULES, scripted())).identity in identities


def test_a_file_that_holds_no_answers_is_told(tmp_path):
    file = tmp_path / "answers.sqlite"
    file.write_bytes(b"no database at all, but long enough to be looked at as one" * 9)
    with pytest.raises(UserError, match=r"cannot keep answers in .*answers\.sqlite"):
        CachedAnswers(file)


def test_a_locked_file_slows_nothing_down_for_good(tmp_path, monkeypatch):
    monkeypatch.setattr("judge.caches.answers._WAIT", 0.05)
    kept = CachedAnswers(tmp_path / "answers.sqlite")
    other = sqlite3.connect(tmp_path / "answers.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    judge = judge_with(RULES[1:], scripted(cat=[0.95, 0.05]))
    (first,) = the_judge(judge, kept).judge(pictures(tmp_path, 1))
    other.execute("ROLLBACK")
    other.close()
    (second,) = the_judge(judge, kept).judge(pictures(tmp_path, 1))
    assert [first.verdict, second.verdict] == ["violation", "no_violation"], "nothing was kept, so it was asked again"


@pytest.mark.parametrize("damage", ["", "null", "[1", '{"p_yes": 7}', b"\xff\xfe", 3])
def test_an_answer_that_is_kept_and_damaged_is_asked_for_again(tmp_path, damage):
    paths, file = pictures(tmp_path, 1), tmp_path / "answers.sqlite"
    for _ in range(2):  # the script says once each time, and raises if it is not asked
        kept = CachedAnswers(file)
        judge = judge_with(RULES[1:], ScriptedMllm({"a cat is visible": [0.95]}, {"a cat is visible": 0.5}))
        assert [one.verdict for one in the_judge(judge, kept).judge(paths)] == ["violation"]
        kept.close()
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("UPDATE kept SET said = ?", (damage,))
            connection.commit()
