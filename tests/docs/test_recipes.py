"""CONTRIBUTING.md and docs/architecture.md: what they name is there, and the recipes work as they are written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from judge.resources import shipped_constitutions
from tests.conftest import ROOT
from tests.docs.test_examples import anchors
from tools import docs_hooks

PAGES = ("CONTRIBUTING.md", "docs/architecture.md", "docs/index.md", "docs/releases.md", "docs/backends.md")
_CODE = re.compile(r"^(?P<fence>`{3,})(?P<kind>\w+)(?: (?P<path>\S+))?\n(?P<text>.*?)^(?P=fence)$", re.M | re.S)
_NAMED = re.compile(r"`([\w.*-]+(?:/[\w.*-]+)*/?)`")
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_TOP = {one.name for one in ROOT.iterdir()} - {"build", "dist", "site"}
MOST = 3  # files that a recipe may touch


def prose(page: str) -> str:
    return _CODE.sub("", (ROOT / page).read_text(encoding="utf-8"))


def paths(page: str) -> list[str]:
    """What a page names in backticks that is a path in this repository; `NAME` stands for anything."""
    return [named for named in _NAMED.findall(prose(page)) if "/" in named and named.split("/")[0] in _TOP]


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_path_that_is_named_is_there(page):
    named = paths(page)
    assert len(named) > 15
    missing = [one for one in named if not any(ROOT.glob(one.replace("NAME", "*").rstrip("/")))]
    assert missing == []


def test_every_room_is_on_the_page_of_the_architecture():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = [path.parent.name for path in (ROOT / "judge").glob("*/__init__.py")]
    assert len(rooms) > 10
    assert [room for room in rooms if f"`judge/{room}/" not in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for target, anchor in _LINK.findall(prose(page)):
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), f"{target}#{anchor}"


def test_modules_named_with_dots_are_there():
    from importlib.util import find_spec

    for page in PAGES:
        for named in re.findall(r"`(judge(?:\.\w+)+)`", prose(page)):
            parent = named.rpartition(".")[0]
            assert named == "judge.models" or find_spec(named if named.islower() else parent) is not None, named


def recipe(title: str) -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.split(f"### {title}\n")[1].split("\n### ")[0]


def follow(text: str, copy: Path) -> set[str]:
    """Do what a recipe says: write its files, and put its added lines where they stand. The files that it touched."""
    touched = set()
    for block in _CODE.finditer(text):
        path = copy / block["path"]
        touched.add(block["path"])
        if block["kind"] != "diff":
            assert not path.exists(), path
            path.write_text(block["text"], encoding="utf-8")
            continue
        lines = block["text"].splitlines()
        before = "\n".join(line[1:] for line in lines if line[0] == " ")
        after = "\n".join(line[1:] for line in lines)
        whole = path.read_text(encoding="utf-8")
        assert any(line[0] == "+" for line in lines) and whole.count(f"{before}\n") == 1, f"{path}: {before}"
        path.write_text(whole.replace(before, after), encoding="utf-8")
    return touched


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository without weights, which no recipe here needs."""
    weights = shutil.ignore_patterns("*.safetensors", "__pycache__", "static")
    for folder in ("judge", "prompts", "constitutions", "docs/lint", "tests/lint", "tests/cli"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=weights)
    for file in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py", "tests/slow.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    conftest = tmp_path / "tests/conftest.py"
    lines = conftest.read_text(encoding="utf-8").splitlines(keepends=True)
    conftest.write_text("".join(line for line in lines if "torch" not in line), encoding="utf-8")  # it takes seconds
    return tmp_path


def run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=copy, text=True, capture_output=True, timeout=200, check=False,
        env={**os.environ, "PYTHONPATH": str(copy)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("title", "tests"),
    [
        ("A lint check", ("tests/lint/test_lint.py", "-k", "shouting or table_of_the_docs")),
        ("A verb of the command line", ("tests/cli/test_count.py",)),
    ],
)
def test_a_recipe_works_as_it_is_written(title, tests, copy):
    touched = follow(recipe(title), copy)
    assert 1 < len(touched) <= MOST
    done = run(copy, "pytest", "-n0", "-q", "-p", "no:cacheprovider", *tests)
    assert done.returncode == 0, done.stdout + done.stderr
    python = [path for path in touched if path.endswith(".py")]
    for command in (("ruff", "check", "--no-cache"), ("ruff", "format", "--no-cache", "--check")):
        checked = run(copy, *command, *python)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_recipe_that_is_not_followed_fails(copy):
    """Or the tests it names would say nothing: a check without its page, and a verb that is in no table."""
    text = recipe("A lint check")
    follow(text.split("Its page has")[0], copy)
    assert (
        run(
            copy, "pytest", "-n0", "-q", "-p", "no:cacheprovider", "tests/lint/test_lint.py", "-k", "shouting"
        ).returncode
        == 1
    )
    follow(recipe("A verb of the command line").split("Its line in")[0], copy)
    assert run(copy, "judge", "count", "demo").returncode == 2


def test_every_page_is_led_to_from_the_index():
    linked = {target for target, _ in _LINK.findall((ROOT / "docs/index.md").read_text(encoding="utf-8"))}
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert pages <= linked
    assert "lint/README.md" in linked


def test_every_check_is_one_file_called_after_it():
    from judge.lint.checks import CHECKS

    modules = {path.stem for path in (ROOT / "judge/lint/checks").glob("*.py")} - {"__init__"}
    assert sorted(modules) == sorted(check.name.replace("-", "_") for check in CHECKS)


def test_what_ci_and_hooks_run_is_there():
    """Files for hosts that are not here: they parse, run `.ci/run` on each Python that the package names, and no other."""
    named = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (job,) = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"].values()
    assert job["strategy"]["matrix"]["python"] == named
    assert job["steps"][-1] == {"run": "bash .ci/run"}
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    assert [hook["id"] for hook in hooks] == ["ruff-check", "ruff-format", "mypy", "judge-lint"]
    linted = re.compile(hooks[-1]["files"])
    files = [f"constitutions/{path.name}" for path in (ROOT / "constitutions").iterdir()]
    assert {Path(one).stem for one in files if linted.search(one)} == set(shipped_constitutions())
    for form in (ROOT / ".github/ISSUE_TEMPLATE").iterdir():
        assert {"name", "description", "body"} <= yaml.safe_load(form.read_text(encoding="utf-8")).keys()
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert targets == ["install", "test", "lint", "docs", "app"]


def test_a_link_out_of_the_docs_to_nothing_is_told_and_others_become_words(caplog):
    page = SimpleNamespace(file=SimpleNamespace(src_uri="lint/README.md"))
    text = "[a](../glossary.md#chain) [b](../../SECURITY.md) [`judge/chain.py`](../../judge/chain.py#L1)\n```text\n[x](../../no)\n```\n"
    made = docs_hooks.on_page_markdown(text, page=page, config={"docs_dir": str(ROOT / "docs")})
    assert made == text.replace("[b](../../SECURITY.md)", "b (`SECURITY.md`)").replace(
        "[`judge/chain.py`](../../judge/chain.py#L1)", "`judge/chain.py`"
    )
    assert caplog.text == ""
    docs_hooks.on_page_markdown("[b](../../nothing.md)", page=page, config={"docs_dir": str(ROOT / "docs")})
    assert "lint/README.md links to ../../nothing.md, which is not there" in caplog.text


def test_every_page_is_in_the_menu_of_the_site():
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:")[1]))
    assert listed - {"lint/README.md"} >= {path.name for path in (ROOT / "docs").glob("*.md")}


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "judge" / "py.typed").read_text(encoding="utf-8") == ""
