"""Measures: arithmetic against figures worked out by hand, intervals against plain resampling."""

from __future__ import annotations

import numpy as np
import pytest

from judge.evaluation.measures import counting, stages
from judge.evaluation.measures.bootstrap import Bootstrap
from judge.evaluation.measures.counting import Answered
from judge.evaluation.measures.measure import measure
from judge.evaluation.measures.mistakes import mistakes, why
from judge.evaluation.measures.reliability import Claim, calibration, calibrations
from judge.evaluation.measures.traces import image_said, rule_said
from judge.evaluation.protocols import Example, Judgement
from judge.settings import Thresholds
from judge.verdict import Answer, Condition, Evidence, Failure, Finding, Provenance, ReasoningEvidence, Verdict

YES, NO, REVIEW = Answered.YES, Answered.NO, Answered.REVIEW
BOOTSTRAP = Bootstrap()


def evidence(statement, outcome, branch, answer=0.9, prior=0.5):
    if outcome == "not_asked":
        return Evidence(statement=statement)
    said = Answer(p_yes=answer, p_no=round(1 - answer, 6)), Answer(p_yes=prior, p_no=round(1 - prior, 6))
    return Evidence(
        statement=statement, outcome=outcome, branch=branch, answer=said[0], prior=said[1], score=answer - prior
    )


def finding(rule, outcome, *found, relevance=None, view="image", reason=None):
    conditions = tuple(Condition(outcome=one.outcome, alternatives=(one,)) for one in found)
    return Finding(
        rule=rule, text="A rule.", view=view, category="other", severity="high", enforced=True, outcome=outcome,
        relevance=relevance, preconditions=conditions, thresholds=Thresholds(), reason=reason,
    )  # fmt: skip


def judged(verdict, *findings, failure=None, **more):
    named = {
        key: tuple(dict.fromkeys(one.rule for one in findings if one.outcome == outcome))
        for key, outcome in (("violations", "violated"), ("undecided", "undecided"))
    }
    source = Provenance(
        constitution="house", constitution_version="1.0.0", constitution_digest="0", prompts={}, models=(),
        thresholds=Thresholds(), versions={},
    )  # fmt: skip
    trace = Verdict(
        image="a.png", verdict=verdict, findings=findings, provenance=source, failure=failure,
        timings={"questions": 1.0, "regions": 3.0, "total": 4.0},
    )  # fmt: skip
    return Judgement(verdict=verdict, trace=trace, failure=failure.message if failure else None, **named, **more)


def example(id_="a", unsafe=True, **more):
    return Example(id=id_, path=f"{id_}.png", unsafe=unsafe, **more)


def test_a_review_is_a_mistake_where_figures_are_strict():
    truth = [True] * 6 + [False] * 4
    said = [YES, YES, YES, NO, REVIEW, REVIEW, NO, NO, YES, REVIEW]
    found = counting.scores(truth, said, BOOTSTRAP)
    assert found.counts.model_dump() == {
        "true_positive": 3, "false_positive": 1, "true_negative": 2, "false_negative": 1,
        "review_positive": 2, "review_negative": 1,
    }  # fmt: skip
    expected = {
        "precision": 3 / 5, "recall": 3 / 6, "accuracy": 5 / 10, "f1": 6 / 11,
        "coverage": 7 / 10, "selective_accuracy": 5 / 7, "review_rate": 3 / 10,
    }  # fmt: skip
    for name, value in expected.items():
        estimate = getattr(found, name)
        assert estimate.value == pytest.approx(value, abs=1e-6), name
        assert estimate.low <= estimate.value <= estimate.high, name


def test_what_cannot_be_computed_is_none_and_no_zero():
    nothing = counting.scores([], [], BOOTSTRAP)
    assert nothing.accuracy.value is None and nothing.f1.low is None
    all_safe = counting.scores([False, False], [NO, NO], BOOTSTRAP)
    assert all_safe.recall.value is None and all_safe.precision.value is None and all_safe.accuracy.value == 1.0
    all_open = counting.scores([True, False], [REVIEW, REVIEW], BOOTSTRAP)
    assert all_open.selective_accuracy.value is None and all_open.coverage.value == 0.0
    assert all_open.f1.value == 0.0


def test_intervals_are_those_of_drawing_images_one_by_one():
    rng = np.random.default_rng(5)
    truth = rng.random(200) < 0.5
    said = np.where(rng.random(200) < 0.8, truth, ~truth)
    words = [YES if one else NO for one in said]
    found = counting.scores(truth.tolist(), words, BOOTSTRAP).f1
    drawn = []
    for _ in range(2000):
        pick = rng.integers(200, size=200)
        both = (truth[pick] & said[pick]).sum()
        drawn.append(2 * both / (truth[pick].sum() + said[pick].sum()))
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert found.low == pytest.approx(low, abs=0.012) and found.high == pytest.approx(high, abs=0.012)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """95 % nominally; the percentile bootstrap of a share is known to be a little short of it on 80 images."""
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(300):
        right = rng.random(80) < 0.8
        words = [YES if one else NO for one in right]
        found = counting.scores([True] * 80, words, BOOTSTRAP).accuracy
        held += found.low <= 0.8 <= found.high
    assert 0.90 <= held / 300 <= 0.985


def test_the_same_figures_come_out_whatever_is_computed_before():
    truth, said = [True, False, True, False] * 5, [YES, NO, NO, YES] * 5
    first = counting.scores(truth, said, Bootstrap())
    later = Bootstrap()
    counting.scores([True] * 7, [YES] * 7, later)
    later.weights(20)
    assert counting.scores(truth, said, later) == first


def test_a_comparison_is_paired():
    truth = [True] * 20
    other = [YES] * 10 + [NO] * 10
    this = [YES] * 9 + [NO] + [YES] * 8 + [NO] * 2  # one that only the other got, eight that only this one got
    found = counting.compare(truth, this, other, "other", BOOTSTRAP)
    assert (found.only_this_right, found.only_other_right) == (8, 1)
    assert found.p_value == pytest.approx(2 * (1 + 9) / 2**9)
    f1 = [2 * hits / (20 + hits) for hits in (17, 10)]
    assert found.f1_difference.value == pytest.approx(f1[0] - f1[1], abs=1e-6)
    assert 0 < found.f1_difference.low < found.f1_difference.value < found.f1_difference.high
    same = counting.compare(truth, other, other, "itself", BOOTSTRAP)
    assert (same.f1_difference.low, same.f1_difference.high, same.p_value) == (0.0, 0.0, 1.0)
    mirrored = counting.compare(truth, other, this, "this", BOOTSTRAP)
    assert mirrored.f1_difference.value == -found.f1_difference.value


def test_a_review_is_right_for_nobody():
    found = counting.compare([True, False], [REVIEW, REVIEW], [YES, NO], "other", BOOTSTRAP)
    assert (found.only_this_right, found.only_other_right) == (0, 2)


@pytest.mark.parametrize(
    ("judgement", "said"),
    [
        (Judgement(verdict="violation", violations=("fire",)), YES),
        (Judgement(verdict="violation", violations=("knife",)), NO),
        (Judgement(verdict="no_violation"), NO),
        (Judgement(verdict="needs_review", undecided=("fire",)), REVIEW),
        (Judgement(verdict="needs_review", undecided=("knife",)), NO),
        (Judgement(verdict="needs_review"), REVIEW),
        (Judgement(verdict="needs_review", undecided=("knife",), failure="it fell over"), REVIEW),
        (judged("violation", finding("knife", "violated"), finding("fire", "pruned")), NO),
        (judged("needs_review", failure=Failure(kind="image", message="no such file")), REVIEW),
        (judged("no_violation", finding("fire", "undecided", view="1"), finding("fire", "pruned", view="2")), REVIEW),
        (judged("violation", finding("fire", "not_violated", view="1"), finding("fire", "violated", view="2")), YES),
    ],
)
def test_a_rule_that_nothing_was_said_of_is_open(judgement, said):
    assert rule_said(judgement, "fire") is said


def test_statements_are_scored_where_they_were_asked():
    truths = {"people are visible": True, "fire is visible": False}
    examples = [example(one, statements=truths) for one in "abc"]
    found = measure(
        Silent(), examples,
        [
            judged("violation", finding("fire", "violated", evidence("people are visible", "holds", "prior_holds"),
                                        evidence("fire is visible", "holds", "reasoning"))),
            judged("no_violation", finding("fire", "not_violated", evidence("people are visible", "fails", "prior_fails"),
                                           evidence("fire is visible", "not_asked", "not_asked"))),
            judged("needs_review", finding("fire", "undecided", evidence("people are visible", "undecided", "undecided"))),
        ],
        BOOTSTRAP,
    )  # fmt: skip
    people, fire = found.per_statement["people are visible"].counts, found.per_statement["fire is visible"].counts
    assert (people.true_positive, people.false_negative, people.review_positive) == (1, 1, 1)
    assert fire.false_positive == 1 and sum(fire.model_dump().values()) == 1
    branches = {one.branch: (one.decided, one.known, one.right) for one in found.branches}
    assert branches == {
        "prior_holds": (1, 1, 1), "reasoning": (1, 1, 0), "prior_fails": (1, 1, 0), "undecided": (1, 1, 0)
    }  # fmt: skip
    assert found.per_rule == {}  # no truth about rules was given


class Silent:
    """A method by name only: its judgements are given by hand."""

    name, kind, about, names_rules, identity = "clue", "method", "By hand.", True, "1"

    def judge(self, paths, contexts=None):
        raise AssertionError("not asked")


def test_rules_and_tags_are_scored_apart():
    examples = [
        example("a", rules={"fire": True, "knife": False}, tags={"context": "with"}),
        example("b", unsafe=False, rules={"fire": False}, tags={"context": "against"}),
    ]
    said = [Judgement(verdict="violation", violations=("knife",)), Judgement(verdict="no_violation")]
    found = measure(Silent(), examples, said, BOOTSTRAP)
    assert found.overall.counts.true_positive == 1  # the image is unsafe, if for another rule
    assert found.per_rule["fire"].counts.false_negative == found.per_rule["fire"].counts.true_negative == 1
    assert found.per_rule["knife"].counts.false_positive == 1
    assert list(found.per_tag) == ["context=against", "context=with"]
    assert found.per_tag["context=with"].counts.true_positive == 1
    assert found.cost.mean_seconds is None and found.calibration == () and found.relevance == ()


def test_pruning_is_right_where_the_rule_is_not_violated():
    examples = [example(rules={"fire": True, "knife": False, "drugs": False})]
    said = judged("no_violation", finding("fire", "pruned"), finding("knife", "pruned"),
                  finding("drugs", "pruned", view="1"), finding("drugs", "not_violated", view="2"))  # fmt: skip
    (pruned,) = stages.branches(examples, [said])
    assert (pruned.branch, pruned.decided, pruned.known, pruned.right) == ("pruned", 2, 2, 1)


def test_relevance_is_swept_around_the_threshold_used():
    cosines = [(0.30, 0.10), (0.20, 0.25), (0.40, 0.05)]
    examples = [example(str(one), rules={"fire": True, "knife": False}) for one in range(3)]
    said = [
        judged("violation", finding("fire", "violated", relevance=fire), finding("knife", "pruned", relevance=knife))
        for fire, knife in cosines
    ]
    swept = {one.threshold: one for one in stages.relevance(examples, said, BOOTSTRAP)}
    assert swept[0.22].kept.value == pytest.approx(2 / 3, abs=1e-6) and swept[0.22].pruned.value == 0.5
    assert swept[0.05].kept.value == 1.0 and swept[0.05].pruned.value == 0.0  # at the threshold a rule is kept
    kept = [one.kept.value for one in swept.values()]
    assert kept == sorted(kept, reverse=True) and list(swept) == sorted(swept)


def test_calibration_by_hand():
    claims = [Claim(0, 0.9, True), Claim(1, 0.9, False), Claim(2, 0.1, False), Claim(3, 0.1, False)]
    found = calibration("image unsafe", claims, 4, BOOTSTRAP)
    assert found.ece.value == pytest.approx(0.5 * 0.4 + 0.5 * 0.1, abs=1e-6)
    assert found.brier.value == pytest.approx((0.01 + 0.81 + 0.01 + 0.01) / 4, abs=1e-6)
    assert [(one.said, one.true, one.count) for one in found.bins] == [(0.1, 0.0, 2), (0.9, 0.5, 2)]
    sure = calibration("image unsafe", [Claim(0, 1.0, True), Claim(1, 0.0, False)], 2, BOOTSTRAP)
    assert sure.ece.value == sure.brier.value == 0.0


def test_claims_about_one_image_are_not_independent():
    """Ten statements on each of 40 images tell as much as the images do, when all ten stand and fall together."""
    rng = np.random.default_rng(3)
    right = rng.random(40) < 0.6
    apart = calibration("s", [Claim(one, 0.6, bool(hit)) for one, hit in enumerate(right)], 40, BOOTSTRAP)
    repeated = [Claim(one, 0.6, bool(hit)) for one, hit in enumerate(right) for _ in range(10)]
    together = calibration("s", repeated, 40, BOOTSTRAP)
    assert together.count == 400 and together.brier == apart.brier


def test_the_prior_is_taken_off_statements():
    """With a prior of one half nothing changes; an answer that only repeats its prior says nothing: one half."""
    examples = [example(statements={"fire is visible": True, "people are visible": True})]
    said = judged("violation", finding("fire", "violated", evidence("fire is visible", "holds", "prior_holds", 0.8, 0.5),
                                       evidence("people are visible", "holds", "reasoning", 0.95, 0.95)))  # fmt: skip
    by_kind = {one.of: one for one in calibrations(examples, [said], BOOTSTRAP)}
    assert set(by_kind) == {"statement, raw answer", "statement, debiased"}
    assert [one.said for one in by_kind["statement, raw answer"].bins] == pytest.approx([0.8, 0.95])
    assert [one.said for one in by_kind["statement, debiased"].bins] == pytest.approx([0.5, 0.8])


def test_mistakes_come_wrong_before_open_and_surest_first():
    examples = [example(one, unsafe=one in "abc") for one in "abcdef"]
    said = [
        Judgement(verdict="no_violation", score=0.4), Judgement(verdict="no_violation", score=0.1),
        Judgement(verdict="violation", score=0.9), Judgement(verdict="violation", score=0.8),
        Judgement(verdict="needs_review", score=0.99), Judgement(verdict="no_violation", score=0.1),
    ]  # fmt: skip
    assert [(one.example, one.surprise) for one in mistakes(examples, said)] == [
        ("b", 0.9), ("d", 0.8), ("a", 0.6), ("e", 0.99)
    ]  # fmt: skip


def test_a_mistake_says_what_it_hung_on():
    truths = {"statements": {"fire is visible": True, "people are visible": True}, "rules": {"fire": True}}
    missed = judged("no_violation", finding("fire", "not_violated", evidence("people are visible", "holds", "prior_holds"),
                                            evidence("fire is visible", "fails", "prior_fails", 0.1)))  # fmt: skip
    assert (
        why(example(**truths), missed)
        == "fire: 'fire is visible' fails, which is not so: the picture makes the model say yes less often"
    )
    pruned = judged("no_violation", finding("fire", "pruned", relevance=0.1))
    assert why(example(**truths), pruned) == "fire was pruned: relevance 0.1 under 0.22"
    flagged = judged("violation", finding("fire", "violated", evidence("people are visible", "holds", "prior_holds")))
    assert (
        why(example(unsafe=False), flagged)
        == "fire: 'people are visible' holds: the picture makes the model say yes clearly more often"
    )
    broken = judged("needs_review", failure=Failure(kind="model", message="out of memory"))
    assert why(example(), broken) == "nothing could be said: out of memory"
    open_ = judged("needs_review", finding("fire", "undecided", reason="between the thresholds"))
    assert why(example(), open_) == "fire: between the thresholds"
    assert why(example(), Judgement(verdict="no_violation", said="No,\nI see none")) == "it said: No, I see none"


def test_what_was_asked_counts_once_per_view_and_for_every_image():
    people, fire = (
        evidence("people are visible", "holds", "prior_holds"),
        evidence("fire is visible", "fails", "reasoning"),
    )
    fire = fire.model_copy(update={"reasoning": ReasoningEvidence(text="I look.", rating="No")})
    shared = judged("no_violation", finding("fire", "not_violated", people, fire), finding("crowd", "violated", people))
    views = judged("no_violation", *(finding("fire", "not_violated", people, view=view) for view in ("1", "2")))
    idle = judged("no_violation", finding("fire", "pruned", evidence("people are visible", "not_asked", "not_asked")))
    found = stages.cost([shared, views, idle, Judgement(verdict="no_violation")])
    assert found.mean_seconds is None
    assert found.asked == {
        "statements": pytest.approx(4 / 3, abs=1e-6),
        "regions": 0.0,
        "reasonings": pytest.approx(1 / 3, abs=1e-6),
    }
    assert stages.cost([Judgement(verdict="no_violation")]).asked == {}


def test_cost_is_of_images_whose_time_is_the_methods_own():
    own = [judged("no_violation", seconds=float(second)) for second in (1, 2, 3)]
    found = stages.cost([*own, judged("no_violation")])
    assert (found.mean_seconds, found.p50_seconds, found.p95_seconds) == (2.0, 2.0, 2.9)
    assert found.stages == {"questions": 1.0, "regions": 3.0}
    assert image_said(own[0]) is NO
