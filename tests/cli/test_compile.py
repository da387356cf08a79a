"""`judge compile`: exit codes, streams, and a real tiny LLM from the command line to the lock file."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from judge.cli.compile import _tell
from judge.cli.verbs import app
from judge.compiler.files import compile_file
from judge.errors import ModelError, UserError
from judge.locks.lockfile import read_lock
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


def run(*arguments, say=None):
    return CliRunner().invoke(app, ["compile", *map(str, arguments)], input=say)


def test_without_an_llm_it_says_what_it_cannot_read(file):
    result = run(file, "--no-llm", "--no-priors")
    assert result.exit_code == 0
    assert "2 rules: 1 by the grammar, 1 without a chain; 0 approved" in result.stdout
    assert "judge: taste: not read: it is in no form of a rule known here" in result.stderr


def test_what_is_new_is_said_back_and_what_stayed_is_not(file):
    first = run(file, "--no-llm", "--no-priors").stdout
    assert "\ngun: No gun may be shown.\n  Flagged when: a gun is visible.\n" in first
    assert "\ntaste: Nothing awful.\n  Not read: it is in no form of a rule known here" in first
    assert "Flagged" not in run(file, "--no-llm", "--no-priors").stdout
    file.write_text(RULES.replace("No gun", "No rifle"), encoding="utf-8")
    assert "Flagged when: a rifle is visible." in run(file, "--no-llm", "--no-priors").stdout


def test_check_exits_1_with_the_rules_that_are_stale_and_0_when_fresh(file):
    run(file, "--no-llm", "--no-priors")
    fresh = run(file, "--check")
    assert fresh.exit_code == 0 and fresh.stdout.splitlines()[0].endswith("mine.lock.yaml: fresh")
    assert "  without a chain: taste\n  not approved: gun, taste\n  with a warning: taste\n" in fresh.stdout
    file.write_text(RULES.replace("No gun", "No rifle").replace("id: taste", "id: more"), encoding="utf-8")
    before = file.with_name("mine.lock.yaml").read_bytes()
    stale = run(file, "--check", "--json")
    assert stale.exit_code == 1
    said = json.loads(stale.stdout)
    assert (said["fresh"], said["stale"], said["added"], said["removed"]) == (False, ["gun"], ["more"], ["taste"])
    assert file.with_name("mine.lock.yaml").read_bytes() == before


def test_strict_fails_until_every_rule_has_a_chain_an_approval_and_no_warning(file):
    run(file, "--no-llm", "--no-priors")
    waiting = run(file, "--check", "--strict")
    assert waiting.exit_code == 1 and "with --strict every rule has a chain" in waiting.stderr
    file.write_text(RULES.replace("Nothing awful", "No fire may be shown"), encoding="utf-8")
    done = run(file, "--no-llm", "--no-priors", "--interactive", say="Ada\nyes\nyes\n")
    assert done.exit_code == 0, done.exception
    assert run(file, "--check", "--strict").exit_code == 0
    said = json.loads(run(file, "--check", "--json").stdout)
    assert said["settled"] and said["unapproved"] == [] and said["warnings"] == {}


def test_a_person_says_yes_no_or_edits_and_every_answer_is_kept(file, monkeypatch, tmp_path):
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys, pathlib\np = pathlib.Path(sys.argv[1])\nt = p.read_text()\n"
        "p.write_text(t.replace('a knife', 'a blade') if 'a knife' in t else t.replace('fire is', 'a flame is') if 'fire is' in t else t.replace('a blade is visible', '\\\"a {size} blade\\\"'))\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    monkeypatch.delenv("VISUAL", raising=False)
    file.write_text(
        RULES + "  - {id: knife, rule: No knife may be shown.}\n  - {id: fire, rule: No fire may be shown.}\n"
    )
    # gun: no. knife: edited, edited again into a mistake, left alone, yes. fire: edited, then the input ends.
    result = run(file, "--no-llm", "--no-priors", "--interactive", say="Ada\nperhaps\nno\nedit\ne\nn\ny\ne\n")
    assert result.exit_code == 0, result.exception
    assert "gun (1 of 4): No gun may be shown.\n  Flagged when: a gun is visible." in result.stderr
    assert "{size} is no parameter of this rule" in result.stderr and "what was answered is kept" in result.stderr
    rules = read_lock(file.with_name("mine.lock.yaml")).rules
    assert rules["gun"].preconditions == () and "Ada said that the chain" in rules["gun"].warnings[0]
    assert rules["knife"].preconditions[0].any[0].statement == "a blade is visible"
    assert rules["fire"].preconditions[0].any[0].statement == "a flame is visible"
    assert (rules["knife"].made_by, rules["knife"].approved_by, rules["fire"].approved_by) == ("person", "Ada", None)
    again = run(file, "--no-llm", "--no-priors")
    assert again.exit_code == 0 and "unchanged" in again.stdout


TICKETS = "  - {id: tickets, rule: No forged tickets or vouchers.}\n"


def test_what_a_refused_rule_may_mean_is_numbered_and_ready_to_paste(file):
    file.write_text(RULES + TICKETS, encoding="utf-8")
    said = run(file, "--no-llm", "--no-priors").stdout
    block = said.partition("for 2, paste below `rule:`\n")[2].partition("    or write")[0]
    assert "  2. Flagged when: forged tickets are visible or vouchers are visible.\n" in said
    assert "Tells them apart: vouchers are visible, but no forged tickets are visible" in said
    assert "      - awful" not in said and "    preconditions:\n    - ___\n    - ___\n" in said
    pasted = RULES + "  - id: tickets\n    rule: No forged tickets or vouchers.\n" + block
    file.write_text(pasted, encoding="utf-8")
    assert run(file, "--no-llm", "--no-priors").exit_code == 0
    entry = read_lock(file.with_name("mine.lock.yaml")).rules["tickets"]
    assert entry.made_by == "written"
    assert [one.statement for one in entry.preconditions[0].any] == [
        "forged tickets are visible",
        "vouchers are visible",
    ]


def test_what_an_llm_made_of_an_unread_rule_is_still_told(file, capsys):
    compiled = compile_file(file, None, None)
    told = {"taste": compiled.lock.rules["taste"].model_copy(update={"warnings": ("not taken: it lost `awful`",)})}
    lock = compiled.lock.model_copy(update={"rules": {**compiled.lock.rules, **told}})
    _tell(replace(compiled, lock=lock), whole=False)
    assert "taste: not taken: it lost `awful`" in capsys.readouterr().err


def test_a_number_picks_a_reading_as_the_authors_own(file):
    file.write_text(RULES + TICKETS, encoding="utf-8")
    result = run(file, "--no-llm", "--no-priors", "--interactive", say="Ada\ns\ns\n7\n2\n")
    assert result.exit_code == 0, result.exception
    assert "tickets (3 of 3)" in result.stderr and "a number: take its chain" in result.stderr
    entry = read_lock(file.with_name("mine.lock.yaml")).rules["tickets"]
    assert (entry.made_by, entry.approved_by, entry.approved, entry.warnings) == ("person", "Ada", True, ())
    assert entry.rule == "No forged tickets or vouchers."
    assert [one.statement for one in entry.preconditions[0].any] == [
        "forged tickets are visible",
        "vouchers are visible",
    ]
    again = run(file, "--no-llm", "--no-priors")
    assert "unchanged" in again.stdout and "tickets: " not in again.stdout + again.stderr


def test_a_number_picks_what_two_rules_say_as_one_chain(file):
    both = "Ladders must stand on firm ground and lean at the right angle."
    file.write_text(RULES.replace("Nothing awful.", both), encoding="utf-8")
    result = run(file, "--no-llm", "--no-priors", "--interactive", say="Ada\ns\n1\n")
    assert "as 2 rules" not in result.stderr and "Which does the rule mean? 1, edit" in result.stderr
    entry = read_lock(file.with_name("mine.lock.yaml")).rules["taste"]
    assert entry.approved and [len(one.any) for one in entry.preconditions] == [1, 2]


def test_what_is_not_read_is_written_in_the_editor_and_places_left_open_are_refused(file, monkeypatch, tmp_path):
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys, pathlib\np = pathlib.Path(sys.argv[1])\nt = p.read_text()\n"
        "p.write_text('preconditions: [adults holding knives outside a kitchen are visible]' if '# again' in t"
        " else t + '# again')\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    monkeypatch.delenv("VISUAL", raising=False)
    file.write_text(RULES.replace("Nothing awful.", "Adults may only hold knives in the kitchen."), encoding="utf-8")
    result = run(file, "--no-llm", "--no-priors", "--interactive", say="Ada\ns\nedit\ny\nyes\n")
    assert result.exit_code == 0, result.exception
    assert "has a place to fill in" in result.stderr
    entry = read_lock(file.with_name("mine.lock.yaml")).rules["taste"]
    assert (entry.made_by, entry.approved_by) == ("person", "Ada")
    assert entry.preconditions[0].any[0].statement == "adults holding knives outside a kitchen are visible"


def test_json_has_the_way_out_as_well(file):
    file.write_text(RULES + TICKETS, encoding="utf-8")
    said = json.loads(run(file, "--no-llm", "--no-priors", "--json").stdout)["rules"]
    offers = said["tickets"]["way_out"]["offers"]
    assert [offer["said_back"][0] for offer in offers] == [
        "Flagged when: forged tickets are visible or forged vouchers are visible.",
        "Flagged when: forged tickets are visible or vouchers are visible.",
    ]
    assert said["taste"]["way_out"]["offers"] == [] and "___" in said["taste"]["way_out"]["scaffold"]


def test_no_does_not_take_away_what_the_constitution_itself_says(file):
    file.write_text(
        RULES.replace("Nothing awful.", "Nothing awful., preconditions: [a ghost is visible]"), encoding="utf-8"
    )
    result = run(file, "--no-llm", "--no-priors", "--interactive", say="Ada\ns\nno\n")
    assert "change `preconditions` of taste there" in result.stderr
    assert read_lock(file.with_name("mine.lock.yaml")).rules["taste"].preconditions


def test_an_editor_that_is_not_there_is_told_with_what_to_do(file, monkeypatch):
    monkeypatch.setenv("VISUAL", "/no/such/editor")
    result = run(file, "--no-llm", "--no-priors", "--interactive", say="Ada\nedit\n")
    assert isinstance(result.exception, UserError) and "EDITOR" in result.exception.hint


@pytest.mark.parametrize("arguments", [["--no-llm", "--strict"], ["--no-llm", "--interactive", "--json"]])
def test_options_that_do_not_go_together_are_refused(file, arguments):
    assert isinstance(run(file, *arguments).exception, UserError)


def test_json_has_what_a_pipeline_wants(file):
    said = json.loads(run(file, "--no-llm", "--no-priors", "--json").stdout)
    assert said["changed"] and said["without_chain"] == ["taste"]
    assert said["rules"]["gun"] == {
        "made_by": "grammar", "approved_by": None, "warnings": [], "priors": {},
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
    assert set(lock.prompts) == {"rate", "rewrite", "decompose", "central_objects", "compare"}
    for entry in lock.rules.values():
        assert entry.explanation and 1 <= entry.score <= 10
        assert entry.made_by == "nothing" and not entry.preconditions  # it writes noise, and noise is not taken
        assert any(one.startswith("not taken: ") for one in entry.warnings)
    run(file, "--llm", model, "--no-priors", "--rounds", "1", "--device", "cpu", "--renew")
    assert path.read_text(encoding="utf-8") == text
