"""`several-conditions`: one statement that states more than one thing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject
from judge.lint.words import words

_JOINT = re.compile(r"\b(and|while|but|as\s+well\s+as|or)\b|;", re.IGNORECASE)
_SEEN = r"(?:is|are)\s+(?:visible|shown|present|in\s+view|in\s+the\s+picture)"
_BOTH_SEEN = re.compile(rf"^(?P<left>.+?)\s+(?P<joint>and|or)\s+(?P<right>.+?)\s+{_SEEN}", re.IGNORECASE)
_SPLIT = {
    "or": "write the alternatives as `any: [..., ...]`",
    "and": "write each as a precondition of its own: all of them must hold",
}


def _find(subject: Subject) -> Iterator[Hit]:
    verbs = frozenset(words("verbs"))
    for at in subject.rules:
        for text in subject.statements(at):
            joint = _joint(text.written, verbs)
            if joint is not None:
                word = text.written[slice(*joint)].lower()
                yield Hit(
                    subject.span_of(text, *joint),
                    "more than one condition in one statement: the answer cannot say which of them held",
                    _SPLIT.get(word, _SPLIT["and"]),
                )


def _joint(text: str, verbs: frozenset[str]) -> tuple[int, int] | None:
    """Where two conditions are joined: a verb stands on both sides, or two things are seen."""
    for match in _JOINT.finditer(text):
        left, right = _tokens(text[: match.start()]), _tokens(text[match.end() :])
        shares_subject = match.group().lower() == "or" and bool(verbs.intersection(right[:1]))  # "touches or points at"
        if not shares_subject and verbs.intersection(left) and verbs.intersection(right):
            return match.span()
    both = _BOTH_SEEN.match(text)
    if both and not verbs.intersection(_tokens(both["left"])):
        return both.span("joint")
    return None


def _tokens(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


SEVERAL_CONDITIONS = Check(
    "several-conditions",
    Severity.WARNING,
    "A precondition or an exception states more than one thing, so one yes or no answers two questions.",
    _find,
    english=True,
)
