"""Which frames of a clip to judge: first by cut and time, then more finely where frames differ in what came of them,
then what nobody looked at.

Places are those of `Strip.held`. Of frames that look alike only the first is ever chosen. Pure: nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from judge.judging.clips.sight import own_end, sight
from judge.media.clips import Strip
from judge.media.clips.looks import Looks
from judge.verdict import RuleOutcome

FINEST_MS = 40  # two frames as close in time are not looked between
_FIRST = 0.6  # share of the budget that the first look may take
_COARSER = 1.25
_RANKS = {RuleOutcome.UNDECIDED: 1, RuleOutcome.VIOLATED: 2}  # pruned or not violated is the same


def next_look(
    strip: Strip, looks: Looks, told: Mapping[int, Sequence[RuleOutcome]], left: int, step_ms: float
) -> list[int]:
    """The frames to judge next; none where all was looked at, or no more may be judged.

    told: what is known of frames, rule by rule. left: how many may still be judged.
    """
    if left <= 0:
        return []
    if not told:
        return first_look(strip, looks, left, step_ms)
    return finer(strip, looks, told, left) or wider(strip, looks, told, left, step_ms)


def first_look(strip: Strip, looks: Looks, most: int, step_ms: float) -> list[int]:
    """The first and the last frame of every shot, and between them others that lie at most a step apart, or as close as
    there is room for.

    most: frames that may be judged in all, of which some are kept for the finer look.
    """
    room = max(1, int(most * _FIRST))
    whole = strip.held[-1].until_ms
    while len(found := _kinds(looks, _at_steps(strip, step_ms))) > room and step_ms < whole:
        step_ms *= _COARSER
    if len(found) > room:
        found = _kinds(looks, _firsts(strip))
    if len(found) > room:  # more shots that differ than room
        found = [found[number * len(found) // room] for number in range(room)]
    return found


def finer(strip: Strip, looks: Looks, told: Mapping[int, Sequence[RuleOutcome]], most: int) -> list[int]:
    """At most so many further frames, where they tell most: between two neighbours in a shot of which not the same
    came. Where a violation begins or ends comes before what is open on one of them only, and wide stretches before
    narrow ones."""
    wanted: list[tuple[bool, int, int]] = []
    for before, after in pairwise(sorted(told)):
        if after - before == 1 or strip.held[before].shot != strip.held[after].shot:
            continue
        apart = strip.held[after].ms - own_end(strip, before)
        ranks = [
            (_RANKS.get(one, 0), _RANKS.get(other, 0)) for one, other in zip(told[before], told[after], strict=True)
        ]
        if apart > FINEST_MS and any(one != other for one, other in ranks):
            edge = any(one != other and 2 in (one, other) for one, other in ranks)
            middle = strip.at((own_end(strip, before) + strip.held[after].ms) / 2)
            wanted.append((edge, apart, min(max(middle, before + 1), after - 1)))
    wanted.sort(reverse=True)
    return _kinds(looks, (place for *_, place in wanted))[:most]


def wider(strip: Strip, looks: Looks, told: Mapping[int, object], most: int, step_ms: float) -> list[int]:
    """At most so many further frames that nobody looked at: the middle of each stretch of them, the longest first."""
    wanted: list[tuple[int, int]] = []
    stretch: list[int] = []
    seen = sight(strip, looks, told, step_ms)
    for place, one in enumerate(strip.held):
        if stretch and (place in told or one.shot != strip.held[stretch[0]].shot):
            wanted.append(_middle(strip, stretch))
            stretch = []
        if seen[place] is None:
            stretch.append(place)
    if stretch:
        wanted.append(_middle(strip, stretch))
    wanted.sort(reverse=True)
    return _kinds(looks, (place for _, place in wanted))[:most]


def _middle(strip: Strip, stretch: Sequence[int]) -> tuple[int, int]:
    """How long frames are shown, and the one in their middle."""
    return sum(strip.held[one].until_ms - strip.held[one].ms for one in stretch), stretch[len(stretch) // 2]


def _kinds(looks: Looks, places: Iterable[int]) -> list[int]:
    """The first frames of the kinds of these, each once."""
    return list(dict.fromkeys(looks.kinds[place] for place in places))


def _firsts(strip: Strip) -> Iterator[int]:
    shot = -1
    for place, one in enumerate(strip.held):
        if one.shot != shot:
            shot = one.shot
            yield place


def _at_steps(strip: Strip, step_ms: float) -> Iterator[int]:
    chosen = -1
    for place, one in enumerate(strip.held):
        if chosen < 0 or one.shot != strip.held[chosen].shot:
            chosen = place
            yield place
            continue
        following = strip.held[place + 1] if place + 1 < len(strip.held) else None
        last = following is None or following.shot != one.shot
        if last or (following is not None and following.ms - own_end(strip, chosen) > step_ms):
            chosen = place  # the next one would lie too far away
            yield place
