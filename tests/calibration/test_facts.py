"""A rule's span says what the judge says under any bounds: that is what makes trying bounds without a model exact."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.calibration.facts import _ALL_HOLD, NEVER, OPEN, ScoreSpan, sheet
from judge.errors import ImageError, ModelError
from judge.judging.deciding import gravest_of, of_rule
from judge.judging.pipeline import Judge
from judge.locks.calibrated import bounded
from judge.models.scripted import ScriptedEncoder, ScriptedMllm
from judge.settings import Bounds, Settings
from tests.judging.scenes import constitution, png

CHAIN = "id: r, rule: rr, preconditions: [aa, {any: [bb, cc]}], exceptions: [ee]"
NO, YES = ('{"rating": "%s", "rationale": "seen"}' % word for word in ("No", "Yes"))  # noqa: UP031
PRIORS = {"aa": 0.05, "bb": 0.4, "cc": 0.9, "ee": 0.5}


def judged(answers, bounds, reply=NO, rules=(CHAIN,), **models):
    """The real pipeline with every statement answering the same each time it is asked (blanked cells, too)."""
    script = {text: [said] * 40 for text, said in answers.items()}
    mllm = ScriptedMllm(script, PRIORS, ["it looks so", reply] * 8)
    policy = constitution(*rules)
    given_bounds = bounded(policy, {rule.id: bounds for rule in policy.rules})
    return Judge(given_bounds, mllm, settings=Settings(), **models).judge(png())


probabilities = st.floats(0, 1).map(lambda value: round(value, 6))
said = st.one_of(probabilities, st.tuples(probabilities, st.just(0.0)).map(lambda pair: (pair[0] * 0.3, 0.1)))
edges = st.floats(-10, 10).map(lambda value: round(value, 6))


@settings(max_examples=150, deadline=None)
@given(
    answers=st.fixed_dictionaries(dict.fromkeys(PRIORS, said)),
    edge=st.tuples(edges, edges),
    reply=st.sampled_from((NO, YES, "nonsense")),
)
def test_a_span_under_bounds_is_what_the_judge_says_under_them(answers, edge, reply):
    bounds = Bounds(fails_under=min(edge), holds_over=max(edge))
    whole = judged(answers, _ALL_HOLD, reply)
    span = sheet(whole, whole).spans["r"]
    found = gravest_of(of_rule(judged(answers, bounds, reply).findings, "r"))
    assert found is not None and span.under(bounds) == found.outcome


def test_exceptions_keep_their_own_thresholds_and_no_reasoning_is_done_between_bounds():
    answers = {"aa": 0.5, "bb": 0.9, "cc": 0.1, "ee": 0.1}
    inside = judged(answers, Bounds(fails_under=-9.0, holds_over=9.0))
    assert inside.verdict == "needs_review" and "between the bounds" in inside.reasons[0]
    [finding] = inside.findings
    assert finding.preconditions[0].alternatives[0].reasoning is None
    over = judged(answers, Bounds(fails_under=1.0, holds_over=1.0))
    [lifting] = over.findings[0].exceptions
    assert over.verdict == "violation"
    assert lifting.alternatives[0].score == pytest.approx(0.1 - 0.5)  # probability, as without bounds


def test_pruned_is_never_and_a_chain_without_label_mass_is_open():
    answers = dict.fromkeys(PRIORS, 0.99)
    pruned = judged(answers, _ALL_HOLD, encoder=ScriptedEncoder({"rr": 0.1}))
    assert sheet(pruned, pruned).spans["r"] == NEVER
    assert sheet(pruned, pruned).now["r"] == "not_violated"
    massless = judged({**answers, "aa": (0.1, 0.1), "ee": 0.0}, _ALL_HOLD)
    assert sheet(massless, massless).spans["r"].low == -math.inf
    assert OPEN.under(_ALL_HOLD) == "undecided"


def test_nothing_that_failed_becomes_a_score():
    answers = dict.fromkeys(PRIORS, 0.9)
    failing = judged({**answers, "cc": ModelError("the model fell over")}, _ALL_HOLD)
    with pytest.raises(ModelError, match="'cc': the model fell over"):
        sheet(failing, failing)
    unscanned = judged(answers, _ALL_HOLD, encoder=ScriptedEncoder({"rr": ModelError("no")}))
    with pytest.raises(ModelError, match="relevance scanning failed"):
        sheet(unscanned, unscanned)
    broken = Judge(constitution(CHAIN), ScriptedMllm({}, PRIORS)).judge(b"no image", name="x.png")
    with pytest.raises(ImageError, match=r"x\.png"):
        sheet(broken, broken)


def test_spans_are_ands_of_ors():
    answers = {"aa": 0.5, "bb": 0.4, "cc": 0.9, "ee": 0.0}
    whole = judged(answers, _ALL_HOLD)
    assert sheet(whole, whole).spans["r"] == ScoreSpan(
        0.0, 0.0
    )  # `aa` is far over its prior, `bb` and `cc` are at theirs
