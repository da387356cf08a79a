"""The wheel that the sdist builds, installed into a new environment and used outside the checkout: in CI.

The environment borrows the packages of the one that the tests run in, so that nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(not os.environ.get("CI"), reason="packing weights takes half a minute: in CI")
MOST = 60_000_000  # bytes of a wheel; PyPI takes 100 MB
DRAWING = ROOT / "examples" / "images" / "body-on-fire-violating.png"


@dataclass(frozen=True)
class Installed:
    """wheel, sdist: what was built. bin, site: of the environment. away: a folder outside the checkout."""

    wheel: Path
    sdist: Path
    bin: Path
    site: Path
    away: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        words = [str(self.bin / command[0]), *command[1:]]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return subprocess.run(
            words, cwd=self.away, env=environment, capture_output=True, text=True, timeout=200, check=False
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    built, away = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("away")
    _run("-m", "build", "--no-isolation", "--outdir", str(built), str(ROOT))  # the wheel is made of the sdist
    (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
    home = tmp_path_factory.mktemp("environment")
    venv.create(home)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)}))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    _run("-m", "pip", "--python", str(home / "bin" / "python"), "install", "--no-deps", "--no-compile", str(wheel))
    shutil.copy(DRAWING, away)
    return Installed(wheel, sdist, home / "bin", site, away)


def _run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_has_what_is_used_and_nothing_else(installed):
    names = zipfile.ZipFile(installed.wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"judge", "constitution_judge-0.1.0.dist-info"}
    assert "judge/py.typed" in names and not any("__pycache__" in name for name in names)
    for folder in ("prompts", "constitutions", "examples/starter"):
        kept = {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert kept and {f"judge/shipped/{one}" for one in kept} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert installed.wheel.stat().st_size < MOST
    with tarfile.open(installed.sdist) as packed:
        tops = {name.split("/")[1] for name in packed.getnames() if "/" in name}
    assert {"judge", "tests", "tools", "docs", "examples", "pyproject.toml", "LICENSE", "README.md"} <= tops


@pytest.mark.parametrize("command", [("judge",), ("constitution-judge",), ("python", "-m", "judge")])
def test_it_starts_by_each_of_its_names(installed, command):
    assert installed.run(*command, "--version").stdout == "0.1.0\n"
    assert "Judge images under a constitution" in installed.run(*command, "--help").stdout


def test_it_is_the_installed_one_that_runs_and_it_finds_what_ships(installed):
    where = installed.run("python", "-c", "import judge; print(judge.__file__)").stdout
    assert Path(where.strip()).is_relative_to(installed.site)
    for command in (("schema", "--check"), ("compile", "--check", "demo", "os-bench"), ("lint", "demo"), ("init",)):
        done = installed.run("judge", *command)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), (command, done.stdout + done.stderr)
    assert (installed.away / "house-rules.yaml").is_file()


def test_it_judges(installed):
    done = installed.run("judge", "check", DRAWING.name, "--json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["violations"] == ["body-on-fire"]
