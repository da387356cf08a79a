"""`judge review`: the review app in the browser, and what fills and runs its store."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli import review_users
from judge.cli.audit import Data
from judge.cli.model_options import ASKING, judged_with
from judge.errors import ImageError, UserError

if TYPE_CHECKING:
    from judge.review.store import ReviewSettings
    from judge.settings import Settings
    from judge.verdict import Verdict

app = typer.Typer(help="Review verdicts in the browser.", no_args_is_help=False)
app.add_typer(review_users.app, name="user")
_LINES = "name a file of lines of `judge check --json`, or give them on stdin: `-`"
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback(invoke_without_command=True)
@judged_with(*ASKING, "encoder", "detector")
def review(
    context: typer.Context,
    data: Data = None,
    host: Annotated[str, typer.Option(help="Address to serve on; others than this machine need users.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to serve on.")] = 7860,
    auth: Annotated[
        bool | None, typer.Option("--auth/--no-auth", help="Whether people sign in. Default: where there are users.")
    ] = None,
    head_file: Annotated[
        Path | None, typer.Option(help="Append the log's head to this file; `judge audit --head-file` checks by it.")
    ] = None,
    *,
    settings: Settings,
) -> None:
    """Open the review app: decide on verdicts, work on policies, see how both go. Stop it with Ctrl-C."""
    if context.invoked_subcommand is not None:
        if data is not None:  # it would be another folder than the command's own
            name = context.invoked_subcommand
            raise UserError("--data stands before the command", hint=f"put it behind: judge review {name} --data DIR")
        return
    from judge.review.app import launch
    from judge.review.store import data_dir

    launch(settings, data=data or data_dir(), host=host, port=port, auth=auth, head_file=head_file)


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="Lines of `judge check --json`; `-` is stdin.", metavar="FILE.jsonl")],
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images. Default: where the verdicts say they are.")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Put verdicts of a batch into the queue, with their images. Verdicts that are known are not added again."""
    if images is not None and not images.is_dir():
        raise UserError(f"no folder {images}", hint="name the folder of the judged images with --images")
    from judge.review.store import Store, data_dir

    without: list[str] = []
    with Store.open(data or data_dir()) as store:
        before = store.count().total
        found = ((verdict, _image(verdict, images, without)) for verdict in _verdicts(file))
        given = sum(1 for _ in store.add_many(found, "batch"))
        added = store.count().total - before
    if without:
        print(f"judge: {len(without)} added without an image, such as {without[0]}", file=sys.stderr)
    if json:
        from json import dumps

        print(dumps({"given": given, "added": added, "without_image": without}))
    else:
        print(f"{added} added, {given - added} known already", file=sys.stderr)


@app.command("settings")
def settings(
    second_reads: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of decided items that another reviewer reads blind.")
    ] = None,
    gold: Annotated[float | None, typer.Option(min=0, max=1, help="Share of gold items among those given out.")] = None,
    lease: Annotated[int | None, typer.Option(min=1, help="Minutes that an item is held.")] = None,
    break_every: Annotated[int | None, typer.Option(min=0, help="Minutes until a break is due; 0: none.")] = None,
    break_for: Annotated[int | None, typer.Option(min=1, help="Minutes that a break lasts.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Show how the team reviews, and change what is named."""
    from judge.cli.review_users import operator
    from judge.review.store import Breaks, GoldReads, SecondReads, Store, data_dir

    with Store.open(data or data_dir(), make=False) as store:
        old = store.settings
        every = old.breaks.every_minutes if break_every is None else break_every or None
        new = old.model_copy(
            update={
                "second_reads": old.second_reads
                if second_reads is None
                else SecondReads(share=second_reads, seed=old.second_reads.seed),
                "gold": old.gold if gold is None else GoldReads(share=gold),
                "lease_minutes": lease or old.lease_minutes,
                "breaks": Breaks(every_minutes=every, for_minutes=break_for or old.breaks.for_minutes),
            }
        )
        if new != old:
            store.configure(new, operator())
    print(new.model_dump_json() if json else _said(new))


@app.command("agreement")
def agreement(data: Data = None, json: Json = False) -> None:
    """How far first and second readers agree, per rule, and how readers did on gold items."""
    from judge.review.dashboard.agreement import agreement as measured
    from judge.review.dashboard.agreement import gold_scores
    from judge.review.store import Store, data_dir

    with Store.open(data or data_dir(), make=False) as store:
        decisions = store.decisions()
    rules, gold = measured(decisions), gold_scores(decisions)
    if json:
        from json import dumps

        rows = {"agreement": rules, "gold": gold}
        print(dumps({name: [one.model_dump(mode="json") for one in found] for name, found in rows.items()}))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("rule", "pairs", "raw", "kappa", "alpha", title="first and second reads")
    for one in rules:
        table.add_row(one.rule, str(one.pairs), *map(_figure, (one.raw, one.kappa, one.alpha)))
    Console().print(table)
    if gold:
        told = Table("reviewer", "items", "accuracy", title="gold items")
        for score in gold:
            told.add_row(score.reviewer, str(score.items), _figure(score.accuracy))
        Console().print(told)


def _figure(estimate: object) -> str:
    from judge.evaluation.measures.figures import Estimate

    if not isinstance(estimate, Estimate) or estimate.value is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def _said(chosen: ReviewSettings) -> str:
    every = chosen.breaks.every_minutes
    return "\n".join(
        (
            f"second reads  {chosen.second_reads.share:.0%} of decided items, and all escalations",
            f"gold items    {chosen.gold.share:.0%} of the items given out, while there are unread ones",
            f"lease         {chosen.lease_minutes} minutes",
            f"breaks        {'off' if every is None else f'{chosen.breaks.for_minutes} minutes every {every}'}",
        )
    )


def _verdicts(file: Path) -> Iterator[Verdict]:
    from judge.files import lines_of, open_regular
    from judge.verdict import Verdict

    try:
        with nullcontext(sys.stdin) if str(file) == "-" else TextIOWrapper(open_regular(file), "utf-8") as lines:
            for number, line in enumerate(lines_of(lines), 1):
                if not line.strip():
                    continue
                try:
                    yield Verdict.model_validate_json(line)
                except ValueError as error:
                    raise UserError(
                        f"{file}:{number}: no verdict as `judge check --json` prints it",
                        hint="mend the line and run it again: what is known already is not added twice",
                    ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {file} ({getattr(error, 'strerror', None) or error})", hint=_LINES) from error


def _image(verdict: Verdict, folder: Path | None, without: list[str]) -> bytes | None:
    """The bytes that were judged; None, and noted in `without`, where they are not to be found (any more)."""
    import hashlib

    from judge.media import read_bytes

    path = Path(verdict.image) if folder is None else folder / Path(verdict.image).name
    try:
        data = read_bytes(path)
    except ImageError:
        data = b""
    judged = verdict.image_facts.sha256
    if not data or (judged is not None and hashlib.sha256(data).hexdigest() != judged):
        without.append(verdict.image)
        return None
    return data
