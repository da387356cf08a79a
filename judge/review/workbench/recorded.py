"""A draft's rules on a picture that was judged before, by the answers recorded then. Asks no model.

What the draft wants to know and nobody asked stays open, and is named: it decides nothing here. Answers are taken from
verdicts of the same models and prompts only, and of a region only where the draft looks for the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from judge.chain import Outcome, all_hold, any_holds, chain_of, negated
from judge.constitution import Constitution, Precondition, Rule, Statement
from judge.constitution.context import Reading
from judge.judging.deciding import gravest_of
from judge.judging.probability import Facts, evidence
from judge.judging.regions_stage import central_objects
from judge.settings import Thresholds
from judge.verdict import Branch, Condition, Evidence, Finding, RuleOutcome, Verdict

_CLIP = "the clip, whose frames are counted"
RELEVANCE = "how much the picture has to do with the rule's text"


@dataclass
class _View:
    facts: dict[tuple[str, Reading | None], Facts] = field(default_factory=dict)  # by statement and what it looks at
    exhausted: set[str] = field(default_factory=set)  # statements that stayed open after every step
    relevance: dict[str, float] = field(default_factory=dict)  # by the rule's text


@dataclass(frozen=True)
class RecordedPicture:
    """What is known of one picture. verdict: the newest, by whose thresholds the rest is decided. told: what stands
    beside it."""

    verdict: Verdict
    views: Mapping[str, _View]
    told: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, verdicts: Sequence[Verdict], told: Mapping[str, str] | None = None) -> RecordedPicture | None:
        """What verdicts on one picture, the newest first, know of it; None where it was never judged. told: what stands
        beside it; None: what did when it was judged last. What was read beside it then counts only where the same stood
        there.
        """
        judged = [one for one in verdicts if one.failure is None and one.findings]
        if not judged:
            return None
        told = (judged[0].context or {}) if told is None else told
        by = judged[0].provenance
        views: dict[str, _View] = {one.view: _View() for one in judged[0].findings}
        for verdict in judged:
            source = verdict.provenance
            if (source.models, source.prompts) == (by.models, by.prompts):
                _take_in(views, verdict, told_alike=(verdict.context or {}) == told)
        return cls(judged[0], views, told)


@dataclass(frozen=True)
class Again:
    """What a rule comes to. asks: what the model would have to be asked first, where it stays open for that."""

    findings: tuple[Finding, ...]
    asks: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it cannot be told without asking."""
        return bool(self.asks)


def again(rule: Rule, constitution: Constitution, picture: RecordedPicture) -> Again:
    """A rule of a constitution (with its chain) on a picture."""
    objects = central_objects(constitution)
    thresholds = picture.verdict.provenance.thresholds.overridden(rule.thresholds)
    findings, asks = [], {}
    for name, view in picture.views.items():
        finding, wanted = _on_view(rule, name, view, thresholds, objects, picture.told)
        findings.append(finding)
        asks.update(dict.fromkeys(wanted))
    gravest = gravest_of(findings)
    if rule.clip is not None and len(picture.views) > 1:  # how long it must be so is counted in other frames, too
        asks[_CLIP] = None
    settled = gravest is not None and gravest.outcome is RuleOutcome.VIOLATED and _CLIP not in asks
    return Again(tuple(findings), () if settled else tuple(asks))


def _take_in(views: dict[str, _View], verdict: Verdict, *, told_alike: bool) -> None:
    """Note what a verdict says. told_alike: whether the same was told beside the picture: else what reads is left."""
    for finding in verdict.findings:
        view = views.get(finding.view)
        if view is None:
            continue
        if finding.relevance is not None:
            view.relevance.setdefault(finding.text, finding.relevance)
        for condition in (*finding.preconditions, *finding.exceptions):
            for one in condition.alternatives:
                if one.reads and not told_alike:
                    continue
                if one.branch is Branch.CANNOT_READ:
                    view.facts.setdefault(
                        (one.statement, Reading.of(one.reads, one.sees)), Facts(unread_by="the model")
                    )
                elif one.answer is not None and one.prior is not None and one.branch is not Branch.MODEL_ERROR:
                    if one.branch is Branch.UNDECIDED:
                        view.exhausted.add(one.statement)
                    about = one.statement, Reading.of(one.reads, one.sees)
                    known = view.facts.get(about)
                    if known is None or known == Facts(known.answer, known.prior):
                        view.facts[about] = Facts(
                            one.answer, one.prior, one.region, one.reasoning, one.debate, one.committee
                        )


def _on_view(
    rule: Rule,
    name: str,
    view: _View,
    thresholds: Thresholds,
    objects: Mapping[str, tuple[str, ...]],
    told: Mapping[str, str],
) -> tuple[Finding, tuple[str, ...]]:
    """The rule on one view, and what it would ask."""
    relevance = view.relevance.get(rule.text)
    wanted: dict[str, None] = {}
    if view.relevance and relevance is None and chain_of(rule).preconditions:
        wanted[RELEVANCE] = None

    def condition(one: Precondition, by: Thresholds) -> Condition:
        alternatives = tuple(_evidence(each, rule.fill(each.statement), view, by, objects, told) for each in one.any)
        outcome = any_holds(each.outcome for each in alternatives)
        if not outcome.known:
            wanted.update((each.statement, None) for each in alternatives if _asks(each, view, by))
        return Condition(outcome=outcome, alternatives=alternatives)

    holds = tuple(condition(one, thresholds) for one in rule.preconditions)
    lifts = tuple(condition(one, thresholds.of_exceptions) for one in rule.exceptions)
    outcome = _outcome(holds, lifts)
    if holds and relevance is not None and relevance < thresholds.relevance:
        outcome = RuleOutcome.PRUNED
    if outcome in (RuleOutcome.PRUNED, RuleOutcome.NOT_VIOLATED):
        wanted.clear()
    elif RELEVANCE in wanted:
        outcome = RuleOutcome.UNDECIDED  # it may be pruned
    why = (each.reason for one in (*holds, *lifts) for each in one.alternatives if each.outcome is Outcome.UNDECIDED)
    finding = Finding(
        rule=rule.id,
        text=rule.text,
        view=name,
        category=rule.category,
        severity=rule.severity,
        enforced=rule.status == "enforce",
        outcome=outcome,
        reason=next(why, None) if outcome is RuleOutcome.UNDECIDED else None,
        relevance=relevance,
        preconditions=holds,
        exceptions=lifts,
        thresholds=thresholds,
    )
    return finding, tuple(wanted)


def _evidence(
    one: Statement,
    text: str,
    view: _View,
    by: Thresholds,
    objects: Mapping[str, tuple[str, ...]],
    told: Mapping[str, str],
) -> Evidence:
    if missing := tuple(name for name in one.reads if name not in told):
        return evidence(text, Facts(missing=missing), by, one.reading)  # nor would the model be asked
    facts = view.facts.get((text, one.reading), Facts())
    region = facts.region
    if region is not None and region.query is not None and region.query not in objects.get(text, (text,)):
        facts = Facts(facts.answer, facts.prior)  # something else was looked for then
    return evidence(text, facts, by, one.reading)


def _asks(one: Evidence, view: _View, by: Thresholds) -> bool:
    """Whether the model has something left to say: nothing was asked, or a further step was not taken then."""
    if one.branch is Branch.NOT_ASKED:
        return True
    left = one.branch is Branch.UNDECIDED and not one.steps and by.bounds is None
    known = view.facts.get((one.statement, Reading.of(one.reads, one.sees)), Facts())
    return left and not (one.statement in view.exhausted and one.region == known.region)


def _outcome(holds: Iterable[Condition], lifts: Iterable[Condition]) -> RuleOutcome:
    every = [*(one.outcome for one in holds), *(negated(one.outcome) for one in lifts)]
    found = all_hold(every) if holds else Outcome.UNDECIDED
    if found is Outcome.HOLDS:
        return RuleOutcome.VIOLATED
    return RuleOutcome.NOT_VIOLATED if found is Outcome.FAILS else RuleOutcome.UNDECIDED
