"""What a plain `pytest` leaves out, and says: `tests.slow`, in a project of two tests."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

CONFTEST = (
    "from tests.slow import pytest_configure, pytest_deselected, pytest_sessionfinish, pytest_terminal_summary, "
    "pytest_testnodedown"
)
CHECKS = """
import pytest
@pytest.mark.slow
def test_a(): pass
@pytest.mark.slow
def test_b(): pass
def test_c(): pass
"""
LINE = "2 slow tests left out, CI runs them; here: python -m pytest -m slow"


@pytest.mark.parametrize(
    ("arguments", "ci", "passed", "says"),
    [
        (["-n2"], "", 1, True),
        (["-n0"], "", 1, True),
        (["-n2"], "1", 3, False),
        (["-n0", "-m", "slow"], "", 2, False),
        (["-n2", "checks/test_it.py"], "", 3, False),
        (["-n0", "checks/test_it.py", "-k", "test_a"], "", 1, False),
    ],
)
def test_slow_ones_are_left_out_of_a_plain_run_only(tmp_path, arguments, ci, passed, says):
    (tmp_path / "checks").mkdir()
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "checks/test_it.py").write_text(CHECKS)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = checks\nmarkers =\n    slow: x\n    rare: x\n")
    light = ["-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *light, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CI": ci},
    )  # fmt: skip
    assert f"{passed} passed" in done.stdout, done.stdout + done.stderr
    assert (LINE in done.stdout) is says and done.stdout.count("left out") <= 1
