"""docs/exit-codes.md: every verb stands there, and ends as it says."""

from __future__ import annotations

import re

import pytest

from judge.cli.exits import GRAVEST_FIRST, Exit
from judge.cli.verbs import VERBS
from tests.conftest import ROOT
from tests.docs.pages import OF_A_SHELL, Shell

PAGE = (ROOT / "docs" / "exit-codes.md").read_text(encoding="utf-8")
RULE = "constitution: c\nversion: 1.0.0\nrules:\n  - id: fire\n    rule: No fire may be shown.\n"
CHAIN = RULE + "    preconditions: [fire is visible]\n"
MISTAKES = {
    "demo": "--out .", "init": "", "check": "nowhere.png", "batch": "nowhere -o out", "report": "nowhere", "compile": "nowhere.yaml", "test": "nowhere.yaml",
    "diff": "nowhere.yaml nowhere.yaml", "eval": "nowhere", "lint": "nowhere.yaml", "calibrate": "nowhere.yaml nowhere",
    "import": "nowhere.md", "review": "add nowhere.jsonl", "serve": "-c nowhere.yaml --port 0", "audit": "--data nowhere", "audit-generator": "nowhere.csv -o out",
    "calibrate-stopping": "nowhere.jsonl -o out.json", "audit-erasure": "nowhere.csv nowhere.csv -o out", "export": "--data nowhere",
    "text-guard": "rank nowhere.csv --guard nowhere.json -o out.csv",
    "schema": "--verdict --check", "bench": "--batch 0", "probe": "--model /nowhere", "doctor": "--model /nowhere",
}  # fmt: skip


@pytest.fixture
def shell(tmp_path, monkeypatch) -> Shell:
    for name, text in (
        ("plain.yaml", RULE),
        ("chain.yaml", CHAIN),
        ("other.yaml", CHAIN.replace("fire is", "a fire is")),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "chain.test.yaml").write_text("cases: []\n", encoding="utf-8")
    (tmp_path / "house-rules.yaml").write_text(CHAIN, encoding="utf-8")  # in the way of `init`
    return Shell(tmp_path, monkeypatch)


def rows() -> dict[str, list[str]]:
    table = PAGE.split("| verb |")[1].split("\n\n")[0]
    found = {}
    for line in table.splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for verb in re.findall(r"`([^`]+)`", cells[0]):
            found[verb] = cells[1:]
    return found


def test_every_verb_and_every_code_stand_on_the_page():
    assert {name.split()[0] for name in rows()} == set(VERBS)
    assert re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE) == [str(int(code)) for code in sorted(Exit)]
    words = {
        "violation": Exit.VIOLATION,
        "failure": Exit.FAILURE,
        "review": Exit.NEEDS_REVIEW,
        "none": Exit.NO_VIOLATION,
    }
    told = re.search(r"a (violation) before a (failure), before a (review), before (none)", PAGE)
    assert tuple(words[word] for word in told.groups()) == GRAVEST_FIRST


@pytest.mark.parametrize("verb", VERBS)
def test_a_mistake_is_2_for_every_verb_and_says_so_on_stderr_only(verb, shell):
    command = f"judge {verb} {MISTAKES[verb]}".strip() + " > data"
    assert not OF_A_SHELL.search(command.replace(" > data", ""))
    said = shell(command)
    assert shell.code == Exit.USER_MISTAKE, said
    data = (shell.folder / "data").read_text(encoding="utf-8")
    if verb == "doctor":  # whose report it is
        said, data = data, ""
    assert data == "" and "Traceback" not in said and len(said) > 10


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("lint plain.yaml", 1),
        ("compile plain.yaml --check", 1),
        ("compile demo --check", 0),
        ("schema --check", 0),
        ("diff chain.yaml chain.yaml", 0),
        ("diff chain.yaml other.yaml", 1),
    ],
)
def test_codes_of_verbs_that_ask_no_model(command, code, shell):
    said = shell(f"judge {command}")
    assert shell.code == code, said
