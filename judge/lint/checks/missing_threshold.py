"""`missing-threshold`: an amount, a size or a comparison without a number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from judge.lint.findings import Check, Hit, Severity
from judge.lint.measures import COMPARISON, has_number
from judge.lint.subject import Subject
from judge.lint.words import any_of

_JOINS = re.compile(r"\b(?:as|so) long as\b", re.IGNORECASE)  # a condition, and no length


def _blank(found: re.Match[str]) -> str:
    return "x" * len(found.group())


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        for text in subject.judged(at):
            if has_number(text.filled):
                continue
            match = COMPARISON.search(text.written) or any_of("vague-amounts").search(_JOINS.sub(_blank, text.written))
            if match:
                yield Hit(
                    subject.span_of(text, *match.span()),
                    f"`{match.group()}` has no threshold",
                    "give a number and its unit, or a parameter: `more than {max_share} percent`",
                )


MISSING_THRESHOLD = Check(
    "missing-threshold",
    Severity.WARNING,
    "A statement speaks of an amount, a size or a comparison and gives no number.",
    _find,
    english=True,
)
