"""`judge export`: all decisions with the judge's evidence."""

from __future__ import annotations

import os
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli.audit import Data
from judge.cli.distilled import HeldOut, print_told
from judge.errors import UserError

if TYPE_CHECKING:
    from judge.review.store import Store


class ExportFormat(StrEnum):
    """Choices of `--format`."""

    CSV = "csv"
    PARQUET = "parquet"
    JSONL = "jsonl"


def export(
    data: Data = None,
    form: Annotated[ExportFormat, typer.Option("--format", help="How to write them.")] = ExportFormat.CSV,
    out: Annotated[Path | None, typer.Option(help="The file to write. Default: stdout.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
    distil: Annotated[
        Path | None,
        typer.Option(
            "--distil",
            metavar="FILE",
            help="Write rules and statements of all items to train a smaller model on instead: .jsonl or .parquet.",
        ),
    ] = None,
    held_out: HeldOut = None,
) -> None:
    """Write all decisions, one row each, with the judge's verdict, scores and evidence."""
    if distil is not None:
        if out is not None or json or form is not ExportFormat.CSV:
            raise UserError("--distil names its own file, which says the format", hint="leave out --out and --format")
        _distil(data, distil, held_out)
        return
    if held_out is not None:
        raise UserError("--held-out: only with --distil", hint="name the file to write: --distil FILE")
    chosen = ExportFormat.JSONL if json else form
    if chosen is ExportFormat.PARQUET and out is None:
        raise UserError("parquet is not written to stdout", hint="name a file with --out")
    from judge.review.export import export as exported
    from judge.review.store import Store, data_dir

    with Store.open(data or data_dir(), make=False) as store:
        if out is None:
            exported(store, chosen.value, sys.stdout.buffer)
            return
        count = _write(store, chosen, out)
    print(f"{count} decisions written to {out}", file=sys.stderr)


def _distil(data: Path | None, to: Path, held_out: float | None) -> None:
    from judge.distilling.splits import HELD_OUT
    from judge.printable import printable
    from judge.review.distil import distil
    from judge.review.store import Store, data_dir

    with Store.open(data or data_dir(), make=False) as store:
        print_told(distil(store, to, HELD_OUT if held_out is None else held_out))
    print(printable(str(to)))


def _write(store: Store, form: ExportFormat, out: Path) -> int:
    """Write the file whole or not at all."""
    from judge.review.export import export as exported

    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, suffix=".part")
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            count = exported(store, form.value, file)
        part.replace(out)
    except OSError as error:
        raise UserError(f"cannot write {out} ({error.strerror})", hint="choose another --out") from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return count
