"""The plots of a report, each from the figures alone. A plot without anything to show is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from judge.evaluation.measures.figures import Disguise, Estimate, Evaluation, MethodFigures, Reliability, Scores
from judge.evaluation.reports.html.canvas import ROW, SHARE_AXIS, Plot, dots, figure, label, rows_axis
from judge.evaluation.reports.html.losses import Losses
from judge.evaluation.reports.html.palette import LIGHT
from judge.evaluation.reports.words import all_methods, best_baseline
from judge.verdict import Branch

_SYMBOLS = {"method": "circle", "baseline": "square", "ablation": "diamond", "peer": "triangle-up"}
_PLURALS = {"method": "the method", "baseline": "baselines", "ablation": "ablations", "peer": "peers"}
_TITLES = {"f1": "F1"}

_OPEN = (  # nothing said, so not wrong
    Branch.UNDECIDED, Branch.LOW_LABEL_MASS, Branch.MODEL_ERROR, Branch.NO_CONTEXT, Branch.CANNOT_READ,
    Branch.NOT_ASKED
)  # fmt: skip


def plots(evaluation: Evaluation, losses: Losses, threshold: float | None) -> dict[str, Plot]:
    """Every plot by name; `threshold` is the relevance threshold that was used."""
    method = evaluation.method
    drawn: dict[str, Plot | None] = {
        "f1": _f1(evaluation),
        "precision-recall": _precision_recall(evaluation),
        "mistakes": _mistakes(evaluation),
        "rules": _beside(evaluation, lambda one: one.per_rule, "rule", "f1"),
        # accuracy: a group may hold images of one side only, and F1 says nothing of these
        "tags": _beside(evaluation, lambda one: one.per_tag, "group of images", "accuracy"),
        "funnel": _funnel(losses),
        "branches": _branches(method),
        "relevance": _relevance(method, threshold),
        "time": _time(method),
        "stress-violating": _stress(evaluation, "violating images", _OF_VIOLATING),
        "stress-fine": _stress(evaluation, "fine images", _OF_FINE),
    }
    drawn |= {f"calibration-{index}": _reliability(one) for index, one in enumerate(method.calibration)}
    return {name: plot for name, plot in drawn.items() if plot is not None}


def _f1(evaluation: Evaluation) -> Plot:
    methods = all_methods(evaluation)
    traces = [
        dots(_PLURALS[kind], ((one.name, one.overall.f1) for one in methods if one.kind == kind), kind, symbol)
        for kind, symbol in _SYMBOLS.items()
        if any(one.kind == kind for one in methods)
    ]
    value = evaluation.method.overall.f1.value
    line = {"type": "line", "xref": "x", "yref": "paper", "x0": value, "x1": value, "y0": 0, "y1": 1} | {
        "line": {"color": LIGHT["method"], "width": 1, "dash": "dot"}
    }
    return Plot(
        "Dots with intervals: F1 of every method.",
        figure(
            traces,
            height=_height(len(methods)),
            xaxis=SHARE_AXIS | {"title": {"text": "F1"}},
            yaxis=rows_axis([one.name for one in methods]),
            shapes=[line] if value is not None else [],
        ),
    )


def _precision_recall(evaluation: Evaluation) -> Plot:
    traces: list[dict[str, Any]] = []
    for level in (0.2, 0.4, 0.6, 0.8, 0.9):
        recall = [level / 2 + (1 - level / 2) * step / 60 for step in range(1, 61)]
        points = [(one, level * one / (2 * one - level)) for one in recall if level * one <= 2 * one - level]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+text",
                "x": [one for one, _ in points],
                "y": [one for _, one in points],
                "line": {"color": LIGHT["line"], "width": 1},
                "hoverinfo": "skip",
                "showlegend": False,
                "text": ["" for _ in points[:-1]] + [f"F1 {level}"],
                "textposition": "top left",
                "textfont": {"color": LIGHT["muted"], "size": 10},
            }
        )
    for kind, symbol in _SYMBOLS.items():
        known = [
            (one.name, one.overall.recall.value, one.overall.precision.value)
            for one in all_methods(evaluation)
            if one.kind == kind and one.overall.recall.value is not None and one.overall.precision.value is not None
        ]
        if known:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": _PLURALS[kind],
                    "x": [recall for _, recall, _ in known],
                    "y": [precision for _, _, precision in known],
                    "text": [label(name) for name, _, _ in known],
                    "marker": {"color": LIGHT[kind], "symbol": symbol, "size": 12, "opacity": 0.9},
                    "hovertemplate": "%{text}<br>precision %{y:.3f}, recall %{x:.3f}<extra></extra>",
                }
            )
    return Plot(
        "Recall against precision of every method, with lines of equal F1. The table of all methods has the numbers.",
        figure(
            traces,
            height=420,
            xaxis=SHARE_AXIS | {"title": {"text": "recall"}},
            yaxis=SHARE_AXIS | {"title": {"text": "precision"}},
        ),
    )


def _mistakes(evaluation: Evaluation) -> Plot:
    methods = all_methods(evaluation)
    parts: tuple[tuple[str, str, Callable[[Scores], int]], ...] = (
        ("missed", "wrong", lambda one: one.counts.false_negative),
        ("wrongly flagged", "baseline", lambda one: one.counts.false_positive),
        ("sent to review", "review", lambda one: one.counts.review_positive + one.counts.review_negative),
    )
    traces = [
        _bar(name, [one.name for one in methods], [of(one.overall) for one in methods], colour)
        for name, colour, of in parts
    ]
    return Plot(
        "Stacked bars: images missed, wrongly flagged and sent to review by every method.",
        figure(
            traces,
            height=_height(len(methods)),
            barmode="stack",
            bargap=0.35,
            xaxis={"title": {"text": "images"}},
            yaxis=rows_axis([one.name for one in methods]),
        ),
    )


def _beside(
    evaluation: Evaluation, of: Callable[[MethodFigures], dict[str, Scores]], what: str, measure: str
) -> Plot | None:
    """The method per rule or group, the weakest first, beside the best baseline where that has figures for them."""
    best = best_baseline(evaluation)
    ours = _rows(of(evaluation.method), measure)
    theirs = {} if best is None else _rows(of(best), measure)
    if not ours:
        return None
    names = sorted(ours, key=lambda name: ours[name].value or 0.0) if what == "rule" else list(ours)
    traces = [dots(_PLURALS["method"], ((name, ours[name]) for name in names), "method", "circle")]
    if best is not None and any(name in theirs for name in names):
        rows = ((name, theirs[name]) for name in names if name in theirs)
        traces.insert(0, dots(label(f"best baseline: {best.name}"), rows, "baseline", "square-open"))
    return Plot(
        f"Dots with intervals: {_TITLES.get(measure, measure)} per {what}.",
        figure(
            traces,
            height=_height(len(names)),
            xaxis=SHARE_AXIS | {"title": {"text": _TITLES.get(measure, measure)}},
            yaxis=rows_axis(names),
        ),
    )


def _rows(scores: dict[str, Scores], measure: str) -> dict[str, Estimate]:
    found: dict[str, Estimate] = {name: getattr(one, measure) for name, one in scores.items()}
    return {name: one for name, one in found.items() if one.value is not None}


def _height(rows: int) -> int:
    return max(170, 90 + ROW * rows)


def _funnel(losses: Losses) -> Plot | None:
    if not losses.funnel[0].left:
        return None
    colours = [LIGHT["muted"], *([LIGHT["method"]] * (len(losses.funnel) - 2)), LIGHT["right"]]
    trace = {
        "type": "funnel",
        "y": [one.label for one in losses.funnel],
        "x": [one.left for one in losses.funnel],
        "marker": {"color": colours},
        "textinfo": "value",
        "textposition": "inside",
        "textfont": {"color": LIGHT["card"]},
        "connector": {"fillcolor": LIGHT["track"], "line": {"width": 0}},
        "hovertemplate": "%{y}: %{x} (%{percentInitial:.1%} of all)<extra></extra>",
    }
    return Plot(
        "Funnel: how many violating images came past every stage of the method.",
        figure([trace], height=60 + 46 * len(losses.funnel), showlegend=False, yaxis={"showgrid": False}),
    )


def _branches(method: MethodFigures) -> Plot | None:
    shown = [one for one in method.branches if one.decided]
    if not shown:
        return None
    names = [one.branch.replace("_", " ") for one in shown]
    parts = (
        ("right", "right", [one.right for one in shown]),
        ("wrong", "wrong", [0 if one.branch in _OPEN else one.known - one.right for one in shown]),
        ("left open", "review", [one.known - one.right if one.branch in _OPEN else 0 for one in shown]),
        ("truth not known", "muted", [one.decided - one.known for one in shown]),
    )
    traces = [_bar(name, names, counts, colour) for name, colour, counts in parts if any(counts)]
    return Plot(
        "Stacked bars: how many statements each step decided, right, wrong and of unknown truth.",
        figure(
            traces,
            height=_height(len(shown)),
            barmode="stack",
            bargap=0.35,
            xaxis={"title": {"text": "statements"}},
            yaxis=rows_axis(names),
        ),
    )


def _relevance(method: MethodFigures, threshold: float | None) -> Plot | None:
    known = [one for one in method.relevance if one.kept.value is not None and one.pruned.value is not None]
    if not known:
        return None
    at = [one.threshold for one in known]
    traces = [
        _line("violated rules kept", at, [one.kept.value for one in known], "right", "circle"),
        _line("rules pruned", at, [one.pruned.value for one in known], "method", "square"),
    ]
    mark: dict[str, Any] = {}
    if threshold is not None and min(at) <= threshold <= max(at):
        line = {"type": "line", "xref": "x", "yref": "paper", "x0": threshold, "x1": threshold, "y0": 0, "y1": 1}
        said = {"xref": "x", "yref": "paper", "x": threshold, "y": 0.04, "text": "used", "showarrow": False}
        mark = {
            "shapes": [line | {"line": {"color": LIGHT["muted"], "dash": "dot", "width": 1.5}}],
            "annotations": [said | {"xanchor": "left", "xshift": 5, "font": {"color": LIGHT["muted"], "size": 12}}],
        }
    return Plot(
        "Lines over the relevance threshold: share of violated rules kept, and share of rules pruned.",
        figure(traces, height=340, xaxis={"title": {"text": "relevance threshold"}}, yaxis=SHARE_AXIS, **mark),
    )


def _reliability(calibration: Reliability) -> Plot | None:
    bins = [one for one in calibration.bins if one.count]
    if not bins:
        return None
    said, true = [one.said for one in bins], [one.true for one in bins]
    ideal = _line("ideal", [0, 1], [0, 1], "muted", "circle") | {"mode": "lines", "hoverinfo": "skip"}
    ideal["line"] |= {"dash": "dot", "width": 1}
    measured = _line("measured", said, true, "method", "circle") | {"customdata": [one.count for one in bins]}
    measured["hovertemplate"] = "said %{x:.2f}, true %{y:.2f}<br>%{customdata} cases<extra></extra>"
    counts = {
        "type": "bar",
        "name": "cases",
        "x": said,
        "y": [one.count for one in bins],
        "yaxis": "y2",
        "width": 0.04,
        "marker": {"color": LIGHT["muted"]},
        "hovertemplate": "said %{x:.2f}: %{y} cases<extra></extra>",
    }
    return Plot(
        f"Reliability of {calibration.of}: probability said against share true, with counts below.",
        figure(
            [ideal, measured, counts],
            height=360,
            showlegend=False,
            xaxis=SHARE_AXIS | {"title": {"text": "probability said"}, "anchor": "y2"},
            yaxis=SHARE_AXIS | {"title": {"text": "share true"}, "domain": [0.34, 1]},
            yaxis2={"title": {"text": "cases"}, "domain": [0, 0.24], "nticks": 3, "rangemode": "tozero"},
        ),
    )


def _time(method: MethodFigures) -> Plot | None:
    stages = {name: spent for name, spent in method.cost.stages.items() if name != "total" and spent > 0}
    if not stages:
        return None
    trace = _bar("seconds", list(stages), list(stages.values()), "method")
    trace["hovertemplate"] = "%{y}: %{x:.4f} s<extra></extra>"
    return Plot(
        "Bars: mean seconds per image in each stage.",
        figure(
            [trace],
            height=_height(len(stages)),
            bargap=0.35,
            showlegend=False,
            xaxis={"title": {"text": "mean seconds per image"}},
            yaxis=rows_axis(list(stages)),
        ),
    )


_OF_VIOLATING: tuple[tuple[str, str, Callable[[Disguise], int]], ...] = (
    ("kept", "right", lambda one: one.kept.count),
    ("for another rule", "baseline", lambda one: one.other_rule.count),
    ("sent to review", "review", lambda one: one.review.count),
    ("lost", "wrong", lambda one: one.lost.count),
)
_OF_FINE: tuple[tuple[str, str, Callable[[Disguise], int]], ...] = (
    ("passed", "right", lambda one: one.passed.count),
    ("sent to review", "review", lambda one: one.fine_review.count),
    ("flagged", "wrong", lambda one: one.flagged.count),
)


def _stress(
    evaluation: Evaluation, what: str, parts: tuple[tuple[str, str, Callable[[Disguise], int]], ...]
) -> Plot | None:
    found = () if evaluation.stress is None else evaluation.stress.disguises
    names = [one.name for one in found]
    traces = [_bar(name, names, [of(one) for one in found], colour) for name, colour, of in parts]
    if not any(any(trace["x"]) for trace in traces):
        return None
    return Plot(
        f"Stacked bars: what was said of {what} in every disguise.",
        figure(
            traces,
            height=_height(len(names)),
            barmode="stack",
            bargap=0.35,
            xaxis={"title": {"text": what}},
            yaxis=rows_axis(names),
        ),
    )


def _bar(name: str, rows: Sequence[str], values: Sequence[float], colour: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": [label(row) for row in rows],
        "x": list(values),
        "marker": {"color": LIGHT[colour]},
        "hovertemplate": "%{y}: %{x} " + name + "<extra></extra>",
    }


def _line(name: str, x: Sequence[float], y: Sequence[float | None], colour: str, symbol: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": list(x),
        "y": list(y),
        "line": {"color": LIGHT[colour], "width": 2.2},
        "marker": {"color": LIGHT[colour], "symbol": symbol, "size": 8},
        "hovertemplate": "%{x:.3g}: %{y:.3f}<extra>" + name + "</extra>",
    }
