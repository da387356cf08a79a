"""`judge report OUT/`: what a batch has come to, in the terminal, as a page, or as what a query asks."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of a batch; it may still be at work.")],
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as one HTML file.")] = None,
    sql: Annotated[
        str | None, typer.Option("--sql", help="Print what a query of the tables images and statements finds, as CSV.")
    ] = None,
) -> None:
    """Show what a batch has come to. Exit code: 0 shown, 2 your mistake, 3 a failure."""
    from judge.errors import UserError
    from judge.report.figures import Tables

    tables = Tables(folder)
    if sql is not None:
        names, rows = tables.ask(sql)
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(names)
        out.writerows(rows)
        return
    figures = tables.figures()
    if html is None:
        from judge.report.text import print_report

        print_report(figures)
        return
    from judge.files import write_whole
    from judge.printable import printable
    from judge.report.page import page

    try:
        write_whole(html, page(figures))
    except OSError as error:
        raise UserError(f"cannot write {printable(str(html))}: {error.strerror}", hint="name another file") from error
    print(printable(str(html)))
