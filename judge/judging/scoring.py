"""How sure a verdict is, as probabilities: per statement, per rule, per image. Asks no model.

A statement's probability is its answer with the language prior moved to one half, so that the bounds of the method
are the same for every prior: with the published factors an answer fails under 0.35 and holds over 0.9. What a later
step decided (region, crop, reasoning) is put on that side, no surer than the least sure answer that the first step
decides. So a violated rule scores at least 0.5, and one that is not violated at most 0.5. Where a rule has calibrated
bounds, the middle between them is at one half instead of the prior.
"""

from __future__ import annotations

import math

from judge.chain import Outcome
from judge.judging.probability import debiased
from judge.settings import Thresholds
from judge.verdict import Answer, Branch, Condition, Evidence, Finding, RuleOutcome, Verdict


def rule_scores(verdict: Verdict) -> dict[str, float]:
    """Per rule the probability that it is violated, the highest over the image's views.

    A pruned rule scores 0. A rule that nothing was asked about for another reason is left out.
    """
    scores: dict[str, float] = {}
    for finding in verdict.findings:
        score = rule_score(finding)
        if score is not None:
            scores[finding.rule] = max(score, scores.get(finding.rule, 0.0))
    return scores


def rule_score(finding: Finding) -> float | None:
    """The least of its preconditions (each its likeliest alternative) and of "no exception holds".

    Conditions that were not asked, because the chain was settled without them, do not count.
    """
    if finding.outcome is RuleOutcome.PRUNED:
        return 0.0
    if finding.thresholds is None:
        return None
    asked = [_condition(one, finding.thresholds) for one in finding.preconditions]
    lifting = [_condition(one, finding.thresholds.of_exceptions) for one in finding.exceptions]
    parts = [one for one in asked if one is not None] + [1.0 - one for one in lifting if one is not None]
    return round(min(parts), 6) if parts else None


def statement_score(evidence: Evidence, thresholds: Thresholds) -> float | None:
    """The probability that a statement is true of the image; None where it was not asked.

    Where the answer means nothing (low label mass, a failed model) it is one half.
    """
    if evidence.outcome is Outcome.NOT_ASKED:
        return None
    answer, prior = evidence.answer, evidence.prior
    if answer is None or prior is None or evidence.branch in (Branch.LOW_LABEL_MASS, Branch.MODEL_ERROR):
        return 0.5
    on_crop = evidence.branch in (Branch.CROP_HOLDS, Branch.CROP_FAILS)
    if on_crop and evidence.region is not None and evidence.region.crop is not None:
        answer = evidence.region.crop
    fair = _with_even_prior(answer, prior, thresholds)
    fails, holds = _bounds(thresholds)
    if evidence.outcome is Outcome.HOLDS:
        return max(fair, holds)
    if evidence.outcome is Outcome.FAILS:
        return min(fair, fails)
    return min(max(fair, fails), holds)


def _condition(condition: Condition, thresholds: Thresholds) -> float | None:
    scores = [statement_score(one, thresholds) for one in condition.alternatives]
    return max((one for one in scores if one is not None), default=None)


def _with_even_prior(answer: Answer, prior: Answer, thresholds: Thresholds) -> float:
    """The answer on a scale where the prior is 0.5 and both ends stay: linear on either side of it, or in logits."""
    score = debiased(answer, prior, thresholds)
    if thresholds.bounds is not None:
        return _sigmoid(score - (thresholds.bounds.fails_under + thresholds.bounds.holds_over) / 2.0)
    if thresholds.debias == "logit":
        return _sigmoid(score)
    room = 1.0 - prior.probability if score >= 0 else prior.probability
    return 0.5 + 0.5 * score / room if room > 0 else 0.5


def _bounds(thresholds: Thresholds) -> tuple[float, float]:
    """Where on that scale a statement fails, and where it holds: at most and at least one half."""
    if thresholds.bounds is not None:
        half = (thresholds.bounds.holds_over - thresholds.bounds.fails_under) / 2.0
        return _sigmoid(-half), _sigmoid(half)
    return (1.0 - thresholds.prior_fails) / 2.0, (1.0 + thresholds.prior_holds) / 2.0


def _sigmoid(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))
