"""The lines on a verdict that everybody reads, as text with styles, and the command that tells more. Knows no rich."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from judge.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.clip_verdict import ClipVerdict
    from judge.offence import Offence
    from judge.verdict import Verdict

_STYLES = {"violation": "bold red", "needs_review": "bold yellow", "no_violation": "bold green"}


def headline(verdict: Verdict) -> list[tuple[str, str]]:
    """Image, verdict, and the rules violated, the reasons for a review, or what it would take to violate a rule: pieces
    of text, each with its style."""
    pieces = first_words(verdict)
    if verdict.violations:
        pieces.append((f"  {', '.join(verdict.violations)}", "red"))
    elif verdict.verdict == "no_violation":
        from judge.judging.nearest import nearest

        if (near := nearest(verdict.findings)) is not None:
            why = f"{near.rule} lifted by" if near.lifted else f"{near.rule} but for"
            pieces.append((f"  {why}: {printable(near.statement)}", "dim"))
    return pieces + below(verdict)


def first_words(verdict: Verdict | ClipVerdict) -> list[tuple[str, str]]:
    """How the lines of a verdict begin."""
    return [(f"{verdict.verdict:<13}", _STYLES[verdict.verdict]), (printable(verdict.image), "")]


def below(verdict: Verdict | ClipVerdict) -> list[tuple[str, str]]:
    """What stands under the first line of a verdict."""
    said = [(printable(reason), "yellow") for reason in verdict.reasons]
    if verdict.failure is not None and verdict.failure.hint:
        said.append((f"hint: {printable(verdict.failure.hint)}", "dim"))
    if verdict.shadow_violations:
        said.append((f"in shadow: {', '.join(verdict.shadow_violations)}", "magenta"))
    said += [(printable(note), "dim") for note in verdict.notes]
    said += [(line, "cyan") for line in _of_offence(verdict)]
    return [(f"\n{'':<13}{text}", style) for text, style in said]


def _of_offence(verdict: Verdict | ClipVerdict) -> list[str]:
    """What the model says of offence, where it was asked: a rule a line, and a line for each thing that it says."""
    offence: Offence | None = getattr(verdict, "offence", None)  # a clip has none; reading verdicts in takes too long
    if offence is None:
        return []
    said = []
    for one in offence.frames:
        said.append(f"how it may give offence, under {one.rule} (the model's words, part of no verdict):")
        said += [f"  {name}: {printable(text)}" for name, text in one.lines]
    if offence.left_out:
        most, left = len(offence.frames), ", ".join(offence.left_out)
        said.append(f"of offence not asked, beyond the first {most} rules: {left}")
    return said


def say_how_to_see_why(image: str, options: Sequence[str]) -> None:
    """On stderr, the command that explains a verdict. options: those that it was judged with."""
    words = (shlex.quote(printable(word)) for word in (image, *options, "--explain"))
    print(f"judge: see why: judge check {' '.join(words)}", file=sys.stderr)
