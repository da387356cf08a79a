"""`judge probe`: whether a model can be judged with, without any image of yours."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli.exits import Exit
from judge.cli.model_options import ASKING, judged_with
from judge.printable import printable

if TYPE_CHECKING:
    from judge.probing import ProbeReport
    from judge.settings import Settings

_STYLES = {"pass": "green", "warn": "bold yellow", "fail": "bold red"}


@judged_with(*ASKING)
def probe(
    constitution: Annotated[
        str, typer.Option("--constitution", "-c", help="Whose seconds per image are forecast.")
    ] = "os-bench",
    *,
    settings: Settings,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check that a model is asked rightly, sees, answers, and what it costs. About a minute. Exit code 3 on a fail."""
    from judge.assemble import load_mllm_of, settings_of
    from judge.judging.pipeline import Judge
    from judge.locks.loading import load_policy

    policy = load_policy(constitution).constitution
    mllm = load_mllm_of(settings=settings)
    print("judge: probing, about a minute", file=sys.stderr)
    report = Judge(policy, mllm, settings=settings_of(settings, {})).probe()
    if json:
        print(report.model_dump_json())
    else:
        _show(report)
    raise typer.Exit(Exit.FAILURE if report.outcome == "fail" else Exit.NO_VIOLATION)


def _show(report: ProbeReport) -> None:
    """A line per check: outcome, what, the figure, and under it what to do."""
    from rich.console import Console
    from rich.text import Text

    console = Console()
    model = report.model
    console.print(Text(f"{printable(model.name)} ({model.dtype}, quantization {model.quantization}, {model.device})"))
    for line in report.lines:
        text = Text()
        text.append(f"{line.outcome:<5}", style=_STYLES[line.outcome])
        text.append(f"{line.check:<21}{printable(line.figure)}")
        if line.advice:
            text.append(f"\n{'':<5}{'':<21}{printable(line.advice)}", style="dim")
        console.print(text, soft_wrap=not console.is_terminal)
    for reason in report.unseen:
        console.print(Text(f"{'-':<5}{reason}", style="dim"), soft_wrap=not console.is_terminal)
    counts = [f"{sum(line.outcome == word for line in report.lines)} {word}" for word in _STYLES]
    console.print(Text(f"{report.outcome}: {', '.join(counts)}; {report.seconds:g} s"))
