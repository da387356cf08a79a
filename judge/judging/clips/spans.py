"""What judged frames tell of the time between them, for one rule: where it holds, where not, and where nobody knows.

A frame tells of itself and of those that look like it. What lies on the way between two (`sight`) is taken to be as
both are; where they differ, it is an edge. The rest was not looked at. Pure: knows frames, outcomes and milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from judge.constitution.clip_bound import ClipBound
from judge.judging.clips.sight import own_end, sight
from judge.media.clips import Strip
from judge.media.clips.looks import Looks
from judge.verdict import RuleOutcome


class State(StrEnum):
    """What is known of a stretch of time."""

    HOLDS = "holds"
    CLEAR = "clear"
    OPEN = "open"  # looked at, and undecided
    EDGE = "edge"  # on the way between two frames of which not the same came
    UNSEEN = "unseen"


@dataclass(frozen=True)
class TimeSpan:
    """A stretch of time, and the frames of the clip in it."""

    start_ms: int
    end_ms: int
    frames: float
    state: State


@dataclass(frozen=True)
class Amount:
    """How much of a clip: frames, milliseconds, and the share of its time."""

    frames: float
    ms: int
    share: float

    def reaches(self, bound: ClipBound | None) -> bool:
        """Whether it is as much as a rule needs; without a bound one frame is."""
        if bound is None:
            return self.frames >= 1
        if bound.unit == "frames":
            return self.frames >= bound.amount
        return self.ms >= bound.amount * 1000 if bound.unit == "s" else self.share * 100 >= bound.amount


_STATES = {RuleOutcome.VIOLATED: State.HOLDS, RuleOutcome.UNDECIDED: State.OPEN}


def spans_of(strip: Strip, looks: Looks, outcomes: Mapping[int, RuleOutcome], step_ms: float) -> list[TimeSpan]:
    """The whole time of a clip, in order, as one rule's outcomes tell of it. outcomes: by place in `Strip.held`, of
    frames that were judged and of those that look like them."""
    states = {place: _STATES.get(outcome, State.CLEAR) for place, outcome in outcomes.items()}
    pieces = _overlaid(_pieces(strip, looks, states, step_ms), strip)
    found: list[TimeSpan] = []
    for one in pieces:
        if found and found[-1].state is one.state and found[-1].end_ms == one.start_ms:
            found[-1] = replace(found[-1], end_ms=one.end_ms, frames=found[-1].frames + one.frames)
        else:
            found.append(one)
    return found


def amount(spans: Iterable[TimeSpan], states: Iterable[State], duration_ms: int) -> Amount:
    """How much of a clip is in one of these states."""
    wanted = set(states)
    some = [one for one in spans if one.state in wanted]
    ms = sum(one.end_ms - one.start_ms for one in some)
    return Amount(sum(one.frames for one in some), ms, min(1.0, ms / max(1, duration_ms)))


def _pieces(strip: Strip, looks: Looks, states: Mapping[int, State], step_ms: float) -> Iterator[TimeSpan]:
    """A stretch for each held frame, and one for those behind it of which nothing was kept."""
    for place, telling in enumerate(sight(strip, looks, states, step_ms)):
        one, own = strip.held[place], own_end(strip, place)
        state = State.UNSEEN
        if telling is not None:
            before, after = (states[each] for each in telling)
            state = before if before is after else State.EDGE
        yield TimeSpan(one.ms, own, one.count if one.alike else 1, state)
        if own < one.until_ms or not one.alike:
            yield TimeSpan(own, one.until_ms, 0 if one.alike else one.count - 1, State.UNSEEN)


def _overlaid(spans: Iterable[TimeSpan], strip: Strip) -> Iterator[TimeSpan]:
    """The spans, with what could not be seen cut out of them and put in its place."""
    holes = sorted((one.start_ms, one.end_ms) for one in strip.unseen)
    for one in spans:
        place = one.start_ms
        for start, end in holes:
            if end <= place or start >= one.end_ms:
                continue
            if start > place:
                yield replace(one, start_ms=place, end_ms=start)
                one = replace(one, frames=0)
            place = min(one.end_ms, max(place, end))
            yield TimeSpan(max(start, one.start_ms), place, math.inf, State.UNSEEN)
        if place < one.end_ms:
            yield replace(one, start_ms=place)
    last = strip.held[-1].until_ms
    for start, end in holes:
        if end > last:
            yield TimeSpan(max(start, last), end, math.inf, State.UNSEEN)
