"""Which condition decided a finding: what a person is told first when a verdict surprises. Knows no model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field

from judge.chain import Outcome
from judge.judging.plain import Seen, how, seen
from judge.settings import Frozen
from judge.verdict import Branch, Condition, Evidence, Finding, RuleOutcome


class Decided(Frozen):
    """The one statement that a finding hung on.

    kind: where it stands in the rule. score: debiased, M(x, c) - M(none, c). branch: the step that decided it.
    about: what the statement is about.
    """

    kind: Literal["precondition", "exception"]
    statement: str
    outcome: Outcome
    branch: Branch
    score: float | None = None
    reason: str | None = None
    about: Seen = Field(default="the picture", exclude_if=lambda about: about == "the picture")

    def __str__(self) -> str:
        lead = "exception " if self.kind == "exception" else ""
        return f"{lead}'{self.statement}' {self.outcome.replace('_', ' ')}: {how(self.branch, self.about)}"


def decided_by(finding: Finding) -> Decided | None:
    """The statement that a finding hung on; None where nothing was asked (pruned, or a rule without a chain).

    Not violated: the exception that lifts it, else the first precondition that fails (its alternative that came
    nearest to holding). Undecided: the first alternative that stayed open. Violated: every precondition holds,
    so the one that holds by least.
    """
    if finding.outcome is RuleOutcome.NOT_VIOLATED:
        lifted = _first(finding.exceptions, Outcome.HOLDS)
        if lifted is not None:
            return told("exception", _strongest(lifted, Outcome.HOLDS))
        failed = _first(finding.preconditions, Outcome.FAILS)
        return told("precondition", _strongest(failed, Outcome.FAILS)) if failed is not None else None
    if finding.outcome is RuleOutcome.UNDECIDED:
        return _open(finding)
    if finding.outcome is RuleOutcome.VIOLATED:
        holding = [_strongest(one, Outcome.HOLDS) for one in finding.preconditions]
        return told("precondition", min(holding, key=_score)) if holding else None
    return None


def of_rule(findings: Iterable[Finding], rule: str) -> tuple[Finding, ...]:
    """The findings of one rule, one per view."""
    return tuple(one for one in findings if one.rule == rule)


def gravest_of(findings: Sequence[Finding]) -> Finding | None:
    """The finding that stands for a rule over all views: violated in one is violated, open in one is open."""
    order = (RuleOutcome.VIOLATED, RuleOutcome.UNDECIDED, RuleOutcome.NOT_VIOLATED, RuleOutcome.PRUNED)
    return min(findings, key=lambda one: order.index(one.outcome), default=None)


def _first(conditions: Iterable[Condition], outcome: Outcome) -> Condition | None:
    return next((one for one in conditions if one.outcome is outcome), None)


def _strongest(condition: Condition, outcome: Outcome) -> Evidence:
    return max((one for one in condition.alternatives if one.outcome is outcome), key=_score)


def _score(evidence: Evidence) -> float:
    return evidence.score if evidence.score is not None else 0.0


def _open(finding: Finding) -> Decided | None:
    for kind, conditions in (("precondition", finding.preconditions), ("exception", finding.exceptions)):
        for condition in conditions:
            for evidence in condition.alternatives:
                if not condition.outcome.known and evidence.outcome is Outcome.UNDECIDED:
                    return told("precondition" if kind == "precondition" else "exception", evidence)
    return None


def told(kind: Literal["precondition", "exception"], evidence: Evidence) -> Decided:
    """What decided one statement."""
    return Decided(
        kind=kind,
        statement=evidence.statement,
        outcome=evidence.outcome,
        branch=evidence.branch,
        score=evidence.score,
        reason=evidence.reason,
        about=seen(evidence),
    )
