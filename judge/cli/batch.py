"""`judge batch INPUT -o OUT`: many images into tables, in a folder that a run can be stopped in and go on from."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli.batch_telling import Telling, tell_estimate
from judge.cli.exits import Exit, Stopped
from judge.cli.model_options import JUDGING, judged_with
from judge.serving.batch import TOGETHER

if TYPE_CHECKING:
    from judge.settings import Settings


class _Evidence(StrEnum):
    """Choices of `--evidence`."""

    ALL = "all"
    VIOLATIONS = "violations"
    NONE = "none"


@judged_with(*JUDGING, "frames", "look_closer", batch=TOGETHER)
def batch(
    images: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="A folder, a glob in quotes, a list of paths (.txt), .csv, .jsonl, .parquet, .tar, or a Hugging Face "
            "data set.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The folder of the tables; what is in it is gone on with.")
    ] = None,
    constitution: Annotated[
        str, typer.Option("--constitution", "-c", help="A YAML file, or a shipped name: demo, os-bench.")
    ] = "demo",
    *,
    settings: Settings,
    evidence: Annotated[
        _Evidence,
        typer.Option(
            help="Of which images the whole verdict is kept as JSON, beside the tables; violations: what a person may "
            "have to look at, so what needs review, too."
        ),
    ] = _Evidence.NONE,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="Try images again that could not be judged.")
    ] = False,
    column: Annotated[str | None, typer.Option(help="Of a table: the column with paths or images.")] = None,
    audit: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="Share of images judged without the relevance scan, too, to see what it misses."
        ),
    ] = 0.0,
    also_at: Annotated[
        list[str] | None,
        typer.Option("--also-at", metavar="URL", help="A further server with the same model; may be given again."),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes that judge. Default: one per core or per GPU.")
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Judge on a Ray cluster: `local`, `auto` (the one of here) or HOST:PORT."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Judge 50 images by chance, write nothing, say what all will take.")
    ] = False,
    price_per_hour: Annotated[
        float | None, typer.Option(min=0.0, help="With --dry-run: what an hour of this machine costs, for the sum.")
    ] = None,
    json_progress: Annotated[bool, typer.Option("--json-progress", help="One JSON object a line on stderr.")] = False,
) -> None:
    """Judge many images into tables. Exit code: 0 all have a row, 1 some could not be judged, 2 your mistake, 3 a
    failure: the same command goes on."""
    from judge.errors import UserError
    from judge.serving.batch.call import batch as run
    from judge.serving.batch.call import estimate

    if price_per_hour is not None and not dry_run:
        raise UserError("--price-per-hour is for the sum that --dry-run says", hint="add --dry-run, or leave it out")
    if dry_run:
        found = estimate(images, constitution, settings, column=column, processes=processes, ray=ray)
        tell_estimate(found, price_per_hour)
        return
    if out is None:
        raise UserError("where shall the tables be?", hint="name a folder: -o out")
    try:
        with Telling(as_json=json_progress) as telling:
            tally = run(
                images,
                out,
                constitution,
                settings,
                evidence=evidence.value,
                retry_errors=retry_errors,
                column=column,
                audit=audit,
                also_at=also_at or (),
                processes=processes,
                ray=ray,
                watch=telling.watch,
            )
    except KeyboardInterrupt:
        raise Stopped("stopped; what was judged is kept: the same command goes on") from None
    telling.finish(tally, out)
    raise typer.Exit(Exit.VIOLATION if tally.errors else Exit.NO_VIOLATION)
