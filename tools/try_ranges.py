"""Installs one end of the ranges in pyproject.toml into a new environment, and runs the tests there.

    python -m tools.try_ranges lowest            the oldest version of each direct dependency
    python -m tools.try_ranges newest --write    the newest that exist, whatever the upper bounds say; where the tests
                                                 pass, raises upper bounds to admit them, and writes constraints.txt
    python -m tools.try_ranges constraints       writes constraints.txt, without any test

`uv` resolves and installs; its environment variables say from where. On a machine without a GPU, `UV_TORCH_BACKEND=cpu`
keeps torch from bringing NVIDIA's libraries, of several gigabytes.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT, CONSTRAINTS = ROOT / "pyproject.toml", ROOT / "constraints.txt"
OURS = "constitution-judge"
HEAD = "# What the set-up and CI install, written by `python -m tools.try_ranges constraints`. Never edited by hand.\n"
UNIVERSAL = ["--universal", "--python-version", "3.11", "--no-annotate", "--no-header"]
WITHOUT_PLACES = ["--no-emit-index-url", "--no-emit-find-links"]  # where this machine's packages come from is its own
QUIET = ["-W", "default"]  # what an old library warns of in another is no fault of ours
TESTS = ["tests/models", "tests/judging", "tests/verdict", "tests/cli", "tests/serving", "tests/media"]


def main() -> int:
    """Returns the exit code of the tests, 0 where none were asked for."""
    given = arguments()
    if given.end == "constraints":
        write_constraints(PROJECT.read_text(encoding="utf-8"))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        versions = install(given.end, given.venv or Path(folder) / "venv", given.hold)
        python = python_of(given.venv or Path(folder) / "venv")
        command = [python, "-m", "pytest", *QUIET, *(given.tests or TESTS)]
        done = subprocess.run(command, cwd=ROOT, check=False)
        project = PROJECT.read_text(encoding="utf-8")
        print(table(direct(project), versions))
        if done.returncode == 0 and given.write:
            raised = with_raised_bounds(project, versions)
            PROJECT.write_text(raised, encoding="utf-8")
            write_constraints(raised)
    return done.returncode


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("end", choices=["lowest", "newest", "constraints"])
    parser.add_argument("tests", nargs="*", help=f"what pytest is given; left out, {' '.join(TESTS)}")
    parser.add_argument("--venv", type=Path, help="a folder that keeps the environment; left out, it is deleted")
    parser.add_argument("--hold", action="append", default=[], metavar="NAME==VERSION", help="not the end, but this")
    parser.add_argument("--write", action="store_true", help="after passing tests, raise upper bounds (newest only)")
    given = parser.parse_intermixed_args()
    if given.write and given.end != "newest":
        parser.error("--write goes with newest: the lower bounds are raised by hand, where a version is known to fail")
    return given


def direct(project: str) -> list[Requirement]:
    """The direct dependencies of a pyproject.toml, those of every extra included."""
    table = tomllib.loads(project)["project"]
    named = table["dependencies"] + [one for extra in table["optional-dependencies"].values() for one in extra]
    return [one for one in map(Requirement, dict.fromkeys(named)) if one.name != OURS]


def install(end: str, venv: Path, hold: list[str]) -> dict[str, Version]:
    """Makes the environment. What it has of each package afterwards."""
    needed = direct(PROJECT.read_text(encoding="utf-8"))
    held = {Requirement(one).name for one in hold}
    lines = [str(one if end == "lowest" else without_upper_bound(one)) for one in needed if one.name not in held]
    with tempfile.TemporaryDirectory() as folder:
        wanted, resolved = Path(folder) / "wanted.in", Path(folder) / "resolved.txt"
        wanted.write_text("\n".join([*lines, *hold]) + "\n", encoding="utf-8")
        uv("venv", "--seed", "--clear", str(venv))
        resolution = "lowest-direct" if end == "lowest" else "highest"
        python = str(python_of(venv))
        uv("pip", "compile", "-q", "--resolution", resolution, "--python", python, "-o", str(resolved), str(wanted))
        uv("pip", "install", "--python", python, "-r", str(resolved))
    uv("pip", "install", "--python", python, "--no-deps", "-e", str(ROOT))
    listed = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "list", "-q", "--python", python, "--format", "freeze"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return {name.lower(): Version(version) for name, version in re.findall(r"^([\w.-]+)==(\S+)$", listed, re.MULTILINE)}


def write_constraints(project: str) -> None:
    """Writes the newest versions inside the ranges, for every system and Python that `project` allows."""
    with tempfile.TemporaryDirectory() as folder:
        wanted, resolved = Path(folder) / "wanted.in", Path(folder) / "resolved.txt"
        wanted.write_text("\n".join(map(str, direct(project))) + "\n", encoding="utf-8")
        uv("pip", "compile", "-q", *UNIVERSAL, *WITHOUT_PLACES, "-o", str(resolved), str(wanted))
        text = re.sub(r"\+cpu\b", "", resolved.read_text(encoding="utf-8"))  # a machine chooses its own build of torch
    CONSTRAINTS.write_text(HEAD + text, encoding="utf-8")


def without_upper_bound(one: Requirement) -> Requirement:
    """The requirement with its lower bound alone."""
    loose = Requirement(str(one))
    loose.specifier = type(loose.specifier)(",".join(str(s) for s in one.specifier if not s.operator.startswith("<")))
    return loose


def with_raised_bounds(project: str, versions: dict[str, Version]) -> str:
    """A pyproject.toml whose upper bounds admit `versions`, each as precise as it was."""
    for one in direct(project):
        version = versions.get(one.name.lower())
        for bound in one.specifier:
            if version is None or bound.operator != "<" or version in one.specifier:
                continue
            precise = bound.version.count(".")
            parts = [*version.release[:precise], version.release[precise] + 1]
            raised = re.escape(one.name) + r"(?:\[[\w,]+\])?[^\"]*?"
            project = re.sub(rf'("{raised}<){re.escape(bound.version)}', rf"\g<1>{'.'.join(map(str, parts))}", project)
    return project


def table(needed: list[Requirement], versions: dict[str, Version]) -> str:
    """A line for each direct dependency: its range, and what was installed."""
    has = {one.name: str(versions.get(one.name.lower(), "not installed")) for one in needed}
    return "\n".join(f"{one.name:40}  {has[one.name]:16}  {one.specifier}" for one in needed)


def python_of(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def uv(*command: str) -> None:
    """Runs uv, which shows its progress."""
    subprocess.run([sys.executable, "-m", "uv", *command], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
