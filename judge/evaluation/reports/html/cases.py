"""The worst mistakes as cards: the picture, what was said, the truth, and the trace of every rule that was judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from judge.evaluation.measures.figures import Mistake
from judge.evaluation.protocols import Example, Judgement
from judge.evaluation.reports.html.losses import was_asked, wrong_statements
from judge.evaluation.reports.html.pictures import Shielded, shielded
from judge.verdict import Evidence, Finding, RuleOutcome

MOST = 24
LOG_ODDS = 8.0  # log odds that fill a bar: answers that are all but certain
VERDICTS = {"violation": "violation", "no_violation": "no violation", "needs_review": "needs review"}


@dataclass(frozen=True)
class CaseRow:
    """One statement of a chain.

    lead: `or`, `unless`. truth: where it is known. wrong: outcome against truth. bar: the score as a length in [-1, 1].
    """

    lead: str
    statement: str
    outcome: str
    truth: bool | None
    wrong: bool
    raw: float | None
    prior: float | None
    score: float | None
    bar: float
    step: str
    why: str


@dataclass(frozen=True)
class Traced:
    """One rule's finding with its rows. opened: it is what the mistake is about, so it is shown at once."""

    finding: Finding
    truth: bool | None
    opened: bool
    rows: tuple[CaseRow, ...]

    @property
    def outcome(self) -> str:
        """The finding's outcome in words."""
        return self.finding.outcome.replace("_", " ")


@dataclass(frozen=True)
class Card:
    """One mistake. views: whether the picture was judged in several views, so that each finding must name its own."""

    mistake: Mistake
    example: Example
    said: Judgement
    picture: Shielded
    traced: tuple[Traced, ...]
    pruned: tuple[Finding, ...]
    views: bool

    @property
    def violated(self) -> tuple[str, ...]:
        """Rules that the image truly violates."""
        return tuple(rule for rule, truth in self.example.rules.items() if truth)


def cards(mistakes: Sequence[Mistake], examples: Sequence[Example], said: Sequence[Judgement]) -> tuple[Card, ...]:
    """A card for each of the gravest mistakes, at most `MOST`.

    Raises:
        ValueError: a mistake names an example that is not in the dataset.
    """
    places = {one.id: index for index, one in enumerate(examples)}
    unknown = [one.example for one in mistakes[:MOST] if one.example not in places]
    if unknown:
        raise ValueError(f"mistakes on examples that are not in the dataset: {', '.join(unknown)}")
    return tuple(_card(one, examples[places[one.example]], said[places[one.example]]) for one in mistakes[:MOST])


def _card(mistake: Mistake, example: Example, said: Judgement) -> Card:
    findings = () if said.trace is None else said.trace.findings
    asked = said.trace is not None and was_asked(said.trace)
    traced = [_traced(one, example) for one in findings if asked and one.outcome is not RuleOutcome.PRUNED]
    return Card(
        mistake=mistake,
        example=example,
        said=said,
        picture=shielded(example.path),
        traced=tuple(sorted(traced, key=lambda one: not one.opened)),
        pruned=tuple(one for one in findings if one.outcome is RuleOutcome.PRUNED),
        views=said.trace is not None and len(said.trace.image_facts.judged) > 1,
    )


def _traced(finding: Finding, example: Example) -> Traced:
    truth = example.rules.get(finding.rule)
    opened = finding.outcome in (RuleOutcome.VIOLATED, RuleOutcome.UNDECIDED) or truth is True
    return Traced(finding, truth, opened, tuple(_rows(finding, example)))


def _rows(finding: Finding, example: Example) -> Iterator[CaseRow]:
    wrong = wrong_statements(example, finding)
    for lead, conditions in (("", finding.preconditions), ("unless", finding.exceptions)):
        for condition in conditions:
            for index, one in enumerate(condition.alternatives):
                known = example.statements.get(one.statement)
                scale = _scale(finding, exception=lead == "unless")
                yield _row(lead if index == 0 else "or", one, known, one.statement in wrong, scale)


def _scale(finding: Finding, *, exception: bool) -> float:
    """The score that fills its bar: 1 for differences of probabilities, more for log odds."""
    used = finding.thresholds
    if used is None:
        return 1.0
    used = used.of_exceptions if exception else used
    return LOG_ODDS if used.debias == "logit" or used.bounds is not None else 1.0


def _row(lead: str, evidence: Evidence, truth: bool | None, wrong: bool, scale: float) -> CaseRow:
    return CaseRow(
        lead=lead,
        statement=evidence.statement,
        outcome=evidence.outcome.replace("_", " "),
        truth=truth,
        wrong=wrong,
        raw=evidence.answer.probability if evidence.answer else None,
        prior=evidence.prior.probability if evidence.prior else None,
        score=evidence.score,
        bar=max(-1.0, min(1.0, (evidence.score or 0.0) / scale)),
        step=evidence.branch.replace("_", " "),
        why=_why(evidence),
    )


def _why(evidence: Evidence) -> str:
    said = []
    if evidence.region is not None:
        found = f"“{evidence.region.query}” " if evidence.region.query else ""
        said.append(f"region {found}by {evidence.region.source}")
        if evidence.region.drop is not None:
            said.append(f"drop {evidence.region.drop:+.2f}")
    said += [left.in_short() for _, left in evidence.steps]
    if evidence.reason:
        said.append(evidence.reason)
    return "; ".join(said)
