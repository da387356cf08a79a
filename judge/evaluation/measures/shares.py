"""Shares of a count with their intervals. Knows no image and no verdict."""

from __future__ import annotations

import math
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
