"""Sheets and labels to bounds per rule, for one of two targets. Asks no model, writes no file.

false positive rate: `control.floor_of` the images that are ok under a rule says from which score on it may flag. Where
the cut that tells the rule's two sides apart best lies higher, that cut is both bounds. Where it lies lower, what is
between the two goes to a person: the rate must not make violations pass.

review budget: per rule the best cut, and around all cuts one band, as wide as the share of images in review allows
(`control.widest`). Cuts and band are chosen on two halves of the images, because a band chosen on the images that
placed the cuts would promise too much.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from judge.calibration import control
from judge.calibration.facts import ImageScores
from judge.errors import UserError
from judge.settings import Bounds, Frozen
from judge.verdict import RuleOutcome

Target = Literal["false_positive_rate", "review_budget"]
Truth = Mapping[str, bool]  # by rule id, whether it is violated; a rule that is not named is not known
_MOST = 30.0  # no score lies beyond


@dataclass(frozen=True)
class Labelled:
    """An image's sheet and what is known of it."""

    sheet: ImageScores
    truth: Truth


class FlagTally(Frozen):
    """Of one rule's images: how many are flagged of the ok and of the violating ones, and how many are left open."""

    ok_flagged: int
    violating_flagged: int
    open: int


class RuleChange(Frozen):
    """What becomes of one rule. bounds None: left uncalibrated, and `why`. before: without any calibration.

    ok, violating: how many images counted for each side (see `Sides` for what that means without labels).
    """

    rule: str
    ok: int
    violating: int
    before: FlagTally
    after: FlagTally
    bounds: Bounds | None = None
    why: str | None = None


class ReviewChange(Frozen):
    """What a calibration comes to. reviews: images that end in review, before and after.

    half_width: of the band around every cut, where the target is the review budget.
    """

    target: Target
    level: float
    images: int
    rules: tuple[RuleChange, ...]
    reviews_before: int
    reviews_after: int
    half_width: float | None = None


@dataclass(frozen=True)
class Sides:
    """One rule's images: those that are ok under it, and those that violate it.

    Without labels today's verdicts stand for the truth. For a false positive rate every image counts as ok then:
    what is bounded is how many images the rule flags at all.
    """

    rule: str
    ok: tuple[ImageScores, ...]
    violating: tuple[ImageScores, ...]

    @classmethod
    def labelled(cls, images: Sequence[Labelled], rule: str) -> Sides:
        known = [(one.sheet, one.truth[rule]) for one in images if rule in one.truth]
        return cls(rule, *(tuple(sheet for sheet, violates in known if violates is side) for side in (False, True)))

    @classmethod
    def as_judged(cls, images: Sequence[Labelled], rule: str) -> Sides:
        words: tuple[RuleOutcome, RuleOutcome] = (RuleOutcome.NOT_VIOLATED, RuleOutcome.VIOLATED)
        return cls(rule, *(tuple(one.sheet for one in images if one.sheet.now[rule] == word) for word in words))

    @classmethod
    def all_ok(cls, images: Sequence[Labelled], rule: str) -> Sides:
        return cls(rule, tuple(one.sheet for one in images), cls.as_judged(images, rule).violating)

    @property
    def scores(self) -> tuple[list[float], list[float]]:
        ok, violating = ([sheet.spans[self.rule].low for sheet in side] for side in (self.ok, self.violating))
        return ok, violating

    def changed(self, bounds: Bounds | None, why: str | None) -> RuleChange:
        """What `bounds` make of these images."""
        return RuleChange(
            rule=self.rule,
            ok=len(self.ok),
            violating=len(self.violating),
            before=self._tally(None),
            after=self._tally(bounds),
            bounds=bounds,
            why=why,
        )

    def _tally(self, bounds: Bounds | None) -> FlagTally:
        ok, violating = (
            {sheet.subject: _outcome(sheet, self.rule, bounds) for sheet in side} for side in (self.ok, self.violating)
        )
        ok_flagged, violating_flagged = (list(side.values()).count(RuleOutcome.VIOLATED) for side in (ok, violating))
        left = list({**ok, **violating}.values()).count(
            RuleOutcome.UNDECIDED
        )  # without labels an image may be on both sides
        return FlagTally(ok_flagged=ok_flagged, violating_flagged=violating_flagged, open=left)


def for_false_positives(
    images: Sequence[Labelled], rules: Mapping[str, bool], level: float, *, labelled: bool
) -> ReviewChange:
    """Bounds that keep each rule's false positive rate. rules: by id, whether it is enforced.

    Raises:
        UserError: no rule has enough images.
    """
    needed = control.least_images(level)
    changes = []
    for rule in rules:
        sides = Sides.labelled(images, rule) if labelled else Sides.all_ok(images, rule)
        changes.append(_for_rate(sides, level, needed))
    most = max(change.ok for change in changes)
    if most < needed:
        raise UserError(
            f"too few images for a false positive rate of {level:g}: at most {most} are ok under the same rule",
            hint=f"a rule needs {needed} images that are ok under it; add images, or choose a higher rate",
        )
    if all(change.bounds is None for change in changes):
        raise UserError(
            "no rule can be calibrated: " + "; ".join(f"{change.rule}: {change.why}" for change in changes[:3]),
            hint="add images that violate the rules, and images that look alike and are ok",
        )
    return _whole("false_positive_rate", level, images, rules, changes)


def for_reviews(images: Sequence[Labelled], rules: Mapping[str, bool], level: float, *, labelled: bool) -> ReviewChange:
    """Bounds that keep the share of images in review. rules: by id, whether it is enforced.

    Raises:
        UserError: too few images, or more in review than the budget whatever the bounds.
    """
    ordered = sorted(images, key=lambda one: one.sheet.subject)  # as good as by chance, and the same each time
    placing, fitting = ordered[::2], ordered[1::2]
    needed = control.least_images(level)
    if len(fitting) < needed:
        raise UserError(
            f"too few images for a review budget of {level:g}: {len(images)}",
            hint=f"{2 * needed} are needed: half place the cuts, half fit the band; add images, or raise the budget",
        )
    sides_of = Sides.labelled if labelled else Sides.as_judged
    cuts: dict[str, float] = {}
    whys: dict[str, str] = {}
    for rule in rules:
        sides = sides_of(placing, rule)
        if sides.ok and sides.violating:
            cuts[rule] = control.best_cut(*sides.scores)
        else:
            missing = "violates it" if sides.ok else "is ok under it"
            whys[rule] = f"no image {missing} in the half of the images that places the cuts"
    if not cuts:
        raise UserError(
            "no rule can be calibrated: none has images on both of its sides",
            hint="add images that violate the rules, and images that look alike and are ok",
        )
    enforced = [rule for rule, counts in rules.items() if counts]
    slack = [_slack(one.sheet, cuts, enforced) for one in fitting]
    width = control.widest(slack, level)
    if width is None:
        stuck, spare = sum(one <= 0.0 for one in slack), control.allowed(level, len(slack))
        raise UserError(
            f"a review budget of {level:g} cannot be kept: {stuck} of {len(slack)} images end in review even without a "
            f"band, and {spare} may",
            hint="raise the budget, or see what stays open: `judge check IMAGES --explain`",
        )
    width = min(width, 2 * _MOST)
    bounds = {rule: _bounds(cut - width, cut + width) for rule, cut in cuts.items()}
    changes = [sides_of(images, rule).changed(bounds.get(rule), whys.get(rule)) for rule in rules]
    return _whole("review_budget", level, images, rules, changes, width)


def _for_rate(sides: Sides, level: float, needed: int) -> RuleChange:
    """One rule at a false positive rate. Where nothing violates it and few enough ok images are flagged, it stays as it
    is: a cut at the rate would only flag more of what is ok, and nothing says that it would find anything."""
    as_is = sides.changed(None, None)
    if len(sides.ok) < needed:
        why = f"{needed} images that are ok under it are needed, and {len(sides.ok)} are"
    elif not sides.violating and as_is.before.ok_flagged <= control.allowed(level, len(sides.ok)):
        why = f"no image violates it, and it flags {as_is.before.ok_flagged} of {len(sides.ok)} as it is"
    else:
        return sides.changed(_keeping(level, *sides.scores), None)
    return as_is.model_copy(update={"why": why})


def _keeping(level: float, ok: Sequence[float], violating: Sequence[float]) -> Bounds:
    """Bounds of one rule that flag at most `level` of the ok images, and let pass no more than the best cut does."""
    floor = control.floor_of(ok, level)
    best = control.best_cut(ok, violating) if violating else None
    if best is not None and best >= floor:
        return _bounds(best, best)
    over = control.lowest_cut(floor, [*ok, *violating])
    return _bounds(over if best is None else best, over)


def _bounds(fails_under: float, holds_over: float) -> Bounds:
    """Six decimals, as scores have. Nothing scores beyond 30, so moving a bound there changes nothing."""
    low, high = (round(min(max(bound, -_MOST), _MOST), 6) for bound in (fails_under, holds_over))
    return Bounds(fails_under=low, holds_over=high)


def _slack(sheet: ImageScores, cuts: Mapping[str, float], enforced: Sequence[str]) -> float:
    """The half-width from which on an image ends in review: no rule is violated any more, and one is open."""
    violated, settled = [-math.inf], [math.inf if enforced else -math.inf]
    for rule in enforced:
        if rule in cuts:
            violated.append(sheet.spans[rule].low - cuts[rule])
            settled.append(cuts[rule] - sheet.spans[rule].high)
        else:  # it stays as it is, at any width
            violated.append(math.inf if sheet.now[rule] == RuleOutcome.VIOLATED else -math.inf)
            settled.append(math.inf if sheet.now[rule] == RuleOutcome.NOT_VIOLATED else -math.inf)
    return max(max(violated), min(settled))


def _outcome(sheet: ImageScores, rule: str, bounds: Bounds | None) -> RuleOutcome:
    return sheet.now[rule] if bounds is None else sheet.spans[rule].under(bounds)


def _whole(
    target: Target,
    level: float,
    images: Sequence[Labelled],
    rules: Mapping[str, bool],
    changes: Sequence[RuleChange],
    half_width: float | None = None,
) -> ReviewChange:
    chosen = {change.rule: change.bounds for change in changes}
    enforced = [rule for rule, counts in rules.items() if counts]

    def reviews(bounds: Mapping[str, Bounds | None]) -> int:
        words = [[_outcome(one.sheet, rule, bounds.get(rule)) for rule in enforced] for one in images]
        return sum(RuleOutcome.VIOLATED not in each and (RuleOutcome.UNDECIDED in each or not each) for each in words)

    return ReviewChange(
        target=target,
        level=level,
        images=len(images),
        rules=tuple(changes),
        half_width=half_width,
        reviews_before=reviews({}),
        reviews_after=reviews(chosen),
    )
