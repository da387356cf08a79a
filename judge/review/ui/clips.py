"""What was found of a clip, as HTML: its rules with their ranges, and the chains of the frames that tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from judge.clip_verdict import ClipFinding, ClipVerdict
from judge.media.clips.strip import clock
from judge.review.store.clips import as_verdict
from judge.review.ui import render
from judge.review.ui.chains import READING_ORDER, Group, rules_of
from judge.review.ui.parts import UNFOLDED

MOST: Final = 20  # ranges of a rule that are listed
_FRAMES = 3  # of a rule whose chains are shown


def clip_html(clip: ClipVerdict, place: Callable[[int], int] | None = None) -> str:
    """Every rule of a clip, those that hold somewhere or are open first.

    place: tells which frame of the page shows a time, to jump there; None where there is nowhere to jump.
    """
    ordered = sorted(clip.rules, key=lambda one: READING_ORDER[one.outcome])
    found = [one for one in ordered if _is_found(one)]
    return render.html(
        "clip",
        clip=clip,
        verdict=as_verdict(clip),
        found=found,
        rest=[one for one in ordered if not _is_found(one)],
        evidence=_evidence(clip),
        place=place,
        clock=clock,
        most=MOST,
        unfolded=UNFOLDED,
    )


def _is_found(rule: ClipFinding) -> bool:
    return bool(rule.ranges or rule.undecided) or rule.outcome in ("violated", "undecided")


def _evidence(clip: ClipVerdict) -> dict[str, list[tuple[int, tuple[Group, ...]]]]:
    """Of each rule the frames that tell of it, with its chain on each."""
    found: dict[str, list[tuple[int, tuple[Group, ...]]]] = {one.rule: [] for one in clip.rules}
    for frame in clip.evidence:
        for rule in rules_of(frame.verdict):
            told = found.get(rule.finding.rule, [])
            if rule.finding.rule in frame.rules and rule.groups and len(told) < _FRAMES:
                told.append((frame.ms, rule.groups))
    return found
