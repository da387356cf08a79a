"""`unseeable-word`: a word for what no picture shows, such as consent, permission, intent or ownership."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar.checks import unseeable
from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        for text in subject.judged(at):
            word = unseeable(text.written)
            if word and not text.reads:
                yield Hit(
                    subject.span(text.path, word),
                    f"`{word}` cannot be seen in a picture: the model can only guess",
                    "say what is visible instead, or put a word that is written in the picture into quotes",
                )


UNSEEABLE_WORD = Check(
    "unseeable-word",
    Severity.WARNING,
    "A statement that a model is asked about holds a word for what no picture shows: consent, intent, ownership, law.",
    _find,
    english=True,
)
