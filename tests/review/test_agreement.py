"""Agreement of two readers against known figures and the `krippendorff` package, and gold items."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest

from judge.review.dashboard.agreement import OVERALL, agreement, gold_scores
from judge.review.store import Decision, GoldReads, ReviewSettings, SecondReads, Store
from tests.review.shelf import many

FIRE = Decision(action="violation", rules=("body-on-fire",))
DRUGS = Decision(action="violation", rules=("drugs",))
BOTH = Decision(action="violation", rules=("drugs", "body-on-fire"))
SAFE = Decision(action="no_violation", reason="nothing bad")


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "data") as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=1), gold=GoldReads(share=0)), "test")
        yield opened


def read(store, pairs):
    """Both reads of one item per pair."""
    for item, pair in zip(store.add_many(many(len(pairs)), "batch"), pairs, strict=True):
        for reviewer, decision in zip(("ann", "bob"), pair, strict=True):
            store.take(item, reviewer)
            store.decide(item, reviewer, decision)


def test_known_figures(store):
    # Cohen (1960) by hand: 20 pairs, 8 yes-yes, 3 yes-no, 2 no-yes, 7 no-no
    read(store, [(FIRE, FIRE)] * 8 + [(FIRE, SAFE)] * 3 + [(SAFE, FIRE)] * 2 + [(SAFE, SAFE)] * 7)
    overall, fire = agreement(store.decisions())
    assert (overall.rule, fire.rule) == (OVERALL, "body-on-fire")
    assert overall.pairs == fire.pairs == 20
    assert fire.raw.value == 0.75
    by_chance = (11 * 10 + 9 * 10) / 400
    assert fire.kappa.value == pytest.approx((0.75 - by_chance) / (1 - by_chance), abs=1e-6)
    ratings = [[1] * 11 + [0] * 9, [1] * 8 + [0] * 3 + [1] * 2 + [0] * 7]
    alpha = krippendorff.alpha(np.array(ratings), level_of_measurement="nominal")
    assert fire.alpha.value == pytest.approx(alpha, abs=1e-6)
    for one in (fire.raw, fire.kappa, fire.alpha):
        assert one.low < one.value < one.high
    assert overall.kappa == fire.kappa


def test_rules_are_measured_apart(store):
    read(store, [(FIRE, BOTH), (BOTH, FIRE), (SAFE, SAFE), (DRUGS, DRUGS)])
    overall, fire, drugs = (next(one for one in agreement(store.decisions()) if one.rule == rule)
                            for rule in (OVERALL, "body-on-fire", "drugs"))  # fmt: skip
    assert overall.raw.value == fire.raw.value == 1.0
    assert (drugs.raw.value, drugs.kappa.value) == (0.5, 0.0)


def test_what_was_not_decided_twice_does_not_count(store):
    escalate = Decision(action="escalate", reason="who is this?")
    read(store, [(FIRE, FIRE), (escalate, FIRE), (FIRE, escalate), (SAFE, Decision(action="skip"))])
    (overall, fire) = agreement(store.decisions())
    assert (overall.pairs, fire.pairs) == (1, 1)
    assert fire.kappa.value is None and fire.alpha.value is None  # everybody said the same: no chance to differ
    store.undo("bob")  # the skip
    store.undo("bob")
    store.undo("bob")
    store.undo("bob")
    assert [one.pairs for one in agreement(store.decisions())] == [0]


def test_gold_accuracy_per_reader(store):
    ids = list(store.add_many(many(4), "batch"))
    for item in ids:
        store.mark_gold(item, "pol", FIRE)
    store.configure(store.settings.model_copy(update={"gold": GoldReads(share=1)}), "test")
    said = {"ann": [FIRE, BOTH, DRUGS, SAFE], "bob": [FIRE] * 4}
    for reviewer, decisions in said.items():
        for decision in decisions:
            store.decide(store.next(reviewer).id, reviewer, decision)
        assert store.next(reviewer) is None
    ann, bob = gold_scores(store.decisions())
    assert (ann.reviewer, ann.items, ann.accuracy.value) == ("ann", 4, 0.5)
    assert (bob.accuracy.value, bob.accuracy.high) == (1.0, 1.0)
    assert 0.4 < bob.accuracy.low < 0.6, "a few right answers prove little"
    assert [one.pairs for one in agreement(store.decisions())] == [0]  # gold readings are no second reads
