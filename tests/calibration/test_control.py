"""The guarantees, checked on scores whose distribution is known; each check fails for the uncorrected quantile."""

from __future__ import annotations

import hashlib
import math
import random
from statistics import NormalDist, mean

import pytest

from judge.calibration import control
from judge.calibration.calibrate import Labelled, _keeping, for_false_positives, for_reviews
from judge.calibration.facts import ImageScores, ScoreSpan
from judge.errors import UserError
from judge.verdict import RuleOutcome

DRAWS = 3000


@pytest.mark.parametrize(
    ("level", "least"), [(0.05, 19), (0.1, 9), (0.2, 4), (0.3, 3), (0.5, 1), (0.01, 99), (0.07, 14)]
)
def test_the_fewest_images(level, least):
    assert control.least_images(level) == least
    assert control.allowed(level, least) >= 0 > control.allowed(level, least - 1)


def uncorrected(scores: list[float], level: float) -> float:
    """The quantile that looks right: at most `level` of the images here lie over it."""
    return sorted(scores, reverse=True)[math.floor(level * len(scores))]


@pytest.mark.parametrize(("level", "images"), [(0.1, 20), (0.05, 30), (0.2, 8)])
def test_a_new_score_is_over_the_floor_no_more_often_than_asked(level, images):
    draw = random.Random(7)
    samples = [[draw.random() for _ in range(images)] for _ in range(DRAWS)]
    # of a uniform score, the probability to be over x is 1 - x: no sampling of the new image is needed
    kept = mean(1 - control.floor_of(scores, level) for scores in samples)
    naive = mean(1 - uncorrected(scores, level) for scores in samples)
    assert kept <= level + 0.002
    assert naive > level + 0.01
    assert kept > level - 1 / (images + 1) - 0.002  # and no more careful than it must be


@pytest.mark.parametrize("shift", [0.5, 2.0, 4.0])
def test_the_rate_holds_though_the_cut_is_chosen_by_the_same_images(shift):
    draw, level, ok_scores = random.Random(11), 0.1, NormalDist()
    rates = []
    for _ in range(DRAWS):
        ok = [draw.gauss(0, 1) for _ in range(20)]
        violating = [draw.gauss(shift, 1) for _ in range(12)]
        rates.append(1 - ok_scores.cdf(_keeping(level, ok, violating).holds_over))
    assert mean(rates) <= level + 0.002


def test_equal_scores_are_not_flagged_by_the_cut_between_them():
    ok = [0.0] * 10 + [1.0] * 10
    floor = control.floor_of(ok, 0.1)
    assert floor == 1.0
    assert control.lowest_cut(floor, ok) > 1.0


def test_images_that_can_never_be_flagged_leave_every_cut_free():
    assert control.floor_of([-math.inf] * 19, 0.05) == -math.inf
    assert control.lowest_cut(-math.inf, [-math.inf, 3.0, 5.0]) < 3.0
    assert math.isfinite(control.lowest_cut(-math.inf, [-math.inf]))


def test_the_best_cut_lies_in_the_middle_of_the_widest_gap_between_the_sides():
    assert control.best_cut([0.0, 1.0, -math.inf], [3.0, 4.0]) == 2.0
    assert control.best_cut([0.0, 1.0, 5.0], [3.0, 4.0, 3.5]) == 2.0  # one ok image is given up, no violating one
    assert control.best_cut([-math.inf], [-math.inf]) == pytest.approx(0.0, abs=1.0)


def test_what_the_best_cut_finds_and_the_rate_forbids_goes_to_a_person():
    ok, violating = [0.0, 1.0, 2.0, 10.0], [6.0, 7.0]
    strict, lax = _keeping(0.2, ok, violating), _keeping(0.4, ok, violating)
    assert strict.fails_under == 4.0 and strict.holds_over > 10.0
    assert lax.fails_under == lax.holds_over == 4.0
    alone = _keeping(0.2, ok, [])
    assert alone.fails_under == alone.holds_over > 10.0


def test_a_band_as_wide_as_the_budget_allows():
    draw, level = random.Random(3), 0.2
    samples = [[draw.random() for _ in range(13)] for _ in range(DRAWS)]
    shares = [control.widest(slack, level) for slack in samples]
    assert None not in shares
    assert level - 2 / 14 < mean(shares) <= level + 0.002  # of a uniform slack the share in review is the width itself
    assert control.widest([-1.0, -1.0, 1.0, 2.0], 0.2) is None
    assert control.widest([math.inf] * 4, 0.2) == math.inf
    with pytest.raises(ValueError, match="needs 4"):
        control.widest([1.0] * 3, 0.2)


def test_the_review_budget_holds_for_whole_images_of_two_rules():
    """Cuts from labels, a band around them, two rules that are open together or not: all of `for_reviews`."""
    draw, level = random.Random(5), 0.25
    rules = {"a": True, "b": True}

    def image() -> Labelled:
        truth = {rule: draw.random() < 0.5 for rule in rules}
        scores = {rule: draw.gauss(1.5 if truth[rule] else -1.5, 1.5) for rule in rules}
        spans = {rule: ScoreSpan(score, score) for rule, score in scores.items()}
        digest = hashlib.sha256(str(draw.random()).encode()).hexdigest()
        return Labelled(ImageScores(digest, spans, dict.fromkeys(rules, "undecided")), truth)

    fresh = [image() for _ in range(300)]

    def in_review(change) -> float:
        bounds = {one.rule: one.bounds for one in change.rules}
        words = [[one.sheet.spans[rule].under(bounds[rule]) for rule in rules] for one in fresh]
        return mean("violated" not in each and "undecided" in each for each in words)

    shares = [in_review(for_reviews([image() for _ in range(40)], rules, level, labelled=True)) for _ in range(150)]
    assert 0.15 < mean(shares) <= level + 0.01


def ok_images(count: int, flagged: int) -> list[Labelled]:
    """Images that are ok under rule `a`, some of which it flags today."""
    words: list[RuleOutcome] = [RuleOutcome.VIOLATED] * flagged + [RuleOutcome.NOT_VIOLATED] * (count - flagged)
    return [
        Labelled(
            ImageScores(str(one), {"a": ScoreSpan(one, one), "b": ScoreSpan(one, one)}, {"a": word, "b": "violated"}),
            {"a": False},
        )
        for one, word in enumerate(words)
    ]


def test_a_rule_that_nothing_violates_is_not_made_to_flag_more():
    """With 24 ok images a rate of 0.2 allows 4 of them: no reason to flag 4 where the rule flags none."""
    rules = {"a": True}
    with pytest.raises(UserError, match="no image violates it, and it flags 0 of 24 as it is"):
        for_false_positives(ok_images(24, 0), rules, 0.2, labelled=True)
    too_many = for_false_positives(ok_images(24, 9), rules, 0.2, labelled=True)
    assert [(one.before.ok_flagged, one.after.ok_flagged) for one in too_many.rules] == [(9, 4)]
    unlabelled = for_false_positives(ok_images(24, 0), {"a": True, "b": True}, 0.2, labelled=False)
    assert [one.bounds is None for one in unlabelled.rules] == [True, False]
    assert "flags 0 of 24" in str(unlabelled.rules[0].why)
