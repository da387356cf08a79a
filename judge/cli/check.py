"""`judge check IMAGE...`: the verdict on each image, and on each clip."""

from __future__ import annotations

import sys
from enum import StrEnum
from itertools import tee
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli.headline import say_how_to_see_why
from judge.cli.inputs import Inputs
from judge.cli.model_options import JUDGING, chosen_options, judged_with
from judge.cli.reminder import remind
from judge.cli.tally import VerdictTally
from judge.errors import UserError
from judge.printable import printable
from judge.progress import watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from judge.cli.context_file import ContextOf
    from judge.cli.headlines import Headlines
    from judge.clip_verdict import ClipVerdict
    from judge.constitution import Constitution
    from judge.settings import Settings
    from judge.verdict import Verdict


class _Shape(StrEnum):
    """Choices of `--as`."""

    AWS = "aws"
    HIVE = "hive"


@judged_with(*JUDGING, "frames", "clip_frames", "look_closer")
def check(
    given: typer.Context,
    images: Annotated[list[str], typer.Argument(help="Images, clips, or folders of them.", metavar="IMAGE...")],
    constitution: Annotated[
        str, typer.Option("--constitution", "-c", help="A YAML file, or a shipped name: demo, os-bench.")
    ] = "demo",
    *,
    settings: Settings,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per image and line.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show every rule's chain with its probabilities.")] = False,
    shape: Annotated[
        _Shape | None, typer.Option("--as", help="Of clips: JSON in the shape of Amazon's or Hive's moderation.")
    ] = None,
    context: Annotated[
        str | None,
        typer.Option(
            help="What is told beside them, for statements that read: JSON with fields and texts, for all or by image.",
            metavar="FILE.json",
        ),
    ] = None,
    offence: Annotated[
        bool,
        typer.Option(
            "--offence",
            help="Also have the model say how each image may give offence, by rule: one more call each, at most 8.",
        ),
    ] = False,
    server: Annotated[
        str | None,
        typer.Option(help="Address of a `judge serve` that judges in place of this machine; -c names one of its."),
    ] = None,
) -> None:
    """Judge images and clips. Exit code: 1 violation, 3 failure, 4 needs review, 0 none of these, 2 your mistake."""
    inputs = Inputs(images, each=json or shape is not None)
    sources: Iterable[str] = inputs
    if shape is not None and offence:
        raise UserError("--as is for clips, and --offence for images", hint="leave one of them out")
    if shape is not None or offence:
        only = _only_clips if shape is not None else _no_clips
        for _ in only(Inputs(images)):
            """All of them first: a mistake is told before anything is judged."""
        sources = only(inputs)  # and each in its turn: it may be another file by then
    if server is not None:
        verdicts: Iterator[Verdict | ClipVerdict] = _of_server(given, server, sources, context, images)
    else:
        from judge.assemble import load_judge
        from judge.constitution import load_constitution
        from judge.judging.clips.judging import judge_all
        from judge.judging.offence import check_speaks

        if offence:
            check_speaks(settings.model)

        told = _told(context, load_constitution(constitution), images) if context is not None else None
        judge = load_judge(constitution, settings)
        remind(judge, settings.model)
        verdicts = judge_all(judge, sources, told, offence=offence)
    if json or shape is not None:
        shown: _Lines | Headlines = _Lines(shape)
    else:
        from judge.cli.headlines import Headlines

        shown = Headlines(explain=explain)
    tally = VerdictTally()
    begun = perf_counter()
    try:
        for verdict in watched(verdicts, inputs.count, "judging"):
            shown.add(verdict)
            tally.add(verdict)
    finally:  # whatever ends the run, what was judged is shown
        shown.finish()
    inputs.tell()
    tally.tell(perf_counter() - begun)
    if not (json or explain or shape):
        _say_what_next(tally, chosen_options(given), newcomer=constitution == "demo")
    raise typer.Exit(tally.code)


def _only_clips(inputs: Iterable[str]) -> Iterator[str]:
    """The shapes of others are those of clips."""
    from judge.judging.clips.judging import holds_clip

    for one in inputs:
        if not holds_clip(one):
            raise UserError(f"{printable(one)} is no clip, and --as is for clips", hint="leave --as out: --json")
        yield one


def _no_clips(inputs: Iterable[str]) -> Iterator[str]:
    """Of offence images are asked: a clip would be asked frame by frame."""
    from judge.judging.clips.judging import holds_clip

    for one in inputs:
        if holds_clip(one):
            raise UserError(f"{printable(one)} is a clip, and --offence is for images", hint="judge it without")
        yield one


def _told(context: str, constitution: Constitution | None, images: list[str]) -> ContextOf:
    """What is told beside each image. It is read before anything is judged. constitution: None, a server has it."""
    from judge.cli.context_file import read_context

    return read_context(context, () if constitution is None else (constitution,), lambda: Inputs(images))


def _of_server(
    given: typer.Context, server: str, inputs: Iterable[str], context: str | None, images: list[str]
) -> Iterator[Verdict | ClipVerdict]:
    """Verdicts of a server. Options of models are for those that would judge here."""
    chosen = {option: given.get_parameter_source(option) for option in given.params}
    said = {option for option, source in chosen.items() if source is not None and source.name == "COMMANDLINE"}
    said -= {"images", "constitution", "json", "explain", "shape", "server", "context", "offence"}
    if own := sorted(max(one.opts, key=len) for one in given.command.params if one.name in said):
        options = ", ".join(own)
        raise UserError(f"the server at {server} has settings of its own", hint=f"leave out {options}")
    from judge.client import Client

    name = given.params["constitution"] if "constitution" in said else None
    told = _told(context, None, images) if context is not None else None
    offence: bool = given.params["offence"]
    with Client(server) as client:
        if told is None:
            yield from client.judge_all(inputs, constitution=name, offence=offence)
        else:
            every, beside = tee(inputs)
            beside_each = map(told, beside)
            yield from client.judge_all(every, constitution=name, contexts=beside_each, offence=offence)


def _say_what_next(tally: VerdictTally, options: list[str], *, newcomer: bool) -> None:
    """The commands that most people want next. options: those given; newcomer: they judge by the rules that ship."""
    if tally.telling is not None:
        say_how_to_see_why(tally.telling, options)
    if tally.count > 1 and newcomer:
        print("judge: a page of drawings with their chains: judge demo; rules of your own: judge init", file=sys.stderr)


class _Lines:
    """One JSON object per line, as they come. shape: that of others, for clips."""

    def __init__(self, shape: _Shape | None = None) -> None:
        self._shape = shape

    def add(self, verdict: Verdict | ClipVerdict) -> None:
        """Print one verdict."""
        if self._shape is None:
            print(verdict.model_dump_json(), flush=True)
            return
        import json

        from judge.clip_verdict import ClipVerdict
        from judge.judging.clips.shapes import SHAPES

        assert isinstance(verdict, ClipVerdict), "sources were asked whether they are clips"
        print(json.dumps(SHAPES[self._shape](verdict)), flush=True)

    def finish(self) -> None:
        """Nothing is held back."""
