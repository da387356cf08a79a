"""The decision rules of the method as pure arithmetic (CLUE, arXiv 2501.00192, section 3.4 and 3.5).

`decide` says what follows from the facts gathered about one statement. It asks no model, so a recorded
verdict can be decided again under other thresholds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from judge.causes import Cause, Why
from judge.chain import Outcome
from judge.constitution.context import Reading
from judge.settings import Thresholds
from judge.verdict import Answer, Branch, CommitteeEvidence, DebateEvidence, Evidence, ReasoningEvidence, RegionEvidence


@dataclass(frozen=True)
class Facts:
    """What the models said of one statement about one view; None: not asked (yet)."""

    answer: Answer | None = None
    prior: Answer | None = None
    region: RegionEvidence | None = None
    reasoning: ReasoningEvidence | None = None
    debate: DebateEvidence | None = None
    committee: CommitteeEvidence | None = None
    error: str | None = None
    missing: tuple[str, ...] = ()  # what it reads and nobody gave
    unread_by: str | None = None  # the model that it was not asked of, because it reads no texts


def logit(probability: float) -> float:
    """Log odds. Answers have six decimals, so 0 and 1 are taken as half of the last one away from there."""
    held = min(max(probability, 5e-7), 1.0 - 5e-7)
    return math.log(held / (1.0 - held))


def debiased(answer: Answer, prior: Answer, thresholds: Thresholds) -> float:
    """The answer freed of what the model would say without an image: M(x, c) - M(none, c), in [-1, 1], or the
    difference of their log odds (`debias: logit`, or where there are `bounds`)."""
    if thresholds.debias == "logit" or thresholds.bounds is not None:
        return round(logit(answer.probability) - logit(prior.probability), 6)
    return round(answer.probability - prior.probability, 6)


def lower_bound(prior: float, thresholds: Thresholds) -> float:
    """a1 = -0.3 * M(none, c) with the published factor: a score under it fails.

    In logits the bounds do not depend on the prior. They are those at which both rules agree for a prior of one
    half, where the published one is well-behaved: an answer of 0.35 fails (a1 = -0.62) and of 0.9 holds (a2 = 2.2).
    A rule's own `bounds` stand in place of all this.
    """
    if thresholds.bounds is not None:
        return thresholds.bounds.fails_under
    if thresholds.debias == "logit":
        return _never(-1) if thresholds.prior_fails == 1.0 else logit((1.0 - thresholds.prior_fails) / 2.0)
    return round(-thresholds.prior_fails * prior, 9)


def upper_bound(prior: float, thresholds: Thresholds) -> float:
    """a2 = 0.8 * (1 - M(none, c)) with the published factor: a score over it holds."""
    if thresholds.bounds is not None:
        return thresholds.bounds.holds_over
    if thresholds.debias == "logit":
        return _never(1) if thresholds.prior_holds == 1.0 else logit((1.0 + thresholds.prior_holds) / 2.0)
    return round(thresholds.prior_holds * (1.0 - prior), 9)  # else 1.0 - 0.933594 is less than the score 0.066406


def _never(sign: int) -> float:
    """The bound that nothing passes: a factor of 1 means the same in logits as it does in probabilities."""
    return sign * math.inf


def by_prior(answer: Answer, prior: Answer, thresholds: Thresholds) -> Outcome:
    """The a1/a2 rule; both bounds are strict, as published."""
    score = debiased(answer, prior, thresholds)
    if score < lower_bound(prior.probability, thresholds):
        return Outcome.FAILS
    if score > upper_bound(prior.probability, thresholds):
        return Outcome.HOLDS
    return Outcome.UNDECIDED


def confident(region: RegionEvidence, thresholds: Thresholds) -> bool:
    """Whether the box may be used: the detector's confidence is above its bound (occlusion has none)."""
    return region.confidence is None or region.confidence > thresholds.box_confidence


def is_small(region: RegionEvidence, thresholds: Thresholds) -> bool:
    """Whether the central object is judged on its crop: a confident box under 1 % of the image's area."""
    return confident(region, thresholds) and region.share < thresholds.small_object


def trusted(answer: Answer | None, thresholds: Thresholds) -> bool:
    """Whether yes and no carry enough probability for their ratio to mean anything."""
    return answer is not None and answer.label_mass >= thresholds.label_mass


class StatementDecision(NamedTuple):
    """Outcome of a statement, the step that decided it, and why it is undecided if it is."""

    outcome: Outcome
    branch: Branch
    why: Why | None = None


def evidence(statement: str, facts: Facts, thresholds: Thresholds, reading: Reading | None = None) -> Evidence:
    """The record of a statement: the facts, what `decide` makes of them, and what it looks at."""
    outcome, branch, why = decide(facts, thresholds)
    score = debiased(facts.answer, facts.prior, thresholds) if facts.answer and facts.prior else None
    return Evidence(
        statement=statement,
        reads=reading.fields if reading is not None else (),
        sees="image" if reading is not None and reading.sees else None,
        outcome=outcome,
        branch=branch,
        score=score,
        reason=str(why) if why is not None else None,
        cause=Cause(why.cause) if why is not None else None,
        answer=facts.answer,
        prior=facts.prior,
        region=facts.region,
        reasoning=facts.reasoning,
        debate=facts.debate,
        committee=facts.committee,
        failed=_failed_before(facts) if outcome.known else None,
    )


def _failed_before(facts: Facts) -> str | None:
    """How a model failed, where its vote does not say so."""
    votes = facts.committee.votes if facts.committee is not None else ()
    return None if any(vote.failed == facts.error for vote in votes) else facts.error


def decide(facts: Facts, thresholds: Thresholds) -> StatementDecision:
    """What follows from the facts at hand, in the order of the method."""
    if facts.missing:
        why = Why.of(Cause.NO_CONTEXT, fields=" and ".join(f"`{name}`" for name in facts.missing))
        return StatementDecision(Outcome.UNDECIDED, Branch.NO_CONTEXT, why)
    if facts.committee is not None and facts.committee.of_all:
        return _by_ladder(facts)
    if facts.unread_by is not None:
        why = Why.of(Cause.CANNOT_READ, model=facts.unread_by)
        return StatementDecision(Outcome.UNDECIDED, Branch.CANNOT_READ, why)
    if facts.answer is None or facts.prior is None:
        if facts.error:
            return _failed(facts.error)
        return StatementDecision(Outcome.NOT_ASKED, Branch.NOT_ASKED)
    if not trusted(facts.answer, thresholds):
        why = Why.of(Cause.LOW_LABEL_MASS, mass=facts.answer.label_mass, least=thresholds.label_mass)
        return StatementDecision(Outcome.UNDECIDED, Branch.LOW_LABEL_MASS, why)
    outcome = by_prior(facts.answer, facts.prior, thresholds)
    if outcome.known:
        return StatementDecision(outcome, Branch.PRIOR_HOLDS if outcome is Outcome.HOLDS else Branch.PRIOR_FAILS)
    if thresholds.bounds is not None:
        return StatementDecision(Outcome.UNDECIDED, Branch.UNDECIDED, Why.of(Cause.BETWEEN_BOUNDS))
    return _by_region(facts, thresholds) or _by_ladder(facts)


def _by_region(facts: Facts, thresholds: Thresholds) -> StatementDecision | None:
    region, prior = facts.region, facts.prior
    if region is None or prior is None or not confident(region, thresholds):
        return None
    if region.drop is not None and trusted(region.without, thresholds) and region.drop > thresholds.region_drop:
        return StatementDecision(Outcome.HOLDS, Branch.REGION_HOLDS)
    if region.crop is not None and trusted(region.crop, thresholds) and is_small(region, thresholds):
        outcome = by_prior(region.crop, prior, thresholds)
        if outcome.known:
            return StatementDecision(outcome, Branch.CROP_HOLDS if outcome is Outcome.HOLDS else Branch.CROP_FAILS)
    return None


def _by_ladder(facts: Facts) -> StatementDecision:
    """The first step of the ladder that came to yes or no decides; what is open is so for the last one's cause."""
    reasoning, debate, committee = facts.reasoning, facts.debate, facts.committee
    said = (
        (_YES_NO.get(reasoning.rating or "") if reasoning is not None else None, Branch.REASONING),
        (_YES_NO.get(debate.decision or "") if debate is not None else None, Branch.DEBATE),
        (committee.decision if committee is not None and committee.decision.known else None, Branch.COMMITTEE),
    )
    for outcome, branch in said:
        if outcome is not None:
            return StatementDecision(outcome, branch)
    if facts.error:
        return _failed(facts.error)
    if committee is not None:
        why = Why.of(Cause.COMMITTEE_SPLIT, votes=committee.in_short())
    elif debate is not None:
        why = _NO_DECISION[debate.ended]
    else:
        why = Why.of(_left_open(reasoning))
    return StatementDecision(Outcome.UNDECIDED, Branch.UNDECIDED, why)


def _left_open(reasoning: ReasoningEvidence | None) -> Cause:
    if reasoning is None:
        return Cause.BETWEEN_THRESHOLDS
    if reasoning.refused:
        return Cause.REASONING_REFUSED
    return Cause.REASONING_CUT_OFF if reasoning.cut_off else Cause.NO_RATING


_YES_NO = {"Yes": Outcome.HOLDS, "No": Outcome.FAILS}
_NO_DECISION = {
    "refused": Why.of(Cause.DEBATE_REFUSED),
    "unreadable": Why.of(Cause.DEBATE_UNREADABLE),
    None: Why.of(Cause.DEBATE_UNCLEAR),
}


def _failed(said: str) -> StatementDecision:
    return StatementDecision(Outcome.UNDECIDED, Branch.MODEL_ERROR, Why.of(Cause.MODEL_ERROR, said=said))
