"""`incomplete-statement`: a statement without a subject, a verb or a predicate, so that nothing can be answered."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar.checks import incomplete
from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        for text in subject.statements(at):
            lacking = incomplete(text.written)
            if lacking:
                hint = "say it so that yes or no answers it: `a gun is visible`, `the gun points at a person`"
                yield Hit(subject.span_of(text, 0, len(text.written)), lacking, hint)


INCOMPLETE_STATEMENT = Check(
    "incomplete-statement",
    Severity.WARNING,
    "A precondition or an exception lacks a subject, a verb or a predicate, so that yes and no say nothing.",
    _find,
    english=True,
)
