"""Which frames of a clip to keep, as they come: those that differ from the last one kept, in bounded memory.

A frame that looks like the last one kept (`likeness`) is only counted. Where more differ than there is room for, those
that follow another most closely are given up, and what is left stands for them; first frames of shots stay longest.
Where the clip says how long it lasts, that is done as soon as it is plain that there will be too many.
"""

from __future__ import annotations

import io
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.media.likeness import UNLIKE, difference, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from judge.media.likeness import Fingerprint

MOST, MOST_BYTES = 3_600, 320 * 2**20  # frames that are held, and bytes of their copies
_QUALITY = 95  # of the copies: what a codec of films left is barely touched
_CUT = 24.0  # mean difference of two frames in a row, of 255, that is a cut whatever was before
_JUMP, _TIMES = 1.5, 4.0  # or one of at least _JUMP that is _TIMES the mean of those before
_BACK = 2.0  # or one of at least _JUMP to so many times closer to an earlier frame: that is flicker, and no movement
_BEFORE = 12  # of those


@dataclass
class _Kept:
    ms: int
    shot: int
    first: bool  # of its shot
    data: bytes
    count: int = 1
    alike: bool = True


class Holding:
    """Frames of one clip that are kept. Give it every frame in order; `frames` tells what is held."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES, announced_ms: int = 0) -> None:
        """announced_ms: how long the clip says it lasts. It may say what it likes: a quarter of `most`, less what one
        thinning takes, is held whatever that is."""
        self._most, self._most_bytes, self._announced_ms = most, most_bytes, announced_ms
        self._kept: list[_Kept] = []
        self._bytes = self._spacing = self._shot = 0
        self._last: Fingerprint | None = None  # of the last one kept
        self._before: deque[Fingerprint] = deque(maxlen=_BEFORE)  # the latest frames
        self._changes: deque[float] = deque(maxlen=_BEFORE)

    def add(self, ms: int, small: Image.Image, copy: Callable[[], Image.Image]) -> None:
        """Take a frame that shows at `ms`. small: a copy that is large enough to tell frames apart. copy: makes the one
        that is to be looked at, where this frame is kept."""
        one = fingerprint(small)
        cut = self._is_cut(one)
        self._before.append(one)
        if self._kept and not cut and self._last is not None and difference(one, self._last) < UNLIKE:
            self._kept[-1].count += 1
            return
        if self._kept and not cut and ms - self._kept[-1].ms < self._spacing:
            self._kept[-1].count += 1
            self._kept[-1].alike = False
            return
        self._last = one
        self._shot += cut and bool(self._kept)
        buffer = io.BytesIO()
        copy().save(buffer, format="JPEG", quality=_QUALITY, subsampling=0)
        self._kept.append(_Kept(ms, self._shot, cut, buffer.getvalue()))
        self._bytes += len(buffer.getvalue())
        if len(self._kept) > self._most or self._bytes > self._most_bytes or self._will_be_too_many(ms):
            self._thin_out()

    def lost(self) -> None:
        """What follows is seen anew: something between the frames could not be decoded."""
        self._last = None

    def frames(self, end_ms: int) -> list[tuple[int, int, int, bool, int, bytes]]:
        """What is held, as the fields of `Held`."""
        ends = [*(one.ms for one in self._kept[1:]), end_ms]
        return [
            (one.ms, until, one.count, one.alike, one.shot, one.data)
            for one, until in zip(self._kept, ends, strict=True)
        ]

    def _is_cut(self, one: Fingerprint) -> bool:
        if not self._before or self._before[-1].shape != one.shape:
            self._changes.clear()
            self._before.clear()
            return True
        change = _change(one, self._before[-1])
        usual = sum(self._changes) / len(self._changes) if self._changes else 0.0
        self._changes.append(change)
        if change >= _CUT or (len(self._changes) > 1 and change >= max(_JUMP, _TIMES * usual)):
            return True
        earlier = list(self._before)[-2::-1]
        return change >= _JUMP and any(_change(one, other) <= change / _BACK for other in earlier)

    def _will_be_too_many(self, ms: int) -> bool:
        """Whether, at this pace, more will be kept than there is room for. Each costs the time of a JPEG."""
        kept = len(self._kept)
        return 4 * kept >= self._most and kept * self._announced_ms > self._most * max(1, ms - self._kept[0].ms)

    def _thin_out(self) -> None:
        """Give up about half: double the time that has to lie between two, and where all are cuts every other."""
        span = self._kept[-1].ms - self._kept[0].ms
        self._spacing = max(2 * self._spacing, 2 * span // len(self._kept), 1)
        thinner = self._merged(lambda before, one: not one.first and one.ms - before.ms < self._spacing)
        if 4 * len(thinner) > 3 * len(self._kept):
            thinner = self._merged(lambda before, one: one.ms - before.ms < self._spacing)
        if 4 * len(thinner) > 3 * len(self._kept):  # times that hardly go on
            pairs = iter(range(len(self._kept)))
            thinner = self._merged(lambda before, one: next(pairs) % 2 == 0)
        self._kept = thinner
        self._bytes = sum(len(one.data) for one in thinner)
        self._last = None  # what is held last may be another one now

    def _merged(self, gone: Callable[[_Kept, _Kept], bool]) -> list[_Kept]:
        """What is held, without those that are gone: the one before stands for them."""
        left: list[_Kept] = []
        for one in self._kept:
            if left and gone(left[-1], one):
                before = left[-1]
                left[-1] = _Kept(before.ms, before.shot, before.first, before.data, before.count + one.count, False)
            else:
                left.append(_Kept(one.ms, one.shot, one.first, one.data, one.count, one.alike))
        return left


def _change(one: Fingerprint, other: Fingerprint) -> float:
    """The mean difference of two frames in colour."""
    import numpy

    return float(numpy.abs(one[..., :3].astype(numpy.int16) - other[..., :3]).mean())
