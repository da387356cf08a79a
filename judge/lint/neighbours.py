"""Reads what lies beside a constitution: its test file, and its lock or an older version of it."""

from __future__ import annotations

from pathlib import Path

from judge.constitution.document import read_document
from judge.constitution.load import read_text


def test_file_of(path: Path) -> Path:
    """`F.yaml` is tested by `F.test.yaml`."""
    return path.with_name(f"{path.stem}.test{path.suffix}")


def read_cases(path: Path) -> list[dict[str, str]] | None:
    """What each case of a test file expects, outcome by rule id; None where there is no such file.

    Raises:
        UserError: the file is no YAML. What else is wrong with it, `judge test` says.
    """
    if not path.is_file():
        return None
    data = read_document(read_text(path), str(path)).data
    cases = data.get("cases") if isinstance(data, dict) else None
    expected = [case.get("expect") for case in cases if isinstance(case, dict)] if isinstance(cases, list) else []
    return [
        {rule: said for rule, said in one.items() if isinstance(said, str)} for one in expected if isinstance(one, dict)
    ]


def read_older(path: Path) -> dict[str, str]:
    """Ids and texts of the rules of an older version, or of a lock file.

    Raises:
        UserError: the file is no YAML.
    """
    data = read_document(read_text(path), str(path)).data
    rules = data.get("rules") if isinstance(data, dict) else None
    if isinstance(rules, dict):  # as a lock file has them
        rules = [{"id": name, **rule} for name, rule in rules.items() if isinstance(rule, dict)]
    texts: dict[str, str] = {}
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, dict) and isinstance(rule.get("id"), str) and isinstance(rule.get("rule"), str):
            texts[rule["id"]] = rule["rule"]
    return texts
