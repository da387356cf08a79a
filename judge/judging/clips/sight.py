"""Which frames of a clip were looked at, and by which judged ones: those that look like one, and those on the way
between two of one shot, no more than a step apart. Pure: knows places, looks and milliseconds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import TypeVar

from judge.media.clips import Strip
from judge.media.clips.looks import Looks

_Told = TypeVar("_Told")


def sight(strip: Strip, looks: Looks, told: Collection[int], step_ms: float) -> list[tuple[int, int] | None]:
    """For each held frame the places of the two that tell of it; twice its own where it was judged, or looks like one
    that was; None where nobody looked.

    told: places of frames of which something is known. Nothing tells beyond a shot, or beyond its own last frame.
    """
    found: list[tuple[int, int] | None] = [None] * len(strip.held)
    places = sorted(told)
    for place in places:
        found[place] = place, place
    for before, after in pairwise(places):
        if after - before == 1 or strip.held[before].shot != strip.held[after].shot:
            continue
        if strip.held[after].ms - own_end(strip, before) <= step_ms:
            for place in looks.passed(before, after):
                found[place] = before, after
    return found


def of_all_kinds(looks: Looks, judged: Mapping[int, _Told]) -> dict[int, _Told]:
    """What is known of frames from those that were judged: of each kind the first."""
    return {place: judged[kind] for place, kind in enumerate(looks.kinds) if kind in judged}


def own_end(strip: Strip, place: int) -> int:
    """Until when a held frame, and those that look like it, are shown."""
    one = strip.held[place]
    return one.until_ms if one.alike else one.ms + (one.until_ms - one.ms) // one.count
