"""Clips among the items: what is stored of one is its `ClipVerdict`, and what is asked of an item is answered from it.

Whoever decides, filters or lists needs the same of a clip as of a picture: its rules with what came of each. That is
`as_verdict`: a `Verdict` whose findings speak of the whole clip and have no chains. Pure.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from judge.clip_verdict import ClipFinding, ClipVerdict
from judge.judging.scoring import rule_scores
from judge.verdict import Finding, ImageFacts, RuleOutcome, Verdict

Judged: TypeAlias = Verdict | ClipVerdict
VIEW = "clip"  # what the findings of a clip are about
_BEGINS = re.compile(rb'\s*\{\s*"clip"\s*:')  # how the JSON of a clip's verdict begins: it is its first field


def of_clip(said: bytes) -> bool:
    """Whether a stored verdict is on a clip."""
    return _BEGINS.match(said) is not None


def parsed(said: bytes) -> Judged:
    """A stored verdict: on a picture, or on a clip."""
    return (ClipVerdict if of_clip(said) else Verdict).model_validate_json(said)


def sha256_of(judged: Judged) -> str | None:
    """Of the file that was judged; None where nothing could be made of it."""
    return judged.clip_facts.sha256 if isinstance(judged, ClipVerdict) else judged.image_facts.sha256


def findings_of(judged: Judged) -> tuple[Finding, ...] | tuple[ClipFinding, ...]:
    """What came of each rule: over the clip's time, or on each view of a picture."""
    return judged.rules if isinstance(judged, ClipVerdict) else judged.findings


def untold(judged: Judged) -> tuple[str, ...]:
    """Rules that read what was not told: nobody who looked at it can say whether they are violated."""
    told = judged.context or {}
    if isinstance(judged, ClipVerdict):
        reads = [(one.rule, one.reads) for one in judged.rules]
    else:
        reads = [
            (finding.rule, one.reads)
            for finding in judged.findings
            for condition in (*finding.preconditions, *finding.exceptions)
            for one in condition.alternatives
        ]
    return tuple(dict.fromkeys(rule for rule, fields in reads if not set(fields) <= set(told)))


def scores_of(judged: Judged) -> dict[str, float]:
    """Per rule the probability that it is violated.

    Of a clip that of the frame that tells most plainly, on the side of one half that the clip's outcome is on: a rule
    may hold on a frame, and for less time than it takes.
    """
    if isinstance(judged, Verdict):
        return rule_scores(judged)
    found: dict[str, float] = {}
    for frame in judged.frames:
        for rule, score in frame.scores.items():
            found[rule] = max(score, found.get(rule, 0.0))
    sides = {one.rule: one.outcome for one in judged.rules}
    return {rule: _on_side(score, sides.get(rule)) for rule, score in found.items()}


def as_verdict(judged: Judged) -> Verdict:
    """The same as of a picture."""
    if isinstance(judged, Verdict):
        return judged
    facts = judged.clip_facts
    return Verdict(
        image=judged.clip,
        verdict=judged.verdict,
        violations=judged.violations,
        shadow_violations=judged.shadow_violations,
        reasons=judged.reasons,
        causes=judged.causes,
        notes=judged.notes,
        findings=tuple(
            Finding(
                rule=one.rule,
                text=one.text,
                view=VIEW,
                category=one.category,
                severity=one.severity,
                enforced=one.enforced,
                outcome=one.outcome,
                reason=one.reason,
                cause=one.cause,
            )
            for one in judged.rules
        ),
        image_facts=ImageFacts(sha256=facts.sha256, format=facts.format, width=facts.width, height=facts.height),
        provenance=judged.provenance,
        failure=judged.failure,
        timings=judged.timings,
    )


def _on_side(score: float, outcome: RuleOutcome | None) -> float:
    if outcome is RuleOutcome.VIOLATED:
        return max(score, 0.5)
    return score if outcome is RuleOutcome.UNDECIDED else min(score, 0.5)
