"""What is forked is what a process of its own would be: `tests.forking` against `subprocess`. And the order of files."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests import forking
from tests.conftest import LONGEST, ROOT, TOGETHER, pytest_xdist_make_scheduler

SAYS = (
    "import os, sys\n"
    "print(sys.argv, os.getcwd(), os.environ['SAID'], sys.path[0], sys.stdin and sys.stdin.read(), __name__)\n"
    "print(sys.stdout.encoding, sys.stdout.errors, sys.stdout.isatty(), 'ü')\n"
    "print('talk', sys.stderr.encoding, sys.stderr.errors, file=sys.stderr)\n"
    "sys.exit(7)"
)


@pytest.mark.parametrize("as_a_file", [False, True])
def test_arguments_folder_environment_streams_and_exit_code(tmp_path, as_a_file):
    (tmp_path / "in").write_text("given")
    (tmp_path / "says.py").write_text(SAYS)
    command = [sys.executable, *([tmp_path / "says.py"] if as_a_file else ["-c", SAYS]), "a b", "--c"]
    told = []
    for run in (forking.run, subprocess.run):
        with (tmp_path / "in").open("rb") as stdin:
            streams = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            done = run(command, cwd=tmp_path, env={**os.environ, "SAID": "yes"}, timeout=60, **streams)
        said = [one.decode() if isinstance(one, bytes) else one for one in (done.stdout, done.stderr)]
        told.append([done.returncode, *said])
    assert told[0] == told[1] and told[0][0] == 7


def test_a_module_is_run_as_python_runs_it(tmp_path):
    (tmp_path / "mine.py").write_text("import sys\nprint(sys.argv[1:], __name__, __spec__.name)\nassert 0, 'ended'")
    done = forking.run([sys.executable, "-m", "mine", "x"], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "['x'] __main__ mine\n") and "AssertionError: ended" in done.stderr


def test_one_that_runs_can_be_ended_and_one_that_takes_too_long_is():
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    running = forking.Popen(command)
    assert running.poll() is None
    os.kill(running.pid, 0)
    running.kill()
    assert running.wait(60) == -9
    with pytest.raises(subprocess.TimeoutExpired):
        forking.run(command, timeout=0.1)


def test_closed_streams_are_not_there_and_each_begins_with_one_thread():
    code = "import os, sys; os.write(1, f'{sys.stdin} {sys.stderr} {os.listdir(\"/proc/self/fd\")}'.encode())"
    done = forking.run([sys.executable, "-c", code], stdin=forking.CLOSED, stderr=forking.CLOSED)
    assert done.stdout.startswith("None None [") and "'1'" in done.stdout and "'2'" not in done.stdout
    many = "import os; print(len(os.listdir('/proc/self/task')), 'torch' in __import__('sys').modules)"
    assert forking.run([sys.executable, "-c", many]).stdout == "1 True\n"


def test_what_is_read_when_a_process_starts_is_not_taken():
    with pytest.raises(AssertionError, match="HF_ENDPOINT"):
        forking.judge("--version", HF_ENDPOINT="http://127.0.0.1:9")


def test_what_a_command_sets_for_itself_is_no_change_whoever_ran_one_here(monkeypatch):
    forking.run([sys.executable, "-c", ""])
    for name, value in forking.COMMANDS_OWN.items():
        monkeypatch.setenv(name, value)
    assert forking.judge("--version").returncode == 0
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "info")
    with pytest.raises(AssertionError, match="TRANSFORMERS_VERBOSITY"):
        forking.judge("--version")


def test_the_longest_files_are_there():
    assert [name for name in LONGEST if not (ROOT / "tests" / name).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)


def test_files_of_a_folder_that_share_much_go_to_one_process_and_others_one_by_one():
    def scheduler(dist):
        return pytest_xdist_make_scheduler(SimpleNamespace(getvalue={"dist": dist, "tx": ["popen"]}.get), None)

    files = ("compiler/test_offers.py", "compiler/test_turns.py", "cli/test_check.py", "cli/test_init.py")
    assert len({scheduler("loadfile")._split_scope(f"tests/{name}::test_it[tests/cli]") for name in files}) == 3
    assert scheduler("load") is None
    assert all(len(list((ROOT / folder).glob("test_*.py"))) > 1 for folder in TOGETHER)
