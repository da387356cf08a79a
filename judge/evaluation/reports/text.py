"""An evaluation as text: a table for the terminal, and a short one in markdown for a README."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from judge.evaluation.measures.figures import Evaluation, MethodFigures, Stress
from judge.evaluation.reports.words import (
    NOT_CORRECTED,
    REVIEW_STRICT,
    SPOKEN_HEADS,
    STEP_HEADS,
    STRESS_COLUMNS,
    VOTE_HEADS,
    all_methods,
    lead_over,
    p_value,
    percent,
    plain,
    seconds,
    share,
    spoken_base,
    spoken_rows,
    step_rows,
    stress_base,
    untold,
    vote_base,
    vote_rows,
    with_interval,
)
from judge.printable import printable

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 120
_TITLES = {"method": "method", "baseline": "baselines", "ablation": "ablations", "peer": "peers"}


def table(evaluation: Evaluation) -> str:
    """Every method with its figures, at most 120 columns wide, without colour; ends in a newline."""
    from rich.console import Console
    from rich.text import Text

    grid = _grid(("prec.", "recall", "acc.", "F1 [interval]", "review", "right if decided", "s/image", "lead", "p"))
    kind = ""
    for one in all_methods(evaluation):
        if kind and one.kind != kind:
            grid.add_section()
        kind = one.kind
        grid.add_row(*(Text(cell) for cell in (printable(one.name), *_cells(one))))
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(Text(_heading(evaluation)))
    console.print(grid)
    console.print(Text(f"{REVIEW_STRICT}\nlead: F1 of the method above the row's. {NOT_CORRECTED}"))
    if (missing := untold(evaluation)) is not None:
        console.print(Text(missing))
    if evaluation.method.ladder:
        console.print(Text("\nWhat was still open, and what became of it (open is not right)."))
        console.print(_filled(STEP_HEADS, step_rows(evaluation.method)))
    if evaluation.method.votes is not None:
        console.print(Text(vote_base(evaluation.method.votes)))
        console.print(_filled(VOTE_HEADS, vote_rows(evaluation.method.votes)))
    if evaluation.stress is not None:
        console.print(Text(f"\nIn disguise. {stress_base(evaluation.stress)}"))
        console.print(_stress_grid(evaluation.stress))
        console.print(Text(STRESS_COLUMNS))
    if evaluation.spoken is not None:
        spoken = _filled(SPOKEN_HEADS, spoken_rows(evaluation.spoken))
        spoken.columns[-1].no_wrap, spoken.columns[-1].justify = False, "left"
        console.print(Text(f"\nIn other languages. {spoken_base(evaluation.spoken)}"))
        console.print(spoken)
    written = console.file
    assert isinstance(written, io.StringIO)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n"


def _grid(columns: tuple[str, ...]) -> Table:
    from rich.box import SIMPLE
    from rich.table import Table

    grid = Table(box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    grid.add_column("", overflow="fold", max_width=32)
    for name in columns:
        grid.add_column(name, justify="right", no_wrap=True)
    return grid


def _filled(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    from rich.text import Text

    grid = _grid(heads[1:])
    for row in rows:
        grid.add_row(*(Text(printable(cell)) for cell in row))
    return grid


def _stress_grid(stress: Stress) -> Table:
    columns = ("violating", "kept", "other rule", "review", "lost", "fine", "passed", "review", "flagged", "s/image")
    grid = _grid(columns)
    for one in stress.disguises:
        grid.add_row(
            one.name,
            *(str(count) for count in (one.violating, one.kept.count, one.other_rule.count, one.review.count)),
            share(one.lost),
            *(str(count) for count in (one.fine, one.passed.count, one.fine_review.count)),
            share(one.flagged),
            seconds(one.seconds),
        )
    return grid


def markdown(evaluation: Evaluation) -> str:
    """The short table: method against baselines, ablations and peers, with intervals; ends in a newline."""
    lines = [
        "| | precision | recall | accuracy | F1 | review | method's lead in F1 | p |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in all_methods(evaluation):
        scores, lead = one.overall, lead_over(one)
        name = _cell(one.name)
        cells = (
            f"**{name}**" if one.kind == "method" else f"{name} ({one.kind})",
            *(with_interval(each) for each in (scores.precision, scores.recall, scores.accuracy, scores.f1)),
            percent(scores.review_rate),
            "" if lead is None else str(lead),
            "" if lead is None else p_value(lead.p_value).replace("<", "&lt;"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"{_cell(_heading(evaluation))} {REVIEW_STRICT} {NOT_CORRECTED}"]
    return "\n".join(lines) + "\n"


def _heading(evaluation: Evaluation) -> str:
    return printable(
        f"{evaluation.dataset} (digest {evaluation.dataset_digest[:12]}): {evaluation.examples} images, "
        f"{evaluation.unsafe} violating; constitution {evaluation.constitution}."
    )


def _cells(one: MethodFigures) -> tuple[str, ...]:
    scores, lead = one.overall, lead_over(one)
    return (
        *(plain(each) for each in (scores.precision, scores.recall, scores.accuracy)),
        with_interval(scores.f1),
        percent(scores.review_rate),
        plain(scores.selective_accuracy),
        seconds(one.cost.mean_seconds),
        "" if lead is None else f"{lead.value:+.3f}",
        "" if lead is None else p_value(lead.p_value),
    )


def _cell(text: str) -> str:
    """Text that cannot end a cell of a markdown table, nor be read as HTML."""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
