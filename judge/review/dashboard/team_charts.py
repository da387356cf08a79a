"""Charts of how people work: what waits, what was escalated, and what each of them did. Counts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from judge.review.dashboard.chart import (
    MOST,
    BarPart,
    ChartBar,
    DashboardChart,
    Tone,
    cells,
    counted,
    estimated,
    percent,
)
from judge.review.dashboard.numbers import Numbers
from judge.review.dashboard.people import ESCALATED, Reviewer


def ageing(numbers: Numbers) -> DashboardChart:
    """What waits now, by how long."""
    tones: tuple[tuple[Tone, str, str], ...] = (
        ("accent", "open", "First read"),
        ("warn", "second_read", "Second read"),
        ("bad", "escalated", "Policy"),
    )
    sums = [one.open + one.second_read + one.escalated for one in numbers.ageing]
    most = max(sums, default=0) or 1
    bars = tuple(
        ChartBar(
            label=one.age,
            key=one.age,
            parts=tuple(
                BarPart(tone=tone, share=getattr(one, name) / most, said=f"{word}: {getattr(one, name)}")
                for tone, name, word in tones
            ),
            text=str(total),
        )
        for one, total in zip(numbers.ageing, sums, strict=True)
    )
    return DashboardChart(
        name="ageing",
        title="How long items wait",
        about="Everything that waits now, whenever it came in, by what for.",
        kind="bars",
        empty="Nothing waits.",
        header=("Waits", *(word for _, _, word in tones)),
        rows=tuple((one.age, one.open, one.second_read, one.escalated) for one in numbers.ageing),
        keys=tuple(one.age for one in numbers.ageing),
        bars=bars,
        legend=tuple((tone, word) for tone, _, word in tones),
    )


def escalations(numbers: Numbers) -> DashboardChart:
    """What became of what was escalated."""
    tones: dict[str, Tone] = {"waits_second": "warn", "waits_policy": "bad"}
    return counted(
        "escalations",
        "Escalations",
        "Items that somebody escalated, by what became of them.",
        "Nothing was escalated during this time.",
        ("What became of it", "Items"),
        [(ESCALATED[name], name, count, tones.get(name, "good")) for name, count in numbers.escalations.items()],
    )


def reviewers(people: Sequence[Reviewer]) -> DashboardChart:
    """What each of these people did."""
    most = max((one.decided for one in people), default=0) or 1
    bars = tuple(
        ChartBar(
            label=one.name,
            key=one.name,
            parts=(BarPart(tone="accent", share=one.decided / most, said=f"{one.name}: {one.decided} decided"),),
            text="; ".join(_of_reviewer(one)),
        )
        for one in people
    )
    return DashboardChart(
        name="reviewers",
        title="Reviewers",
        about="Decisions that stand, gold items and skips aside; seconds that an item was looked at (median); the "
        "share in which the judge was overridden; and in which both readers of an item said the same.",
        kind="bars",
        empty="Nobody decided anything of this time.",
        header=(
            *("Reviewer", "Decided", "Second reads", "Escalated", "Seconds"),
            *("Overridden", "from", "to", "Agrees", "from", "to", "Pairs"),
        ),
        rows=tuple(
            (
                one.name,
                one.decided,
                one.second_reads,
                one.escalated,
                None if one.seconds is None else round(one.seconds, 1),
                *cells(one.overridden),
                *cells(one.agrees),
                one.pairs,
            )
            for one in people
        ),
        keys=tuple(one.name for one in people),
        bars=bars,
        span=6,
    )


def _of_reviewer(one: Reviewer) -> Iterable[str]:
    yield f"{one.decided} decided"
    if one.seconds is not None:
        yield f"{one.seconds:.0f} s each"
    if one.overridden.value is not None:
        yield f"overrides {percent(one.overridden)}"
    if one.agrees.value is not None:
        yield f"agrees {percent(one.agrees)} of {one.pairs}"
    if one.escalated:
        yield f"{one.escalated} escalated"


def agreement(numbers: Numbers) -> DashboardChart:
    """How often both readers said the same."""
    found = [one for one in numbers.agreement if one.raw.value is not None]
    bars = tuple(
        ChartBar(
            label=one.rule,
            key=one.rule,
            parts=(estimated("accent", one.raw, f"same answer on {one.rule}"),),
            text=f"{one.pairs} pair{'' if one.pairs == 1 else 's'}"
            + ("" if one.alpha.value is None else f", alpha {one.alpha.value:.2f}"),
        )
        for one in found[:MOST]
    )
    return DashboardChart(
        name="agreement",
        title="Second reads",
        about="Blind second reads against first ones, by rule: the share in which both said the same.",
        kind="shares",
        empty="No item was read twice during this time.",
        header=("Rule", "Pairs", "Same", "from", "to", "Kappa", "from", "to", "Alpha", "from", "to"),
        rows=tuple((one.rule, one.pairs, *cells(one.raw), *cells(one.kappa), *cells(one.alpha)) for one in found),
        keys=tuple(one.rule for one in found),
        bars=bars,
        legend=(("accent", "Same answer"), ("plain", "95 % interval")),
    )


def gold(numbers: Numbers, mine: str | None) -> DashboardChart:
    """How often what readers said is true; of one of them where `mine` is given."""
    found = [one for one in numbers.gold if mine is None or one.reviewer == mine]
    bars = tuple(
        ChartBar(
            label=one.reviewer,
            key=one.reviewer,
            parts=(estimated("good", one.accuracy, f"gold items of {one.reviewer}"),),
            text=f"{one.items} item{'' if one.items == 1 else 's'}",
        )
        for one in found
    )
    return DashboardChart(
        name="gold",
        title="Gold items",
        about="How often each reader said what is known to be true.",
        kind="shares",
        empty="No gold item was read during this time.",
        header=("Reader", "Items", "Accuracy", "from", "to"),
        rows=tuple((one.reviewer, one.items, *cells(one.accuracy)) for one in found),
        keys=tuple(one.reviewer for one in found),
        bars=bars,
        legend=(("good", "As is true"), ("plain", "95 % interval")),
    )
