"""Percentile bootstrap over images, vectorised. Knows no method and no verdict.

Images are drawn with replacement, as many as there are; each figure is computed anew on every draw, and its interval
lies between the 2.5th and the 97.5th percentile. The seed is fixed and every figure starts from it, so that a figure
does not depend on which others are computed beside it. Where every image falls into one of a few cells (violating and
missed, safe and flagged, ...), drawing images comes to drawing the cells' counts from a multinomial, which costs
next to nothing. Draws are not stratified: the share of violating images varies as it would in a new sample.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from judge.evaluation.measures.figures import Estimate

DRAWS = 2000
SEED = 1
LEVEL = 0.95
_FEW = 64  # kinds of groups

Numbers = NDArray[np.float64]


class Bootstrap:
    """Draws and intervals; weights of images are kept, because every method of an evaluation needs the same."""

    def __init__(self, draws: int = DRAWS, seed: int = SEED) -> None:
        self.draws, self.seed = draws, seed
        self._weights: dict[int, NDArray[np.float32]] = {}

    def cells(self, counts: NDArray[np.int64]) -> Numbers:
        """Counts of a few cells on every draw: one row per draw, in the order of `counts`."""
        total = int(counts.sum())
        if total == 0:
            return np.zeros((self.draws, len(counts)))
        rng = np.random.default_rng(self.seed)
        return rng.multinomial(total, counts / total, size=self.draws).astype(np.float64)

    def weights(self, images: int) -> NDArray[np.float32]:
        """How often every image is drawn: one row per draw, one column per image."""
        if images not in self._weights:
            rng = np.random.default_rng(self.seed)
            picked = rng.integers(images, size=(self.draws, images)) + images * np.arange(self.draws)[:, None]
            drawn = np.bincount(picked.ravel(), minlength=self.draws * images)
            self._weights[images] = drawn.reshape(self.draws, images).astype(np.float32)
        return self._weights[images]

    def sums(self, columns: Numbers) -> Numbers:
        """Sums over groups of images that are drawn whole: one row per draw. columns: what each group brings, by row.

        There may be many groups, of any weights; where few differ, drawing them comes to drawing counts (see `cells`).
        """
        kinds, counts = np.unique(columns, axis=0, return_counts=True)
        if len(kinds) <= _FEW:
            few: Numbers = self.cells(counts.astype(np.int64)) @ kinds
            return few
        rng, count = np.random.default_rng(self.seed), len(columns)
        drawn: Numbers = np.empty((self.draws, columns.shape[1]))
        for draw in range(self.draws):
            drawn[draw] = np.bincount(rng.integers(count, size=count), minlength=count) @ columns
        return drawn

    def estimate(self, value: float, drawn: Numbers) -> Estimate:
        """A figure with its interval. NaN is what could not be computed, on the images or on a draw."""
        if not np.isfinite(value):
            return Estimate(value=None)
        seen = drawn[np.isfinite(drawn)]
        if len(seen) == 0:
            return Estimate(value=rounded(value))
        tail = 50.0 * (1.0 - LEVEL)
        low, high = np.percentile(seen, [tail, 100.0 - tail])
        return Estimate(value=rounded(value), low=rounded(low), high=rounded(high))


def rounded(value: Any) -> float:
    """Six decimals: enough for any figure here, and readable in JSON."""
    return round(float(value), 6)


def ratio(part: Any, whole: Any) -> Numbers:
    """part / whole, NaN where there is nothing to divide by."""
    above, below = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    out: Numbers = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out
