"""The same picture with another text beside it is another thing to judge: nothing that is kept of one passes for the other.

Each place that keeps verdicts, answers or decisions by the picture is tried with two captions.
"""

from __future__ import annotations

import pytest

from judge.caches.answers import CachedAnswers
from judge.caches.shared import SharedAnswers
from judge.caches.verdicts import CachedVerdicts
from judge.chain import Outcome
from judge.constitution import parse_constitution
from judge.diff.judging import judge_both
from judge.diff.policy import compare
from judge.errors import UserError
from judge.judging.known import Known
from judge.judging.pipeline import Judge
from judge.judging.probability import Facts, StatementDecision
from judge.lint import lint_text
from judge.locks.priors import statements_of
from judge.models.scripted import ScriptedMllm
from judge.review.store import Store
from judge.review.workbench.recorded import RecordedPicture, again
from judge.serving.batch.recalling import grounds_of
from judge.settings import Settings
from judge.verdict import Answer, Branch, RuleOutcome
from tests.judging.scenes import png

SAID = "the text insults somebody"
READING = f"""constitution: test
version: 1.0.0
context: {{caption: 40}}
rules:
  - id: insults
    rule: No insults beside pictures.
    preconditions: [{{statement: {SAID}, reads: caption}}]
"""
SEEING = READING.replace(f"{{statement: {SAID}, reads: caption}}", SAID)
RUDE, KIND = {"caption": "rude"}, {"caption": "kind"}


def told(judged: int = 1) -> ScriptedMllm:
    return ScriptedMllm({SAID: [0.9] * judged}, {SAID: 0.3}, told={(SAID, "rude"): 0.9, (SAID, "kind"): 0.01})


def judge_of(mllm, text: str = READING) -> Judge:
    return Judge(parse_constitution(text), mllm, settings=Settings(escalate=()))


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png())
    return str(path)


def test_kept_verdicts(picture, tmp_path):
    def judged(*contexts):
        cached = CachedVerdicts(judge_of(told()), tmp_path / "kept")
        return [(one.verdict, kept) for one, kept in cached.judge_many([picture] * len(contexts), iter(contexts))]

    assert judged(RUDE, None) == [("violation", False), ("needs_review", False)]
    assert judged(KIND, RUDE, None, {}) == [
        ("no_violation", False), ("violation", True), ("needs_review", True), ("needs_review", True)
    ]  # fmt: skip
    with pytest.raises(UserError, match="more images than contexts"):
        list(CachedVerdicts(judge_of(told()), tmp_path / "kept").judge_many([picture] * 2, [RUDE]))


def test_kept_answers(picture, tmp_path):
    for make in (
        lambda judge: CachedAnswers(tmp_path / "answers").sharing(judge),
        lambda judge: SharedAnswers(judge.mllm),
    ):
        judge = judge_of(told())
        shared = judge.derive(model=make(judge))
        words = [shared.judge(picture, context=one).verdict for one in (RUDE, KIND, RUDE, KIND)]
        assert words == ["violation", "no_violation"] * 2


def test_what_is_known_of_a_picture_says_nothing_of_the_text_beside_it(picture):
    facts = Facts(Answer(p_yes=0.01, p_no=0.99), Answer(p_yes=0.3, p_no=0.7))
    decision = StatementDecision(Outcome.FAILS, Branch.PRIOR_FAILS)
    known = Known(answered={"image": {("insults", SAID): (facts, decision)}})
    (seen,) = judge_of(told(), SEEING).judge_many([picture], [known])
    assert seen.verdict == "no_violation", "of a statement about the picture it does"
    (read,) = judge_of(told()).judge_many([picture], [known], [RUDE])
    assert read.verdict == "violation"


def test_what_a_batch_recalls_of_a_statement_depends_on_what_it_reads():
    grounds = [grounds_of(parse_constitution(text))["insults"][SAID] for text in (SEEING, READING)]
    assert grounds[0] != grounds[1]
    both = READING.replace("reads: caption", "reads: caption, sees: image")
    assert grounds_of(parse_constitution(both))["insults"][SAID] not in grounds


def test_the_review_store_keeps_them_apart_and_decides_neither_with_the_other(picture, tmp_path):
    data = png()
    judge = judge_of(told())
    rude, kind, again_rude = (judge.judge(data, name="a.png", context=one) for one in (RUDE, KIND, RUDE))
    with Store.open(tmp_path / "data") as store:
        items = [store.add(one, data, "batch") for one in (rude, kind, again_rude)]
        assert items[0] != items[1] and items[0] == items[2]
        assert store.verdict(items[1]).context == KIND


def test_the_workbench_takes_no_answer_about_another_text():
    constitution = parse_constitution(READING)
    judge = judge_of(told())
    rude, kind = (judge.judge(png(), context=one) for one in (RUDE, KIND))
    plain = judge_of(told(), SEEING).judge(png())

    def outcome(*verdicts, told=None):
        found = again(constitution.rules[0], constitution, RecordedPicture.of(verdicts, told))
        return found.findings[0].outcome, found.asks

    assert outcome(rude, kind) == (RuleOutcome.VIOLATED, ())
    assert outcome(kind, rude) == (RuleOutcome.NOT_VIOLATED, ())
    assert outcome(plain, told=RUDE) == (RuleOutcome.UNDECIDED, (SAID,)), "what was seen says nothing of what is read"
    assert outcome(rude, kind, told=KIND) == (RuleOutcome.NOT_VIOLATED, ())
    assert outcome(rude, told={}) == (RuleOutcome.UNDECIDED, ()), "the model would not be asked what it is not told"


def test_two_constitutions_are_each_told_what_they_declare(picture):
    for keep in (False, True):
        pairs = list(judge_both(judge_of(told()), judge_of(told(2), SEEING), [picture] * 2, [RUDE, KIND], keep=keep))
        assert [(old.verdict, old.context) for old, _ in pairs] == [("violation", RUDE), ("no_violation", KIND)]
        less = parse_constitution(SEEING.replace("context: {caption: 40}\n", ""))
        bare = Judge(less, told(2), settings=Settings(escalate=()))
        assert [new.context for _, new in judge_both(judge_of(told()), bare, [picture] * 2, [RUDE, KIND], keep=keep)] == [
            None, None
        ]  # fmt: skip


def test_a_lock_keeps_no_prior_of_what_reads():
    assert statements_of(parse_constitution(READING)) == {"insults": ()}
    assert statements_of(parse_constitution(SEEING)) == {"insults": (SAID,)}


def test_a_diff_tells_what_is_read_now():
    old, new = parse_constitution(SEEING), parse_constitution(READING.replace("caption: 40", "caption: 50"))
    found = compare(old, new)
    words = [change.words for rule in found.rules for change in rule.changes]
    assert words == [f"'{SAID}': sees the image -> reads caption"]
    assert [change.words for change in found.changes] == [
        "context caption: at most 40 characters -> at most 50 characters"
    ]
    assert not compare(new, new).rules


def test_lint_calls_nothing_unseeable_that_is_read():
    text = READING.replace(SAID, "the text asks for consent")

    def found(written):
        return [one.check.name for one in lint_text(written, "r.yaml") if one.check.name == "unseeable-word"]

    assert found(text) == []
    named = READING.replace("beside pictures", "in a caption")
    assert not [one for one in lint_text(named, "r.yaml") if "`caption` stands in the rule" in one.message]
    assert found(text.replace(", reads: caption", "")) == ["unseeable-word"]
