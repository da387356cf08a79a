"""Findings as SARIF 2.1.0, which code hosts and editors show in place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from judge.lint.findings import Check, LintFinding, Severity

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def as_sarif(findings: Sequence[LintFinding], checks: Sequence[Check], version: str) -> str:
    """One run of one tool; a finding silenced in place is a suppressed result."""
    order = {check.name: number for number, check in enumerate(checks)}
    driver = {
        "name": "judge lint",
        "semanticVersion": version,
        "rules": [_rule(check) for check in checks],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, order[finding.check.name]) for finding in findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.name,
        "shortDescription": {"text": check.summary},
        "help": {"text": f"A bad and a good example: docs/lint/{check.name}.md"},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
    }


def _result(finding: LintFinding, index: int) -> dict[str, Any]:
    span = finding.span
    region = {"startLine": span.line, "startColumn": span.column, "endColumn": span.column + span.length}
    place = {"artifactLocation": {"uri": _uri(finding.file)}, "region": region}
    result: dict[str, Any] = {
        "ruleId": finding.check.name,
        "ruleIndex": index,
        "level": _LEVELS[finding.check.severity],
        "message": {"text": f"{finding.message}. {finding.hint}" if finding.hint else finding.message},
        "locations": [{"physicalLocation": place}],
    }
    if finding.silenced is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.silenced}]
    return result


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix(), errors="replace")
