"""Verdicts for the eye with --explain: a table per rule. Knows rich and `Verdict` only."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from judge.judging.plain import GLOSSARY, how, seen
from judge.printable import printable
from judge.verdict import Condition, Evidence, Finding, Verdict

_OUTCOME_STYLES = {"holds": "red", "fails": "green", "undecided": "yellow", "not_asked": "dim"}
_BAR = 10
LEGEND = (
    "with image, prior: how sure the model is of yes with and without the picture, or what it reads; "
    f"score: how far it moves ({GLOSSARY})"
)


def explanation(verdict: Verdict) -> Iterator[Table]:
    """One table per rule and view: each precondition with its outcome, probabilities and deciding branch."""
    many = len(verdict.image_facts.judged) > 1
    for finding in verdict.findings:
        yield _finding_table(finding, show_view=many)


def _finding_table(finding: Finding, *, show_view: bool) -> Table:
    view = f" ({finding.view})" if show_view else ""
    relevance = f", relevance {finding.relevance:.3f}" if finding.relevance is not None else ""
    shadow = "" if finding.enforced else " [shadow]"
    title = f"{finding.rule}{shadow}{view}: {finding.outcome}{relevance}"
    table = Table(title=escape(title), title_justify="left", title_style="bold", caption=escape(finding.text))
    table.caption_justify = "left"
    for name in ("precondition", "outcome", "with image", "prior", "score", "decided by"):
        table.add_column(name, overflow="fold")
    for kind, conditions in (("", finding.preconditions), ("unless ", finding.exceptions)):
        for condition in conditions:
            _add_rows(table, condition, kind)
    return table


def _add_rows(table: Table, condition: Condition, prefix: str) -> None:
    for index, evidence in enumerate(condition.alternatives):
        lead = prefix if index == 0 else "or "
        table.add_row(
            escape(lead + evidence.statement),
            Text(evidence.outcome, style=_OUTCOME_STYLES[evidence.outcome]),
            _bar(evidence.answer.probability) if evidence.answer else "",
            f"{evidence.prior.probability:.3f}" if evidence.prior else "",
            f"{evidence.score:+.3f}" if evidence.score is not None else "",
            escape(_decided_by(evidence)),
        )


def _bar(share: float) -> Text:
    full = round(share * _BAR)
    return Text("█" * full + "░" * (_BAR - full) + f" {share:.3f}")


def _decided_by(evidence: Evidence) -> str:
    said = [how(evidence.branch, seen(evidence))]
    region = evidence.region
    if region is not None:
        box = ", ".join(f"{corner:.0f}" for corner in region.box)
        drop = f", drop {region.drop:+.3f}" if region.drop is not None else ""
        said.append(f"region by {region.source} ({box}){drop}")
    said += [f"{step}: {left.in_short()}" for step, left in evidence.steps]
    if evidence.reason:
        said.append(evidence.reason)
    return printable("; ".join(said))
