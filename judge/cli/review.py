"""`judge review`: the review app in the browser, and what fills and runs its store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli import review_add, review_users
from judge.cli.audit import Data
from judge.cli.model_options import ASKING, judged_with
from judge.errors import UserError

if TYPE_CHECKING:
    from judge.review.store import ReviewSettings
    from judge.settings import Settings

app = typer.Typer(help="Review verdicts in the browser.", no_args_is_help=False)
app.add_typer(review_users.app, name="user")
app.command("add")(review_add.add)
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


@app.command("settings")
def settings(
    second_reads: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of decided items that another reviewer reads blind.")
    ] = None,
    verdict_shown: Annotated[
        bool | None,
        typer.Option(
            "--second-reads-verdict-shown/--second-reads-blind",
            help="Whether second readers see what the judge said before they decide. Default: they do not.",
        ),
    ] = None,
    gold: Annotated[float | None, typer.Option(min=0, max=1, help="Share of gold items among those given out.")] = None,
    lease: Annotated[int | None, typer.Option(min=1, help="Minutes that an item is held.")] = None,
    break_every: Annotated[int | None, typer.Option(min=0, help="Minutes until a break is due; 0: none.")] = None,
    break_for: Annotated[int | None, typer.Option(min=1, help="Minutes that a break lasts.")] = None,
    anonymous: Annotated[
        bool | None, typer.Option("--anonymous/--named", help="Whether the dashboard calls reviewers by letters.")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Show how the team reviews, and change what is named."""
    from judge.cli.review_users import operator
    from judge.review.store import Breaks, GoldReads, SecondReads, Store, data_dir

    with Store.open(data or data_dir(), make=False) as store:
        old = store.settings
        shown = old.second_reads.verdict_shown if verdict_shown is None else verdict_shown
        every = old.breaks.every_minutes if break_every is None else break_every or None
        new = old.model_copy(
            update={
                "second_reads": SecondReads(
                    share=old.second_reads.share if second_reads is None else second_reads,
                    seed=old.second_reads.seed,
                    verdict_shown=shown,
                ),
                "gold": old.gold if gold is None else GoldReads(share=gold),
                "lease_minutes": lease or old.lease_minutes,
                "anonymous": old.anonymous if anonymous is None else anonymous,
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
            f"              {'verdict shown' if chosen.second_reads.verdict_shown else 'blind: the verdict is hidden'}",
            f"gold items    {chosen.gold.share:.0%} of the items given out, while there are unread ones",
            f"lease         {chosen.lease_minutes} minutes",
            f"dashboard     {'reviewers by letters' if chosen.anonymous else 'reviewers by name'}",
            f"breaks        {'off' if every is None else f'{chosen.breaks.for_minutes} minutes every {every}'}",
        )
    )
