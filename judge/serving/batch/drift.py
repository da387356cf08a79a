"""Whether what a model says moves away from what it said first: per rule, shard by shard.

The measure is the population stability index over ten equal bins of M(x, c): the sum of (p - q) ln(p / q). The usual
reading: under 0.1 nothing, over 0.25 another population.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from judge.serving.batch.schema import Row

MOVED = 0.25
_BINS, _FIRST, _LEAST = 10, 5000, 200  # answers of a rule: that make the reference, and without which nothing is said
Counts = list[int]


class Drift:
    """Compares answers with the first ones, rule by rule."""

    def __init__(self) -> None:
        self._reference: dict[str, Counts] = defaultdict(lambda: [0] * _BINS)

    def learn(self, statements: Iterable[Row]) -> bool:
        """Take answers in as first ones; whether any rule still wants some."""
        for rule, counts in _counted(statements).items():
            if sum(self._reference[rule]) < _FIRST:
                self._reference[rule] = [a + b for a, b in zip(self._reference[rule], counts, strict=True)]
        return any(sum(counts) < _FIRST for counts in self._reference.values()) or not self._reference

    def moved(self, statements: Iterable[Row]) -> dict[str, float]:
        """The index of each rule whose answers here are another population than the first ones."""
        found = {}
        for rule, counts in _counted(statements).items():
            first = self._reference.get(rule, [0] * _BINS)
            if sum(first) >= _LEAST <= sum(counts):
                index = stability(first, counts)
                if index > MOVED:
                    found[rule] = round(index, 2)
        return found


def stability(first: Sequence[int], now: Sequence[int]) -> float:
    """The population stability index of two histograms with equal bins; half an answer is added to each bin, so that an
    empty one counts without being endless."""
    of_first, of_now = sum(first) + _BINS / 2, sum(now) + _BINS / 2
    pairs = [((a + 0.5) / of_first, (b + 0.5) / of_now) for a, b in zip(first, now, strict=True)]
    return sum((q - p) * math.log(q / p) for p, q in pairs)


def _counted(statements: Iterable[Row]) -> dict[str, Counts]:
    found: dict[str, Counts] = defaultdict(lambda: [0] * _BINS)
    for row in statements:
        if row["with_image"] is not None:
            found[row["rule"]][min(_BINS - 1, int(row["with_image"] * _BINS))] += 1
    return found
