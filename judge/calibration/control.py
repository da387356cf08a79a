"""Conformal risk control (Angelopoulos et al., arXiv 2208.02814) for two losses that are 0 or 1. Pure arithmetic.

For n exchangeable images and a loss that can only fall as one parameter rises, the least parameter at which
(losses + 1) / (n + 1) <= level keeps the expected loss on the next image at or under `level`. So at most
floor(level * (n + 1)) - 1 of the n may be lost. Knows no image and no rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

_BEYOND = 1.0  # how far over (or under) all scores a cut is put where nothing lies beyond them


def allowed(level: float, images: int) -> int:
    """How many of `images` may be lost for the rate `level` to hold on the next one; negative: too few images.

    Computed exactly: 0.05 of 20 is 1, which floating point may miss.
    """
    return math.floor(Fraction(str(level)) * (images + 1)) - 1


def least_images(level: float) -> int:
    """The fewest images on which `level` can be controlled."""
    return math.ceil(1 / Fraction(str(level))) - 1


def floor_of(scores: Sequence[float], level: float) -> float:
    """The lowest score such that the share of images over it is kept at `level`, and so over every higher cut.

    Choosing among higher cuts by the same images changes nothing about that: the loss only falls as the cut rises.
    Minus infinity where every cut will do.

    Raises:
        ValueError: fewer scores than `least_images`.
    """
    spare = allowed(level, len(scores))
    if spare < 0:
        raise ValueError(f"{len(scores)} scores are too few for {level}, which needs {least_images(level)}")
    return sorted(scores, reverse=True)[spare]


def best_cut(ok: Sequence[float], violating: Sequence[float]) -> float:
    """The cut that tells the two sides apart best; both have images.

    Best: highest F1 on these very images, so their mix counts: where ok images are many, a few percent of them flagged
    is a lot. Of equally good cuts the middle of the widest gap that has scores on both sides.
    """

    def merit(gap: _Gap) -> tuple[float, bool, float]:
        found, flagged = (sum(score > gap.middle for score in side) for side in (violating, ok))
        return 2 * found / (found + flagged + len(violating)), gap.inner, gap.high - gap.low

    return max(_gaps([*ok, *violating]), key=merit).middle


def lowest_cut(floor: float, scores: Sequence[float]) -> float:
    """The middle of the first gap between scores over `floor`."""
    over = [score for score in scores if score > floor]
    return _gaps([floor, *over])[1].middle if math.isfinite(floor) else _gaps(over)[0].middle


class _Gap(NamedTuple):
    """Two neighbouring scores. inner: both are real ones."""

    low: float
    high: float
    inner: bool

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


def _gaps(scores: Sequence[float]) -> list[_Gap]:
    """From the one under all scores to the one over all. Infinite scores are under or over every cut anyway."""
    real = sorted({score for score in scores if math.isfinite(score)}) or [0.0]
    inner = [_Gap(low, high, True) for low, high in pairwise(real)]
    return [_Gap(real[0] - 2 * _BEYOND, real[0], False), *inner, _Gap(real[-1], real[-1] + 2 * _BEYOND, False)]


def widest(slack: Sequence[float], level: float) -> float | None:
    """The widest half-width at which the share of images in review stays at or under `level`.

    slack: per image, the half-width from which on it ends in review. None: more images than may be lost end there even
    without a band.

    Raises:
        ValueError: fewer images than `least_images`.
    """
    spare = allowed(level, len(slack))
    if spare < 0:
        raise ValueError(f"{len(slack)} images are too few for {level}, which needs {least_images(level)}")
    ordered = sorted(slack)
    first_lost = ordered[spare]
    if first_lost <= 0.0:
        return None
    below = max(0.0, ordered[spare - 1]) if spare else 0.0
    return (below + first_lost) / 2
