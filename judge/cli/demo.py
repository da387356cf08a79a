"""`judge demo`: the shipped drawings, judged now, as a page to look at."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from judge.progress import watched


def demo(
    out: Annotated[Path, typer.Option("--out", help="The page to write; an older one is replaced.")] = Path(
        "judge-demo.html"
    ),
) -> None:
    """Judge the shipped drawings and show them in the browser. Exit code: 0 shown, 2 your mistake, 3 a failure."""
    from judge.errors import UserError
    from judge.files import write_whole
    from judge.printable import printable
    from judge.resources import shipped

    if out.is_dir():
        raise UserError(f"{printable(str(out))} is a folder", hint="name a file in it: --out FOLDER/page.html")
    from judge.assemble import load_judge
    from judge.demo.page import page

    drawings = sorted(map(str, (shipped("examples") / "images").glob("*.png")))
    judge = load_judge("demo")
    begun = perf_counter()
    verdicts = list(watched(judge.judge_many(drawings), len(drawings), "judging"))
    text = page(verdicts, seconds=perf_counter() - begun, command="judge demo")
    try:
        write_whole(out, text)
    except OSError as error:
        raise UserError(
            f"cannot write {printable(str(out))}: {error.strerror}", hint="name another file: --out"
        ) from error
    print(printable(str(out)))
    if sys.stdout.isatty() and _has_screen():
        import webbrowser

        webbrowser.open(out.resolve().as_uri())


def _has_screen() -> bool:
    """Whether a browser would be a window: without a screen one would take the terminal over."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
