"""`judge check IMAGE...`: the verdict on each image."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from judge.cli.exits import Exit, exit_of, gravest
from judge.cli.inputs import Inputs
from judge.cli.model_options import JUDGING, judged_with
from judge.cli.reminder import remind
from judge.progress import watched

if TYPE_CHECKING:
    from judge.settings import Settings
    from judge.verdict import Verdict

_WORDS = ("violation", "needs_review", "no_violation")
_UNREAD = "could not be read"


@judged_with(*JUDGING, "frames", "look_closer")
def check(
    images: Annotated[list[str], typer.Argument(help="Image files, or folders of them.", metavar="IMAGE...")],
    constitution: Annotated[
        str, typer.Option("--constitution", "-c", help="A YAML file, or a shipped name: demo, os-bench.")
    ] = "demo",
    *,
    settings: Settings,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per image and line.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show every rule's chain with its probabilities.")] = False,
) -> None:
    """Judge images. Exit code: 1 violation, 3 failure, 4 needs review, 0 none of these, 2 your mistake."""
    inputs = Inputs(images, each=json)
    from judge.assemble import load_judge

    judge = load_judge(constitution, settings)
    remind(judge, settings.model)
    codes: set[Exit] = set()
    words: Counter[str] = Counter()
    printer = _print_json if json else _table_printer(explain)
    for verdict in watched(judge.judge_many(inputs), inputs.count, "judging"):
        printer(verdict)
        codes.add(exit_of(verdict))
        words[verdict.verdict] += 1
        words[_UNREAD] += verdict.failure is not None and verdict.failure.kind == "image"
    inputs.tell()
    _tell(words)
    raise typer.Exit(gravest(codes))


def _tell(words: Counter[str]) -> None:
    """How many of each verdict, on stderr, so that nothing hides behind the gravest."""
    unread = words.pop(_UNREAD, 0)
    if words.total() > 1:
        told = ", ".join(f"{words[word]} {word}" for word in _WORDS if words[word])
        print(f"judge: {words.total()} images: {told}" + f" ({unread} {_UNREAD})" * bool(unread), file=sys.stderr)


def _print_json(verdict: Verdict) -> None:
    print(verdict.model_dump_json(), flush=True)


def _table_printer(explain: bool) -> Any:
    from rich.console import Console

    from judge.cli import tables

    console = Console()

    def show(verdict: Verdict) -> None:
        console.print(tables.headline(verdict), soft_wrap=not console.is_terminal)
        if explain:
            for table in tables.explanation(verdict):
                console.print(table)
            console.print(tables.LEGEND, style="dim", soft_wrap=not console.is_terminal)

    return show
