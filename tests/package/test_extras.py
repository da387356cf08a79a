"""Everything that `judge` imports is declared, and what is left to an extra is asked for by the name of that extra."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, distributions, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT
from tests.needs import needs

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
FOR_PEOPLE = {"docs", "dev", "ci", "notebook"}  # nothing in `judge` imports what they bring
# Rivals of an evaluation, which people install by themselves: docs/peers.md says why, and under which licence.
BY_HAND = {"nudenet": "pip install nudenet", "onnxruntime": "pip install onnxruntime"}
# What a file of `judge.integrations` runs inside of, which is there before the file is imported; it brings too much.
HOSTS = {"fiftyone", "garak", "inspect-ai", "label-studio-ml", "nemo-curator", "pyrit"}


def named(requirement: str) -> str:
    return re.split(r"[\s<>=!~\[;(]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def of_extra(extra: str) -> set[str]:
    return {named(one) for one in EXTRAS[extra]}


DECLARED = {named(one) for one in PROJECT["dependencies"]}
OPTIONAL = set().union(*(of_extra(extra) for extra in EXTRAS if extra not in FOR_PEOPLE))


@cache
def imported() -> dict[str, set[str]]:
    """Distributions that `judge` imports from, with the files that do."""
    homes = packages_distributions()
    found: dict[str, set[str]] = {}
    for path in (ROOT / "judge").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [str(node.module)]
            for top in {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"judge", "__future__"}:
                for home in homes.get(top, [top]):
                    found.setdefault(named(home), set()).add(str(path.relative_to(ROOT)))
    return found


def brought_by(declared: set[str]) -> set[str]:
    """What declared packages need themselves, of which `judge` may use some: `gradio` is a starlette app."""
    found = set(declared)
    for one in declared:
        try:
            needs = requires(one) or []
        except PackageNotFoundError:
            continue
        found |= {named(need) for need in needs if "extra ==" not in need}
    return found


def test_everything_that_is_imported_is_declared():
    found = imported()
    assert len(found) > 25
    shared = brought_by(
        brought_by(of_extra("otel"))
    )  # `opentelemetry` is one name that many packages put modules under
    known = brought_by(brought_by(DECLARED)) | OPTIONAL | set(BY_HAND) | HOSTS | shared
    assert {name: sorted(files) for name, files in found.items() if name not in known} == {}


def test_an_extra_brings_nothing_that_is_not_imported():
    found, there = set(imported()), {named(one.name) for one in distributions()}
    for extra in set(EXTRAS) - FOR_PEOPLE:
        brought = of_extra(extra)
        if not os.environ.get(
            "CI"
        ):  # who imports from a package that is not there cannot be told by its top-level name
            brought &= there
        assert brought <= found, extra


def test_ci_has_every_extra_that_judge_imports_from():
    of_ours = [Requirement(one).extras for one in EXTRAS["dev"] + EXTRAS["ci"] if one.startswith("constitution-judge")]
    assert set(EXTRAS) - {"ci"} == set().union(*of_ours)


WITHOUT = """
import sys
sys.modules[sys.argv.pop(1)] = None
from judge.cli.main import main
main()
"""


@pytest.mark.parametrize(
    ("package", "extra", "command"),
    [
        ("openai", "remote", "check pictures/a.png --model http://127.0.0.1:9/v1"),
        ("stamina", "remote", "check pictures/a.png --model http://127.0.0.1:9/v1"),
        ("datasets", "eval", "eval table.parquet"),
        ("pyarrow", "review", "export --data queue --format parquet --out x.parquet"),
        ("pyarrow", "batch", "batch pictures -o out"),
        ("fastapi", "serve", "serve --port 0"),
        ("ray", "ray", "batch pictures -o out --ray local"),
    ],
)
def test_what_is_missing_is_asked_for_by_its_extra(package, extra, command, tmp_path):
    needs(package)  # with the packages that it brings: which of them is missed first is another matter
    (tmp_path / "table.parquet").write_bytes(b"PAR1")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").symlink_to(ROOT / "examples/images/drugs-violating.png")
    if extra == "review":
        from judge.review.store import Store

        Store.open(tmp_path / "queue").close()
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, package, *command.split()], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert package in done.stderr and f"pip install 'constitution-judge[{extra}]'" in done.stderr
    assert "drawings only" not in done.stderr, "said before a model is loaded"
    assert package in of_extra(extra)


@pytest.mark.parametrize("package", BY_HAND)
def test_a_rival_says_how_it_is_installed(package):
    source = "".join(path.read_text(encoding="utf-8") for path in Path(ROOT / "judge/evaluation").rglob("*.py"))
    assert BY_HAND[package] in source
    assert BY_HAND[package] in (ROOT / "docs/peers.md").read_text(encoding="utf-8")


def test_the_page_says_what_an_extra_brings():
    page = (ROOT / "docs/releases.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", page.split("| extra | brings |")[1], re.MULTILINE))
    for extra in set(EXTRAS) - {"docs", "dev", "ci"}:
        assert {one.strip() for one in told[extra].split(",")} == of_extra(extra), extra
