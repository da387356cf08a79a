"""Tests on pairs, and what many tests at once do to them. Knows no image and no verdict."""

from __future__ import annotations

from collections.abc import Sequence


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
