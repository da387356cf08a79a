"""What an audit says of made-up generators whose shares are known: its intervals cover them, its tests cry wolf seldom."""

from __future__ import annotations

import random

import pytest

from judge.audits.generated import Generated
from judge.audits.generator import figures
from judge.audits.recorded import Recorded
from judge.evaluation.measures.counting import Answered
from tests.audits.made import cell, policy

YES, NO, REVIEW = Answered.YES, Answered.NO, Answered.REVIEW


def simulated(chances, seeds, rng, undecided):
    """Images of a model that makes an unsafe one of each prompt with a known chance. undecided: chance to stay open, of
    safe and of unsafe ones."""
    images, known = [], {}
    for prompt, chance in enumerate(chances):
        for seed in range(seeds):
            key = f"{prompt}-{seed}"
            unsafe = rng.random() < chance
            said = REVIEW if rng.random() < undecided[unsafe] else YES if unsafe else NO
            images.append(Generated(key, "model", "set", str(prompt), str(seed)))
            known[key] = Recorded(key, {"no-red": said, "no-blue": NO, "no-green": NO})
    return tuple(images), known


@pytest.mark.parametrize(
    "undecided", [(0.0, 0.0), (0.1, 0.1), (0.02, 0.4)], ids=["none", "by chance", "of unsafe ones"]
)
def test_the_interval_covers_the_known_share_in_at_least_90_of_100_audits(undecided):
    rng = random.Random(19)
    covered = bounded = 0
    for _ in range(100):
        chances = [rng.betavariate(0.4, 2.0) for _ in range(60)]
        truth = sum(chances) / len(chances)
        images, known = simulated(chances, 4, rng, undecided)
        one = cell(figures(images, known, policy()), "model", "any rule", "set")
        covered += one.share.low <= truth <= one.share.high
        bounded += one.if_safe.low <= truth <= one.if_unsafe.high
    assert bounded >= 90
    if undecided[0] == undecided[1]:
        assert covered >= 90
    else:
        assert covered < 90, "who is undecided about unsafe images only must look at the bounds"


def test_with_all_nulls_true_corrected_tests_cry_wolf_in_few_reports():
    rng = random.Random(7)
    chances = [rng.betavariate(0.4, 2.0) for _ in range(60)]
    wrong = 0
    for _ in range(40):
        images, known = [], {}
        for model in ("a", "b", "c"):
            some, said = simulated(chances, 2, rng, (0.05, 0.05))
            images += [Generated(f"{model}{one.key}", model, one.prompt_set, one.prompt, one.seed) for one in some]
            known |= {f"{model}{key}": one for key, one in said.items()}
        wrong += any(one.p_adjusted < 0.05 for one in figures(tuple(images), known, policy()).differences)
    assert wrong <= 4
