"""Recognises a number, and a comparison with one, in a text."""

from __future__ import annotations

import re

_COUNTS = (
    "zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy "
    "eighty ninety hundred dozen twice thrice half third quarter thirds quarters"
)
NUMBER = re.compile(rf"\d+(?:[.,]\d+)?|\b(?:{'|'.join(_COUNTS.split())})\b", re.IGNORECASE)
COMPARISON = re.compile(
    r"\b(?:(?:more|less|fewer|greater|wider|larger|bigger|smaller|longer|shorter|taller|higher|lower|older|younger"
    r"|deeper|narrower|closer|nearer|farther|further)\s+than|at\s+(?:least|most)|exceeds|exceeding|up\s+to)\b",
    re.IGNORECASE,
)


def has_number(text: str) -> bool:
    """Whether a number stands in the text, in digits or as a word ("one" as in "one of them" counts too)."""
    return NUMBER.search(text) is not None
