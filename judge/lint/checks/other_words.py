"""`other-words`: a chain written by hand lacks words of its rule, or has others, and nobody has approved it."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar.checks import other_words
from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        if at.compiled or not at.rule.preconditions:
            continue
        entry = subject.lock.rules.get(at.rule.id) if subject.lock is not None else None
        if entry is not None and entry.approved and entry.preconditions == at.rule.preconditions:
            continue
        for fault in other_words(at.rule.rule, at.rule.preconditions, at.rule.exceptions):
            hint = "read both: if they mean the same, approve the chain with `judge compile --interactive`"
            yield Hit(subject.span((*at.path, "rule")), fault.message, hint)


OTHER_WORDS = Check(
    "other-words",
    Severity.INFO,
    "A chain written by hand lacks words of its rule, or has others, and nobody has approved it.",
    _find,
    english=True,
)
