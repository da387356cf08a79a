"""`judge report OUT/`: what a batch has come to: in the terminal, as a page, by a query, or as rows for other tools."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli.distilled import HeldOut, print_told

if TYPE_CHECKING:
    from judge.report.tables import Tables


def report(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of a batch; it may still be at work.")],
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as one HTML file.")] = None,
    sql: Annotated[
        str | None, typer.Option("--sql", help="Print what a query of the tables images and statements finds, as CSV.")
    ] = None,
    distil: Annotated[
        Path | None,
        typer.Option(
            "--distil",
            metavar="FILE",
            help="Write rules and statements with the judge's answers to train a smaller model on: .jsonl or .parquet.",
        ),
    ] = None,
    held_out: HeldOut = None,
    decisions: Annotated[
        Path | None,
        typer.Option(metavar="DATA", help="With --distil: a review app's data folder; what people decided wins."),
    ] = None,
    label_studio: Annotated[
        Path | None,
        typer.Option("--label-studio", metavar="FILE", help="Write every image as a task for Label Studio: .json."),
    ] = None,
) -> None:
    """Show what a batch has come to. Exit code: 0 shown, 2 your mistake, 3 a failure."""
    from judge.errors import UserError
    from judge.report.figures import figures
    from judge.report.tables import Tables

    named = [
        f"--{name}"
        for name, one in {"html": html, "sql": sql, "distil": distil, "label-studio": label_studio}.items()
        if one is not None
    ]
    if len(named) > 1:
        raise UserError(f"{' and '.join(named)}: one at a time", hint="run the command once for each")
    beside = {"--held-out": held_out, "--decisions": decisions}
    if distil is None and (lost := [name for name, one in beside.items() if one is not None]):
        raise UserError(f"{' and '.join(lost)}: only with --distil", hint="name the file to write: --distil FILE")
    with Tables(folder) as tables:
        if sql is not None:
            names, rows = tables.ask(sql)
            out = csv.writer(sys.stdout, lineterminator="\n")
            out.writerow(names)
            out.writerows(rows)
            return
        if distil is not None:
            _distil(tables, distil, held_out, decisions)
            return
        if label_studio is not None:
            _label_studio(tables, label_studio)
            return
        found = figures(tables)
    if html is None:
        from judge.report.text import print_report

        print_report(found)
        return
    from judge.files import write_whole
    from judge.printable import printable
    from judge.report.page import page

    try:
        write_whole(html, page(found))
    except OSError as error:
        raise UserError(f"cannot write {printable(str(html))}: {error.strerror}", hint="name another file") from error
    print(printable(str(html)))


def _distil(tables: Tables, to: Path, held_out: float | None, decisions: Path | None) -> None:
    from judge.distilling.splits import HELD_OUT
    from judge.printable import printable
    from judge.report.distil import distil

    share = HELD_OUT if held_out is None else held_out
    if decisions is None:
        found = distil(tables, to, share)
    else:
        from judge.review.distil import decided
        from judge.review.store import Store

        with Store.open(decisions, make=False) as store:
            found = distil(tables, to, share, decided(store))
    print_told(found)
    print(printable(str(to)))


def _label_studio(tables: Tables, to: Path) -> None:
    from judge.printable import printable
    from judge.report.label_studio import label_studio

    tasks, copies = label_studio(tables, to)
    said = f"; {copies} copies have none of their own" if copies else ""
    print(f"{tasks} tasks{said}", file=sys.stderr)
    print(printable(str(to)))
