"""How a GIF is made of frames, told from its blocks. Decodes no pixel."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from judge.causes import Why
from judge.media.gaps import Detail

_TO_GROUND, _AS_BEFORE = 2, 3  # what is done with a frame's place after it was shown; 1: nothing; 0: it is not said
_CLEAR = 1  # of the flags in front of a frame: it has a transparent colour


@dataclass(frozen=True)
class _Part:
    """What a frame draws on. clear: whether it has a transparent colour. then: what is done with its place after."""

    left: int
    top: int
    right: int
    bottom: int
    clear: bool = False
    then: int = 0

    def covers(self, other: _Part) -> bool:
        """Whether it draws on all of another's place."""
        inside = self.left <= other.left and self.top <= other.top
        return inside and self.right >= other.right and self.bottom >= other.bottom


def look(data: bytes) -> tuple[int | None, Why | None]:
    """Where a GIF's end mark ends (None: it has none), and why some program may show it otherwise than it is decoded
    here (None: the format leaves no choice).

    What no frame has drawn on yet, and what was cleared, is transparent in browsers. Pillow makes it a colour unless
    frames have a transparent one, and takes what was last done with a place for what is to be done where a frame says
    nothing.
    """
    end: int | None = None
    parts: list[_Part] = []
    for part in _parts(data):
        if isinstance(part, int):
            end = part
        else:
            parts.append(part)
    canvas = _Part(0, 0, int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"))
    if parts and not parts[0].clear and not parts[0].covers(canvas):
        return end, Why.of(Detail.FRAME_OPEN)
    done = 0  # with the place of a frame before
    for number, (one, following) in enumerate(itertools.pairwise(parts)):
        if one.then == _TO_GROUND and not one.clear and (following.clear or not following.covers(one)):
            return end, Why.of(Detail.FRAME_CLEARED)
        if (one.then == _AS_BEFORE and not number) or (not one.then and done in (_TO_GROUND, _AS_BEFORE)):
            return end, Why.of(Detail.FRAME_LEAVES)
        done = one.then or done
    return end, None


def palette(data: bytes, place: int) -> int:
    """Bytes of the colour table that the flags at a place announce."""
    flags = data[place] if place < len(data) else 0
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _parts(data: bytes) -> Iterator[_Part | int]:
    """Its frames, and last of all where the end mark ends."""
    place, flags = 13 + palette(data, 10), 0
    while place < len(data):
        mark = data[place]
        if mark == 0x3B:
            yield place + 1
            return
        if mark == 0x21:
            if data[place + 1 : place + 3] == b"\xf9\4" and place + 3 < len(data):
                flags = data[place + 3]
            place = _blocks_end(data, place + 2)
        elif mark == 0x2C:
            left, top, width, height = struct.unpack("<4H", data[place + 1 : place + 9].ljust(8, b"\0"))
            yield _Part(left, top, left + width, top + height, bool(flags & _CLEAR), flags >> 2 & 7)
            place, flags = _blocks_end(data, place + 11 + palette(data, place + 9)), 0
        else:
            return


def _blocks_end(data: bytes, place: int) -> int:
    while place < len(data) and data[place]:
        place += data[place] + 1
    return place + 1
