"""Every reading of every stretch of a sentence, each worked out once. Knows no English.

A phrase is a function of (chart, place) that yields (value, end). `phrase` keeps what it yields for each place, so
that all bracketings are enumerated at the cost of the different values, not of the ways to them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import wraps
from typing import Any, TypeVar

from judge.compiler.grammar.tokens import Token

MOST_VALUES = 400  # of one phrase at one place; more bracketings than a person would follow
MOST_STEPS = 40_000  # looks at a word; a sentence of a policy takes some hundred
Value = TypeVar("Value", bound=Hashable)
Ends = tuple[tuple[Value, int], ...]


class TooMany(Exception):
    """A sentence with more bracketings than are followed."""


class Chart:
    """The tokens of a sentence, and what was found. `furthest` is the last place any phrase reached."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens, self.furthest = tokens, 0
        self._said = tuple(token.word for token in tokens)
        self.words = frozenset(self._said)
        self.steps = 0
        self.forms: dict[Hashable, list[Any]] = {}  # what fits where, of the forms of sentences
        self.kept: dict[Hashable, Ends[Any]] = {}

    def __len__(self) -> int:
        return len(self.tokens)

    def word(self, place: int) -> str:
        """The word at a place, lower case; nothing behind the end. Looking costs a step, and steps are bounded."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooMany
        return self._said[place] if place < len(self._said) else ""

    def at(self, place: int, *words: str) -> bool:
        """Whether one of the words stands there."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooMany
        return place < len(self._said) and self._said[place] in words

    def can(self, place: int, *tags: str) -> bool:
        """Whether the word there can be any of these (`lexicon`)."""
        return place < len(self.tokens) and self.tokens[place].can(*tags)

    def keep(self, key: Hashable, find: Callable[[], Iterable[tuple[Value, int]]]) -> Ends[Value]:
        """What `find` yields, to be found once for a key (`kept`); nothing while it is being found."""
        self.kept[key] = ()
        found = tuple(dict.fromkeys(find()))
        if len(found) > MOST_VALUES:
            raise TooMany
        self.kept[key] = found
        for _, end in found:
            if end > self.furthest:
                self.furthest = end
        return found


Phrase = Callable[..., Iterable[tuple[Value, int]]]


def phrase(find: Phrase[Value]) -> Callable[..., Ends[Value]]:
    """Makes a phrase keep what it found, by place and further arguments."""

    @wraps(find)
    def kept(chart: Chart, place: int, *more: Hashable) -> Ends[Value]:
        key = (find, place, more)
        known = chart.kept.get(key)
        return chart.keep(key, lambda: find(chart, place, *more)) if known is None else known

    return kept
