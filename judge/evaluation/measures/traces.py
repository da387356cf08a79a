"""What a judgement said of a rule or a statement, over all views of the image. Knows no measure."""

from __future__ import annotations

from collections.abc import Iterator

from judge.chain import Outcome
from judge.evaluation.measures.counting import Answered
from judge.evaluation.protocols import Judgement
from judge.judging.deciding import gravest_of, of_rule
from judge.verdict import Evidence, Finding, RuleOutcome, Verdict

_WORDS = {"violation": Answered.YES, "no_violation": Answered.NO, "needs_review": Answered.REVIEW}
_OUTCOMES = {
    RuleOutcome.VIOLATED: Answered.YES,
    RuleOutcome.NOT_VIOLATED: Answered.NO,
    RuleOutcome.PRUNED: Answered.NO,
    RuleOutcome.UNDECIDED: Answered.REVIEW,
}
# a statement holds when it does in any view, and fails when it does in all
_FIRST = (Outcome.HOLDS, Outcome.UNDECIDED, Outcome.NOT_ASKED, Outcome.FAILS)


def image_said(judgement: Judgement) -> Answered:
    """What was said of the whole image."""
    return _WORDS[judgement.verdict]


def rule_said(judgement: Judgement, rule: str) -> Answered:
    """What was said of one rule; a rule that nothing was said of is open, never "not violated"."""
    if rule in judgement.violations:
        return Answered.YES
    if rule in judgement.undecided:
        return Answered.REVIEW
    if judgement.trace is not None:
        finding = finding_of(judgement.trace, rule)
        return Answered.REVIEW if finding is None else _OUTCOMES[finding.outcome]
    nothing_said = judgement.verdict == "needs_review" and not judgement.undecided
    return Answered.REVIEW if nothing_said or judgement.failure is not None else Answered.NO


def finding_of(trace: Verdict, rule: str) -> Finding | None:
    """The finding that stands for a rule over all views; None where the image could not be read."""
    return gravest_of(of_rule(trace.findings, rule))


def statements_of(trace: Verdict) -> dict[str, Evidence]:
    """The evidence that stands for each statement over all rules and views."""
    found: dict[str, Evidence] = {}
    for evidence in (one for finding in trace.findings for one in evidence_of(finding)):
        known = found.get(evidence.statement)
        if known is None or _FIRST.index(evidence.outcome) < _FIRST.index(known.outcome):
            found[evidence.statement] = evidence
    return found


def evidence_of(finding: Finding) -> Iterator[Evidence]:
    """The evidence of every alternative of a finding, exceptions last."""
    for condition in (*finding.preconditions, *finding.exceptions):
        yield from condition.alternatives


def relevance_of(trace: Verdict) -> dict[str, float]:
    """Per rule the highest cosine over all views: a rule is out only where it is pruned in every one."""
    found: dict[str, float] = {}
    for finding in trace.findings:
        if finding.relevance is not None:
            found[finding.rule] = max(finding.relevance, found.get(finding.rule, -1.0))
    return found
