"""What stands in the place of a file that a command reads: pipes, devices, folders, and files that pretend to be huge.

Commands run in processes of their own, with a time limit: what waits for a pipe cannot be stopped from inside.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from judge.cli.main import main
from judge.review.store import Store
from judge.review.store.pictures import path_of
from tests.cli.test_command import DRAWINGS, ROOT
from tests.forking import judge
from tests.inside import given_back
from tests.review.shelf import drawing, samples

FIRE = "body-on-fire-violating.png"
PIPE = "a named pipe, not a file"


def pipe(path):
    os.mkfifo(path)


def endless(path):
    path.symlink_to("/dev/zero")


def sparse(path):
    with path.open("wb") as file:
        file.truncate(20 * 2**30)


HOSTILE = [(pipe, PIPE), (endless, "a device, not a file"), (sparse, "larger than ")]


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("constitution: mine\nversion: 1.0.0\nrules:\n  - {id: gun, rule: No gun may be shown.}\n", "utf-8")
    return path


@pytest.fixture
def data(tmp_path):
    with Store.open(tmp_path / "data") as store:
        store.add(samples()[FIRE], drawing(FIRE), "upload")
    return tmp_path / "data"


def refused(*arguments, code, words):
    """The command ends, with this code, and says what is wrong in one message."""
    ended = judge(*arguments)
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended.stderr
    assert words in ended.stdout + ended.stderr


@pytest.mark.parametrize(("put", "words"), HOSTILE)
def test_a_lock_that_is_no_file_ends_the_command(policy, put, words):
    put(policy.with_name("mine.lock.yaml"))
    refused("compile", "--check", policy, code=2, words=f"mine.lock.yaml: the lock file cannot be read ({words}")
    refused("check", DRAWINGS / FIRE, "-c", policy, code=2, words=words)


@pytest.mark.parametrize(("put", "words"), HOSTILE)
def test_a_file_of_people_that_is_none_ends_the_command(tmp_path, policy, put, words):
    odd = tmp_path / "odd.yaml"
    put(odd)
    refused("lint", policy, "--older", odd, code=2, words=f"odd.yaml: cannot be read ({words}")
    refused("import", odd, code=2, words=words)
    refused("test", policy, "--cases", odd, "--suggest", code=2, words=words)
    said = "a line of more than" if put is sparse else words  # which is read line by line
    refused("review", "add", odd, "--data", tmp_path / "d", code=2, words=said)


@pytest.mark.parametrize(("put", "words"), HOSTILE)
def test_a_data_set_or_head_file_that_is_none_ends_the_command(tmp_path, policy, data, put, words):
    odd = tmp_path / "metadata.jsonl"
    put(odd)
    refused("audit", "--data", data, "--head-file", odd, code=2, words=words)
    refused("review", "--data", data, "--head-file", odd, "--port", "7871", code=2, words=words)


@pytest.mark.parametrize(("put", "words"), HOSTILE)
def test_a_stored_image_that_is_none_is_a_finding_of_the_audit(data, put, words):
    path = path_of(data / "images", samples()[FIRE].image_facts.sha256)
    path.unlink()
    put(path)
    refused("audit", "--data", data, code=3, words=words)


def test_a_checkpoint_with_a_pipe_in_it_ends_the_command(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(ROOT / "judge/models/bundled/eyes-v1", folder)
    (folder / "model.safetensors").unlink()
    pipe(folder / "model.safetensors")
    refused("check", DRAWINGS / FIRE, "--model", folder, code=2, words=f"model.safetensors cannot be read ({PIPE})")


VERBS = [
    ("audit",), ("export",), ("review", "settings"), ("review", "agreement"), ("review", "user", "list"),
    ("review", "user", "remove", "ann"), ("review", "user", "role", "ann", "--role", "admin"),
]  # fmt: skip
MAKING = [("review", "--port", "7871"), ("review", "add", "-")]


def nothing(path):
    path.touch()


def garbage(path):
    path.write_bytes(b"garbage, " * 1000)


@pytest.mark.parametrize("verb", VERBS)
def test_where_there_is_no_store_the_folder_is_the_users_mistake(tmp_path, verb, monkeypatch):
    code, said = ended(monkeypatch, *verb, "--data", str(tmp_path / "typo"))
    assert (code, "no review store in" in said) == (2, True), said
    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize("put", [pipe, endless, Path.mkdir, garbage])
@pytest.mark.parametrize("verb", [*VERBS, *MAKING])
def test_what_stands_in_the_place_of_a_store_is_a_failure(tmp_path, verb, put, monkeypatch):
    put(tmp_path / "review.sqlite")
    code, said = ended(monkeypatch, *verb, "--data", str(tmp_path))
    assert (code, "cannot read the review store" in said) == (3, True), said


@pytest.mark.parametrize("verb", VERBS)
def test_an_empty_file_is_no_store_and_none_is_made_of_it(tmp_path, verb, monkeypatch):
    nothing(tmp_path / "review.sqlite")
    code, said = ended(monkeypatch, *verb, "--data", str(tmp_path))
    assert (code, "no review store" in said) == (3, True), said
    assert (tmp_path / "review.sqlite").read_bytes() == b""


@pytest.mark.parametrize("beside", ["-wal", "-shm", "-journal"])
def test_a_pipe_beside_the_store_ends_the_command(data, beside):
    (data / f"review.sqlite{beside}").unlink(missing_ok=True)
    pipe(data / f"review.sqlite{beside}")
    refused("audit", "--data", data, code=3, words="review.sqlite")


def ended(monkeypatch, *arguments):
    """Exit code and words of a command, run here."""
    out = StringIO()
    monkeypatch.setattr(sys, "argv", ["judge", *arguments])
    monkeypatch.setattr(sys, "stdin", StringIO("secret\n"))
    with redirect_stdout(out), redirect_stderr(out), pytest.raises(SystemExit) as code, given_back():
        main()
    return code.value.code, out.getvalue()
