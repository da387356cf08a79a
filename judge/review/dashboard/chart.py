"""A chart as records: what bars there are, how long they are, and the same as rows for tables and files. Draws nothing.

Every bar has a key by which the items behind it are found (`judge.review.dashboard.behind`).
"""

from __future__ import annotations

from typing import Literal

from judge.evaluation.measures.figures import Estimate
from judge.settings import Frozen

MOST = 14  # bars of a chart; its table has them all
Tone = Literal["bad", "warn", "good", "accent", "plain"]
Cell = str | int | float | None


class BarPart(Frozen):
    """A piece of a bar, as a share of the chart's width; `low` and `high`: of its interval. said: for a screen reader,
    and when pointed at. chart: whose items it opens, where that is another chart's name than the bar's own."""

    tone: Tone
    share: float
    said: str
    low: float | None = None
    high: float | None = None
    chart: str = ""
    text: str = ""


class ChartBar(Frozen):
    """A row of a chart. text: the figure beside it."""

    label: str
    key: str
    parts: tuple[BarPart, ...]
    text: str = ""


class LinePoint(Frozen):
    """A value of a chart over days, as a share of its height."""

    x: float
    y: float


class DashboardChart(Frozen):
    """Something to look at. kind: bars of counts or shares; columns per day; lines over days; or a table alone.

    empty: what to say where there is nothing. legend: tones and what they mean. header, rows: the same as a table; rows
    begin with what they are of, by which (`keys`) their items are found. columns: those of the table, by their places,
    whose cells open items, and of which chart.
    """

    name: str
    title: str
    about: str
    kind: Literal["bars", "shares", "columns", "lines", "table"]
    empty: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    keys: tuple[str, ...] = ()
    columns: tuple[tuple[int, str], ...] = ()
    bars: tuple[ChartBar, ...] = ()
    lines: tuple[tuple[str, tuple[LinePoint, ...]], ...] = ()
    legend: tuple[tuple[Tone, str], ...] = ()
    top: str = ""
    span: int = 3

    @property
    def more(self) -> int:
        """How many rows have no bar."""
        return max(len(self.rows) - len(self.bars), 0) if self.bars and self.kind in ("bars", "shares") else 0


def counted(
    name: str,
    title: str,
    about: str,
    empty: str,
    header: tuple[str, str],
    found: list[tuple[str, str, int, Tone]],
) -> DashboardChart:
    """A chart of counts: label, key, count and tone of each bar."""
    most = max((count for _, _, count, _ in found), default=0) or 1
    bars = tuple(
        ChartBar(
            label=label,
            key=key,
            parts=(BarPart(tone=tone, share=count / most, said=f"{label}: {count}"),),
            text=f"{count:,}",
        )
        for label, key, count, tone in found[:MOST]
    )
    rows = tuple((label, count) for label, _, count, _ in found)
    keys = tuple(key for _, key, _, _ in found)
    return DashboardChart(
        name=name, title=title, about=about, kind="bars", empty=empty, header=header, rows=rows, keys=keys, bars=bars
    )


def estimated(tone: Tone, one: Estimate, what: str, chart: str = "") -> BarPart:
    """A share with its interval as a piece of a bar."""
    if one.value is None:
        return BarPart(tone=tone, share=0.0, said=f"{what}: nothing to count", chart=chart, text="-")
    reach = "" if one.low is None or one.high is None else f", {100 * one.low:.0f} to {100 * one.high:.0f} %"
    return BarPart(
        tone=tone,
        share=one.value,
        said=f"{what}: {percent(one)}{reach}",
        low=one.low,
        high=one.high,
        chart=chart,
        text=percent(one),
    )


def percent(one: Estimate) -> str:
    """A share in percent, a dash where there is nothing to count."""
    return "-" if one.value is None else f"{100 * one.value:.0f} %"


def cells(one: Estimate) -> tuple[Cell, Cell, Cell]:
    """A share and its interval as cells of a table."""
    return tuple(None if value is None else round(value, 4) for value in (one.value, one.low, one.high))  # type: ignore[return-value]
