"""What every image scores under every rule, so that any bounds can be tried on it without a model.

A rule's chain is an AND of ORs of statements. If a precondition holds when its debiased log odds are over a bound,
then the whole chain holds when the least over its preconditions of the greatest over their alternatives is over that
bound: one number per rule and image. To gather it every statement must be asked, so the images are judged once under
bounds so low that every precondition holds. Exceptions have no part in it: they are decided as they always are, and
lift the rule whatever the bounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from judge.causes import Cause
from judge.constitution.told import context_digest, subject
from judge.diff.judging import judge_both
from judge.errors import ImageError, ModelError
from judge.judging.deciding import gravest_of, of_rule
from judge.judging.given import Context
from judge.judging.pipeline import Judge
from judge.locks.calibrated import bounded
from judge.settings import Bounds
from judge.verdict import Branch, Condition, Evidence, Finding, RuleOutcome, Verdict

_ALL_HOLD = Bounds(fails_under=-30.0, holds_over=-30.0)


class ScoreSpan(NamedTuple):
    """A rule's score on an image: it is violated where `low` is over the upper bound, not violated where `high` is
    under the lower one. They differ where something is open whatever the bounds, such as an answer without label mass.
    """

    low: float
    high: float

    def under(self, bounds: Bounds) -> RuleOutcome:
        """What the rule comes to, the steps that look into the band between the bounds left out."""
        if self.low > bounds.holds_over:
            return RuleOutcome.VIOLATED
        return RuleOutcome.NOT_VIOLATED if self.high < bounds.fails_under else RuleOutcome.UNDECIDED


NEVER = ScoreSpan(-math.inf, -math.inf)  # pruned, or lifted
OPEN = ScoreSpan(-math.inf, math.inf)


class ImageScores(NamedTuple):
    """One image and what is told beside it: the digest of both (`judge.constitution.told.subject`), each rule's span,
    and what each rule comes to as the judge is now."""

    subject: str
    spans: dict[str, ScoreSpan]
    now: dict[str, RuleOutcome]


def gather(
    judge: Judge, paths: Sequence[str], contexts: Sequence[Context] | None = None, *, keep: bool = True
) -> Iterator[ImageScores]:
    """A sheet per image, in order, each judged as it is now and once with every statement asked.

    contexts: what is told beside each, in the same order; None where nothing is of any. keep: read and write verdicts
    kept on disk.

    Raises:
        ImageError: an image cannot be read.
        ModelError: a model failed on an image; what is missing must not look like a score.
    """
    asking_all = judge.derive(
        constitution=bounded(judge.constitution, {rule.id: _ALL_HOLD for rule in judge.constitution.rules})
    )
    for now, whole in judge_both(judge, asking_all, paths, contexts, keep=keep):
        yield sheet(now, whole)


def sheet(now: Verdict, whole: Verdict) -> ImageScores:
    """From the verdict as it is now, and the one with every statement asked."""
    for verdict in (now, whole):
        if verdict.failure is not None and verdict.failure.kind == "image":
            hint = "mend it or take it out of the data set; nothing was written"
            raise ImageError(f"{verdict.image}: {verdict.failure.message}", hint=hint)
        failed = next(filter(None, (_failure(one, verdict) for one in verdict.findings)), None)
        if failed is not None:
            raise ModelError(f"{verdict.image}: {failed}", hint="try again; nothing was written", retryable=True)
    rules = list(dict.fromkeys(finding.rule for finding in whole.findings))
    return ImageScores(
        subject=subject(str(whole.image_facts.sha256), context_digest(whole.context)),
        spans={rule: _over_views([_span(one) for one in of_rule(whole.findings, rule)]) for rule in rules},
        now={rule: _word(gravest_of(of_rule(now.findings, rule))) for rule in rules},
    )


def _failure(finding: Finding, verdict: Verdict) -> str | None:
    """What a model failed at, also where it changed nothing today: under other bounds it might have."""
    if finding.outcome is RuleOutcome.PRUNED:
        return None
    every = [one for each in (*finding.preconditions, *finding.exceptions) for one in each.alternatives]
    broken = next((one for one in every if one.branch is Branch.MODEL_ERROR), None)
    if broken is not None:
        return f"'{broken.statement}': {broken.reason}"
    if finding.cause is Cause.OUTSIDE:
        return None
    if every and all(one.branch is Branch.NOT_ASKED for one in every):
        return finding.reason
    scanned = any(model.role in ("encoder", "encoder+detector") for model in verdict.provenance.models)
    return "relevance scanning failed" if scanned and finding.relevance is None and every else None


def _word(finding: Finding | None) -> RuleOutcome:
    outcome = finding.outcome if finding is not None else RuleOutcome.UNDECIDED
    return RuleOutcome.NOT_VIOLATED if outcome is RuleOutcome.PRUNED else outcome


def _over_views(spans: Sequence[ScoreSpan]) -> ScoreSpan:
    """Violated in one view is violated; not violated needs all views."""
    return ScoreSpan(max(one.low for one in spans), max(one.high for one in spans))


def _span(finding: Finding) -> ScoreSpan:
    if finding.outcome is RuleOutcome.PRUNED or any(one.outcome == "holds" for one in finding.exceptions):
        return NEVER
    if not finding.preconditions:
        return OPEN
    whole = _least([_greatest(one) for one in finding.preconditions])
    lifting_is_open = any(one.outcome != "fails" for one in finding.exceptions)
    return ScoreSpan(-math.inf, whole.high) if lifting_is_open else whole


def _least(spans: Sequence[ScoreSpan]) -> ScoreSpan:
    return ScoreSpan(min(one.low for one in spans), min(one.high for one in spans))


def _greatest(condition: Condition) -> ScoreSpan:
    each = [_of(one) for one in condition.alternatives]
    return ScoreSpan(max(one.low for one in each), max(one.high for one in each))


def _of(evidence: Evidence) -> ScoreSpan:
    """A statement's score, or open: not asked (a picture the model must not judge), or without label mass."""
    if evidence.score is None or evidence.branch in (Branch.LOW_LABEL_MASS, Branch.NOT_ASKED):
        return OPEN
    return ScoreSpan(evidence.score, evidence.score)
