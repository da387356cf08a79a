"""What both audits share on the command line: options, judging what has no verdict yet, and the files they write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judge.errors import UserError
from judge.printable import printable

if TYPE_CHECKING:
    from judge.serving.batch.tally import BatchTally
    from judge.settings import Settings

Recount = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="Count the recorded verdicts again under this threshold, such as prior_holds=0.9; no model is asked.",
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="COLUMN",
        help="Of a table: the figures by what stands in this column, too. With `rule:ID`, by what came of a shadow "
        "rule that reads the prompt.",
    ),
]
Verdicts = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Verdicts that `judge batch` recorded of these images: no model is asked."),
]


def tell_doubled(named: str, places: list[str]) -> None:
    """Say which rows of an input cannot be paired, as several have the same prompt and seed."""
    for one in places:
        print(f"judge: {printable(named)}, {one}; none of them is compared", file=sys.stderr)


def judge_into(
    folder: Path, images: str, count: int, constitution: str, settings: Settings, column: str | None = None
) -> None:
    """Judge what has no verdict yet into the tables of `folder`, with evidence. count: of the images.

    Raises:
        UserError, JudgeError: see `judge.serving.batch.call.batch`.
    """
    from judge.cli.batch_telling import Telling
    from judge.cli.exits import Stopped
    from judge.serving.batch.call import batch

    print(f"judge: {count} images in {printable(images)}", file=sys.stderr)
    try:
        with Telling(as_json=False) as telling:

            def watch(tally: BatchTally) -> None:
                tally.total = count  # a batch does not count the rows of a list
                telling.watch(tally)

            tally = batch(images, folder, constitution, settings, evidence="all", column=column, watch=watch)
    except KeyboardInterrupt:
        raise Stopped("stopped; what was judged is kept: the same command goes on") from None
    if tally.errors:
        print(f"judge: {tally.errors} images could not be judged; they count as undecided", file=sys.stderr)


def write(out: Path, found: str, page: str, **more: str) -> None:
    """Write the files of an audit. more: of further files, by their suffix.

    Raises:
        UserError: they cannot be written.
    """
    from judge.files import write_whole

    try:
        out.mkdir(parents=True, exist_ok=True)
        for suffix, text in {"json": found + "\n", "html": page, **more}.items():
            write_whole(out / f"audit.{suffix}", text)
    except OSError as error:
        raise UserError(f"cannot write to {out} ({error.strerror})", hint="choose another --out") from error
