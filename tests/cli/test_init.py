"""`judge init`: what it writes works at once, and nothing that is there is touched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from judge.cli.exits import Exit
from judge.resources import shipped
from tests.forking import judge as run_judge

EVERYTHING = {
    ".pre-commit-config.yaml", "house-rules.yaml", "house-rules.test.yaml", "images/body-on-fire-violating.png",
    "images/body-on-fire-borderline.png", "images/human-remains-violating.png", "images/human-remains-borderline.png",
}  # fmt: skip


def test_what_it_writes_passes_lint_and_its_own_cases(tmp_path):
    folder = tmp_path / "new" / "folder"
    done = run_judge("init", folder)
    assert (done.returncode, done.stderr) == (Exit.NO_VIOLATION, "")
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == EVERYTHING
    assert f"next: cd {folder} && judge test house-rules.yaml" in done.stdout
    linted = run_judge("lint", folder / "house-rules.yaml")
    assert (linted.returncode, linted.stdout) == (0, "")
    tested = run_judge("test", folder / "house-rules.yaml")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "4 passed, 0 failed, 0 todo" in tested.stdout
    assert "no case tells apart" not in tested.stdout, "the cases cover every precondition"


@pytest.mark.parametrize("there", ["house-rules.yaml", ".pre-commit-config.yaml", "images/human-remains-violating.png"])
def test_a_file_that_is_there_stops_it_before_anything_is_written(tmp_path, there):
    path = tmp_path / there
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    done = run_judge("init", tmp_path)
    assert done.returncode == Exit.USER_MISTAKE
    assert f"has {there} already; nothing was written" in done.stderr
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]
    assert path.read_text() == "mine"


def test_a_file_in_the_folders_place_is_said(tmp_path):
    (tmp_path / "taken").write_text("")
    done = run_judge("init", tmp_path / "taken")
    assert done.returncode == Exit.USER_MISTAKE
    assert "cannot write" in done.stderr and "Traceback" not in done.stderr


def test_the_pre_commit_entry_calls_verbs_that_exist_on_files_that_exist(tmp_path):
    run_judge("init", tmp_path)
    (hook,) = yaml.safe_load((tmp_path / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    program, *arguments = hook["entry"].split()
    assert program == "judge"
    done = subprocess.run(
        [sys.executable, "-m", "judge", *arguments, "house-rules.yaml"], cwd=tmp_path, check=False, timeout=60,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_starter_ships():
    assert (shipped("examples") / "starter" / "house-rules.yaml").is_file()
