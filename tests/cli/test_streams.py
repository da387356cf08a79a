"""Output that cannot be written: a line of talk, the exit code of a failure, no traceback. With real streams."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from judge.cli.exits import Exit
from tests import forking
from tests.cli.test_command import COMMAND, DRAWINGS, ROOT

FULL = Path("/dev/full")
NOTICE = "judge: the bundled model reads emoji-style drawings only"  # before the first verdict
LOST = "judge: the output could not be written to its end"
RULE = (
    "constitution: one-rule\nversion: 1.0.0\nrules:\n"
    "  - {id: no-people, rule: No people may be shown., preconditions: [people are visible]}\n"
)
CODES = (Exit.NO_VIOLATION, Exit.VIOLATION, Exit.NEEDS_REVIEW)


@pytest.fixture
def check(tmp_path):
    (tmp_path / "rule.yaml").write_text(RULE)
    return ("check", DRAWINGS / "blade-in-hand-violating.png", tmp_path / "none.png", "-c", tmp_path / "rule.yaml")


def judge(*arguments, **streams):
    return forking.run([*COMMAND, *arguments], cwd=ROOT, **streams)


def full(*arguments):
    with FULL.open("w") as stdout:
        return judge(*arguments, stdout=stdout)


def talk(done):
    return [line for line in done.stderr.splitlines() if not line.startswith(NOTICE)]


@pytest.mark.skipif(not FULL.exists(), reason="a full device is Linux's")
@pytest.mark.parametrize("more", [(), ("--json",), ("--explain",)])
def test_verdicts_onto_a_full_disk_are_a_failure_in_a_line(check, more):
    done = full(*check, *more)
    assert done.returncode == Exit.FAILURE
    assert talk(done) == [f"{LOST} (No space left on device)"]


@pytest.mark.skipif(not FULL.exists(), reason="a full device is Linux's")
@pytest.mark.parametrize("arguments", [("schema",), ("--help",), ("--version",)])
def test_other_output_too(arguments):
    done = full(*arguments)
    assert done.returncode == Exit.FAILURE
    assert talk(done) == [f"{LOST} (No space left on device)"]


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_pipe_that_nobody_reads_is_a_failure_without_a_word(check, more):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = judge(*check, *more, stdout=writing)
    finally:
        os.close(writing)
    assert done.returncode == Exit.FAILURE
    assert talk(done) == []


def test_whoever_reads_one_line_gets_one_and_nothing_is_said_of_the_others(tmp_path):
    """As in `judge lint ... | head -1`, with more than a pipe holds."""
    many = tmp_path / "many.yaml"
    rules = "".join(f"  - {{id: r{number}, rule: Nothing inappropriate.}}\n" for number in range(400))
    many.write_text(f"constitution: many\nversion: 1.0.0\nrules:\n{rules}")
    command = [*COMMAND, "lint", "--format", "json", str(many)]
    shell = f"{shlex.join(command)} | head -c 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=ROOT, timeout=120, text=True, check=False, capture_output=True)
    assert (done.stdout[1:], done.stderr) == (f"{int(Exit.FAILURE)}\n", "")


@pytest.mark.skipif(not FULL.exists(), reason="a full device is Linux's")
def test_talk_that_cannot_be_written_changes_nothing(check):
    with FULL.open("w") as stderr:
        done = judge(*check, "--json", stderr=stderr)
    assert [json.loads(line)["image"] for line in done.stdout.splitlines()] == [str(one) for one in check[1:3]]
    assert done.returncode in CODES or done.returncode == Exit.FAILURE  # of the file that is not there
    with FULL.open("w") as stderr:
        assert judge("check", "", stderr=stderr).returncode == Exit.USER_MISTAKE


def started(*arguments, streams):
    """In a process of its own, of a shell that closes streams as people do."""
    shell = f"{shlex.join([*COMMAND, *map(str, arguments)])} {streams}"
    return subprocess.run(["bash", "-c", shell], cwd=ROOT, timeout=120, text=True, check=False, capture_output=True)


@pytest.mark.parametrize("streams", [">&-", "<&- >&-"])
@pytest.mark.parametrize("arguments", [("schema",), ("--version",)])
def test_output_that_is_closed_is_lost(arguments, streams):
    done = started(*arguments, streams=streams)
    assert done.returncode == Exit.FAILURE
    assert talk(done) == [f"{LOST} (it is closed)"]


@pytest.mark.parametrize("stdin", [None, forking.CLOSED])
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_verdicts_onto_output_that_is_closed_are_lost(check, more, stdin):
    done = judge(*check, *more, stdin=stdin, stdout=forking.CLOSED)
    assert done.returncode == Exit.FAILURE
    assert talk(done) == [f"{LOST} (it is closed)"]


def test_talk_that_is_closed_is_not_said_elsewhere(check):
    done, wrong = started(*check, "--json", streams="2>&-"), judge("check", "", stderr=forking.CLOSED)
    assert [json.loads(line)["image"] for line in done.stdout.splitlines()] == [str(one) for one in check[1:3]]
    assert (wrong.returncode, wrong.stdout) == (Exit.USER_MISTAKE, "")
    assert judge(*check, stdout=forking.CLOSED, stderr=forking.CLOSED).returncode == Exit.FAILURE
