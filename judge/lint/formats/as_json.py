"""Findings for a program, silenced ones included."""

from __future__ import annotations

import json
from collections.abc import Sequence

from judge.lint.findings import LintFinding


def as_json(findings: Sequence[LintFinding], files: Sequence[str]) -> str:
    """One JSON object: the files, how many findings count, and each finding."""
    return json.dumps(
        {
            "files": list(files),
            "counting": sum(finding.counts for finding in findings),
            "findings": [_one(finding) for finding in findings],
        },
        indent=2,
    )


def _one(finding: LintFinding) -> dict[str, object]:
    return {
        "check": finding.check.name,
        "severity": finding.check.severity.value,
        "file": finding.file,
        "line": finding.span.line,
        "column": finding.span.column,
        "length": finding.span.length,
        "message": finding.message,
        "hint": finding.hint,
        "silenced": finding.silenced,
    }
