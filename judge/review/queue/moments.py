"""Which moments of a clip are shown, and what there is to say of each. Pure; knows no page.

The frames that tell come first, then where ranges begin and end, then moments spread evenly; there are at most `MOST`.
Who reads blind gets the even ones only: which frames were chosen would tell what the judge said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from judge.clip_verdict import ClipFinding, ClipVerdict, Stretch
from judge.media.clips.strip import clock
from judge.verdict import RuleOutcome, Verdict

MOST: Final = 36  # moments of a clip that are shown
_EVEN = 12  # of these, spread evenly over its time
_ROWS = 8  # rules whose ranges are drawn; the others are counted
_OPEN = (RuleOutcome.VIOLATED, RuleOutcome.UNDECIDED)


@dataclass(frozen=True)
class Moment:
    """A frame that is shown. at: its time as people read it. share: of the clip's time that lies before it. said: what
    it tells, and what came of it. verdict: with all evidence, where that is kept."""

    ms: int
    at: str
    share: float
    said: str
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Band:
    """A stretch on the bar of a rule, in shares of the clip's time. kind: `holds`, `may`, `open` or `unseen`. to: the
    place of the moment that a click leads to."""

    kind: str
    left: float
    width: float
    said: str
    to: int


@dataclass(frozen=True)
class Row:
    """The bar of a rule. amount: how long it holds, and how long it has to."""

    rule: str
    outcome: str
    amount: str
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class Timeline:
    """A clip as it is shown. first: the place of the moment that is shown first. more: rules that are not drawn."""

    moments: tuple[Moment, ...]
    rows: tuple[Row, ...]
    unseen: tuple[Band, ...]
    length: str
    looked_at: str
    first: int
    more: int
    least: tuple[tuple[str, str], ...]

    @property
    def times(self) -> tuple[int, ...]:
        """When the moments show, in milliseconds."""
        return tuple(one.ms for one in self.moments)


def timeline(clip: ClipVerdict, *, shown: bool) -> Timeline:
    """The timeline of a clip. shown: whether what the judge said may be seen."""
    length = max(clip.clip_facts.duration_ms, 1)
    times = sorted(_times(clip, length, shown=shown))
    words = _words(clip) if shown else {}
    whole = {one.ms: one.verdict for one in clip.evidence} if shown else {}
    moments = tuple(Moment(ms, clock(ms), ms / length, words.get(ms, ""), whole.get(ms)) for ms in times)
    drawn = [one for one in clip.rules if one.ranges or one.undecided] if shown else []
    drawn.sort(key=lambda one: (one.outcome not in _OPEN, one.outcome is not RuleOutcome.VIOLATED))
    telling = [one.ms for one in clip.evidence] if shown else []
    return Timeline(
        moments=moments,
        rows=tuple(_row(one, times, length) for one in drawn[:_ROWS]),
        unseen=tuple(_unseen(one, times, length) for one in clip.not_looked_at[:MOST]) if shown else (),
        length=clock(clip.clip_facts.duration_ms),
        looked_at=_percent(clip.looked_at) if shown else "",
        first=times.index(telling[0]) if telling and telling[0] in times else 0,
        more=max(len(drawn) - _ROWS, 0),
        least=tuple((one.rule, one.at_least) for one in clip.rules if one.at_least),
    )


def place_of(clip: ClipVerdict) -> Callable[[int], int]:
    """Tells which moment of the timeline is nearest to a time; for who may see what the judge said."""
    times = sorted(_times(clip, max(clip.clip_facts.duration_ms, 1), shown=True))
    return lambda ms: _nearest(times, ms)


def _times(clip: ClipVerdict, length: int, *, shown: bool) -> set[int]:
    last = length - 1
    even = [round(place * last / (_EVEN - 1)) for place in range(_EVEN)]
    found: dict[int, None] = {}  # in order of importance
    for ms in _telling(clip) if shown else ():
        if len(found) < MOST - _EVEN:
            found.setdefault(min(max(ms, 0), last))
    apart = length / (4 * _EVEN)
    for ms in even:  # those that stand beside another one say nothing new
        if all(abs(ms - one) > apart for one in found):
            found.setdefault(ms)
    return set(found)


def _telling(clip: ClipVerdict) -> Iterator[int]:
    yield from (one.ms for one in clip.evidence)
    enforced = sorted(clip.rules, key=lambda one: one.outcome not in _OPEN)
    yield from (each.telling_ms for one in enforced for each in one.ranges)
    yield from (each.start_ms for one in enforced for each in one.undecided)
    for one in enforced:
        for each in one.ranges:
            yield each.start_ms
            yield each.end_ms - 1


def _words(clip: ClipVerdict) -> dict[int, str]:
    """What there is to say of a moment: which rules it tells of, and where ranges begin and end."""
    said: dict[int, list[str]] = {}
    for frame in clip.evidence:
        said.setdefault(frame.ms, []).append(f"tells of {', '.join(frame.rules)}")
    for one in clip.rules:
        for each in one.ranges:
            said.setdefault(each.start_ms, []).append(f"{one.rule} begins")
            said.setdefault(each.end_ms - 1, []).append(f"{one.rule} ends")
        for stretch in one.undecided:
            said.setdefault(stretch.start_ms, []).append(f"{one.rule} is open")
    return {ms: "; ".join(dict.fromkeys(parts)) for ms, parts in said.items()}


def _row(rule: ClipFinding, times: list[int], length: int) -> Row:
    bands: list[Band] = []
    for one in rule.ranges:
        words = f"{clock(one.start_ms)} to {clock(one.end_ms)}"
        to = _nearest(times, one.telling_ms)
        if (one.may_start_ms, one.may_end_ms) != (one.start_ms, one.end_ms):
            bands.append(_band("may", one.may_start_ms, one.may_end_ms, length, f"{words}, or longer", to))
        bands.append(_band("holds", one.start_ms, one.end_ms, length, words, to))
    for stretch in rule.undecided:
        said = f"open from {clock(stretch.start_ms)} to {clock(stretch.end_ms)}: {stretch.why}"
        bands.append(_band("open", stretch.start_ms, stretch.end_ms, length, said, _nearest(times, stretch.start_ms)))
    amount = f"{rule.held_ms / 1000:g} s"
    amount += f" of at least {rule.at_least}" if rule.at_least else ""
    return Row(rule.rule, rule.outcome, amount, tuple(bands[: 2 * MOST]))


def _unseen(one: Stretch, times: list[int], length: int) -> Band:
    said = f"not looked at from {clock(one.start_ms)} to {clock(one.end_ms)}: {one.why}"
    return _band("unseen", one.start_ms, one.end_ms, length, said, _nearest(times, one.start_ms))


def _band(kind: str, start: int, end: int, length: int, said: str, to: int) -> Band:
    return Band(kind, start / length, max(end - start, 0) / length, said, to)


def _nearest(times: list[int], ms: int) -> int:
    return min(range(len(times)), key=lambda place: abs(times[place] - ms))


def _percent(share: float) -> str:
    return "all of it" if share >= 1 else f"{int(share * 1000) / 10:g} % of it"
