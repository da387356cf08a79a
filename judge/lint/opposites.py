"""Recognises that one statement is the plain negation of another."""

from __future__ import annotations

import re

_NOT = re.compile(r"\b(is|are|does|do|has|have|can|was|were) not\b|\b(is|are|does|do|has|have|was|were)n't\b")
_NO = re.compile(r"^(?:no|there (?:is|are) no) ")
_ARTICLE = re.compile(r"^(?:a|an|the|some|any) ")


def positive(text: str) -> tuple[str, bool]:
    """A statement (as `plainly` writes it) without its negation and leading article, and whether it was affirmed.

    Two statements are opposites when the first parts are equal and the second ones differ.
    """
    affirmed = True
    bare, count = _NOT.subn(lambda match: match.group(1) or match.group(2), text, count=1)
    if count:
        affirmed = False
    elif _NO.match(bare):
        bare, affirmed = _NO.sub("", bare, count=1), False
    return _ARTICLE.sub("", bare), affirmed


def opposite(one: str, other: str) -> bool:
    """Whether one of the two says that the other is not so."""
    (left, first), (right, second) = positive(one), positive(other)
    return left == right and first != second
