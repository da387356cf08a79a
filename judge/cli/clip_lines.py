"""Verdicts on clips for the eye: a headline, and with --explain what came of each rule over the clip's time."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from judge.cli import tables
from judge.cli.headline import below, first_words
from judge.clip_verdict import ClipFinding, ClipVerdict
from judge.media.clips.strip import clock
from judge.printable import printable
from judge.verdict import RuleOutcome

_RANGES = 5  # of a rule, in the headline


def headline(verdict: ClipVerdict) -> Text:
    """Clip, verdict, and where each rule is violated, or the reasons for a review."""
    violated = (one for one in verdict.rules if one.enforced and one.outcome is RuleOutcome.VIOLATED)
    where = [(f"\n{'':<13}{one.rule}: {_times(one)}", "red") for one in violated]
    return Text.assemble(*first_words(verdict), *where, *below(verdict))


def explanation(verdict: ClipVerdict) -> Iterator[RenderableType]:
    """What came of each rule, and the frames that tell with their chains."""
    table = Table(title=escape(printable(verdict.clip)), title_justify="left", title_style="bold")
    for name in ("rule", "outcome", "where", "for", "at least", "open"):
        table.add_column(name, overflow="fold")
    for rule in verdict.rules:
        table.add_row(
            rule.rule + ("" if rule.enforced else " [shadow]"),
            str(rule.outcome),
            _times(rule),
            f"{rule.held_ms / 1000:g} s",
            rule.at_least or "1 frame",
            escape(printable(rule.reason or "")),
        )
    yield table
    for frame in verdict.evidence:
        yield Text(f"{printable(frame.verdict.image)}: {', '.join(frame.rules)}", style="bold")
        told = frame.verdict.model_copy(
            update={"findings": tuple(one for one in frame.verdict.findings if one.rule in frame.rules)}
        )
        yield from tables.explanation(told)


def _times(rule: ClipFinding) -> str:
    shown = [f"{clock(one.start_ms)} to {clock(one.end_ms)}" for one in rule.ranges[:_RANGES]]
    more = len(rule.ranges) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
