"""Decided items decided again under moved thresholds: recorded answers, no model.

What the recorded thresholds kept from being asked has no answer, so under others it stays undecided, and the image
counts as one for review: the review load is an upper bound, precision and recall are of what is left. Truth is what
people came to, on the items that they decided, which need not be like those that nobody looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from judge.evaluation.measures.figures import Confusion, Estimate
from judge.evaluation.measures.shares import share
from judge.judging.deciding import gravest_of, of_rule
from judge.judging.replay import Knob, outcome_under
from judge.review.store.records import DecidedItem
from judge.settings import Frozen, Thresholds
from judge.verdict import Finding, RuleOutcome, conclude

STEPS = 20  # of the slider, beside the recorded values


class Setting(Frozen):
    """A threshold at one value, for one rule or for all that do not set their own."""

    knob: Knob
    value: float
    rule: str | None = None


class Figures(Frozen):
    """How the judge would have done on the decided items.

    precision: of what it flags, the share that people flag. recall: of what people flag, the share that it flags; a
    review is not a flag. review: the share that a person would have to look at.
    """

    counts: Confusion
    precision: Estimate
    recall: Estimate
    review: Estimate


class Point(Frozen):
    """A value of the threshold and what comes of it. recorded: the items were judged with it. moved: verdicts (or the
    rule's outcomes) that differ from the recorded ones."""

    value: float
    recorded: bool
    moved: int
    figures: Figures


class Curve(Frozen):
    """A threshold over its whole range. versions: under how many digests of the constitution the items were judged."""

    knob: Knob
    rule: str | None
    items: int
    versions: int
    points: tuple[Point, ...]

    @property
    def now(self) -> int:
        """The place of the (first) recorded value among the points."""
        return next((place for place, point in enumerate(self.points) if point.recorded), 0)


@dataclass(frozen=True)
class _Case:
    """What is looked at of one item: the findings and, for all rules or one, truth and what was said."""

    run: Thresholds
    findings: tuple[Finding, ...]
    true: bool
    said: str


def curve(decided: Sequence[DecidedItem], knob: Knob, rule: str | None = None) -> Curve:
    """The figures at every value of a threshold; of the images' verdicts, or where a rule is named of its outcomes."""
    cases = [_case(one, rule) for one in decided]
    recorded = _recorded(cases, knob, rule)
    points = []
    for value in sorted({*_grid(cases, knob), *recorded}):
        setting = Setting(knob=knob, value=value, rule=rule)
        said = [_said(case, setting) for case in cases]
        counts = _counts(zip((case.true for case in cases), said, strict=True))
        moved = sum(one != case.said for one, case in zip(said, cases, strict=True))
        points.append(Point(value=value, recorded=value in recorded, moved=moved, figures=figures(counts)))
    versions = len({one.verdict.provenance.constitution_digest for one in decided})
    return Curve(knob=knob, rule=rule, items=len(cases), versions=versions, points=tuple(points))


def replayed(finding: Finding, run: Thresholds, setting: Setting | None = None) -> Finding:
    """The finding with the outcome that its recorded evidence has under a moved threshold."""
    outcome = outcome_under(finding, _moved(finding, run, setting))
    if outcome == finding.outcome:
        return finding
    return finding.model_copy(update={"outcome": outcome, "reason": "under the moved threshold"})


def figures(counts: Confusion) -> Figures:
    """Precision, recall and review load with their 95 % intervals."""
    flagged = counts.true_positive + counts.false_positive
    true = counts.true_positive + counts.false_negative + counts.review_positive
    reviewed = counts.review_positive + counts.review_negative
    every = true + counts.false_positive + counts.true_negative + counts.review_negative
    return Figures(
        counts=counts,
        precision=share(counts.true_positive, flagged),
        recall=share(counts.true_positive, true),
        review=share(reviewed, every),
    )


def _case(one: DecidedItem, rule: str | None) -> _Case:
    verdict = one.verdict
    if rule is None:
        return _Case(verdict.provenance.thresholds, verdict.findings, one.action == "violation", verdict.verdict)
    findings = of_rule(verdict.findings, rule)
    case = _Case(verdict.provenance.thresholds, findings, rule in one.rules, "")
    return _Case(case.run, findings, case.true, _word(findings))


def _said(case: _Case, setting: Setting) -> str:
    findings = tuple(replayed(one, case.run, setting) for one in case.findings)
    if setting.rule is not None:
        return _word(findings)
    return conclude(findings)[0]


def _word(findings: tuple[Finding, ...]) -> str:
    """A rule's outcome over all views in the words of verdicts; absent or pruned is no violation."""
    gravest = gravest_of(findings)
    if gravest is None:
        return "no_violation"
    return {RuleOutcome.VIOLATED: "violation", RuleOutcome.UNDECIDED: "needs_review"}.get(
        gravest.outcome, "no_violation"
    )


def _counts(pairs: Iterable[tuple[bool, str]]) -> Confusion:
    names = {
        (True, "violation"): "true_positive",
        (False, "violation"): "false_positive",
        (False, "no_violation"): "true_negative",
        (True, "no_violation"): "false_negative",
        (True, "needs_review"): "review_positive",
        (False, "needs_review"): "review_negative",
    }
    found = dict.fromkeys(Confusion.model_fields, 0)
    for pair in pairs:
        found[names[pair]] += 1
    return Confusion(**found)


def _recorded(cases: Sequence[_Case], knob: Knob, rule: str | None) -> set[float]:
    """The values that the items were judged with."""
    if rule is None:
        return {getattr(case.run, knob) for case in cases}
    return {getattr(finding.thresholds or case.run, knob) for case in cases for finding in case.findings}


def _grid(cases: Sequence[_Case], knob: Knob) -> list[float]:
    if knob is not Knob.RELEVANCE:
        return [round(step / STEPS, 4) for step in range(STEPS + 1)]
    seen = sorted({round(one.relevance, 4) for case in cases for one in case.findings if one.relevance is not None})
    if not seen:
        return []
    places = [round(step * (len(seen) - 1) / STEPS) for step in range(STEPS + 1)]
    return sorted({seen[place] for place in places})


def _moved(finding: Finding, run: Thresholds, setting: Setting | None) -> Thresholds:
    """The finding's thresholds with the setting; a rule's own value is left alone when all rules are moved."""
    recorded = finding.thresholds or run
    if setting is None or (setting.rule is not None and setting.rule != finding.rule):
        return recorded
    value = getattr(recorded, setting.knob)
    own = value != getattr(run, setting.knob)
    if value == setting.value or (setting.rule is None and own):
        return recorded
    return _with(recorded, setting.knob, setting.value)


@lru_cache(maxsize=4096)
def _with(recorded: Thresholds, knob: Knob, value: float) -> Thresholds:
    return recorded.model_copy(update={knob.value: value})
