"""Runs every check on the text of a constitution."""

from __future__ import annotations

from dataclasses import replace

from judge.constitution.document import read_document
from judge.constitution.load import examine
from judge.errors import ConstitutionError, Problem
from judge.languages import DEFAULT
from judge.lint.checks import CHECKS
from judge.lint.findings import Check, LintFinding, Severity
from judge.lint.silences import SILENCE_WITHOUT_REASON, UNUSED_SILENCE, apply
from judge.lint.span import Span
from judge.lint.subject import Subject
from judge.locks.lockfile import Lock

INVALID = Check(
    "invalid-constitution",
    Severity.ERROR,
    "The file does not load: no YAML, an unknown key, an id used twice, a value that does not fit.",
)
ALL_CHECKS = (INVALID, *CHECKS, SILENCE_WITHOUT_REASON, UNUSED_SILENCE)


def lint_text(
    text: str,
    file: str = "<text>",
    *,
    older: dict[str, str] | None = None,
    cases: list[dict[str, str]] | None = None,
    test_file: str = "",
    bundled: bool = False,
    lock: Lock | None = None,
    checks: tuple[Check, ...] = CHECKS,
) -> tuple[LintFinding, ...]:
    """Every finding in the text of a constitution, in the order of the file, silenced ones included.

    older, cases, test_file, bundled and lock are as in `Subject`; a constitution called `demo` is always `bundled`.
    Never raises for what is in the text.
    """
    text = text.removeprefix("\ufeff")
    lines = text.splitlines()
    try:
        document = read_document(text, file)
    except ConstitutionError as error:
        return tuple(_with_source(_of(problem), lines) for problem in error.problems)
    top = document.data if isinstance(document.data, dict) else {}
    subject = Subject(document, lines, older, cases, test_file, bundled or top.get("constitution") == "demo", lock)
    if top.get("language", DEFAULT) != "en":
        checks = tuple(check for check in checks if not check.english)
    found = [_of(problem) for problem in examine(document)[1]]
    for check in checks:
        hits = check.find(subject) if check.find is not None else ()
        found += [LintFinding(check, file, hit.span, hit.message, hit.hint) for hit in dict.fromkeys(hits)]
    ran = frozenset(check.name for check in checks if subject.bundled or check.name != "unknown-to-bundled-model")
    known = frozenset(check.name for check in CHECKS)
    done = (_with_source(one, lines) for one in apply(found, lines, file, ran, known))
    return tuple(sorted(done, key=lambda one: (one.span.line, one.span.column, one.check.name, one.message)))


def _of(problem: Problem) -> LintFinding:
    return LintFinding(INVALID, problem.file, Span(problem.line, problem.column), problem.message, problem.hint)


def _with_source(finding: LintFinding, lines: list[str]) -> LintFinding:
    line = finding.span.line
    return replace(finding, source=lines[line - 1] if line <= len(lines) else "")
