"""Puts the report together:

1. follow every image to where it was lost; 2. draw the plots; 3. make cards of the worst mistakes; 4. fill the
template (everything in it escaped); 5. inline plotly, once and packed, and forbid the page any network.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from judge.constitution import Constitution
from judge.evaluation.measures.figures import Evaluation
from judge.evaluation.protocols import Dataset, Judgement
from judge.evaluation.reports import words
from judge.evaluation.reports.html import palette
from judge.evaluation.reports.html.cases import VERDICTS, cards
from judge.evaluation.reports.html.losses import LossCause, Losses, losses
from judge.evaluation.reports.html.plots import plots
from judge.evaluation.reports.html.standalone import environment
from judge.verdict import Verdict

_FOLDER = Path(__file__).resolve().parent


def render(
    evaluation: Evaluation,
    dataset: Dataset,
    judgements: Mapping[str, Sequence[Judgement]],
    constitution: Constitution,
) -> str:
    """The report as one HTML text that needs no network and no other file.

    `judgements` are by method name, in the order of the dataset's examples; those of `evaluation.method` are needed,
    for where images were lost and for the traces of its mistakes.

    Raises:
        ValueError: the method's judgements are missing, or not one per example.
    """
    said = judgements.get(evaluation.method.name, ())
    expected = len(dataset.examples)
    if len(said) != expected:
        raise ValueError(
            f"{len(said)} judgements of '{evaluation.method.name}' on {expected} examples of {dataset.name}"
        )
    trace = next((one.trace for one in said if one.trace is not None), None)
    lost = losses(dataset.examples, said)
    script, plotly = (_FOLDER / "report.js").read_text(encoding="utf-8"), _plotly()
    drawn = plots(evaluation, lost, _threshold(trace))
    text: str = (
        environment(_FOLDER)
        .get_template("report.html.j2")
        .render(
            e=evaluation,
            method=evaluation.method,
            methods=words.all_methods(evaluation),
            words=words,
            summary=(*words.summary(evaluation), *_where_lost(lost)),
            losses=lost,
            plots=drawn,
            plot_data={"plots": {name: one.figure for name, one in drawn.items()}, "dark": palette.in_the_dark()},
            cards=cards(evaluation.method.mistakes, dataset.examples, said),
            rules={rule.id: rule for rule in constitution.rules},
            constitution=constitution,
            trace=trace,
            verdicts=VERDICTS,
            light=palette.variables(palette.LIGHT),
            dark=palette.variables(palette.DARK),
            style=(_FOLDER / "report.css").read_text(encoding="utf-8"),
            script=script,
            packed=plotly[0],
            allowed=f"'{_digest(script)}' '{plotly[1]}'",
        )
    )
    return text


def _where_lost(lost: Losses) -> tuple[str, ...]:
    """The commonest loss on each side, in a sentence."""
    told = []
    for side, causes in (("violating image not caught", lost.missed), ("safe image not passed", lost.flagged)):
        total = sum(count for _, count in causes)
        cause, count = causes[0] if causes else (LossCause(""), 0)
        if count > 1:  # a cause of one image is no pattern
            parts = (cause.stage, cause.rule, f"“{cause.statement}”" if cause.statement else "", cause.step)
            what = ", ".join(part.replace("_", " ") for part in parts if part)
            told.append(f"Commonest cause of a {side}: {what} ({count} of {total}).")
    return tuple(told)


def _threshold(trace: Verdict | None) -> float | None:
    return trace.provenance.thresholds.relevance if trace is not None else None


@cache
def _plotly() -> tuple[str, str]:
    """plotly.js packed (a third of its size) as base64, and the digest by which the page may run it once unpacked."""
    from plotly.offline import get_plotlyjs

    source: str = get_plotlyjs()
    packed = gzip.compress(source.encode(), compresslevel=9, mtime=0)
    return base64.b64encode(packed).decode(), _digest(source)


def _digest(source: str) -> str:
    """A script's digest as a content security policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"
