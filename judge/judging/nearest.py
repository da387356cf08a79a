"""What a picture without a violation came nearest to: the rule of which most held, and what it was wanting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from judge.chain import Outcome, RuleOutcome

if TYPE_CHECKING:
    from judge.verdict import Condition, Finding


class Nearest(NamedTuple):
    """The rule that came nearest to being violated.

    statement: the fact that did not hold (its alternatives joined by "or"), or where `lifted` the exception that did.
    """

    rule: str
    statement: str
    lifted: bool


def nearest(findings: Iterable[Finding]) -> Nearest | None:
    """The nearest of the enforced rules that were decided and not violated; None where of no rule anything held.

    A rule that an exception lifted is nearer than any; else the larger part of its preconditions held, the nearer, and
    of two the more relevant. Preconditions after the one that failed were not asked, so that they count as not held.
    Outcomes are compared by value: findings may be what JSON says of them.
    """
    best: tuple[tuple[float, float], Nearest] | None = None
    for finding in findings:
        if not finding.enforced or finding.outcome != RuleOutcome.NOT_VIOLATED:
            continue
        held = sum(one.outcome == Outcome.HOLDS for one in finding.preconditions)
        wanting = next((one for one in finding.preconditions if one.outcome == Outcome.FAILS), None)
        lifting = next((one for one in finding.exceptions if one.outcome == Outcome.HOLDS), None)
        decisive = wanting or lifting
        if not held or decisive is None:
            continue
        rank = (held / len(finding.preconditions), finding.relevance or 0.0)
        if best is None or rank > best[0]:
            best = rank, Nearest(finding.rule, _words(decisive, lifted=wanting is None), lifted=wanting is None)
    return best[1] if best else None


def _words(condition: Condition, *, lifted: bool) -> str:
    said = condition.alternatives
    if lifted:
        said = tuple(one for one in said if one.outcome == Outcome.HOLDS)
    return " or ".join(one.statement for one in said)
