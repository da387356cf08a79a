"""The review app's style sheets: one declaration a line, short, and nothing in them that no page has."""

import re
from functools import cache
from pathlib import Path

import pytest

from judge.review.ui import theme

ROOT = Path(theme.__file__).resolve().parents[1]
SHEETS = sorted(ROOT.glob("*/static/*.css"))
GRADIOS = {"cj-tab-team-button"}  # made by Gradio of the tab's own name


def bare(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)


@cache
def sources() -> str:
    files = (file for kind in ("py", "js", "html") for file in sorted(ROOT.rglob(f"*.{kind}")))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@cache
def written() -> set[str]:
    return set(re.findall(r"[\w-]+", sources()))


@cache
def beginnings() -> set[str]:
    """Of names that are composed."""
    return set(re.findall(r"([\w-]+)(?:\$?\{|\" \+)", sources()))


def used(name: str) -> bool:
    """Whether a page has a class or an id of this name, written out, or composed of a prefix and a word."""
    if name in GRADIOS or name in written():
        return True
    cuts = [place + 1 for place, letter in enumerate(name) if letter == "-"]
    return any(name[:cut] in beginnings() and re.search(rf"\b{name[cut:]}\b", sources(), re.IGNORECASE) for cut in cuts)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_a_sheet_is_read_line_by_line_and_names_only_what_a_page_has(sheet: Path) -> None:
    text = bare(sheet)
    lines = [re.sub(r'"[^"]*"|\([^()]*\)', "", line) for line in text.splitlines()]
    assert not [line for line in lines if line.count(";") + line.count("{") + line.count("}") > 1]
    assert len(lines) <= 400
    selectors = re.sub(r'"[^"]*"', "", " ".join(re.findall(r"([^{};]+)\{", text)))
    names = set(re.findall(r"[.#]((?:cj|wb|db|up|tm)-[\w-]+)", selectors))
    assert sorted(name for name in names if not used(name)) == []


def test_every_sheet_is_on_the_page() -> None:
    assert {sheet.stem for sheet in SHEETS} == {*theme.SHEETS, "login"}


def test_a_class_that_no_page_has_is_found() -> None:
    assert not used("cj-nobody-has-this")
    assert used("cj-is-undecided")
