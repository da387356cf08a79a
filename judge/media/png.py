"""Whether a PNG is whole, and shows the same everywhere: decoders pass over wrong checksums and missing rows, and each
makes its own of what the format does not allow.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from judge.causes import Why
from judge.media.gaps import Detail
from judge.media.profiles import ordinary_primaries

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_AT_ONCE = 2**20
_ONCE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"iCCP", b"sRGB", b"cICP", b"sBIT", b"bKGD", b"acTL"})
_BEFORE_PIXELS = _ONCE - {b"IHDR"}
_BEFORE_PALETTE = frozenset({b"gAMA", b"cHRM", b"iCCP", b"sRGB", b"cICP", b"sBIT"})
_UNREAD_KEYS = (b"\x10\2", b"\4\0", b"\2\0")  # colours of 16 bits, greys of 4 and of 2
_ORDINARY = (1, 2, 6, 13, 14, 15, 16, 18)  # ways of coding brightness (ITU-T H.273) that hide nothing in the dark
_SIGNATURE, _CHUNK = 8, 12


@dataclass
class _Frame:
    """Pixels of one frame: their size, and the parts of the compressed stream that holds them."""

    width: int
    height: int
    parts: list[memoryview] = field(default_factory=list)


def damage(data: bytes, allowed: Callable[[int], Why | None]) -> tuple[int | None, Why | None]:
    """Where a PNG ends (None: it has no end mark), and what is wrong with it that a lenient decoder may pass over.

    allowed: asked before so many pixels of a frame are gone over: why they may not be, or None.
    """
    header: memoryview | None = None
    frames: list[_Frame] = []
    wrong: Why | None = None
    announced, apart = None, True  # apart: whether the first picture is none of the animation's frames
    for kind, body, end, sound in _chunks(memoryview(data)):
        if not sound:
            wrong = wrong or Why.of(Detail.CHECKSUM, chunk=kind.decode("latin-1"))
        if kind == b"IHDR" and len(body) == 13:
            header = body
            frames = [_Frame(*struct.unpack(">II", body[:8]))]
        elif kind == b"acTL" and len(body) == 8:
            announced = int.from_bytes(body[:4], "big")
        elif kind == b"fcTL" and len(body) == 26 and frames:
            if frames[0].parts:
                frames.append(_Frame(*struct.unpack(">II", body[4:12])))
            else:
                apart = False
        elif kind in (b"IDAT", b"fdAT") and frames:
            frames[-1].parts.append(body[4 * (kind == b"fdAT") :])
        elif kind == b"IEND":
            if announced is not None and announced != len(frames) - apart:
                wrong = wrong or Why.of(Detail.FRAMES_ANNOUNCED, held=len(frames) - apart, announced=announced)
            return end, wrong or _in_frames(header, frames, allowed)
    return None, wrong or Why.of(Detail.NO_END_MARK)


def shown_differently(data: bytes, *, profiled: bool) -> Why | None:
    """Why some program may show a PNG otherwise than it is decoded here; None where the format leaves no choice.

    profiled: whether its colour profile was read.
    """
    seen: set[bytes] = set()
    header, strange = b"", False
    for kind, body, _, _ in _chunks(memoryview(data)):
        late = kind in _BEFORE_PIXELS and b"IDAT" in seen
        if (kind in _ONCE and kind in seen) or late or (kind in _BEFORE_PALETTE and b"PLTE" in seen):
            return Why.of(Detail.MISPLACED, chunk=kind.decode())
        if kind == b"PLTE" and b"tRNS" in seen:
            return Why.of(Detail.MISPLACED, chunk="tRNS")
        if kind == b"IHDR":
            header = bytes(body)
        if kind == b"cICP" and (len(body) != 4 or body[1] not in _ORDINARY or bytes(body[2:]) != b"\0\1"):
            return Why.of(Detail.CODING_UNREAD, where="cICP")
        if kind == b"tRNS" and header[8:10] in _UNREAD_KEYS:
            return Why.of(Detail.KEY_UNREAD)
        if kind == b"cHRM" and len(body) == 32:
            strange = not ordinary_primaries([value / 100_000 for value in struct.unpack(">8I", body)])
        seen.add(kind)
    if b"iCCP" in seen and not profiled:
        return Why.of(Detail.PROFILE_UNREAD)
    if strange:
        return Why.of(Detail.PRIMARIES_UNREAD)
    return None


def _in_frames(header: memoryview | None, frames: list[_Frame], allowed: Callable[[int], Why | None]) -> Why | None:
    if header is None:
        return Why.of(Detail.NO_HEADER)
    depth, colour, _, _, interlaced = header[8:]
    bits = depth * _CHANNELS.get(colour, 1)
    for frame in frames:
        why = allowed(frame.width * frame.height)
        wrong = why or _in_stream(frame, _size(frame.width, frame.height, bits, bool(interlaced)))
        if wrong is not None:
            return wrong
    return None


def _chunks(data: memoryview) -> Iterator[tuple[bytes, memoryview, int, bool]]:
    """Kind, content and end of every whole chunk, and whether its checksum is right."""
    place = _SIGNATURE
    while place + _CHUNK <= len(data):
        end = place + _CHUNK + int.from_bytes(data[place : place + 4], "big")
        if end > len(data):
            return
        sound = zlib.crc32(data[place + 4 : end - 4]) == int.from_bytes(data[end - 4 : end], "big")
        yield bytes(data[place + 4 : place + 8]), data[place + 8 : end - 4], end, sound
        place = end


def _size(width: int, height: int, bits: int, interlaced: bool) -> int:
    """Bytes of a frame before compression: a filter byte and the pixels of each row."""
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = -((left - width) // across), -((top - height) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _in_stream(frame: _Frame, expected: int) -> Why | None:
    flow, held = zlib.decompressobj(), 0
    try:
        for part in frame.parts:
            rest: bytes | memoryview = part
            while rest and held <= expected:
                held += len(flow.decompress(rest, _AT_ONCE))
                rest = flow.unconsumed_tail
        held += len(flow.flush())
    except zlib.error:
        return Why.of(Detail.PIXELS_UNPACKED)
    if held < expected or not flow.eof:
        return Why.of(Detail.ROWS_MISSING)
    return Why.of(Detail.PIXELS_MORE) if held > expected else None
