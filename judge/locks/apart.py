"""The smallest pictures, in words, that tell several chains apart: flagged by one, and not by another.

For whoever has to say which of them a rule means. A picture is only shown where words leave no doubt about it: what is
seen on it may not be a part of what is said to be missing. Reads no rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from judge.chain import Chain, Outcome, resolve
from judge.locks.said import Described, every_picture, said_by

_LOOKED_AT = 12  # of each chain's smallest pictures; the first ones differ
_SEEN = re.compile(r"^(?:an? |the |any )?(?P<thing>.+) (?:is|are) visible$")
_SMALL = frozenset({"a", "an", "the", "any"})
_ENDS = frozenset(
    re.findall(
        r"\w+",
        "is are in on at with without near beside behind under over by from of inside outside who that which whose "
        "and or",
    )
)
_DENYING = frozenset({"no", "not", "without", "neither", "nor", "other", "than", "fewer", "more", "least", "most"})


@dataclass(frozen=True)
class ToldApart:
    """A picture, and which of the chains flag it. None: words leave it open."""

    picture: Described
    flags: tuple[bool | None, ...]

    def __str__(self) -> str:
        yes = [str(at) for at, flag in enumerate(self.flags, 1) if flag]
        no = [str(at) for at, flag in enumerate(self.flags, 1) if flag is False]
        return f"{self.picture.words}: flagged by {' and '.join(yes)}, not by {' and '.join(no)}"


def telling_apart(chains: Sequence[Chain]) -> tuple[ToldApart, ...]:
    """As few pictures as tell each chain from each other, where words can."""
    open_pairs = set(combinations(range(len(chains)), 2))
    found: list[ToldApart] = []
    tellings = sorted(_tellings(chains), key=lambda one: len(one.picture.shown) + len(one.picture.missing))
    while open_pairs:
        best = max(tellings, key=lambda one: len(_parted(one, open_pairs)), default=None)
        if best is None or not (parted := _parted(best, open_pairs)):
            break
        open_pairs -= parted
        found.append(best)
    return tuple(found)


def _parted(one: ToldApart, pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
    flags = one.flags
    return {(a, b) for a, b in pairs if None not in (flags[a], flags[b]) and flags[a] != flags[b]}


def _tellings(chains: Sequence[Chain]) -> Iterator[ToldApart]:
    statements = tuple(dict.fromkeys(text for chain in chains for text in chain.statements))
    for chain in chains:
        every = every_picture(chain)
        for one in islice((*every.flagged, *every.lifted), _LOOKED_AT):
            also = tuple(text for text in statements if text not in one.shown and _shows(text, one.shown))
            held = {*one.shown, *also}
            judged = [_judged(other, held) for other in chains]
            gone = tuple(dict.fromkeys(text for _, missing in judged for text in missing))
            flags = tuple(flag for flag, _ in judged)
            if True in flags and False in flags:
                yield ToldApart(Described(one.shown, gone, flagged=True), flags)


def _judged(chain: Chain, held: set[str]) -> tuple[bool | None, tuple[str, ...]]:
    """Whether a chain flags a picture, and what it lacks where it does not."""
    outcomes = {text: Outcome.HOLDS if text in held else Outcome.FAILS for text in chain.statements}
    if resolve(chain, outcomes) is Outcome.HOLDS:
        return True, ()
    failing = [group for group in chain.preconditions if not held & set(group)]
    if not failing:
        return False, ()  # an exception is seen
    sure = (group for group in failing if not any(said_by(text, held) for text in group))
    missing = next(sure, None)
    return (None, ()) if missing is None else (False, missing)


def _shows(statement: str, shown: tuple[str, ...]) -> bool:
    """Whether what is shown has the thing that a statement says is visible: `forged vouchers` are vouchers, and a
    `beer poster` is no beer."""
    found = _SEEN.match(statement)
    thing = _words(found["thing"]) if found else ()
    return bool(thing) and any(_has(thing, _words(one)) for one in shown)


def _has(thing: tuple[str, ...], words: tuple[str, ...]) -> bool:
    for at in range(len(words) - len(thing)):
        if words[at : at + len(thing)] == thing and words[at + len(thing)] in _ENDS:
            return _DENYING.isdisjoint(words[:at])
    return False


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.findall(r"[\w{}'-]+", text.casefold()) if word not in _SMALL)
