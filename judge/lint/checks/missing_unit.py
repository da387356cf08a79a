"""`missing-unit`: a number to compare with, and nothing that says what it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from judge.lint.findings import Check, Hit, Severity
from judge.lint.measures import COMPARISON
from judge.lint.subject import Subject
from judge.lint.words import words

_NUMBER_AFTER = re.compile(r"\s+(?:by\s+)?(?P<number>\d+(?:[.,]\d+)?)(?P<unit>\s*[%°]|\s*[^\W\d]+)?")


def _find(subject: Subject) -> Iterator[Hit]:
    bare = frozenset(words("after-a-bare-number"))
    for at in subject.rules:
        for text in subject.judged(at):
            for comparison in COMPARISON.finditer(text.filled):
                match = _NUMBER_AFTER.match(text.filled, comparison.end())
                if match and (not match["unit"] or match["unit"].strip().lower() in bare):
                    yield Hit(
                        subject.span(text.path, comparison.group()),
                        f"`{comparison.group()} {match['number']}` has no unit",
                        "say what the number counts: percent, degrees, people, ...",
                    )


MISSING_UNIT = Check(
    "missing-unit",
    Severity.WARNING,
    "A statement compares with a number and does not say what the number counts.",
    _find,
    english=True,
)
