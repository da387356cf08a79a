"""How sure the judge was of an image: its score, and how close it came to another verdict. Pure arithmetic.

What a rule's score is stands in `judge.judging.scoring`: the probability that it is violated, language
prior aside.
"""

from __future__ import annotations

from judge.judging.scoring import rule_score, rule_scores
from judge.verdict import Finding, RuleOutcome, Verdict


def image_score(verdict: Verdict) -> float | None:
    """The highest score of an enforced rule; None where no rule was judged."""
    enforced = {finding.rule for finding in verdict.findings if finding.enforced}
    return max((score for rule, score in rule_scores(verdict).items() if rule in enforced), default=None)


def uncertainty(verdict: Verdict) -> float:
    """How close the judge came to another verdict, in [0, 1].

    A rule's closeness is 1 - |2 score - 1|: 1 for a score of 0.5, 0 for a sure one. A violation is as uncertain as its
    surest violated rule, what is no violation as its least sure rule; both lie in [0, 0.5]. What needs review lies
    in [0.5, 1], by its least sure undecided rule; 1 where nothing could be judged.
    """
    enforced = [finding for finding in verdict.findings if finding.enforced]
    if verdict.verdict == "violation":
        close = [_closeness(one) for one in enforced if one.outcome is RuleOutcome.VIOLATED]
        return round(min(close, default=0.0) / 2, 6)
    if verdict.verdict == "no_violation":
        return round(max(map(_closeness, enforced), default=0.0) / 2, 6)
    close = [_closeness(one) for one in enforced if one.outcome is RuleOutcome.UNDECIDED]
    return round((1 + max(close, default=1.0)) / 2, 6)


def _closeness(finding: Finding) -> float:
    score = rule_score(finding)
    return 1.0 if score is None else 1 - abs(2 * score - 1)
