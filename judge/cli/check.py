"""`judge check IMAGE...`: the verdict on each image."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from judge.cli.exits import exit_of, gravest
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
    model: Annotated[str, typer.Option("--model", "-m", help="`bundled`, a Hugging Face id, or a folder.")] = "bundled",
    encoder: Annotated[
        str | None, typer.Option(help="CLIP, SigLIP or OWLv2 for relevance scanning: id or folder.")
    ] = None,
    detector: Annotated[
        str | None, typer.Option(help="OWLv2 for central regions: id or folder. Without: occlusion.")
    ] = None,
    quantize: Annotated[Quantize, typer.Option(help="bitsandbytes weights.")] = Quantize.NONE,
    device: Annotated[str, typer.Option(help="`auto`, `cpu`, `cuda`, `cuda:1`, ...")] = "auto",
    dtype: Annotated[str, typer.Option(help="`auto`, `float32`, `bfloat16` or `float16`.")] = "auto",
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run Python code that comes with the model.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per image and line.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show every rule's chain with its probabilities.")] = False,
) -> None:
    """Judge images. Exit code: 1 violation, 3 failure, 4 needs review, 0 none of these, 2 your mistake."""
    paths = expand(images)
    from judge.assemble import load_judge

    settings: dict[str, Any] = {
        "model": model, "encoder": encoder, "detector": detector, "quantize": quantize.value,
        "device": device, "dtype": dtype, "trust_remote_code": trust_remote_code,
    }  # fmt: skip
    judge = load_judge(constitution, **settings)
    codes = []
    printer = _print_json if json else _table_printer(explain)
    for verdict in _with_progress(judge, paths):
        printer(verdict)
        codes.append(exit_of(verdict))
    raise typer.Exit(gravest(codes))


def expand(named: Iterable[str]) -> list[str]:
    """Files as named, and the image files inside named folders, sorted.

    Raises:
        UserError: a folder without images.
    """
    from judge.images import SUFFIXES

    found: list[str] = []
    for name in named:
        path = Path(name)
        if not path.is_dir():
            found.append(name)
            continue
        inside = sorted(str(one) for one in path.rglob("*") if one.suffix.lower() in SUFFIXES and one.is_file())
        if not inside:
            raise UserError(f"no images in the folder {name}", hint=f"looked for {', '.join(sorted(SUFFIXES))}")
        found += inside
    return found


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

    console = Console()

    def show(verdict: Verdict) -> None:
        console.print(tables.headline(verdict))
        if explain:
            for table in tables.explanation(verdict):
                console.print(table)

    return show
