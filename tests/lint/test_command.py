"""`judge lint` and `judge schema` as a shell sees them: streams, exit codes, JSON, SARIF, time, hooks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from judge.lint.linting import ALL_CHECKS

ROOT = Path(__file__).resolve().parents[2]
BAD = "tests/lint/bad.yaml"


def judge(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "judge", *map(str, arguments)], capture_output=True, text=True, cwd=cwd,
                          timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip


def test_exit_codes_and_streams():
    clean = judge("lint", "demo", "constitutions/os-bench.yaml")
    assert (clean.returncode, clean.stdout) == (0, "")
    assert re.fullmatch(r"judge: 2 files: nothing found \(\d+ silenced\)\n", clean.stderr)
    bad = judge("lint", BAD, "--older", "tests/lint/older.yaml")
    assert bad.returncode == 1
    assert bad.stdout.replace(BAD, "bad.yaml") == (ROOT / "tests/lint/snapshots/bad.txt").read_text(encoding="utf-8")
    assert re.fullmatch(r"judge: 1 file: \d+ errors, \d+ warnings, \d+ info \(1 silenced\)\n", bad.stderr)
    for wrong in (
        ["nowhere.yaml"],
        [BAD, "--older", "nowhere.yaml"],
        [BAD, "--model", "other"],
        [BAD, "--format", "xml"],
        [],
    ):
        refused = judge("lint", *wrong)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "Traceback" not in refused.stderr


def _computed() -> float:
    """Seconds that child processes computed: what a clock on the wall says depends on what else the machine does."""
    spent = os.times()
    return spent.children_user + spent.children_system


def _timed(do) -> float:
    begun = _computed()
    do()
    return _computed() - begun


def test_it_is_quick_and_imports_no_model_library():
    imports = [sys.executable, "-c", "import pydantic.main, typer.main, yaml"]
    base = min(_timed(lambda: subprocess.run(imports, check=True)) for _ in range(5))  # a busy machine computes slower
    for name in ("demo", "os-bench"):
        assert any(_timed(lambda name=name: judge("lint", name)) < max(0.5, 4 * base) for _ in range(5))
    log = subprocess.run([sys.executable, "-X", "importtime", "-m", "judge", "lint", "demo"], capture_output=True,
                         text=True, cwd=ROOT, check=False).stderr  # fmt: skip
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in log.splitlines()}
    assert "pydantic" in imported
    assert not imported & {"torch", "transformers", "outlines", "numpy", "PIL"}


def test_json_holds_every_finding_with_its_place():
    found = judge("lint", BAD, "--json")
    assert found.returncode == 1
    assert found.stdout == judge("lint", BAD, "--format", "json").stdout
    told = json.loads(found.stdout)
    assert told["files"] == [BAD]
    assert told["counting"] == sum(one["silenced"] is None and one["severity"] != "info" for one in told["findings"])
    assert {
        "check": "subjective-word",
        "severity": "warning",
        "file": BAD,
        "line": 6,
        "column": 14,
        "length": 10,
    }.items() <= told["findings"][0].items()
    assert [one["silenced"] for one in told["findings"] if one["silenced"]] == ["ships give no scale"]


def test_sarif_has_the_structure_of_its_standard():
    """What SARIF 2.1.0 asks for (sections 3.13 to 3.35), of the parts used."""
    log = json.loads(judge("lint", BAD, "--format", "sarif").stdout)
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert set(run) == {"tool", "columnKind", "results"}
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
    driver = run["tool"]["driver"]
    assert driver["name"]
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", driver["semanticVersion"])
    assert [rule["id"] for rule in driver["rules"]] == [check.name for check in ALL_CHECKS]
    for rule in driver["rules"]:
        assert set(rule) == {"id", "shortDescription", "help", "defaultConfiguration"}
        assert rule["shortDescription"]["text"].endswith((".", ")."))
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
        assert (ROOT / rule["help"]["text"].rsplit(" ", 1)[-1]).is_file()
    for result in run["results"]:
        assert set(result) - {"suppressions"} == {"ruleId", "ruleIndex", "level", "message", "locations"}
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["artifactLocation"] == {"uri": BAD}
        region = place["region"]
        assert region["startLine"] >= 1
        assert 1 <= region["startColumn"] < region["endColumn"]
        for one in result.get("suppressions", ()):
            assert one["kind"] in {"inSource", "external"}
            assert one["justification"]
    assert sum("suppressions" in result for result in run["results"]) == 1


def test_an_awkward_file_name_is_a_uri_and_rewrites_no_terminal(tmp_path):
    path = tmp_path / "a b\x1b#ü.yaml"
    path.write_text("constitution: [", encoding="utf-8")
    log = json.loads(judge("lint", path, "--format", "sarif", cwd=tmp_path).stdout)
    (result,) = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b%1B%23%C3%BC.yaml"
    assert "\x1b" not in judge("lint", path).stdout


def test_a_lock_file_beside_it_is_the_older_version(tmp_path):
    text = "constitution: c\nversion: 1.0.0\nrules:\n  - id: NAME\n    rule: No knife may be shown.\n    preconditions: [a knife is visible]\n"
    (tmp_path / "c.yaml").write_text(text.replace("NAME", "new"), encoding="utf-8")
    (tmp_path / "c.test.yaml").write_text(
        "cases:\n  - expect: {new: ok}\n  - expect: {new: violates}\n", encoding="utf-8"
    )
    assert judge("lint", tmp_path / "c.yaml").returncode == 0
    (tmp_path / "c.yaml").write_text(text.replace("NAME", "old"), encoding="utf-8")
    assert judge("compile", tmp_path / "c.yaml", "--no-llm", "--no-priors").returncode == 0
    (tmp_path / "c.yaml").write_text(text.replace("NAME", "new"), encoding="utf-8")
    told = judge("lint", tmp_path / "c.yaml")
    assert told.returncode == 1
    assert "rule `old` was renamed to `new`" in told.stdout


@pytest.mark.parametrize(
    "hook", yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")), ids=lambda hook: hook["id"]
)
def test_the_hooks_name_commands_that_exist_and_the_files_meant(hook):
    assert {"id", "name", "entry", "language", "files"} <= set(hook)
    program, verb, *options = hook["entry"].split()
    assert program == "judge"
    shown = judge(verb, "--help")
    assert shown.returncode == 0
    assert all(option in shown.stdout for option in options)
    for name, meant in (("constitutions/a.yaml", True), ("x/constitutions/a.yml", True), ("a.yaml", False),
                        ("constitutions/a.test.yaml", False), ("constitutions/a.lock.yaml", False)):  # fmt: skip
        assert (bool(re.search(hook["files"], name)) and not re.search(hook["exclude"], name)) is meant


def test_the_schema_that_ships_is_fresh():
    assert judge("schema", "--check").returncode == 0
    assert judge("schema").stdout == (ROOT / "constitutions/constitution.schema.json").read_text(encoding="utf-8")


def test_a_stale_or_missing_schema_is_told(tmp_path, monkeypatch, capsys):
    import typer

    from judge.cli.schema import schema
    from judge.constitution import json_schema

    monkeypatch.setattr(json_schema, "shipped_schema", lambda: tmp_path / "s.json")
    for state in ("missing", "stale"):
        with pytest.raises(typer.Exit) as stopped:
            schema(check=True)
        assert stopped.value.exit_code == 1
        assert f"s.json is {state}" in capsys.readouterr().err
        (tmp_path / "s.json").write_text("{}", encoding="utf-8")
