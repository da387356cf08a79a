"""Findings for the eye: place, message, the source line with a caret under what is meant, and a hint."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from judge.lint.findings import LintFinding
from judge.printable import printable

_WIDTH = 100


def as_text(findings: Iterable[LintFinding]) -> str:
    """Every finding that is not silenced, a blank line after each."""
    return "".join(f"{_one(finding)}\n\n" for finding in findings if finding.silenced is None)


def _one(finding: LintFinding) -> str:
    span = finding.span
    lines = [
        f"{printable(finding.file)}:{span.line}:{span.column}: {finding.check.severity}: "
        f"{printable(finding.message)} [{finding.check.name}]"
    ]
    if finding.source.strip():
        shown, column = _window(finding.source, span.column)
        margin = f"{span.line:>5} | "
        length = min(span.length, max(1, len(shown) - column + 1))
        under = _cells(shown[column - 1 : column - 1 + length]) or 1
        lines.append(margin + shown)
        lines.append(f"{'| ':>{len(margin)}}{' ' * _cells(shown[: column - 1])}{'^' * under}")
    if finding.hint:
        lines.append(f"  hint: {printable(finding.hint)}")
    return "\n".join(lines)


def _window(source: str, column: int) -> tuple[str, int]:
    """As much of a line as fits, and the column in it; control characters, which rewrite terminals, as `?`."""
    start = max(0, column - 1 - _WIDTH // 2) if len(source) > _WIDTH else 0
    shown = "".join(" " if one == "\t" else one if one.isprintable() else "?" for one in source[start : start + _WIDTH])
    return shown, column - start


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )
