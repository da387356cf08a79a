"""Which frames of a clip to judge: first by cut and time, then more finely where frames differ in what came of them.

Places are those of `Strip.held`. Pure: nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from judge.media.clips import Strip
from judge.verdict import RuleOutcome

FINEST_MS = 40  # two frames as close in time are not looked between
_FIRST = 0.6  # share of the budget that the first look may take
_COARSER = 1.25
_RANKS = {RuleOutcome.UNDECIDED: 1, RuleOutcome.VIOLATED: 2}  # pruned or not violated is the same


def first_look(strip: Strip, most: int, step_ms: float) -> list[int]:
    """The first frame of every shot, and in it others that lie at most a step apart, or as close as there is room for.

    most: frames that may be judged in all, of which some are kept for the finer look.
    """
    room = max(1, int(most * _FIRST))
    last = strip.held[-1].until_ms
    while len(found := list(_at_steps(strip, step_ms))) > room and step_ms < last:
        step_ms *= _COARSER
    if len(found) > room:  # more shots than room
        found = [found[number * len(found) // room] for number in range(room)]
    return found


def finer(strip: Strip, told: Mapping[int, Sequence[RuleOutcome]], most: int, step_ms: float) -> list[int]:
    """At most so many further frames, where they tell most: between two neighbours of which not the same came.

    told: what came of each frame that was judged, rule by rule. Where a violation begins or ends comes before what is
    open on one of them only, and wide stretches before narrow ones. Between a frame and the cut after it, where that is
    no more than a step away, nothing is looked for: the other shot begins with a frame of its own.
    """
    wanted: list[tuple[bool, int, int]] = []
    for before, after in pairwise(sorted(told)):
        apart = strip.held[after].ms - _end_of(strip, before)
        if strip.held[after - 1].shot != strip.held[after].shot == strip.held[before].shot + 1 and apart <= step_ms:
            continue
        ranks = [
            (_RANKS.get(one, 0), _RANKS.get(other, 0)) for one, other in zip(told[before], told[after], strict=True)
        ]
        if after - before > 1 and apart > FINEST_MS and any(one != other for one, other in ranks):
            edge = any(one != other and 2 in (one, other) for one, other in ranks)
            wanted.append((edge, apart, _between(strip, before, after)))
    wanted.sort(reverse=True)
    return sorted(place for _, _, place in wanted[:most])


def wider(strip: Strip, told: Mapping[int, object], most: int, step_ms: float) -> list[int]:
    """At most so many further frames in stretches that were not looked at, the longest first."""
    ends = [-1, *sorted(told), len(strip.held)]
    wanted: list[tuple[int, int]] = []
    for before, after in pairwise(ends):
        if after - before <= 1:
            continue
        start = strip.held[max(before, 0)].ms
        end = strip.held[after].ms if after < len(strip.held) else strip.held[-1].until_ms
        if end - start > step_ms or len({one.shot for one in strip.held[max(before, 0) : after]}) > 1:
            wanted.append((end - start, _between(strip, before, after)))
    wanted.sort(reverse=True)
    return sorted(place for _, place in wanted[:most])


def _at_steps(strip: Strip, step_ms: float) -> Iterator[int]:
    chosen = -1
    for place, one in enumerate(strip.held):
        if chosen < 0 or one.shot != strip.held[chosen].shot:
            chosen = place
            yield place
            continue
        following = strip.held[place + 1] if place + 1 < len(strip.held) else None
        goes_on = following is not None and following.shot == one.shot
        until = following.ms if goes_on and following is not None else one.until_ms
        if until - _end_of(strip, chosen) > step_ms:  # the next one would lie too far away
            chosen = place
            yield place


def _end_of(strip: Strip, place: int) -> int:
    """Until when a frame, and those that look like it, are shown."""
    one = strip.held[place]
    return one.until_ms if one.alike else one.ms + (one.until_ms - one.ms) // one.count


def _between(strip: Strip, before: int, after: int) -> int:
    """The place nearest to the middle, in time, of two others (-1 and the number of frames: the ends)."""
    start = _end_of(strip, before) if before >= 0 else strip.held[0].ms
    end = strip.held[after].ms if after < len(strip.held) else strip.held[-1].until_ms
    return min(max(strip.at((start + end) / 2), before + 1), after - 1)
