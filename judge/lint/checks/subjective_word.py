"""`subjective-word`: a word that is a matter of opinion, with no measurable test beside it."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar.checks import VERDICT
from judge.lint.findings import Check, Hit, Severity
from judge.lint.measures import has_number
from judge.lint.subject import Subject
from judge.lint.words import any_of


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        for text in subject.judged(at):
            if has_number(text.filled):
                continue
            allowed = [found.span() for found in VERDICT.finditer(text.written)] if text.path[-1] == "rule" else []
            for match in any_of("subjective").finditer(text.written):
                word = match.group()
                if any(start <= match.start() < end for start, end in allowed):
                    continue  # it says that something is allowed, or not
                yield Hit(
                    subject.span_of(text, *match.span()),
                    f"`{word}` is a matter of opinion: two careful people may answer differently",
                    "say what must be visible, or give a measure such as a share, a count or an angle",
                )


SUBJECTIVE_WORD = Check(
    "subjective-word",
    Severity.WARNING,
    "A statement that a model is asked about holds a word of opinion and no measurable test.",
    _find,
    english=True,
)
