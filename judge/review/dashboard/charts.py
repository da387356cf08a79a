"""The dashboard's charts, in their order, and those of what the judge said. Counts nothing and draws nothing."""

from __future__ import annotations

from judge.review.dashboard import team_charts
from judge.review.dashboard.chart import (
    MOST,
    BarPart,
    ChartBar,
    DashboardChart,
    LinePoint,
    Tone,
    cells,
    counted,
    estimated,
)
from judge.review.dashboard.numbers import Numbers
from judge.review.ui import render
from judge.verdict import Branch

_STEPS = {
    Branch.PRIOR_FAILS: "Score under a1",
    Branch.PRIOR_HOLDS: "Score over a2",
    Branch.REGION_HOLDS: "Central region",
    Branch.CROP_FAILS: "Crop, under a1",
    Branch.CROP_HOLDS: "Crop, over a2",
    Branch.REASONING: "Reasoning",
    Branch.DEBATE: "Debate",
    Branch.COMMITTEE: "Committee",
    Branch.LOW_LABEL_MASS: "Low label mass",
    Branch.MODEL_ERROR: "Model failed",
    Branch.NO_CONTEXT: "Text not given",
    Branch.CANNOT_READ: "Model reads no texts",
    Branch.UNDECIDED: "Left open",
}
_OPEN = frozenset({Branch.LOW_LABEL_MASS, Branch.MODEL_ERROR, Branch.NO_CONTEXT, Branch.CANNOT_READ, Branch.UNDECIDED})


def charts(numbers: Numbers, mine: str | None = None) -> tuple[DashboardChart, ...]:
    """All charts. mine: whose own figures alone are shown where people are told apart; None: everybody's."""
    people = [one for one in numbers.reviewers if mine is None or one.name == mine]
    return (
        _days(numbers),
        _figures(numbers),
        _overrides(numbers),
        team_charts.ageing(numbers),
        team_charts.escalations(numbers),
        team_charts.reviewers(people),
        team_charts.agreement(numbers),
        team_charts.gold(numbers, mine),
        _rules(numbers),
        _branches(numbers),
        _latency(numbers),
    )


def step_name(branch: Branch) -> str:
    """A step in a person's words."""
    return _STEPS.get(branch, str(branch))


def _days(numbers: Numbers) -> DashboardChart:
    most = max((one.violation + one.needs_review + one.no_violation for one in numbers.days), default=0)
    most = max([most, *(one.decided for one in numbers.days)], default=0) or 1
    tones: tuple[tuple[Tone, str], ...] = (("bad", "violation"), ("warn", "needs_review"), ("good", "no_violation"))
    bars = tuple(
        ChartBar(
            label=one.day,
            key=one.day,
            parts=tuple(
                BarPart(tone=tone, share=getattr(one, name) / most, said=f"{render.word(name)}: {getattr(one, name)}")
                for tone, name in tones
            ),
            text=f"{one.decided} decided by people",
        )
        for one in numbers.days
    )
    line = tuple(LinePoint(x=place + 0.5, y=one.decided / most) for place, one in enumerate(numbers.days))
    return DashboardChart(
        name="days",
        title="Verdicts and decisions",
        about="Items that came in per day (UTC), by the judge's verdict; the line: items that people decided.",
        kind="columns",
        empty="Nothing came in during this time.",
        header=("Day", "Violation", "Needs review", "No violation", "Decided by people"),
        rows=tuple((one.day, one.violation, one.needs_review, one.no_violation, one.decided) for one in numbers.days),
        keys=tuple(one.day for one in numbers.days),
        bars=bars,
        lines=(("Decided by people", line),),
        legend=(*((tone, render.word(name)) for tone, name in tones), ("accent", "Decided by people")),
        top=str(most),
        span=6,
    )


def _rules(numbers: Numbers) -> DashboardChart:
    return counted(
        "rules",
        "Violations by rule",
        "Images on which the judge found an enforced rule violated.",
        "No rule was violated during this time.",
        ("Rule", "Images"),
        [(one.rule, one.rule, one.violated, "bad") for one in numbers.rules],
    )


def _figures(numbers: Numbers) -> DashboardChart:
    """Precision and recall; of rules that nobody named there is nothing to say."""
    found = sorted(numbers.overrides, key=lambda one: (-one.decided, one.rule or ""))
    bars = tuple(
        ChartBar(
            label=one.rule or "",
            key=one.rule or "",
            parts=(
                estimated("accent", one.precision, f"precision of {one.rule}", "precision"),
                estimated("good", one.recall, f"recall of {one.rule}", "recall"),
            ),
            text=f"{one.decided} decided",
        )
        for one in found[:MOST]
    )
    return DashboardChart(
        name="figures",
        title="Precision and recall by rule",
        about="Of what the judge flags, the share that people flag (precision); of what people flag, the share that "
        "the judge does (recall). Decided items; people saw the verdict first, unless they read blind.",
        kind="shares",
        empty="Nothing was decided by people during this time.",
        header=("Rule", "Decided", "Precision", "from", "to", "Recall", "from", "to"),
        rows=tuple((one.rule, one.decided, *cells(one.precision), *cells(one.recall)) for one in found),
        keys=tuple(one.rule or "" for one in found),
        columns=((2, "precision"), (5, "recall")),
        bars=bars,
        legend=(("accent", "Precision"), ("good", "Recall"), ("plain", "95 % interval")),
    )


def _overrides(numbers: Numbers) -> DashboardChart:
    found = [one for one in numbers.overrides if one.rate.value is not None]
    bars = tuple(
        ChartBar(
            label=one.rule or "",
            key=one.rule or "",
            parts=(estimated("warn", one.rate, f"disagreement on {one.rule}"),),
            text=f"{one.taken_back} taken back, {one.missed} missed of {one.decided}",
        )
        for one in found[:MOST]
    )
    return DashboardChart(
        name="overrides",
        title="Where people disagree",
        about="Of the decided items on which judge or people named the rule, those on which only one of them did.",
        kind="shares",
        empty="Nothing was decided by people during this time.",
        header=("Rule", "Decided", "Taken back", "Missed", "Share", "from", "to"),
        rows=tuple((one.rule, one.decided, one.taken_back, one.missed, *cells(one.rate)) for one in found),
        keys=tuple(one.rule or "" for one in found),
        bars=bars,
        legend=(("warn", "Only one of them"), ("plain", "95 % interval")),
    )


def _branches(numbers: Numbers) -> DashboardChart:
    found = sorted(numbers.branches.items(), key=lambda one: -one[1])
    return counted(
        "branches",
        "Where decisions were made",
        "Statements by the step of the method that decided them.",
        "No statement was asked during this time.",
        ("Step", "Statements"),
        [(step_name(one), str(one), count, "plain" if one in _OPEN else "accent") for one, count in found],
    )


def _latency(numbers: Numbers) -> DashboardChart:
    timed = [one for one in numbers.days if one.p50 is not None and one.p95 is not None]
    most = max((one.p95 or 0.0 for one in timed), default=0.0) or 1.0
    halves = tuple(LinePoint(x=place + 0.5, y=(one.p50 or 0.0) / most) for place, one in enumerate(timed))
    nearly = tuple(LinePoint(x=place + 0.5, y=(one.p95 or 0.0) / most) for place, one in enumerate(timed))
    bars = tuple(
        ChartBar(label=one.day, key=one.day, parts=(), text=f"half under {one.p50:.2f} s, 95 % under {one.p95:.2f} s")
        for one in timed
    )
    return DashboardChart(
        name="latency",
        title="Seconds per image",
        about="As judged; a batch shares its time evenly among its images.",
        kind="lines",
        empty="No timings: the shipped samples have none, verdicts that are judged here do.",
        header=("Day", "Half are under", "95 % are under"),
        rows=tuple((one.day, one.p50, one.p95) for one in timed),
        keys=tuple(one.day for one in timed),
        bars=bars,
        lines=(("Half are under", halves), ("95 % are under", nearly)) if timed else (),
        legend=(("accent", "Half are under"), ("plain", "95 % are under (dotted)")),
        top=f"{most:.2f} s",
        span=6,
    )
