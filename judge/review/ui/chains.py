"""A verdict as it is shown: rules in reading order, their chains, and where each bar's marks lie. Knows no HTML.

The a1/a2 bounds are bounds of the score (answer less prior). A person reads the answer, so the bounds are moved to
the scale of the answer: under `low` the precondition fails, over `high` it holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from judge.chain import Outcome
from judge.constitution.context import Reading
from judge.judging.probability import logit, lower_bound, upper_bound
from judge.settings import Thresholds
from judge.verdict import (
    Branch,
    CommitteeEvidence,
    Condition,
    DebateEvidence,
    Evidence,
    Finding,
    OffenceFrame,
    RuleOutcome,
    Verdict,
)

READING_ORDER = {RuleOutcome.VIOLATED: 0, RuleOutcome.UNDECIDED: 1, RuleOutcome.NOT_VIOLATED: 2, RuleOutcome.PRUNED: 3}

_CUT_OFF = "\n(cut off by the limit of tokens)"
_DECIDED = {
    Branch.PRIOR_FAILS: "The answer, freed of the language prior, is under a1.",
    Branch.PRIOR_HOLDS: "The answer, freed of the language prior, is over a2.",
    Branch.CROP_FAILS: "The central object is small; on its crop the score is under a1.",
    Branch.CROP_HOLDS: "The central object is small; on its crop the score is over a2.",
    Branch.LOW_LABEL_MASS: "Yes and no together carry too little probability to count.",
    Branch.MODEL_ERROR: "The model failed.",
    Branch.NO_CONTEXT: "Not asked: what it reads was not given with the picture.",
    Branch.CANNOT_READ: "Not asked: the model reads no texts.",
    Branch.UNDECIDED: "Every step was passed without a decision.",
    Branch.NOT_ASKED: "Not asked: the rule was settled or pruned without it.",
}
_STEP = {
    Branch.PRIOR_FAILS: "prior",
    Branch.PRIOR_HOLDS: "prior",
    Branch.REGION_HOLDS: "central region",
    Branch.CROP_FAILS: "crop",
    Branch.CROP_HOLDS: "crop",
    Branch.REASONING: "reasoning",
    Branch.DEBATE: "debate",
    Branch.COMMITTEE: "committee",
    Branch.LOW_LABEL_MASS: "low label mass",
    Branch.MODEL_ERROR: "model error",
    Branch.NO_CONTEXT: "not given",
    Branch.CANNOT_READ: "cannot be read",
    Branch.UNDECIDED: "open",
    Branch.NOT_ASKED: "not asked",
}


@dataclass(frozen=True)
class Bar:
    """An answer between 0 and 1 with its prior and both bounds, all in percent of the bar's length."""

    answer: float
    prior: float
    low: float
    high: float
    score: float
    a1: float
    a2: float
    label_mass: float
    unit: str  # of the score: empty, or "logits"


@dataclass(frozen=True)
class ChainBox:
    """A central region in pixels of its view: left, top, width, height."""

    view: str
    query: str
    source: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Link:
    """One statement of a chain: what it says, how it came out, and what decided it."""

    statement: str
    outcome: str
    step: str
    why: str
    bar: Bar | None = None
    box: ChainBox | None = None
    reasoning: str = ""
    rationale: str = ""
    debate: DebateEvidence | None = None
    committee: CommitteeEvidence | None = None
    reads: str = ""  # what it looked at, where that is not the picture alone


@dataclass(frozen=True)
class Group:
    """A precondition or an exception: alternatives of which one is enough."""

    lead: str  # "", "and" or "unless"
    outcome: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class RuleView:
    """A rule on one view of the image, ready to be shown."""

    finding: Finding
    groups: tuple[Group, ...]
    show_view: bool
    offence: OffenceFrame | None = None

    @property
    def open(self) -> bool:
        """Whether its chain is unfolded at first sight: what violates or could not be decided."""
        return self.finding.outcome in (RuleOutcome.VIOLATED, RuleOutcome.UNDECIDED)


def rules_of(verdict: Verdict) -> tuple[RuleView, ...]:
    """Every finding in reading order: violated, undecided, not violated, pruned."""
    several = len(verdict.image_facts.judged) > 1
    return tuple(
        RuleView(
            finding=finding,
            groups=_groups(finding, finding.thresholds or verdict.provenance.thresholds),
            show_view=several,
            offence=verdict.offence.of(finding.rule, finding.view) if verdict.offence is not None else None,
        )
        for finding in sorted(verdict.findings, key=lambda one: READING_ORDER[one.outcome])
    )


def rule_ids(verdict: Verdict) -> tuple[str, ...]:
    """Ids of the rules, each once, in the constitution's order: the same for every image."""
    return tuple(dict.fromkeys(finding.rule for finding in verdict.findings))


def boxes_of(verdict: Verdict) -> tuple[ChainBox, ...]:
    """The central regions that were looked at for rules that are violated or undecided, each once."""
    found: dict[tuple[object, ...], ChainBox] = {}
    for rule in rules_of(verdict):
        for group in rule.groups if rule.open else ():
            for link in group.links:
                if link.box is not None:
                    box = link.box
                    found.setdefault((box.view, box.left, box.top, box.width, box.height), box)
    return tuple(found.values())


def _groups(finding: Finding, thresholds: Thresholds) -> tuple[Group, ...]:
    def group(lead: str, condition: Condition) -> Group:
        links = tuple(_link(one, finding.view, thresholds) for one in condition.alternatives)
        return Group(lead, condition.outcome, links)

    first = [group("and" if place else "", one) for place, one in enumerate(finding.preconditions)]
    return (*first, *(group("unless", one) for one in finding.exceptions))


def _link(evidence: Evidence, view: str, thresholds: Thresholds) -> Link:
    reasoning = evidence.reasoning
    return Link(
        statement=evidence.statement,
        outcome=evidence.outcome,
        step=_STEP[evidence.branch],
        why=_why(evidence, thresholds),
        bar=_bar(evidence, thresholds),
        box=_box(evidence, view),
        reasoning=reasoning.text + _CUT_OFF * reasoning.cut_off if reasoning else "",
        rationale=(reasoning.rationale or "") if reasoning else "",
        debate=evidence.debate,
        committee=evidence.committee,
        reads=str(Reading.of(evidence.reads, evidence.sees) or ""),
    )


def _why(evidence: Evidence, thresholds: Thresholds) -> str:
    region = evidence.region
    if evidence.branch is Branch.REGION_HOLDS and region is not None and region.drop is not None:
        return (
            f"With the central region ({region.query or 'by occlusion'}) blanked the answer falls by "
            f"{region.drop:.2f}, more than b = {thresholds.region_drop:.2f}."
        )
    if evidence.branch is Branch.REASONING and evidence.reasoning is not None:
        return f"Undecided by probability; the reasoning says {evidence.reasoning.rating}."
    if evidence.branch is Branch.DEBATE and evidence.debate is not None:
        return f"Two sides argued, and the decision was {evidence.debate.decision}: {evidence.debate.deciding}"
    if evidence.branch is Branch.COMMITTEE and evidence.committee is not None:
        return f"Several models voted: {evidence.committee.in_short()}."
    said = _DECIDED.get(evidence.branch, "")
    if evidence.outcome is Outcome.UNDECIDED and evidence.reason:
        return f"{said} {evidence.reason[:1].upper()}{evidence.reason[1:]}."
    return said


def _bar(evidence: Evidence, thresholds: Thresholds) -> Bar | None:
    if evidence.answer is None or evidence.prior is None or evidence.score is None:
        return None
    prior = evidence.prior.probability
    a1, a2 = lower_bound(prior, thresholds), upper_bound(prior, thresholds)
    logits = thresholds.debias == "logit" or thresholds.bounds is not None
    low, high = (_from_logit(logit(prior) + bound) if logits else prior + bound for bound in (a1, a2))
    return Bar(
        answer=_percent(evidence.answer.probability),
        prior=_percent(prior),
        low=_percent(low),
        high=_percent(high),
        score=evidence.score,
        a1=a1,
        a2=a2,
        label_mass=evidence.answer.label_mass,
        unit="logits" if logits else "",
    )


def _from_logit(value: float) -> float:
    if math.isinf(value):
        return float(value > 0)
    return 1.0 / (1.0 + math.exp(-value))


def _percent(share: float) -> float:
    return round(100.0 * min(max(share, 0.0), 1.0), 2)


def _box(evidence: Evidence, view: str) -> ChainBox | None:
    region = evidence.region
    if region is None:
        return None
    left, top, right, bottom = region.box
    query = region.query or "occlusion"
    return ChainBox(view, query, region.source, left, top, max(right - left, 0.0), max(bottom - top, 0.0))
