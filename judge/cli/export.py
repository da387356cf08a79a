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
) -> None:
    """Write all decisions, one row each, with the judge's verdict, scores and evidence."""
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
