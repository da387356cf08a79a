"""Truth and verdict to counts, and counts to scores with intervals. Knows no model and no file.

Every image (rule, statement) falls into one of six cells: violating or not, and found so, found not so, or left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from judge.evaluation.measures.bootstrap import Bootstrap, Numbers, ratio
from judge.evaluation.measures.figures import Comparison, Confusion, Scores
from judge.significance import mcnemar

CELLS = tuple(Confusion.model_fields)  # the order in which counts stand in arrays here
_TP, _FP, _TN, _FN, _RP, _RN = range(len(CELLS))


class Answered(IntEnum):
    """What was said of an image, a rule or a statement: yes (violates, holds), no, or neither."""

    YES = 1
    NO = 0
    REVIEW = 2


_CELL = {
    (True, Answered.YES): _TP,
    (False, Answered.YES): _FP,
    (False, Answered.NO): _TN,
    (True, Answered.NO): _FN,
    (True, Answered.REVIEW): _RP,
    (False, Answered.REVIEW): _RN,
}


def cells_of(truth: Sequence[bool], said: Sequence[Answered]) -> NDArray[np.int64]:
    """The cell of each, as an index into `CELLS`."""
    return np.array([_CELL[known, word] for known, word in zip(truth, said, strict=True)], dtype=np.int64)


def scores(truth: Sequence[bool], said: Sequence[Answered], bootstrap: Bootstrap) -> Scores:
    """Scores over images that are independent of each other, each counted once."""
    counts = np.bincount(cells_of(truth, said), minlength=len(CELLS))
    drawn = bootstrap.cells(counts)
    now, then = _figures(counts[None, :].astype(np.float64)), _figures(drawn)
    estimates = {name: bootstrap.estimate(float(now[name][0]), then[name]) for name in now}
    return Scores(counts=Confusion(**dict(zip(CELLS, counts.tolist(), strict=True))), **estimates)


def _figures(counts: Numbers) -> dict[str, Numbers]:
    """All figures of a `Scores` per row of counts. Strict ones take a review for the mistake it may hide."""
    tp, fp, tn, fn, rp, rn = counts.T
    total, decided = counts.sum(axis=1), tp + fp + tn + fn
    return {
        "precision": ratio(tp, tp + fp + rn),
        "recall": ratio(tp, tp + fn + rp),
        "accuracy": ratio(tp + tn, total),
        "f1": _f1(counts),
        "coverage": ratio(decided, total),
        "selective_accuracy": ratio(tp + tn, decided),
        "review_rate": ratio(rp + rn, total),
    }


def _f1(counts: Numbers) -> Numbers:
    tp, fp, _, fn, rp, rn = counts.T
    return ratio(2 * tp, 2 * tp + fp + rn + fn + rp)


def compare(
    truth: Sequence[bool], this: Sequence[Answered], other: Sequence[Answered], against: str, bootstrap: Bootstrap
) -> Comparison:
    """`this` against `other` on the same images: both are drawn together, so what is hard for both cancels out."""
    size = len(CELLS)
    ours, theirs = cells_of(truth, this), cells_of(truth, other)
    counts = np.bincount(ours * size + theirs, minlength=size * size)
    drawn = bootstrap.cells(counts).reshape(-1, size, size)
    now = counts.astype(np.float64).reshape(1, size, size)
    difference = _f1(drawn.sum(axis=2)) - _f1(drawn.sum(axis=1))
    value = float((_f1(now.sum(axis=2)) - _f1(now.sum(axis=1)))[0])
    right, other_right = np.isin(ours, (_TP, _TN)), np.isin(theirs, (_TP, _TN))
    only_this, only_other = int((right & ~other_right).sum()), int((~right & other_right).sum())
    return Comparison(
        against=against,
        f1_difference=bootstrap.estimate(value, difference),
        only_this_right=only_this,
        only_other_right=only_other,
        p_value=mcnemar(only_this, only_other),
    )
