"""Which verdicts were wrong or open, the gravest first, and in one sentence why."""

from __future__ import annotations

from collections.abc import Sequence

from judge.chain import Outcome
from judge.constitution.document import clipped
from judge.evaluation.measures.counting import Answered
from judge.evaluation.measures.figures import Mistake
from judge.evaluation.measures.traces import evidence_of, finding_of, image_said
from judge.evaluation.protocols import Example, Judgement
from judge.judging.deciding import decided_by
from judge.judging.plain import how, seen
from judge.verdict import Finding, RuleOutcome, Verdict

KEPT = 50  # most mistakes named per method: the counts hold all, and so do the judgements on disk
_CERTAIN = {"violation": 1.0, "needs_review": 0.5, "no_violation": 0.0}


def mistakes(examples: Sequence[Example], judgements: Sequence[Judgement]) -> tuple[Mistake, ...]:
    """Wrong verdicts by surprise, then open ones by surprise: the distance of the image's score from the truth.

    A method without scores counts as certain of what it said, and as of one half where it left an image open.
    """
    found: list[tuple[bool, Mistake]] = []
    for example, judgement in zip(examples, judgements, strict=True):
        said = image_said(judgement)
        if said == Answered(example.unsafe):
            continue
        score = judgement.score if judgement.score is not None else _CERTAIN[judgement.verdict]
        found.append(
            (
                said is Answered.REVIEW,
                Mistake(
                    example=example.id,
                    said=judgement.verdict,
                    truth=_truth(example),
                    surprise=round(abs(float(example.unsafe) - score), 6),
                    why=why(example, judgement),
                ),
            )
        )
    ranked = sorted(found, key=lambda one: (one[0], -one[1].surprise, one[1].example))
    return tuple(mistake for _, mistake in ranked[:KEPT])


def _truth(example: Example) -> str:
    violated = [rule for rule, holds in example.rules.items() if holds]
    return f"violates {', '.join(violated)}" if violated else "violation" if example.unsafe else "no_violation"


def why(example: Example, judgement: Judgement) -> str:
    """What the wrong or open verdict hung on, as far as the method tells."""
    trace = judgement.trace
    if judgement.failure is not None:
        return f"nothing could be said: {judgement.failure}"
    if trace is None:
        return f"it said: {clipped(judgement.said)}" if judgement.said else "the method gives no reasons"
    if judgement.verdict == "violation":
        return _flagged(example, judgement, trace)
    if judgement.verdict == "needs_review":
        return _left_open(judgement, trace)
    return _missed(example, trace)


def _missed(example: Example, trace: Verdict) -> str:
    violated = [rule for rule, holds in example.rules.items() if holds]
    found = [one for one in (finding_of(trace, rule) for rule in violated) if one is not None]
    if not found:
        return "no rule was found violated"
    return _about(found[0], example)


def _flagged(example: Example, judgement: Judgement, trace: Verdict) -> str:
    found = (finding_of(trace, rule) for rule in judgement.violations)
    first = next((one for one in found if one is not None), None)
    return _about(first, example) if first is not None else "the trace names no rule"


def _left_open(judgement: Judgement, trace: Verdict) -> str:
    if trace.reasons:
        return _one_line(trace.reasons[0])
    found = (finding_of(trace, rule) for rule in judgement.undecided)
    reasons = (f"{one.rule}: {one.reason}" for one in found if one is not None and one.reason)
    return _one_line(next(reasons, "the method left it open"))


def _about(finding: Finding, example: Example) -> str:
    """The statement that is known to be wrong where there is one, else the one that the finding hung on."""
    if finding.outcome is RuleOutcome.PRUNED:
        bound = finding.thresholds.relevance if finding.thresholds is not None else None
        return f"{finding.rule} was pruned: relevance {finding.relevance} under {bound}"
    for one in evidence_of(finding):
        truth = example.statements.get(one.statement)
        if truth is not None and one.outcome is (Outcome.FAILS if truth else Outcome.HOLDS):
            return f"{finding.rule}: '{one.statement}' {one.outcome}, which is not so: {how(one.branch, seen(one))}"
    decided = decided_by(finding)
    return f"{finding.rule}: {decided}" if decided is not None else f"{finding.rule}: nothing was asked"


def _one_line(text: str) -> str:
    """One line of at most 240 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 240 else f"{line[:237]}..."
