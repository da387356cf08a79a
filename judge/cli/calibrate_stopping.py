"""`judge calibrate-stopping RUNS.jsonl -o stopping.json`: when to stop a drawing early, from some that were watched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from judge.errors import UserError


def calibrate_stopping(
    runs: Annotated[
        Path, typer.Argument(metavar="RUNS.jsonl", help="Drawings that were watched to the end, one in each line.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file for `Stopping.read`.")],
    false_stops: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="Most drawings without violation to stop, such as 0.05.")
    ] = 0.05,
) -> None:
    """Choose when `EarlyStopping` stops a drawing. Exit code: 0 written, 2 your mistake."""
    from judge.files import write_whole
    from judge.integrations.stopping import calibrated, read_watched
    from judge.printable import printable

    watched = read_watched(runs)
    found = calibrated(watched, false_stops=false_stops)
    try:
        write_whole(out, found.model_dump_json(indent=1) + "\n")
    except OSError as error:
        raise UserError(
            f"{printable(str(out))} cannot be written: {error.strerror}", hint="name another file"
        ) from error
    bad = [one for one in watched if one.violates]
    hits = [hit for one in bad if (hit := found.stopped(one.looks)) is not None]
    steps = sorted(found.looks[look] for look, _ in hits)
    said = f"; the middle one after step {steps[len(steps) // 2]}" if steps else ""
    print(f"stops {len(hits)} of the {len(bad)} drawings here that violate a rule{said}")
    wrong = sum(found.stopped(one.looks) is not None for one in watched if not one.violates)
    fine = len(watched) - len(bad)
    print(
        f"and {wrong} of the {fine} that violate none, so that of others like these it is hardly over {false_stops:.1%}"
    )
    print(printable(str(out)))
