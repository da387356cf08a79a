"""The examples of the docs are what really happens (see `tests/docs/pages.py`), and links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.pages import Shell, load_once, matches, run_page

DOCS = ROOT / "docs"
QUICKSTARTS = sorted(path.name for path in DOCS.glob("quickstart-*.md"))
RUN = ["write-a-constitution.md", "test-and-diff.md", *QUICKSTARTS]
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


@pytest.fixture(scope="module", autouse=True)
def _loaded_once():
    with pytest.MonkeyPatch.context() as patch:
        load_once(patch)
        yield


@pytest.mark.parametrize("page", RUN)
def test_examples_do_what_the_page_says(page, tmp_path, monkeypatch):
    assert run_page(DOCS / page, tmp_path, Shell(tmp_path, monkeypatch)) > 1


def test_a_program_called_like_a_module_of_python_is_refused(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("```py numbers.py\nprint(1)\n```\n", encoding="utf-8")
    (folder := tmp_path / "folder").mkdir()
    with pytest.raises(AssertionError, match=r"numbers\.py hides Python's own numbers"):
        run_page(page, folder, Shell(folder, monkeypatch))


def test_there_is_a_quickstart_for_everybody():
    assert [name.removeprefix("quickstart-").removesuffix(".md") for name in QUICKSTARTS] == [
        "analyst", "curator", "engineer", "moderator", "researcher",
    ]  # fmt: skip


def test_dots_stand_for_anything_and_nothing_else_does():
    assert matches("a ... c\nd\n", "a b\nb c\nd\n") and matches("", "")
    assert not matches("a\n", "a\nb\n") and not matches("a.c\n", "abc\n")


@pytest.mark.parametrize("page", [*RUN, "glossary.md"])
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
