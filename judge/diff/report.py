"""A comparison for the eye and as one record. Knows rich and what was found."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from judge.diff.changes import Change, Level
from judge.diff.effects import Effect
from judge.diff.policy import PolicyDiff
from judge.diff.verdicts import Flip, McNemar, QuestionCost, VerdictDiff
from judge.judging.plain import GLOSSARY
from judge.printable import printable
from judge.settings import Frozen

_WORDS = {
    Effect.NONE: "as before",
    Effect.MORE: "only more",
    Effect.LESS: "only less",
    Effect.EITHER: "more or less",
}
SURE = 0.05  # of McNemar's test: the usual bound
_STYLES = {Effect.NONE: "dim", Effect.MORE: "red", Effect.LESS: "green", Effect.EITHER: "yellow"}


class DiffReport(Frozen):
    """What `judge diff` found: in words, and on images where there were any."""

    policy: PolicyDiff
    verdicts: VerdictDiff | None = None


def report(whole: DiffReport) -> Iterator[Table | Text]:
    """The changes, the version they ask for, and what became of the images."""
    yield from _policy(whole.policy)
    if whole.verdicts is not None:
        yield from _verdicts(whole.verdicts)


def _policy(policy: PolicyDiff) -> Iterator[Text]:
    old, new = policy.old, policy.new
    yield Text(f"{old.constitution} {old.version} -> {new.constitution} {new.version}", style="bold")
    for change in policy.changes:
        yield _change(change)
    for rule in policy.rules:
        line = Text(f"{rule.rule}: ", style="bold")
        line.append(f"can fire {_WORDS[rule.effect]}", style=_STYLES[rule.effect])
        if rule.before == rule.after == "shadow":
            line.append(" (in shadow: no verdict hangs on it)", style="dim")
        yield line
        for change in rule.changes:
            yield _change(change)
    if policy.level is Level.NONE:
        yield Text("nothing changed")
    else:
        yield Text(f"verdicts can be stricter or laxer: {_VERDICTS[policy.effect]}", style=_STYLES[policy.effect])
        yield Text(f"version: a {policy.level.name.lower()} change, {policy.suggested_version} or higher")
    if policy.complaint is not None:
        yield Text(policy.complaint, style="bold red")


_VERDICTS = {
    Effect.NONE: "neither, none can flip",
    Effect.MORE: "only stricter",
    Effect.LESS: "only laxer",
    Effect.EITHER: "both",
}


def _change(change: Change) -> Text:
    needs = f", by the {change.needs}" if change.needs else ""
    line = Text(f"  {change.words} ")
    line.append(f"[{_WORDS[change.effect]}{needs}]", style=_STYLES[change.effect])
    return line


def _verdicts(found: VerdictDiff) -> Iterator[Table | Text]:
    yield Text(f"\n{len(found.flips)} of {found.images} images flip", style="bold")
    for flip in found.flips:
        yield _flip(flip)
    for failure in found.failures:
        yield Text(f"not compared: {printable(failure)}", style="bold magenta")
    table = Table(title="images violating", title_justify="left")
    for name in ("rule", "old", "new"):
        table.add_column(name, justify="left" if name == "rule" else "right", overflow="fold")
    for count in found.rules:
        style = "" if count.old == count.new else "bold"
        table.add_row(
            escape(count.rule), *("-" if one is None else str(one) for one in (count.old, count.new)), style=style
        )
    table.add_section()
    table.add_row("any enforced rule", *map(str, found.violations))
    yield table
    yield Text(in_plain_words(found.mcnemar))
    yield Text(f"needs review: {found.reviews[0]} -> {found.reviews[1]} images")
    yield Text(f"cost per image: {_cost(found.cost[0])} -> {_cost(found.cost[1])}")
    yield Text(f"words: {GLOSSARY}; numbers: --json", style="dim")


def in_plain_words(test: McNemar) -> str:
    """What McNemar's test says, for somebody who never heard of it."""
    if not test.b + test.c:
        return "no image is a violation under one of the two only"
    said = f"violations under the old only: {test.b}, under the new only: {test.c}"
    if test.p_value < SURE:
        return f"{said}. So one-sided a change is hardly chance: more images like these would show the same direction"
    share = "nearly always" if test.p_value > 1 - SURE else f"about {round(100 * test.p_value)} of 100 times"
    return f"{said}. Two equal policies would come out this unequal {share}: too few images to tell a direction"


def _flip(flip: Flip) -> Text:
    line = Text(f"{printable(flip.image)}: {flip.before} -> {flip.after}")
    for one in flip.rules:
        line.append(f"\n  {one.rule}: {one.before.replace('_', ' ')} -> {one.after.replace('_', ' ')}")
        if one.changed:
            line.append(f"\n    {one.changed}", style="dim")
        if one.decided is not None:
            line.append(f"\n    {one.under.upper()}: {one.decided}", style="dim")
    return line


def _cost(cost: QuestionCost) -> str:
    asked = f"{cost.questions:.1f} questions, {cost.region_questions:.1f} on regions"
    return f"{asked}, {cost.reasonings:.2f} reasonings"
