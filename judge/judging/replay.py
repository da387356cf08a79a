"""A recorded finding decided again under other thresholds: pure arithmetic on its evidence, no model.

What the recorded thresholds kept from being asked has no answer, so under others it stays undecided.
"""

from __future__ import annotations

from enum import StrEnum

from judge.chain import Outcome, all_hold, any_holds, negated
from judge.judging.probability import Facts, decide
from judge.settings import Thresholds
from judge.verdict import Branch, Condition, Evidence, Finding, RuleOutcome


class Knob(StrEnum):
    """A threshold that can be moved without asking anything anew."""

    PRIOR_HOLDS = "prior_holds"
    PRIOR_FAILS = "prior_fails"
    REGION_DROP = "region_drop"
    RELEVANCE = "relevance"
    LABEL_MASS = "label_mass"


def outcome_under(finding: Finding, thresholds: Thresholds) -> RuleOutcome:
    """What the recorded evidence of a rule comes to under `thresholds`."""
    if finding.relevance is not None and finding.relevance < thresholds.relevance:
        return RuleOutcome.PRUNED
    if not finding.preconditions:
        return RuleOutcome.UNDECIDED
    hold = [_condition(one, thresholds) for one in finding.preconditions]
    lifted = [negated(_condition(one, thresholds.of_exceptions)) for one in finding.exceptions]
    outcome = all_hold((*hold, *lifted))
    if outcome is Outcome.HOLDS:
        return RuleOutcome.VIOLATED
    return RuleOutcome.NOT_VIOLATED if outcome is Outcome.FAILS else RuleOutcome.UNDECIDED


def _condition(condition: Condition, thresholds: Thresholds) -> Outcome:
    return any_holds(decide(_facts(one), thresholds).outcome for one in condition.alternatives)


def _facts(evidence: Evidence) -> Facts:
    missing = evidence.reads if evidence.branch is Branch.NO_CONTEXT else ()
    unread_by = "the model" if evidence.branch is Branch.CANNOT_READ else None
    error = evidence.reason or "the model failed" if evidence.branch is Branch.MODEL_ERROR else None
    return Facts(
        evidence.answer,
        evidence.prior,
        evidence.region,
        evidence.reasoning,
        evidence.debate,
        evidence.committee,
        error,
        missing,
        unread_by,
    )
