"""`split-subject`: two preconditions say something of `a person`, and may come true of two people."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar.checks import said_apart
from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        texts = list(subject.statements(at, ("preconditions",)))
        for one, other in said_apart([[each.statement for each in group.any] for group in at.rule.preconditions]):
            for text in texts:
                if text.written == other:
                    yield Hit(
                        subject.span_of(text, 0, len(text.written)),
                        f"this and `{one}` are asked apart, and may hold of two different ones",
                        "say both in one statement, or which one is meant: `the person on the motorcycle`",
                    )


SPLIT_SUBJECT = Check(
    "split-subject",
    Severity.WARNING,
    "Two preconditions say something of `a person`: each is asked alone, so they may come true of two people.",
    _find,
    english=True,
)
