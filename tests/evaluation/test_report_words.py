"""What the reports conclude: sentences from hand-made figures, and causes from hand-made traces."""

from __future__ import annotations

import pytest

from judge.chain import Outcome
from judge.evaluation.measures.figures import Comparison, Confusion, Cost, Estimate, Evaluation, MethodFigures, Scores
from judge.evaluation.protocols import Example, Judgement
from judge.evaluation.reports.html.losses import Stage, losses
from judge.evaluation.reports.words import lead_over, summary
from judge.settings import Thresholds
from judge.verdict import Branch, Condition, Evidence, Finding, Provenance, Verdict, conclude

NO = Estimate(value=None)
SOURCE = Provenance(
    constitution="made", constitution_version="1.0.0", constitution_digest="0" * 64, prompts={}, models=(),
    thresholds=Thresholds(), versions={},
)  # fmt: skip


def figures(name, kind, f1, ahead=None, p=1.0, counts=None, per_rule=None):
    """Figures of a method; `ahead`: its own lead over the method in F1 with its interval."""
    scores = Scores(
        counts=counts or Confusion(true_positive=8, false_negative=2, true_negative=9, false_positive=1),
        f1=Estimate(value=f1, low=f1 - 0.05, high=f1 + 0.05), precision=NO, recall=NO, accuracy=NO, coverage=NO,
        selective_accuracy=NO, review_rate=NO,
    )  # fmt: skip
    against = None
    if ahead is not None:
        value, low, high = ahead
        difference = Estimate(value=value, low=low, high=high)
        against = Comparison(against="clue", f1_difference=difference, only_this_right=1, only_other_right=7, p_value=p)
    return MethodFigures(
        name=name, kind=kind, about="", identity="", overall=scores, per_rule=per_rule or {}, against_method=against,
        cost=Cost(mean_seconds=None, p50_seconds=None, p95_seconds=None),
    )  # fmt: skip


def said(*others, **more):
    kinds = {kind: {one.name: one for one in others if one.kind == kind} for kind in ("baseline", "ablation")}
    return " ".join(summary(Evaluation(
        dataset="d", dataset_digest="0", examples=20, unsafe=10, constitution="c", settings={},
        method=figures("clue", "method", 0.9, **more), baselines=kinds["baseline"], ablations=kinds["ablation"],
    )))  # fmt: skip


def test_a_lead_is_the_comparison_turned_round():
    lead = lead_over(figures("b", "baseline", 0.6, ahead=(-0.3, -0.4, -0.2), p=0.001))
    assert (lead.value, lead.low, lead.high) == pytest.approx((0.3, 0.2, 0.4))
    assert str(lead) == "+0.300 [+0.200, +0.400]" and lead.significant
    assert lead_over(figures("clue", "method", 0.9)) is None


@pytest.mark.parametrize(
    ("ahead", "p", "significant"),
    [
        ((-0.3, -0.4, -0.2), 0.001, True),
        ((-0.3, -0.4, 0.01), 0.001, False),  # the interval holds zero
        ((-0.3, -0.4, -0.2), 0.06, False),  # McNemar does not agree
        ((0.3, 0.2, 0.4), 0.001, True),  # significantly worse
        ((-0.3, None, None), 0.001, False),
    ],
)
def test_significance_needs_both_tests(ahead, p, significant):
    assert lead_over(figures("b", "baseline", 0.6, ahead=ahead, p=p)).significant is significant


def test_the_best_baseline_is_the_one_compared():
    weak = figures("weak", "baseline", 0.3, ahead=(-0.6, -0.7, -0.5), p=0.0001)
    strong = figures("strong", "baseline", 0.6, ahead=(-0.3, -0.4, -0.2), p=0.0001)
    text = said(weak, strong)
    assert "The best of 2 baselines, strong, reaches F1 0.600" in text and "ahead of it, a significant" in text
    better = figures("better", "baseline", 0.95, ahead=(0.05, -0.02, 0.1), p=0.3)
    assert "-0.050 [-0.100, +0.020] behind it, not a significant difference (p = 0.300)" in said(weak, better)
    assert "No baseline was measured" in said()
    constant = figures("yes", "baseline", 0.667, ahead=(-0.2, -0.3, -0.1), p=0.01,
                       counts=Confusion(true_positive=10, false_positive=10))  # fmt: skip
    assert "yes, reaches F1 0.667 by saying the same of every image; the method is" in said(constant)
    assert "same of every image" not in text


def test_ablations_that_help_hurt_or_do_nothing_are_told_apart():
    text = said(
        figures("a", "ablation", 0.7, ahead=(-0.2, -0.3, -0.1), p=0.01),
        figures("b", "ablation", 0.95, ahead=(0.05, 0.01, 0.1), p=0.01),
        figures("c", "ablation", 0.89, ahead=(-0.01, -0.03, 0.01), p=0.5),
    )
    assert "significantly better than these ablations (its lead in F1): a (+0.200)." in text
    assert "significantly worse than these ablations, so that part costs quality: b (-0.050)." in text
    assert "No significant difference to: c." in text


def test_the_weakest_rules_come_with_what_goes_wrong():
    weak = figures("x", "method", 0.5, counts=Confusion(false_negative=4, review_negative=2)).overall
    good = figures("x", "method", 0.99).overall
    assert "Weakest of 2 rules by F1: knife (F1 0.500, 4 missed, 2 to review), fire" in said(
        per_rule={"fire": good, "knife": weak}
    )


def finding(outcome, preconditions=(), exceptions=(), rule="r", enforced=True):
    def conditions(pairs):
        return tuple(
            Condition(outcome=known, alternatives=(Evidence(statement=text, outcome=known, branch=Branch.REASONING),))
            for text, known in pairs
        )

    return Finding(
        rule=rule, text=rule, view="image", category="c", severity="low", enforced=enforced, outcome=outcome,
        preconditions=conditions(preconditions), exceptions=conditions(exceptions), reason="open",
    )  # fmt: skip


def judged(*findings, failure=None):
    word, reasons = conclude(findings)
    trace = Verdict(image="i", verdict=word, reasons=reasons, findings=findings, provenance=SOURCE)
    violations = tuple(one.rule for one in findings if one.outcome == "violated")
    return Judgement(verdict=word, violations=violations, trace=trace, failure=failure)


UNSAFE = Example(id="u", path="u", unsafe=True, rules={"r": True}, statements={"a": True, "b": True, "e": False})
SAFE = Example(id="s", path="s", unsafe=False, rules={"r": False}, statements={"a": True, "b": False, "e": True})
HOLDS, FAILS, OPEN = Outcome.HOLDS, Outcome.FAILS, Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("judgement", "stage", "statement"),
    [
        (judged(finding("pruned")), Stage.PRUNED, "open"),
        (judged(finding("not_violated", [("a", HOLDS), ("b", FAILS)])), Stage.PRECONDITION, "b"),
        (judged(finding("not_violated", [("a", HOLDS)], [("e", HOLDS)])), Stage.EXCEPTION, "e"),
        (judged(finding("undecided", [("a", HOLDS), ("b", OPEN)])), Stage.OPEN, "b"),
        (judged(finding("undecided", [("a", Outcome.NOT_ASKED)])), Stage.UNREAD, "r: open"),
        (judged(failure="broken"), Stage.UNREAD, "broken"),
        (judged(finding("violated", [("a", HOLDS)], enforced=False), finding("pruned", rule="q")), Stage.SHADOW, "a"),
        (Judgement(verdict="no_violation"), Stage.UNKNOWN, ""),
        (Judgement(verdict="needs_review"), Stage.OPEN, ""),
    ],
)
def test_a_missed_image_is_lost_where_its_rule_was(judgement, stage, statement):
    found = losses([UNSAFE], [judgement])
    ((cause, count),) = found.missed
    assert (cause.stage, cause.statement, count) == (stage, statement, 1)
    assert [one.lost for one in found.funnel if one.lost] == [1] and found.funnel[-1].left == 0


def test_of_several_violated_rules_the_one_that_came_nearest_counts():
    both = UNSAFE.model_copy(update={"rules": {"q": True, "r": True}})
    found = losses([both], [judged(finding("pruned", rule="q"), finding("not_violated", [("b", FAILS)]))])
    assert found.missed[0][0].rule == "r" and found.missed[0][0].stage is Stage.PRECONDITION


@pytest.mark.parametrize(
    ("judgement", "where", "statement"),
    [
        (judged(finding("violated", [("a", HOLDS), ("b", HOLDS)])), "wrongly held", "b"),
        (judged(finding("violated", [("a", HOLDS)], [("e", FAILS)])), "exception not seen", "e"),
        (judged(finding("violated", [("unknown", HOLDS)])), "held by least (truth not known)", "unknown"),
        (judged(finding("undecided", [("b", OPEN)])), Stage.OPEN, "b"),
        (Judgement(verdict="violation", violations=("r",)), "flagged", ""),
    ],
)
def test_a_safe_image_was_flagged_by_the_statement_that_is_not_so(judgement, where, statement):
    ((cause, _),) = losses([SAFE], [judgement]).flagged
    assert (cause.stage, cause.statement) == (where, statement)


def test_what_was_right_is_no_loss():
    right = [judged(finding("violated", [("a", HOLDS)])), judged(finding("not_violated", [("b", FAILS)]))]
    found = losses([UNSAFE, SAFE], right)
    assert found.missed == found.flagged == () and found.right_rule == 1
    wrong_rule = losses([UNSAFE], [judged(finding("violated", [("a", HOLDS)], rule="q"))])
    assert wrong_rule.right_rule == 0 and wrong_rule.funnel[-1].left == 1
