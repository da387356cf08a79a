"""How sure the judge was of an image or a clip: its score, and how close it came to another verdict. Pure arithmetic.

What a rule's score is stands in `judge.judging.scoring`: the probability that it is violated, language
prior aside; of a clip in `judge.review.store.clips`.
"""

from __future__ import annotations

from judge.judging.scoring import rule_score
from judge.review.store.clips import Judged, findings_of, scores_of
from judge.verdict import Finding, RuleOutcome


def image_score(verdict: Judged) -> float | None:
    """The highest score of an enforced rule; None where no rule was judged."""
    enforced = {finding.rule for finding in findings_of(verdict) if finding.enforced}
    return max((score for rule, score in scores_of(verdict).items() if rule in enforced), default=None)


def uncertainty(verdict: Judged) -> float:
    """How close the judge came to another verdict, in [0, 1].

    A rule's closeness is 1 - |2 score - 1|: 1 for a score of 0.5, 0 for a sure one. A violation is as uncertain as its
    surest violated rule, what is no violation as its least sure rule; both lie in [0, 0.5]. What needs review lies
    in [0.5, 1], by its least sure undecided rule; 1 where nothing could be judged.
    """
    scores = scores_of(verdict)
    enforced = [
        (one.outcome, _closeness(rule_score(one) if isinstance(one, Finding) else scores.get(one.rule)))
        for one in findings_of(verdict)
        if one.enforced
    ]
    if verdict.verdict == "violation":
        close = [near for outcome, near in enforced if outcome is RuleOutcome.VIOLATED]
        return round(min(close, default=0.0) / 2, 6)
    if verdict.verdict == "no_violation":
        return round(max((near for _, near in enforced), default=0.0) / 2, 6)
    close = [near for outcome, near in enforced if outcome is RuleOutcome.UNDECIDED]
    return round((1 + max(close, default=1.0)) / 2, 6)


def _closeness(score: float | None) -> float:
    return 1.0 if score is None else 1 - abs(2 * score - 1)
