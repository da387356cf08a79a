"""Clips of pictures that come and go, looked at without coding a film, and with answers that are known."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image

from judge.judging.clips.choosing import next_look
from judge.judging.clips.sight import of_all_kinds
from judge.judging.clips.spans import State, TimeSpan, spans_of
from judge.media.clips import Held, Strip
from judge.media.clips.holding import Holding
from judge.media.clips.looks import Looks
from judge.verdict import RuleOutcome


def strip_of(pictures: Sequence[Image.Image], rate: int) -> Strip:
    """What looking through such a film leaves."""
    holding = Holding()
    for number, picture in enumerate(pictures):
        holding.add(number * 1000 // rate, picture, lambda picture=picture: picture)
    end = len(pictures) * 1000 // rate
    held = tuple(Held(*one) for one in holding.frames(end))
    return Strip("0" * 64, "mp4", "h264", *pictures[0].size, end, len(pictures), 0, held)


@dataclass(frozen=True)
class Found:
    """What was found. judged: how many frames were."""

    spans: tuple[TimeSpan, ...]
    judged: int

    def ms(self, *states: State) -> int:
        return sum(one.end_ms - one.start_ms for one in self.spans if one.state in states)

    def frames(self, *states: State) -> float:
        return sum(one.frames for one in self.spans if one.state in states)


def found_in(strip: Strip, violates: Callable[[int], bool], most: int = 240, step_ms: int = 1000) -> Found:
    """What is found with eyes that are always right. violates: whether the frame at a time does."""
    looks = Looks([one.data for one in strip.held])
    judged: dict[int, RuleOutcome] = {}
    told: dict[int, tuple[RuleOutcome, ...]] = {}
    while places := next_look(strip, looks, told, most - len(judged), step_ms):
        assert not judged.keys() & set(places), "no frame is judged twice"
        for place in places:
            yes = violates(strip.held[place].ms)
            judged[place] = RuleOutcome.VIOLATED if yes else RuleOutcome.NOT_VIOLATED
        told = {place: (one,) for place, one in of_all_kinds(looks, judged).items()}
    outcomes = {place: one for place, (one,) in told.items()}
    return Found(tuple(spans_of(strip, looks, outcomes, step_ms)), len(judged))


@cache
def scene(number: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture of its own kind: blocks of grey that say its number in a code."""
    picture = Image.new("RGB", size, (210, 210, 200))
    bits = f"{number:08b}{number * 37 % 256:08b}"
    for place, bit in enumerate(bits):
        if bit == "1":
            left, top = size[0] // 4 * (place % 4), size[1] // 4 * (place // 4)
            picture.paste((120, 140, 150), (left, top, left + size[0] // 5, top + size[1] // 5))
    return picture


def as_jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=95, subsampling=0)
    return buffer.getvalue()
