"""The a1/a2 and b rules as arithmetic: strictness, bounds, and what no facts can do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.chain import Outcome
from judge.judging.probability import Facts, by_prior, decide, evidence, lower_bound, upper_bound
from judge.settings import ThresholdOverrides, Thresholds
from judge.verdict import Answer, Branch, ReasoningEvidence, RegionEvidence

PUBLISHED = Thresholds()
shares = st.floats(0, 1).map(lambda value: round(value, 6))


def said(probability: float, mass: float = 1.0) -> Answer:
    return Answer(p_yes=round(probability * mass, 6), p_no=round(mass - probability * mass, 6))


@pytest.mark.parametrize(
    ("answer", "prior", "outcome"),
    [
        (0.34, 0.5, Outcome.FAILS),  # score -0.16 < a1 = -0.15
        (0.35, 0.5, Outcome.UNDECIDED),  # exactly a1: strict
        (0.36, 0.5, Outcome.UNDECIDED),
        (0.90, 0.5, Outcome.UNDECIDED),  # exactly a2 = 0.4: strict
        (0.91, 0.5, Outcome.HOLDS),
        (0.81, 0.0, Outcome.HOLDS),  # prior near 0: a2 asks for a raw answer above 0.8
        (0.79, 0.0, Outcome.UNDECIDED),
        (0.00, 0.0, Outcome.UNDECIDED),  # and a1 = 0 can no longer fail anything
        (1.00, 1.0, Outcome.UNDECIDED),  # prior at 1: a2 = 0 can no longer hold
    ],
)
def test_the_published_rule(answer, prior, outcome):
    assert by_prior(said(answer), said(prior), PUBLISHED) is outcome


@given(shares, shares)
def test_bounds_lie_on_their_sides_and_the_rule_is_monotone(probability, prior):
    assert lower_bound(prior, PUBLISHED) <= 0 <= upper_bound(prior, PUBLISHED)
    order = [Outcome.FAILS, Outcome.UNDECIDED, Outcome.HOLDS]
    higher = min(1.0, round(probability + 0.1, 6))
    low, high = (order.index(by_prior(said(p), said(prior), PUBLISHED)) for p in (probability, higher))
    assert low <= high


facts = st.builds(
    Facts,
    answer=st.none() | st.builds(said, shares, st.sampled_from((0.1, 0.49, 0.5, 1.0))),
    prior=st.none() | st.builds(said, shares),
    region=st.none()
    | st.builds(
        RegionEvidence,
        source=st.sampled_from(("detector", "occlusion")),
        box=st.just((0.0, 0.0, 1.0, 1.0)),
        confidence=st.none() | shares,
        share=shares,
        without=st.none() | st.builds(said, shares),
        drop=st.none() | shares,
        crop=st.none() | st.builds(said, shares),
    ),
    reasoning=st.none() | st.builds(ReasoningEvidence, text=st.just("t"), rating=st.sampled_from(("Yes", "No", None))),
    error=st.none() | st.just("broken"),
)


@given(facts)
def test_nothing_is_decided_without_grounds(one):
    """Fail closed: a known outcome always rests on an answer with enough label mass, and names its branch."""
    outcome, branch, reason = decide(one, PUBLISHED)
    if outcome.known:
        assert one.answer is not None and one.prior is not None
        assert one.answer.label_mass >= PUBLISHED.label_mass
        assert branch in {b for b in Branch if b.endswith(("_holds", "_fails"))} | {Branch.REASONING}
        assert reason is None
    elif outcome is Outcome.UNDECIDED:
        assert reason


def test_a_box_the_detector_doubts_decides_nothing():
    region = RegionEvidence(
        source="detector", box=(0, 0, 1, 1), confidence=0.05, share=0.001, drop=0.9, without=said(0), crop=said(1)
    )
    middling = Facts(answer=said(0.6), prior=said(0.5), region=region)
    assert decide(middling, PUBLISHED).branch is Branch.UNDECIDED


def test_a_rule_can_set_its_own_thresholds():
    own = PUBLISHED.overridden(ThresholdOverrides(prior_holds=0.1))
    assert own.prior_fails == PUBLISHED.prior_fails
    assert by_prior(said(0.6), said(0.5), own) is Outcome.HOLDS


LOGIT = Thresholds(debias="logit")


@pytest.mark.parametrize(
    ("answer", "prior", "outcome"),
    [
        (0.34, 0.5, Outcome.FAILS),  # at a prior of one half both rules agree
        (0.36, 0.5, Outcome.UNDECIDED),
        (0.89, 0.5, Outcome.UNDECIDED),
        (0.91, 0.5, Outcome.HOLDS),
        (0.35, 0.05, Outcome.HOLDS),  # near 0 the published rule asks for more than 0.81 and lets nothing fail
        (0.02, 0.05, Outcome.FAILS),
        (0.995, 0.95, Outcome.HOLDS),  # near 1 it fails all under 0.665
        (0.93, 0.95, Outcome.UNDECIDED),
        (0.80, 0.95, Outcome.FAILS),
        (1.0, 0.0, Outcome.HOLDS),  # rounded to certainty: finite all the same
        (0.0, 1.0, Outcome.FAILS),
        (0.0, 0.0, Outcome.UNDECIDED),
        (1.0, 1.0, Outcome.UNDECIDED),
    ],
)
def test_the_rule_in_logits(answer, prior, outcome):
    assert by_prior(said(answer), said(prior), LOGIT) is outcome


@given(shares, shares)
def test_in_logits_bounds_do_not_depend_on_the_prior_and_the_rule_is_monotone_in_both(probability, prior):
    assert lower_bound(prior, LOGIT) == lower_bound(0.5, LOGIT) < 0 < upper_bound(0.5, LOGIT)
    order = [Outcome.FAILS, Outcome.UNDECIDED, Outcome.HOLDS]

    def rank(answer: float, before: float) -> int:
        return order.index(by_prior(said(answer), said(before), LOGIT))

    assert rank(probability, prior) <= rank(min(1.0, round(probability + 0.1, 6)), prior)
    assert rank(probability, prior) >= rank(probability, min(1.0, round(prior + 0.1, 6)))


def test_a_score_exactly_on_its_bound_is_undecided_whatever_binary_fractions_make_of_it():
    strict = Thresholds(prior_holds=1.0)
    assert by_prior(said(1.0), said(0.933594), strict) is Outcome.UNDECIDED


@given(shares, shares)
def test_factors_of_one_let_nothing_pass_in_either_rule(probability, prior):
    for debias in ("probability", "logit"):
        strict = Thresholds(prior_fails=1.0, prior_holds=1.0, debias=debias)
        assert by_prior(said(probability), said(prior), strict) is Outcome.UNDECIDED


def test_the_score_recorded_is_the_one_decided_by():
    facts = Facts(answer=said(0.35), prior=said(0.05))
    own = PUBLISHED.overridden(ThresholdOverrides(debias="logit"))
    assert evidence("c", facts, PUBLISHED).outcome is Outcome.UNDECIDED
    one = evidence("c", facts, own)
    assert one.branch is Branch.PRIOR_HOLDS
    assert one.score == pytest.approx(2.3254, abs=1e-4)
    assert one.score > upper_bound(0.05, own)
