"""The examples of the docs are what really happens: files are written, commands are run, output is compared.

In a page, a block of `yaml NAME` is a file, and in a `console` block every `$ ` line is a command and what follows is
all it prints, in the order of a terminal. `...` stands for anything.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

DOCS = ROOT / "docs"
_BLOCK = re.compile(r"^```(?P<kind>yaml|console)(?: (?P<name>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


@pytest.mark.parametrize("page", ["write-a-constitution.md", "test-and-diff.md"])
def test_examples_do_what_the_page_says(page, tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    few_pictures(ROOT / "examples" / "images", tmp_path / "pictures")
    ran = 0
    for block in _BLOCK.finditer((DOCS / page).read_text(encoding="utf-8")):
        if block["kind"] == "console":
            for command, expected in commands(block["text"]):
                printed = shell(command, tmp_path)
                assert matches(expected, printed), f"{page}: $ {command}\n{printed}"
                ran += 1
        elif block["name"]:
            (tmp_path / block["name"]).write_text(block["text"], encoding="utf-8")
    assert ran > 1


def test_dots_stand_for_anything_and_nothing_else_does():
    assert matches("a ... c\nd\n", "a b\nb c\nd\n") and matches("", "")
    assert not matches("a\n", "a\nb\n") and not matches("a.c\n", "abc\n")


@pytest.mark.parametrize("page", ["write-a-constitution.md", "test-and-diff.md", "glossary.md"])
def test_links_of_a_page_lead_somewhere(page):
    for target, anchor in _LINK.findall((DOCS / page).read_text(encoding="utf-8")):
        path = (DOCS / target) if target else DOCS / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), f"{target}#{anchor}"


def test_every_word_that_the_program_refers_to_is_in_the_glossary():
    known = anchors(DOCS / "glossary.md")
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "judge").rglob("*.py"))
    named = set(re.findall(r"docs/glossary\.md#([\w-]+)", source))
    assert named and named <= known


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def few_pictures(source: Path, folder: Path) -> None:
    folder.mkdir()
    for name in ("body-on-fire-violating.png", "body-on-fire-violating-animal.png", "body-on-fire-borderline.png"):
        (folder / name).symlink_to(source / name)


def commands(text: str) -> list[tuple[str, str]]:
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    assert not parts[0].strip(), "a console block begins with a command"
    return list(zip(parts[1::2], parts[2::2], strict=True))


def shell(command: str, folder: Path) -> str:
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "100", "USER": "ada",
        "JUDGE_CACHE_DIR": str(folder / "cache"), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip
    done = subprocess.run(["bash", "-c", f'judge() {{ "{sys.executable}" -m judge "$@"; }}; {command}'], cwd=folder, text=True,
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200, check=False)  # fmt: skip
    return done.stdout


def matches(expected: str, printed: str) -> bool:
    def lines(text: str) -> str:
        return "\n".join(line.rstrip() for line in text.strip().splitlines())

    pattern = re.escape(lines(expected)).replace(re.escape("..."), ".*?")
    return re.fullmatch(pattern, lines(printed), re.DOTALL) is not None
