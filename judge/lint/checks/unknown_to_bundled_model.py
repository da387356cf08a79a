"""`unknown-to-bundled-model`: a word that the bundled model was never shown. It answers anyway, and means nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject
from judge.lint.words import words

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def _find(subject: Subject) -> Iterator[Hit]:
    if not subject.bundled:
        return
    known = frozenset(words("bundled-vocabulary"))
    for at in subject.rules:
        told = " (in its compiled chain)" if at.compiled else ""
        for text in subject.asked(at):
            for match in _WORD.finditer(text.written):
                word = match.group()
                if word.lower() in known or _is_parameter(text.written, match):
                    continue
                near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.8)
                hint = f"did you mean `{near[0]}`?" if near else "its words: judge/lint/words/bundled-vocabulary.txt"
                yield Hit(subject.span_of(text, *match.span()), f"the bundled model does not know `{word}`{told}", hint)


def _is_parameter(text: str, match: re.Match[str]) -> bool:
    return re.search(r"\{\w*$", text[: match.start()]) is not None


UNKNOWN_TO_BUNDLED_MODEL = Check(
    "unknown-to-bundled-model",
    Severity.WARNING,
    "A statement holds a word outside the bundled model's vocabulary (only where that model is meant).",
    _find,
    english=True,
)
