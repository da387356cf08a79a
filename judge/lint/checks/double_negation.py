"""`double-negation`: two negations in one clause."""

from __future__ import annotations

import re
from collections.abc import Iterator

from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject, Text
from judge.lint.words import any_of

_CLAUSE = re.compile(r"[,;:.]|\b(?:but|while|when|if|unless)\b", re.IGNORECASE)
_UNLESS = re.compile(r"\bunless\b", re.IGNORECASE)
# A rule forbids: one negation in it says so, and nothing about the picture.
_FORBIDS = (
    re.compile(r"^\s*(?:no|nobody|nothing|never|none)\b", re.IGNORECASE),
    re.compile(r"\b(?:is|are|may|must|can|should)\s+not\b|\bcannot\b", re.IGNORECASE),
)


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        rule = subject.rule_text(at)
        yield from _in_clauses(subject, rule, _without_forbidding(rule.written))
        for text in subject.statements(at):
            yield from _in_clauses(subject, text, text.written)


def _without_forbidding(written: str) -> str:
    """The text with its first forbidding word blanked, so that offsets stay; twice forbidden is a negation more."""
    for pattern in _FORBIDS:
        blanked, count = pattern.subn(lambda match: " " * len(match.group()), written, count=1)
        if count:
            twice = _FORBIDS[1].search(blanked) if pattern is _FORBIDS[0] else None
            return written if twice else blanked
    return written


def _in_clauses(subject: Subject, text: Text, said: str) -> Iterator[Hit]:
    """`unless` is a negation too: "unless no adult is visible" counts as two."""
    ends = [match.start() for match in _CLAUSE.finditer(said)]
    for start, end in zip([0, *ends], [*ends, len(said)], strict=True):
        found = list(any_of("negations").finditer(said, start, end))
        unless = _UNLESS.match(said, start, end)
        if len(found) + (unless is not None) > 1:
            yield Hit(
                subject.span_of(text, *found[-1].span()),
                "two negations in one clause",
                "say what is visible instead: `the face is bare`, not `the face is not without a cover`",
            )


DOUBLE_NEGATION = Check(
    "double-negation",
    Severity.WARNING,
    "A rule or a statement holds two negations in one clause, which people and models misread.",
    _find,
    english=True,
)
