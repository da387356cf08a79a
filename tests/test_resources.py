"""What ships is found beside the package in a checkout, and within it everywhere else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from judge.resources import shipped
from tests.conftest import ROOT

ASK = "from judge import resources; print(resources.shipped('prompts'))"


def test_a_checkout_has_them_beside_the_package():
    assert shipped("prompts") == ROOT / "prompts"


def test_a_project_that_has_a_copy_of_the_package_does_not_give_it_its_own(tmp_path):
    (tmp_path / "judge").mkdir()
    for name in ("__init__.py", "resources.py"):
        shutil.copy(ROOT / "judge" / name, tmp_path / "judge" / name)
    (tmp_path / "judge" / "__init__.py").write_text("")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "theirs"\n')
    found = subprocess.run(
        [sys.executable, "-c", ASK], cwd=tmp_path, capture_output=True, text=True, env={}, check=True
    )
    assert Path(found.stdout.strip()).resolve() == (tmp_path / "judge" / "shipped" / "prompts").resolve()
