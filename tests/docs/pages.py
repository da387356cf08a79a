"""Runs what a page of the docs shows: files are written, commands are run, output is compared.

In a page, a block of `yaml NAME` (`py NAME`, `jsonl NAME`) is a file, and in a `console` block every `$ ` line is a command
and what follows is all it prints, in the order of a terminal. `...` stands for anything. A plain `judge` command, or
one into a file, runs in this process, on models that are loaded once; so do programs of a page. Whatever needs a shell
runs in one.
"""

from __future__ import annotations

import functools
import io
import logging
import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from judge import lean
from judge.cli import main as command_line
from tests.conftest import ROOT

FEW = ("body-on-fire-violating.png", "body-on-fire-violating-animal.png", "body-on-fire-borderline.png")
_BLOCK = re.compile(
    r"^```(?P<kind>yaml|jsonl|py|console)(?: (?P<name>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
OF_A_SHELL = re.compile(r"[|&;<>$`]")
ENVIRONMENT = {"COLUMNS": "100", "USER": "ada", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}


def run_page(page: Path, folder: Path, run: Callable[[str], str]) -> int:
    """Do what a page shows, in a folder. How many commands were run.

    Raises:
        AssertionError: a command prints something else.
    """
    (folder / "examples").symlink_to(ROOT / "examples")
    few_pictures(ROOT / "examples" / "images", folder / "pictures")
    ran = 0
    for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["kind"] == "console":
            for command, expected in commands(block["text"]):
                printed = run(command)
                assert matches(expected, printed), f"{page.name}: $ {command}\n{printed}"
                ran += 1
        elif block["name"]:
            stem, _, kind = block["name"].partition(".")
            hides = kind == "py" and stem in sys.stdlib_module_names  # of every program that is run beside it
            assert not hides, f"{page.name}: {block['name']} hides Python's own {stem}"
            (folder / block["name"]).write_text(block["text"], encoding="utf-8")
    return ran


def few_pictures(source: Path, folder: Path) -> None:
    folder.mkdir()
    for name in FEW:
        (folder / name).symlink_to(source / name)


def commands(text: str) -> list[tuple[str, str]]:
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    assert not parts[0].strip(), "a console block begins with a command"
    return list(zip(parts[1::2], parts[2::2], strict=True))


def matches(expected: str, printed: str) -> bool:
    def lines(text: str) -> str:
        return "\n".join(line.rstrip() for line in text.strip().splitlines())

    pattern = re.escape(lines(expected)).replace(re.escape("..."), ".*?")
    return re.fullmatch(pattern, lines(printed), re.DOTALL) is not None


def load_once(patch: pytest.MonkeyPatch) -> None:
    """Whoever loads a model in this process gets the one that was loaded with the same settings before."""
    from judge.models.transformers import mllm, owlv2

    patch.setattr(mllm, "load_mllm", _once(mllm.load_mllm))
    patch.setattr(owlv2, "load_owlv2", _once(owlv2.load_owlv2))


def _once(load: Callable[..., object]) -> Callable[..., object]:
    loaded: list[tuple[object, object]] = []  # settings need not be hashable

    @functools.wraps(load)
    def cached(*given: object, **named: object) -> object:
        for key, model in loaded:
            if key == (given, named):
                return model
        loaded.append(((given, named), load(*given, **named)))
        return loaded[-1][1]

    return cached


class Shell:
    """Runs commands in a folder, one after the other. code: of the last one."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.code, self.folder, self._patch = 0, folder, patch
        for name, value in {**ENVIRONMENT, "JUDGE_CACHE_DIR": str(folder / "cache")}.items():
            patch.setenv(name, value)
        for name in ("TRANSFORMERS_VERBOSITY", "HF_HUB_VERBOSITY", "HF_HUB_DISABLE_PROGRESS_BARS", "OMP_WAIT_POLICY"):
            patch.setenv(name, os.environ.get(name, ""))  # what `main` sets is undone again
            patch.delenv(name)
        patch.chdir(folder)
        patch.setattr(sys, "warnoptions", ["error"])
        patch.setattr(logging.getLogger("judge"), "handlers", [])
        patch.setattr(lean, "start_lean", lambda: None)  # this process is not the command's own

    def __call__(self, command: str) -> str:
        """Run it, and return what a terminal would show."""
        if command == "echo $?":
            return f"{self.code}\n"
        plain, _, file = command.partition(" > ")
        if OF_A_SHELL.search(plain + file) or not plain.startswith(("judge ", "python ")):
            return self._in_a_shell(command)
        shown = io.StringIO()
        with (
            Path(file or os.devnull).open("w", encoding="utf-8") as written,
            redirect_stderr(shown),
            redirect_stdout(written if file else shown),
        ):
            self.code = self._here([name for word in shlex.split(plain, comments=True) for name in self._meant(word)])
        return shown.getvalue()

    def _here(self, words: list[str]) -> int:
        self._patch.setattr(sys, "argv", words)
        if words[0] == "python":
            talk = logging.StreamHandler(sys.stderr)  # as Python does where a program sets up no logging
            self._patch.setattr(logging.getLogger("judge"), "handlers", [talk])
            runpy.run_path(words[1], run_name="__main__")
            return 0
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        return int(ended.value.code)

    def _meant(self, word: str) -> list[str]:
        """A pattern's files, as a shell gives them."""
        found = sorted(str(one.relative_to(self.folder)) for one in self.folder.glob(word)) if "*" in word else []
        return found or [word]

    def _in_a_shell(self, command: str) -> str:
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-c", f'judge() {{ "{sys.executable}" -m judge "$@"; }}; {command}'], cwd=self.folder, text=True,
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200, check=False,
        )  # fmt: skip
        self.code = done.returncode
        return done.stdout
