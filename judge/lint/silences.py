"""Silencing a check in place: `# judge-lint: allow NAME because REASON`, on the line or the lines above it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

from judge.lint.findings import Check, LintFinding, Severity
from judge.lint.span import Span

SILENCE_WITHOUT_REASON = Check(
    "silence-without-reason",
    Severity.WARNING,
    "A comment silences a check without saying why, so nobody can tell later whether it still should.",
)
UNUSED_SILENCE = Check(
    "unused-silence",
    Severity.WARNING,
    "A comment silences a check that finds nothing there, and would hide the next mistake.",
)
_MARK = "judge-lint:"
_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*judge-lint:(?P<said>.*)$")
_SAID = re.compile(r"\s*allow\s+(?P<name>[a-z0-9-]+)(?:\s+because\s+(?P<reason>\S.*?))?\s*$")
_FORM = "write `# judge-lint: allow NAME because REASON`"


@dataclass(frozen=True)
class Silence:
    """One comment: the check it silences and why, and the line it speaks for."""

    name: str
    reason: str
    span: Span
    line: int


def apply(
    findings: Iterable[LintFinding], lines: list[str], file: str, ran: frozenset[str], known: frozenset[str]
) -> Iterator[LintFinding]:
    """The findings, those silenced marked so, and the mistakes of silencing.

    `ran`: the checks that looked at this file; a silence for another is not called unused. `known`: all checks
    that can be silenced.
    """
    silences, mistakes = _read(lines, file)
    yield from mistakes
    used = set()
    for finding in findings:
        match = next(
            (one for one in silences if one.name == finding.check.name and one.line == finding.span.line), None
        )
        if match is None or finding.check.name not in known:
            yield finding
        else:
            used.add(match)
            yield dataclasses.replace(finding, silenced=match.reason)
    for one in silences:
        if one in used:
            continue
        if one.name not in known:
            hint = f"known: {', '.join(sorted(known))}"
            yield LintFinding(UNUSED_SILENCE, file, one.span, f"`{one.name}` is no check that can be silenced", hint)
        elif one.name in ran:
            hint = "remove the comment, or move it to the line of the finding or above it"
            yield LintFinding(UNUSED_SILENCE, file, one.span, f"nothing here is found by {one.name}", hint)


def _read(lines: list[str], file: str) -> tuple[list[Silence], list[LintFinding]]:
    silences: list[Silence] = []
    mistakes: list[LintFinding] = []
    for number in _comment_lines(lines):
        found = _COMMENT.search(lines[number - 1])
        if found is None:
            continue
        span = Span(number, found.start() + 1, len(found.group().rstrip()))
        said = _SAID.match(found["said"])
        if said is None or not said["reason"]:
            what = (
                "this silences nothing: it gives no reason" if said else "this silences nothing: it is not understood"
            )
            mistakes.append(LintFinding(SILENCE_WITHOUT_REASON, file, span, what, _FORM))
        else:
            silences.append(Silence(said["name"], said["reason"], span, _target(lines, number)))
    return silences, mistakes


def _target(lines: list[str], number: int) -> int:
    """A comment on a line of its own speaks for the next line that is no comment."""
    if not lines[number - 1].lstrip().startswith("#"):
        return number
    while number < len(lines) and lines[number - 1].lstrip().startswith("#"):
        number += 1
    return number


def _comment_lines(lines: list[str]) -> list[int]:
    """Lines on which the mark stands in a comment, not within a text."""
    marked = [number for number, line in enumerate(lines, start=1) if _MARK in line]
    if not marked:
        return []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    texts: list[tuple[tuple[int, int], tuple[int, int]]] = []
    try:
        for token in yaml.scan("\n".join(lines), Loader=loader):
            if isinstance(token, yaml.ScalarToken) and not token.plain:  # plain texts cannot hold ` #`
                start, end = token.start_mark, token.end_mark
                texts.append(((start.line + 1, start.column), (end.line + 1, end.column)))
    except yaml.YAMLError:
        return marked  # what cannot be parsed is reported as such; where the comments are no longer matters
    return [
        number
        for number in marked
        if not any(start <= (number, lines[number - 1].index(_MARK)) < end for start, end in texts)
    ]
