"""What all plots share: their look, and safe labels. Plotly is imported when the first one is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from judge.evaluation.measures.figures import Estimate
from judge.evaluation.reports.html.palette import LIGHT

LONGEST = 28  # characters of a label beside a row
ROW = 30  # pixels of height per row of a dot plot


@dataclass(frozen=True)
class Plot:
    """One plot: what a screen reader says of it, and plotly's JSON (data and layout)."""

    alt: str
    figure: dict[str, Any]


def label(text: str) -> str:
    """Untrusted text as a label: plotly reads a part of HTML in its labels."""
    return escape(text, quote=False)


def short(text: str) -> str:
    """`label`, clipped so that it leaves room for the plot on a narrow screen; the tables have the whole."""
    return label(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")


def figure(traces: Sequence[dict[str, Any]], *, height: int, **layout: Any) -> dict[str, Any]:
    """A plotly figure in the page's look; plotly checks every name and value in it."""
    import plotly.graph_objects as go

    axis = {
        "gridcolor": LIGHT["line"],
        "zeroline": False,
        "linecolor": LIGHT["line"],
        "automargin": True,
        "fixedrange": True,
    }
    base: dict[str, Any] = {
        "template": None,
        "height": height,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8, "pad": 4},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": LIGHT["ink"]},
        "hoverlabel": {
            "bgcolor": LIGHT["card"],
            "bordercolor": LIGHT["line"],
            "font": {"color": LIGHT["ink"]},
            "align": "left",
        },
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "traceorder": "normal",
        },
        "dragmode": False,
    }
    axes = {f"{side}axis": {**axis, **layout.pop(f"{side}axis", {})} for side in ("x", "y")}
    extra = {key: {**axis, **layout.pop(key)} for key in [one for one in layout if one[1:].startswith("axis")]}
    drawn = go.Figure(data=list(traces), layout={**base, **axes, **extra, **layout})
    plain: dict[str, Any] = drawn.to_plotly_json()
    return plain


def dots(name: str, rows: Iterable[tuple[str, Estimate]], colour: str, symbol: str, **more: Any) -> dict[str, Any]:
    """Dots with whiskers: one estimate per row; a row without a value is left out."""
    shown = [(row, one, one.value) for row, one in rows if one.value is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [value for _, _, value in shown],
        "y": [label(row) for row, _, _ in shown],
        "marker": {"color": LIGHT[colour], "symbol": symbol, "size": 11},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [0.0 if one.high is None else max(0.0, one.high - value) for _, one, value in shown],
            "arrayminus": [0.0 if one.low is None else max(0.0, value - one.low) for _, one, value in shown],
            "color": LIGHT[colour],
            "thickness": 1.8,
            "width": 4,
        },
        "hovertemplate": "%{y}<br>%{x:.3f}<extra>" + name + "</extra>",
        **more,
    }


def rows_axis(names: Sequence[str]) -> dict[str, Any]:
    """A vertical axis of names, the first on top."""
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": [label(one) for one in names],
        "tickvals": [label(one) for one in names],
        "ticktext": [short(one) for one in names],
        "range": [len(names) - 0.4, -0.6],
        "showgrid": True,
        "ticklabelstandoff": 6,
    }


SHARE_AXIS: dict[str, Any] = {"range": [-0.03, 1.03], "tickvals": [0, 0.25, 0.5, 0.75, 1]}
