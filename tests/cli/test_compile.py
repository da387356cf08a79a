"""`judge compile`: exit codes, streams, and a real tiny LLM from the command line to the lock file."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from judge.cli.main import app
from judge.compiler.lockfile import read_lock
from judge.errors import ModelError, UserError
from judge.models.scripted import ScriptedMllm
from tests import tiny

RULES = """\
constitution: mine
version: 1.0.0
rules:
  - {id: gun, rule: No gun may be shown.}
  - {id: taste, rule: Nothing awful.}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(RULES, encoding="utf-8")
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["compile", *map(str, arguments)])


def test_without_an_llm_it_says_what_it_cannot_read(file):
    result = run(file, "--no-llm", "--no-priors")
    assert result.exit_code == 0
    assert "2 rules: 1 by the grammar, 1 without a chain; 0 approved" in result.stdout
    assert "judge: taste: not read: it is in no form of a rule known here" in result.stderr


def test_what_is_new_is_said_back_and_what_stayed_is_not(file):
    first = run(file, "--no-llm", "--no-priors").stdout
    assert "\ngun: No gun may be shown.\n  Flagged when: a gun is visible.\n" in first
    assert "\ntaste: Nothing awful.\n  Every picture goes to a person" in first
    assert "Flagged" not in run(file, "--no-llm", "--no-priors").stdout
    file.write_text(RULES.replace("No gun", "No rifle"), encoding="utf-8")
    assert "Flagged when: a rifle is visible." in run(file, "--no-llm", "--no-priors").stdout


def test_check_exits_1_with_the_rules_that_are_stale_and_0_when_fresh(file):
    run(file, "--no-llm", "--no-priors")
    fresh = run(file, "--check")
    assert (fresh.exit_code, fresh.stdout.strip().rpartition(": ")[2]) == (0, "fresh")
    file.write_text(RULES.replace("No gun", "No rifle").replace("id: taste", "id: more"), encoding="utf-8")
    before = file.with_name("mine.lock.yaml").read_bytes()
    stale = run(file, "--check", "--json")
    assert stale.exit_code == 1
    said = json.loads(stale.stdout)
    assert (said["fresh"], said["stale"], said["added"], said["removed"]) == (False, ["gun"], ["more"], ["taste"])
    assert file.with_name("mine.lock.yaml").read_bytes() == before


def test_json_has_what_a_pipeline_wants(file):
    said = json.loads(run(file, "--no-llm", "--no-priors", "--json").stdout)
    assert said["changed"] and said["without_chain"] == ["taste"]
    assert said["rules"]["gun"] == {
        "made_by": "grammar", "approved_by": None, "warnings": [],
        "said_back": [
            "Flagged when: a gun is visible.", "Not flagged when: no gun is visible.",
            "flagged: a gun is visible", "not flagged: no gun is visible",
        ],
    }  # fmt: skip


@pytest.mark.parametrize("arguments", [[], ["--llm", "x", "--no-llm"]])
def test_it_must_be_told_what_compiles(file, arguments):
    result = run(file, *arguments)
    assert isinstance(result.exception, UserError) and "say what compiles" in str(result.exception)


def test_a_failing_llm_is_a_model_error_and_writes_nothing(file, monkeypatch):
    broken = ScriptedMllm(replies=[ModelError("the server did not answer in time", retryable=True)])
    monkeypatch.setattr("judge.assemble.load_llm", lambda *_, **__: broken)
    result = run(file, "--llm", "http://there/v1", "--no-priors")
    assert isinstance(result.exception, ModelError)  # exit code 3, see `judge.cli.main`
    assert "gun: the server did not answer in time" in str(result.exception)
    assert not file.with_name("mine.lock.yaml").exists()


def test_a_real_tiny_llm_compiles_the_same_lock_twice(file, tmp_path):
    model = tiny.build_text(tmp_path / "llm")
    made = run(file, "--llm", model, "--no-priors", "--rounds", "1", "--device", "cpu", "--json")
    assert made.exit_code == 0, made.exception
    path = file.with_name("mine.lock.yaml")
    lock, text = read_lock(path), path.read_text(encoding="utf-8")
    assert lock is not None and lock.llm is not None and lock.llm.name == "llm"
    assert set(lock.prompts) == {"rate", "rewrite", "decompose", "central_objects"}
    for entry in lock.rules.values():
        assert entry.made_by == "llm" and entry.preconditions and entry.explanation and 1 <= entry.score <= 10
    run(file, "--llm", model, "--no-priors", "--rounds", "1", "--device", "cpu", "--renew")
    assert path.read_text(encoding="utf-8") == text
