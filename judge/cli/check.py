"""`judge check IMAGE...`: the verdict on each image."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from judge.cli.exits import Exit, exit_of, gravest
from judge.cli.options import Batch, Detector, Device, Dtype, Encoder, MemoryGib, Model, TrustRemoteCode
from judge.errors import UserError

if TYPE_CHECKING:
    from judge.judging.pipeline import Judge
    from judge.verdict import Verdict


class Quantize(StrEnum):
    """Choices of `--quantize`."""

    FOUR = "4bit"
    EIGHT = "8bit"
    NONE = "none"


def check(
    images: Annotated[list[str], typer.Argument(help="Image files, or folders of them.", metavar="IMAGE...")],
    constitution: Annotated[
        str, typer.Option("--constitution", "-c", help="A YAML file, or a shipped name: demo, os-bench.")
    ] = "demo",
    model: Model = "bundled",
    encoder: Encoder = None,
    detector: Detector = None,
    quantize: Annotated[Quantize, typer.Option(help="bitsandbytes weights.")] = Quantize.NONE,
    device: Device = "auto",
    dtype: Dtype = "auto",
    batch: Batch = 8,
    memory_gib: MemoryGib = None,
    trust_remote_code: TrustRemoteCode = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per image and line.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show every rule's chain with its probabilities.")] = False,
) -> None:
    """Judge images. Exit code: 1 violation, 3 failure, 4 needs review, 0 none of these, 2 your mistake."""
    paths = expand(images)
    from judge.assemble import load_judge

    settings: dict[str, Any] = {
        "model": model, "encoder": encoder, "detector": detector, "quantize": quantize.value,
        "device": device, "dtype": dtype, "trust_remote_code": trust_remote_code,
        "batch": batch, "memory_gib": memory_gib,
    }  # fmt: skip
    judge = load_judge(constitution, **settings)
    codes = []
    printer = _print_json if json else _table_printer(explain)
    try:
        for verdict in _with_progress(judge, paths):
            printer(verdict)
            codes.append(exit_of(verdict))
    except BrokenPipeError:  # `judge check ... | head`: typer's own exit code for this, 1, says violation here
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(Exit.FAILURE) from None
    raise typer.Exit(gravest(codes))


def expand(named: Iterable[str]) -> list[str]:
    """Files as named, and the image files inside named folders, sorted.

    Raises:
        UserError: an empty name, a folder without images, or one that cannot be listed.
    """
    from judge.media import SUFFIXES

    found: list[str] = []
    for name in named:
        if not name:  # `Path("")` is the folder we are in
            raise UserError("the name of an image is empty", hint="is a shell variable unset?")
        if not _is_folder(name):
            found.append(name)
            continue
        inside = sorted(
            str(one)
            for folder, _, files in os.walk(name, onerror=_refuse)
            for one in (Path(folder, file) for file in files)
            if one.suffix.lower() in SUFFIXES and one.is_file()
        )
        if not inside:
            raise UserError(f"no images in the folder {name}", hint=f"looked for {', '.join(sorted(SUFFIXES))}")
        found += inside
    return found


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except OSError:  # a name too long, a folder closed to us: judged as a file, which says why it cannot be read
        return False


def _refuse(error: OSError) -> NoReturn:
    """A folder that cannot be listed may hold anything: passing over it would look like a clean result."""
    raise UserError(f"cannot list the folder {error.filename} ({error.strerror})") from error


def _with_progress(judge: Judge, paths: list[str]) -> Iterator[Verdict]:
    """Verdicts with a progress bar on stderr, where there are many images and somebody to watch."""
    verdicts = judge.judge_many(paths)
    if len(paths) < 10 or not sys.stderr.isatty():
        yield from verdicts
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(verdicts, total=len(paths), description="judging", console=Console(stderr=True))


def _print_json(verdict: Verdict) -> None:
    print(verdict.model_dump_json(), flush=True)


def _table_printer(explain: bool) -> Any:
    from rich.console import Console

    from judge.cli import tables

    class Terminal(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # not rich's own exit with 1

    console = Terminal()

    def show(verdict: Verdict) -> None:
        console.print(tables.headline(verdict), soft_wrap=not console.is_terminal)
        if explain:
            for table in tables.explanation(verdict):
                console.print(table)

    return show
