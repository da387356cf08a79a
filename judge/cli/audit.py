"""`judge audit`: is the log of the reviews whole, and does the store agree with it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from judge.cli.exits import Exit
from judge.errors import StoreError

Data = Annotated[
    Path | None,
    typer.Option("--data", help="The data folder. Default: JUDGE_REVIEW_DIR, else one in your user data folder."),
]


def audit(
    data: Data = None,
    expect_head: Annotated[
        str | None, typer.Option(help="A head hash that was kept: shows whether the end of the log was cut off.")
    ] = None,
    head_file: Annotated[
        Path | None, typer.Option(help="Heads that `judge review --head-file` kept: is every one still in the log?")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Verify the log, and items, verdicts, images, users and settings by it. Exit code: 0 whole, 3 broken, 2 your
    mistake."""
    from judge.review.audit import audit as audited
    from judge.review.audit import unread
    from judge.review.heads import read
    from judge.review.store import Store, data_dir

    heads = read(head_file) if head_file is not None else ()
    try:
        with Store.open(data or data_dir(), make=False) as store:
            report = audited(store, expect_head, heads)
    except StoreError as error:
        report = unread(error.message)
    if json:
        print(report.model_dump_json())
    elif report.problems:
        print("\n".join(report.problems))
    else:
        print(f"{report.lines} lines, all whole, {report.items} items\nhead {report.head}")
    raise typer.Exit(Exit.FAILURE if report.problems else Exit.NO_VIOLATION)
