"""The perplexity under which a text counts as harmful, from lines whose truth is known. Knows no model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from judge.errors import UserError
from judge.settings import Frozen, Share

LEAST_EACH = 5  # harmful lines and fine ones
_FOLDS = 5


class Threshold(Frozen):
    """below: the perplexity. macro_f1: mean of the F1 of both sides, on lines that it was not chosen on (five parts,
    each by the other four). harmful, fine: how many lines. flagged: the share of lines without a label under it; None
    where there were none."""

    below: Annotated[float, Field(gt=0)]
    macro_f1: Share
    harmful: int
    fine: int
    flagged: Share | None = None

    @property
    def by_chance(self) -> float:
        """The macro-F1 that takes no text to reach: of a coin, or of flagging all or none."""
        return max(0.5, _macro(self.harmful, self.fine, 0, 0), _macro(0, 0, self.fine, self.harmful))


def chosen(labelled: Sequence[tuple[float, bool]], unlabelled: Sequence[float] = ()) -> Threshold:
    """The threshold with the best macro-F1. labelled: perplexities, and whether the line is harmful.

    Raises:
        UserError: too few of either side.
    """
    harmful = sum(bad for _, bad in labelled)
    fine = len(labelled) - harmful
    if min(harmful, fine) < LEAST_EACH:
        raise UserError(
            f"{harmful} harmful and {fine} fine lines are too few to choose a threshold by",
            hint=f"label {LEAST_EACH} and more of each",
        )
    below = _best(labelled)
    flagged = sum(one < below for one in unlabelled) / len(unlabelled) if unlabelled else None
    return Threshold(
        below=round(below, 6),
        macro_f1=round(_held_out(labelled), 4),
        harmful=harmful,
        fine=fine,
        flagged=round(flagged, 4) if flagged is not None else None,
    )


def _macro(caught: int, flagged: int, kept: int, missed: int) -> float:
    """Macro-F1 of counts: harmful and flagged, fine and flagged, fine and not, harmful and not."""

    def f1(right: int) -> float:
        return 2 * right / (2 * right + flagged + missed) if right else 0.0

    return (f1(caught) + f1(kept)) / 2


def _best(labelled: Sequence[tuple[float, bool]]) -> float:
    """Halfway between two neighbours, where macro-F1 is highest; of several the lowest: it flags least."""
    in_order = sorted(labelled)
    best, found = -1.0, in_order[-1][0]
    harmful = sum(bad for _, bad in in_order)
    under = under_harmful = 0
    for (value, bad), (following, _) in pairwise(in_order):
        under, under_harmful = under + 1, under_harmful + bad
        if value == following:
            continue
        fine_kept = len(in_order) - under - (harmful - under_harmful)
        score = _macro(under_harmful, under - under_harmful, fine_kept, harmful - under_harmful)
        if score > best:
            best, found = score, (value + following) / 2
    return found


def _held_out(labelled: Sequence[tuple[float, bool]]) -> float:
    """Macro-F1 on lines that the threshold was not chosen on; each side is dealt out evenly."""
    order = sorted(range(len(labelled)), key=lambda place: labelled[place][1])
    said: list[tuple[bool, bool]] = []
    for fold in range(_FOLDS):
        held = {place for number, place in enumerate(order) if number % _FOLDS == fold}
        below = _best([one for place, one in enumerate(labelled) if place not in held])
        said += [(labelled[place][0] < below, labelled[place][1]) for place in held]
    cells = Counter(said)
    return _macro(cells[True, True], cells[True, False], cells[False, False], cells[False, True])
