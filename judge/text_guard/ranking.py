"""The order in which pictures are judged, by their words; and a sample of it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from judge.text_guard.guard import TextGuard

Stratum = Literal["first", "random"]
SEED = 1


@dataclass(frozen=True)
class Ranked:
    """A row and its text's perplexity; None where it has no text. flagged: under the guard's threshold; None where it
    has none. stratum: why it is in a sample."""

    row: dict[str, str]
    perplexity: float | None
    flagged: bool | None
    stratum: Stratum = "first"


def ranked(rows: Iterable[dict[str, str]], column: str, guard: TextGuard) -> list[Ranked]:
    """All rows, likeliest harmful first; those without a text last, in their own order."""
    below = guard.threshold.below if guard.threshold is not None else None
    found = []
    for row in rows:
        perplexity = guard.perplexity(row.get(column) or "")
        flagged = perplexity < below if perplexity is not None and below is not None else None
        found.append(Ranked(row, perplexity, flagged))
    return sorted(found, key=lambda one: (one.perplexity is None, one.perplexity or 0.0))


def sampled(every: Sequence[Ranked], first: int, at_random: int) -> list[Ranked]:
    """The first so many, and of all others so many at random: what they come to says what the order misses."""
    rest = list(every[first:])
    drawn = random.Random(SEED).sample(rest, min(at_random, len(rest)))  # noqa: S311  a sample, no secret
    return [*every[:first], *(Ranked(one.row, one.perplexity, one.flagged, "random") for one in drawn)]
