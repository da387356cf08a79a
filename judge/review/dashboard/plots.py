"""Numbers as plotly figures. Ground, text and lines take the page's colours by `static/dashboard.css`, in light and
dark; the colours of the data are chosen to be seen on both. Counts nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from judge.review.dashboard.numbers import Numbers
from judge.review.ui import render
from judge.verdict import Branch

BAD, WARN, GOOD, BLUE, GREY = "#c8443c", "#b57a10", "#3d9a66", "#4a78e0", "#858d9b"
_ROW = 30  # pixels of a bar
_WORDS = 36  # letters of a line that every figure has room for
_STEPS = {
    Branch.PRIOR_FAILS: "Score under a1",
    Branch.PRIOR_HOLDS: "Score over a2",
    Branch.REGION_HOLDS: "Central region",
    Branch.CROP_FAILS: "Crop, under a1",
    Branch.CROP_HOLDS: "Crop, over a2",
    Branch.REASONING: "Reasoning",
    Branch.LOW_LABEL_MASS: "Low label mass",
    Branch.MODEL_ERROR: "Model failed",
    Branch.UNDECIDED: "Left open",
}
_OPEN = frozenset({Branch.LOW_LABEL_MASS, Branch.MODEL_ERROR, Branch.UNDECIDED})


def step_name(branch: Branch) -> str:
    """A step in a person's words."""
    return _STEPS.get(branch, str(branch))


def warm() -> None:
    """Import what is slow to import, and make a first figure."""
    _empty("")


def verdicts(numbers: Numbers) -> Any:
    """Items that came in per day by verdict, and items decided."""
    import plotly.graph_objects as go

    if not numbers.days:
        return _empty("Nothing came in during this time.")
    days = [one.day for one in numbers.days]
    figure = go.Figure()
    for name, colour in (("violation", BAD), ("needs_review", WARN), ("no_violation", GOOD)):
        figure.add_bar(
            x=days, y=[getattr(one, name) for one in numbers.days], name=render.word(name), marker_color=colour
        )
    figure.add_scatter(
        x=days,
        y=[one.decided for one in numbers.days],
        name="Decided by people",
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        marker={"size": 5},
    )
    return _shaped(figure, barmode="stack", legend=True, xaxis=_dates(len(days), 5))


def rules(numbers: Numbers) -> Any:
    """Violations by rule."""
    found = numbers.rules[:14]
    if not found:
        return _empty("No rule was violated during this time.")
    return _bars([one.rule for one in found], [one.violated for one in found], BAD)


def overrides(numbers: Numbers) -> Any:
    """The share of decided items on which people and judge differ, per rule, with its interval."""
    import plotly.graph_objects as go

    found = [one for one in numbers.overrides if one.rate.value is not None][:14]
    if not found:
        return _empty("Nothing was decided by people during this time.")
    names = [f"{one.rule} ({one.decided})" for one in found]
    figure = go.Figure()
    figure.add_scatter(
        y=names,
        x=[one.rate.value for one in found],
        mode="markers",
        marker={"size": 10, "color": BLUE},
        error_x=_reach([one.rate for one in found]),
        showlegend=False,
        customdata=[[one.taken_back, one.missed] for one in found],
        hovertemplate="%{y}: %{x:.0%}<br>taken back %{customdata[0]}, missed %{customdata[1]}<extra></extra>",
    )
    return _shaped(
        figure, rows=len(found), xaxis={"tickformat": ".0%", "range": [-0.03, 1.03]}, yaxis={"autorange": "reversed"}
    )


def branches(numbers: Numbers) -> Any:
    """Which step of the method decided how many statements."""
    found = sorted(numbers.branches.items(), key=lambda one: -one[1])
    if not found:
        return _empty("No statement was asked during this time.")
    colours = [GREY if branch in _OPEN else BLUE for branch, _ in found]
    return _bars([step_name(branch) for branch, _ in found], [count for _, count in found], colours)


def latency(numbers: Numbers) -> Any:
    """Seconds per image, by day."""
    import plotly.graph_objects as go

    timed = [one for one in numbers.days if one.p50 is not None]
    if not timed:
        return _empty("No timings: the shipped samples have none, verdicts that are judged here do.")
    figure = go.Figure()
    for name, label, dash in (("p95", "95 % are under", "dot"), ("p50", "Half are under", "solid")):
        figure.add_scatter(
            x=[one.day for one in timed],
            y=[getattr(one, name) for one in timed],
            name=label,
            mode="lines+markers",
            line={"color": BLUE, "dash": dash, "width": 2},
            marker={"size": 6},
            hovertemplate="%{y:.2f} s<extra>" + label + "</extra>",
        )
    return _shaped(
        figure, legend=True, xaxis=_dates(len(numbers.days), 4), yaxis={"rangemode": "tozero", "ticksuffix": " s"}
    )


def agreements(numbers: Numbers) -> Any:
    """How often the blind second reader said the same, with Krippendorff's alpha."""
    import plotly.graph_objects as go

    found = [one for one in numbers.agreement if one.raw.value is not None][:14]
    if not found:
        return _empty("No item was read twice during this time.")
    names = [f"{one.rule} ({one.pairs})" for one in found]
    figure = go.Figure()
    for name, label, colour, shape in (("raw", "Same answer", BLUE, "circle"), ("alpha", "Alpha", WARN, "diamond")):
        values = [getattr(one, name) for one in found]
        figure.add_scatter(
            y=names,
            x=[one.value for one in values],
            name=label,
            mode="markers",
            marker={"size": 10, "color": colour, "symbol": shape},
            error_x=_reach(values),
            hovertemplate="%{y}: %{x:.2f}<extra>" + label + "</extra>",
        )
    return _shaped(
        figure, rows=len(found), legend=True, xaxis={"range": [-1.05, 1.05]}, yaxis={"autorange": "reversed"}
    )


def _bars(names: Sequence[str], counts: Sequence[int], colours: Any) -> Any:
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_bar(
        y=list(names),
        x=list(counts),
        orientation="h",
        marker_color=colours,
        text=list(counts),
        textposition="outside",
        cliponaxis=False,
        showlegend=False,
        hovertemplate="%{y}: %{x}<extra></extra>",
    )
    return _shaped(figure, rows=len(names), yaxis={"autorange": "reversed"}, xaxis={"visible": False})


def _reach(values: Sequence[Any]) -> dict[str, Any]:
    """Error bars of estimates; none where there is no interval."""
    plus = [(one.high - one.value) if one.high is not None and one.value is not None else 0 for one in values]
    minus = [(one.value - one.low) if one.low is not None and one.value is not None else 0 for one in values]
    return {"type": "data", "symmetric": False, "array": plus, "arrayminus": minus, "color": GREY, "thickness": 2}


def _dates(days: int, named: int) -> dict[str, Any]:
    """An axis of days, as many of them named as there is room for; never of hours."""
    apart = {"dtick": 86_400_000} if days <= named else {"nticks": named}
    return {"type": "date", "tickformat": "%b %-d", "tickangle": 0, **apart}


def _shaped(figure: Any, *, rows: int | None = None, legend: bool = False, **layout: Any) -> Any:
    """The look that all have: no ground of their own, thin lines, the legend above."""
    top = 34 if legend else 8
    height = 280 if rows is None else max(150, _ROW * rows + top + 36)
    axis = {
        "automargin": True,
        "fixedrange": True,
        "ticks": "outside",
        "ticklen": 7,
        "tickcolor": "rgba(0,0,0,0)",
        "zeroline": False,
        "showgrid": True,
    }
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 34, "t": top, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 13, "color": GREY},
        bargap=0.35,
        showlegend=legend,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left", "traceorder": "normal"},
        hoverlabel={"bgcolor": "#14181f", "font": {"color": "#ffffff"}, "bordercolor": "#14181f"},
        dragmode=False,
        **{key: value for key, value in layout.items() if key not in ("xaxis", "yaxis")},
    )
    figure.update_traces(marker_line_width=0, selector={"type": "bar"})
    grid = {"gridcolor": "rgba(133,141,155,.3)"}
    figure.update_xaxes(**{**axis, **grid, "showgrid": rows is not None, **layout.get("xaxis", {})})
    figure.update_yaxes(**{**axis, **grid, "showgrid": rows is None, **layout.get("yaxis", {})})
    return figure


def _empty(words: str) -> Any:
    """A figure that says why there is nothing in it."""
    import plotly.graph_objects as go

    figure = go.Figure()
    lines = "<br>".join(textwrap.wrap(words, _WORDS))  # plotly cuts off what is wider than the figure
    figure.add_annotation(text=lines, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    return _shaped(figure, rows=3, xaxis={"visible": False}, yaxis={"visible": False})
