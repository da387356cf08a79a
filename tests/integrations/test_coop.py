"""The signals for Coop, type-checked and tested by node, where there is one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "integrations/coop"
pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="needs node and npm"
)


@cache
def node_major() -> int:
    return int(subprocess.check_output(["node", "--version"], text=True).strip("v\n").split(".")[0])


def npm(folder, *arguments):
    return subprocess.run(["npm", *arguments], cwd=folder, capture_output=True, text=True, timeout=240, check=False)


def test_the_signals_are_type_checked_and_tested(tmp_path):
    if node_major() < 20:
        pytest.skip("needs node 20")
    folder = tmp_path / "coop"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("node_modules", "dist*"))
    if (PACKAGE / "node_modules/typescript").is_dir():
        (folder / "node_modules").symlink_to(PACKAGE / "node_modules")
    elif not os.environ.get("CI"):
        pytest.skip("run `npm ci` in integrations/coop")
    else:
        installed = npm(folder, "ci", "--no-audit", "--no-fund")
        assert installed.returncode == 0, installed.stderr
    done = npm(folder, "test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout, done.stdout


def test_the_package_brings_nothing_that_runs():
    about = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    assert "dependencies" not in about and set(about["devDependencies"]) == {"@types/node", "typescript"}
