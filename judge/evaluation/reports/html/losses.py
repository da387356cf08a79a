"""Where images were lost, stage by stage: the method's verdicts held against the known truth. Knows no HTML.

Each image has one fate. A violating image that was not caught is followed through the rule that it violates: pruned,
a precondition failed, an exception lifted it, or left open. A safe image that was flagged is followed to the statement
that wrongly held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from judge.chain import Outcome
from judge.evaluation.protocols import Example, Judgement
from judge.judging.deciding import decided_by, gravest_of, of_rule
from judge.verdict import Evidence, Finding, RuleOutcome, Verdict


class Stage(StrEnum):
    """Where a violating image was lost, in the order of the method."""

    UNREAD = "not judged at all"
    PRUNED = "its rule was pruned"
    PRECONDITION = "a precondition failed"
    EXCEPTION = "an exception lifted its rule"
    SHADOW = "its rule is in shadow"
    UNKNOWN = "cause not known"
    OPEN = "left open, sent to review"


@dataclass(frozen=True)
class LossCause:
    """What an image was lost by: the rule, the statement it hung on and the step that decided that, where known."""

    stage: str
    rule: str = ""
    statement: str = ""
    step: str = ""


@dataclass(frozen=True)
class Step:
    """One bar of the funnel: how many violating images came this far, and how many were lost on the way here."""

    label: str
    left: int
    lost: int


@dataclass(frozen=True)
class Losses:
    """All that went wrong: the funnel of violating images, and causes with counts, most frequent first.

    right_rule: of the images caught, those for which a rule that they truly violate was named (None: not known).
    """

    funnel: tuple[Step, ...]
    right_rule: int | None
    missed: tuple[tuple[LossCause, int], ...]
    flagged: tuple[tuple[LossCause, int], ...]
    traced: bool


def losses(examples: Sequence[Example], judgements: Sequence[Judgement]) -> Losses:
    """Follow every image to where it was lost."""
    pairs = list(zip(examples, judgements, strict=True))
    caught = [(one, said) for one, said in pairs if one.unsafe and said.verdict == "violation"]
    lost = [_lost(one, said) for one, said in pairs if one.unsafe and said.verdict != "violation"]
    flagged = [_flagged(one, said) for one, said in pairs if not one.unsafe and said.verdict != "no_violation"]
    return Losses(
        funnel=_funnel(len(caught) + len(lost), lost),
        right_rule=_right_rule(caught),
        missed=tuple(Counter(lost).most_common()),
        flagged=tuple(Counter(flagged).most_common()),
        traced=any(said.trace is not None for said in judgements),
    )


def wrong_statements(example: Example, finding: Finding) -> frozenset[str]:
    """Statements of a finding whose outcome contradicts the known truth."""
    return frozenset(
        one.statement
        for condition in (*finding.preconditions, *finding.exceptions)
        for one in condition.alternatives
        if _contradicts(example, one)
    )


def _contradicts(example: Example, evidence: Evidence) -> bool:
    truth = example.statements.get(evidence.statement)
    return truth is not None and evidence.outcome.known and (evidence.outcome is Outcome.HOLDS) is not truth


def _funnel(total: int, lost: Sequence[LossCause]) -> tuple[Step, ...]:
    """Stages that lost nothing stand in it too, but for those that are no stages of the method."""
    counts = Counter(cause.stage for cause in lost)
    labels = {
        Stage.UNREAD: "could be judged",
        Stage.PRUNED: "rule not pruned",
        Stage.PRECONDITION: "no precondition failed",
        Stage.EXCEPTION: "no exception lifted it",
        Stage.SHADOW: "rule is enforced",
        Stage.UNKNOWN: "no other loss",
        Stage.OPEN: "nothing left open: caught",
    }
    steps, left = [Step("all violating images", total, 0)], total
    for stage, label in labels.items():
        left -= counts[stage]
        if counts[stage] or stage not in (Stage.UNREAD, Stage.SHADOW, Stage.UNKNOWN):
            steps.append(Step(label, left, counts[stage]))
    return tuple(steps)


def _right_rule(caught: Iterable[tuple[Example, Judgement]]) -> int | None:
    told = [(one, said) for one, said in caught if said.violations and any(one.rules.values())]
    return sum(any(one.rules.get(rule) for rule in said.violations) for one, said in told) if told else None


def _lost(example: Example, said: Judgement) -> LossCause:
    if said.failure is not None or (said.trace is not None and (said.trace.failure or not was_asked(said.trace))):
        return LossCause(Stage.UNREAD, statement=said.failure or "; ".join(said.trace.reasons if said.trace else ()))
    violated = [rule for rule, truth in example.rules.items() if truth]
    if said.trace is None:
        return LossCause(Stage.OPEN if said.verdict == "needs_review" else Stage.UNKNOWN, rule=", ".join(violated))
    own = [found for rule in violated if (found := gravest_of(of_rule(said.trace.findings, rule))) is not None]
    if said.verdict == "needs_review":
        undecided = [one for one in said.trace.findings if one.outcome is RuleOutcome.UNDECIDED and one.enforced]
        first = next((one for one in undecided if one.rule in violated), next(iter(undecided), None))
        return LossCause(Stage.OPEN) if first is None else _cause(Stage.OPEN, first)
    furthest = min(own, key=_distance, default=None)
    if furthest is None:
        return LossCause(Stage.UNKNOWN)
    stage = _stage(furthest)
    wrong = _wrongly_failed(example, furthest) if stage is Stage.PRECONDITION else None
    return wrong or _cause(stage, furthest)


def _wrongly_failed(example: Example, finding: Finding) -> LossCause | None:
    """The first precondition that failed, by the alternative that truly holds, where that is known."""
    failed = next((one for one in finding.preconditions if one.outcome is Outcome.FAILS), None)
    for one in () if failed is None else failed.alternatives:
        if example.statements.get(one.statement):
            return LossCause(Stage.PRECONDITION, finding.rule, one.statement, str(one.branch))
    return None


def _distance(finding: Finding) -> int:
    """How far from a violation a rule was left: less is nearer."""
    return (Stage.SHADOW, Stage.UNKNOWN, Stage.EXCEPTION, Stage.PRECONDITION, Stage.PRUNED).index(_stage(finding))


def _stage(finding: Finding) -> Stage:
    if finding.outcome is RuleOutcome.PRUNED:
        return Stage.PRUNED
    if finding.outcome is RuleOutcome.NOT_VIOLATED:
        decided = decided_by(finding)
        if decided is None:
            return Stage.UNKNOWN
        return Stage.EXCEPTION if decided.kind == "exception" else Stage.PRECONDITION
    return Stage.UNKNOWN if finding.enforced else Stage.SHADOW


def _flagged(example: Example, said: Judgement) -> LossCause:
    """Why a safe image was flagged, or sent to review."""
    if said.verdict == "needs_review":
        return _lost(example, said)
    findings = () if said.trace is None else said.trace.findings
    violated = [one for one in findings if one.outcome is RuleOutcome.VIOLATED and one.enforced]
    if not violated:
        return LossCause("flagged", rule=", ".join(said.violations))
    finding = next((one for one in violated if one.rule == example.about), violated[0])
    for condition in finding.preconditions:
        for one in condition.alternatives:
            if one.outcome is Outcome.HOLDS and example.statements.get(one.statement) is False:
                return LossCause("wrongly held", finding.rule, one.statement, str(one.branch))
    for condition in finding.exceptions:
        for one in condition.alternatives:
            if one.outcome is not Outcome.HOLDS and example.statements.get(one.statement) is True:
                return LossCause("exception not seen", finding.rule, one.statement, str(one.branch))
    return _cause("held by least (truth not known)", finding)


def _cause(stage: str, finding: Finding) -> LossCause:
    decided = decided_by(finding)
    if decided is None:
        return LossCause(stage, finding.rule, finding.reason or "")
    return LossCause(stage, finding.rule, decided.statement, str(decided.branch))


def was_asked(trace: Verdict) -> bool:
    """Whether anything was found out: pruned everywhere is an answer, kept out by the domain guard is not."""
    return any(
        finding.outcome is RuleOutcome.PRUNED
        or any(
            one.outcome is not Outcome.NOT_ASKED
            for condition in (*finding.preconditions, *finding.exceptions)
            for one in condition.alternatives
        )
        for finding in trace.findings
    )
