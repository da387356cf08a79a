"""Puts the page together: 1. a card per verdict, what needs somebody first; 2. of each card the rule that tells most
stands open, with the boxes that decided drawn over the picture; 3. the template is filled, all in it escaped.

Its pictures are shown as they are, not shielded: it is made for the drawings that ship.
"""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from judge import media
from judge.chain import Outcome
from judge.evaluation.reports.html.standalone import plain_page
from judge.judging.nearest import Nearest, nearest
from judge.judging.plain import how, seen
from judge.verdict import Branch, Evidence, Finding, RuleOutcome, Verdict

WORDS = {"violation": "violation", "needs_review": "needs review", "no_violation": "no violation"}
_FOLDER = Path(__file__).resolve().parent
_SIDE = 320  # longest side of a picture on the page, in pixels
_BY_REGION = {Branch.REGION_HOLDS, Branch.CROP_HOLDS, Branch.CROP_FAILS}
_MARKS = {Outcome.HOLDS: "✓", Outcome.FAILS: "✗", Outcome.UNDECIDED: "?", Outcome.NOT_ASKED: "·"}


@dataclass(frozen=True)
class Fact:
    """One statement of a chain. lead: `or`, `unless`. how: what decided it, in words. raw, prior: M in [0, 1]."""

    lead: str
    statement: str
    outcome: Outcome
    how: str
    raw: float | None
    prior: float | None

    @property
    def mark(self) -> str:
        """The outcome as one sign."""
        return _MARKS[self.outcome]

    @property
    def word(self) -> str:
        """The outcome as a word."""
        return self.outcome.replace("_", " ")


@dataclass(frozen=True)
class Boxed:
    """A region that decided a statement: label, and corner, width and height in % of the picture."""

    label: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class DemoCard:
    """One picture with its verdict. open, others: findings and their facts; pruned: ids of rules not asked about."""

    verdict: Verdict
    picture: str
    near: Nearest | None
    boxes: tuple[Boxed, ...]
    open: tuple[tuple[Finding, tuple[Fact, ...]], ...]
    others: tuple[tuple[Finding, tuple[Fact, ...]], ...]
    pruned: tuple[str, ...]

    @property
    def seconds(self) -> tuple[tuple[str, float], ...]:
        """Stages that took a hundredth of a second or more, without their sum."""
        return tuple((name, spent) for name, spent in self.verdict.timings.items() if spent >= 0.01 and name != "total")


def page(verdicts: Sequence[Verdict], *, seconds: float, command: str) -> str:
    """The page as one HTML text that needs no network, no script and no other file.

    verdicts: on files that are still there; `seconds` that all of them took; command: that makes the page again.

    Raises:
        ImageError: a picture that was judged can no longer be read.
    """
    ordered = sorted(verdicts, key=lambda one: tuple(WORDS).index(one.verdict))
    return plain_page(
        _FOLDER,
        cards=[_card(one) for one in ordered],
        counts=Counter(one.verdict for one in verdicts),
        words=WORDS,
        seconds=seconds,
        command=command,
        source=verdicts[0].provenance,
    )


def _card(verdict: Verdict) -> DemoCard:
    near = None if verdict.verdict == "violation" else nearest(verdict.findings)
    telling = set(verdict.violations) or ({near.rule} if near else set())
    asked = [one for one in verdict.findings if one.preconditions and one.outcome is not RuleOutcome.PRUNED]
    opened = [one for one in asked if one.rule in telling or one.outcome is RuleOutcome.UNDECIDED]
    return DemoCard(
        verdict=verdict,
        picture=_picture(verdict.image),
        near=near,
        boxes=tuple(_boxes(verdict, opened)),
        open=tuple((one, tuple(_facts(one))) for one in opened),
        others=tuple((one, tuple(_facts(one))) for one in asked if one not in opened),
        pruned=tuple(one.rule for one in verdict.findings if one.outcome is RuleOutcome.PRUNED),
    )


def _picture(path: str) -> str:
    seen = media.decode(media.read_bytes(path), path).views[0].image
    seen.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    seen.save(buffer, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _facts(finding: Finding) -> Iterator[Fact]:
    for kind, conditions in (("", finding.preconditions), ("unless", finding.exceptions)):
        for condition in conditions:
            for index, one in enumerate(condition.alternatives):
                yield Fact(
                    lead="or" if index else kind,
                    statement=one.statement,
                    outcome=one.outcome,
                    how=_how(one),
                    raw=one.answer.probability if one.answer else None,
                    prior=one.prior.probability if one.prior else None,
                )


def _how(evidence: Evidence) -> str:
    if evidence.branch is Branch.REASONING and evidence.reasoning is not None:
        return f"the model thought it over: {evidence.reasoning.in_short()}"
    if evidence.branch is Branch.DEBATE and evidence.debate is not None:
        return f"two sides argued about it: {evidence.debate.in_short()}"
    if evidence.branch is Branch.COMMITTEE and evidence.committee is not None:
        return f"several models voted on it: {evidence.committee.in_short()}"
    return how(evidence.branch, seen(evidence))


def _boxes(verdict: Verdict, findings: Sequence[Finding]) -> Iterator[Boxed]:
    """The regions that decided, each once, its label being the statements that it decided."""
    across, down = verdict.image_facts.width, verdict.image_facts.height
    if not across or not down or len(verdict.image_facts.judged) != 1:  # of frames the page shows the first only
        return
    labels: dict[tuple[float, float, float, float], list[str]] = {}
    for finding in findings:
        for condition in (*finding.preconditions, *finding.exceptions):
            for one in condition.alternatives:
                if one.branch in _BY_REGION and one.region is not None:
                    labels.setdefault(one.region.box, []).append(one.region.query or one.statement)
    for (left, top, right, bottom), said in labels.items():
        label = ", ".join(dict.fromkeys(said))
        yield Boxed(
            label, 100 * left / across, 100 * top / down, 100 * (right - left) / across, 100 * (bottom - top) / down
        )
