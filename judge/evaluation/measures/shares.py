"""Shares of a count with their intervals, and tests on pairs. Knows no image and no verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from judge.evaluation.measures.figures import Estimate

LEVEL = 0.95


def share(part: int, whole: int, level: float = LEVEL) -> Estimate:
    """A share with its Wilson interval, which unlike a bootstrap's is honest about 0 of 3."""
    if whole == 0:
        return Estimate(value=None)
    z = NormalDist().inv_cdf((1 + level) / 2)
    rate, width = part / whole, z * z / whole
    middle = (rate + width / 2) / (1 + width)
    reach = z / (1 + width) * math.sqrt(rate * (1 - rate) / whole + width / (4 * whole))
    return Estimate(value=rate, low=max(middle - reach, 0.0), high=min(middle + reach, 1.0))


def mcnemar(only_this: int, only_other: int) -> float:
    """Exact p-value: under the null what just one of a pair has is either's with probability one half."""
    from scipy.stats import binomtest

    if only_this + only_other == 0:
        return 1.0
    return float(binomtest(only_this, only_this + only_other).pvalue)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """p-values of several tests, made larger so that with all nulls true any is under 0.05 in at most 5 % of reports.

    Holm's step-down, in the order given: the smallest times the number of tests, the next times one less, and none
    under one before it.
    """
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return tuple(adjusted)
