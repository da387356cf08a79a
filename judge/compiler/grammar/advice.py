"""What a refusal says to write: whole rules of the author's own words, each of which is read, or plain advice.

A rewording that is refused in its turn, or that lacks a word of the sentence, is not offered: followed to the letter it
would judge people by half a rule. Where none is left, preconditions written by hand always do. Knows no form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.checks import missing
from judge.compiler.grammar.denial import Swaps

BY_HAND = (
    "write its preconditions by hand, which always works: "
    "`preconditions: [a dog is visible, a dog is without a muzzle]`"
)


@dataclass(frozen=True)
class Unparsed:
    """Why a rule is not read, and how to write it. rewordings: whole rules, each of which is read in one way."""

    reason: str
    hint: str
    rewordings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.reason} ({self.hint})"


def swapped(sentence: str, instead: Iterable[Swaps]) -> tuple[str, ...]:
    """The sentence with each of these put in, where all that is to be replaced stands in it."""
    return tuple(f"{text[0].upper()}{text[1:]}." for swaps in instead if (text := _swap(sentence, swaps)))


def _swap(sentence: str, swaps: Swaps) -> str:
    for old, new in swaps:
        found = re.search(rf"(?<![\w-]){re.escape(old)}(?![\w-])" if old else r"\Z", sentence, re.IGNORECASE)
        if not found:
            return ""
        sentence = sentence[: found.start()] + new + sentence[found.end() :]
    return sentence


def advised(sentence: str, refused: Unparsed, read: Callable[[str], Parsed | Unparsed]) -> Unparsed:
    """The refusal with those of its rewordings that are safe to follow, and its hint with them in it."""
    found = {text: read(text) for text in refused.rewordings}
    kept = tuple(text for text, made in found.items() if isinstance(made, Parsed) and not missing(sentence, text))
    parts = ["did you mean " + " or ".join(f"`{text}`" for text in kept)] if kept else []
    parts += [refused.hint] if refused.hint else []
    parts += [f"`{text}` is not read: {made.reason}" for text, made in found.items() if isinstance(made, Unparsed)]
    parts += [] if kept or refused.hint == BY_HAND else [f"or {BY_HAND}" if parts else BY_HAND]
    return replace(refused, hint="; ".join(parts), rewordings=kept)
