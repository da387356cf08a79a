"""What a TIFF holds: which bytes its pages take, which of them are damaged, and what nothing decodes. Decodes no pixel.

A TIFF is directories of tags, each of which may point anywhere in the file. TIFF 6.0, and BigTIFF.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy
from numpy.typing import NDArray

from judge.causes import Why
from judge.media import jpeg
from judge.media.budget import Budget
from judge.media.gaps import Detail, Gap
from judge.media.looking import MOST

Numbers: TypeAlias = NDArray[numpy.uint64]
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_UNSIGNED = frozenset({1, 3, 4, 7, 13, 16, 18})
_COMPRESSION, _TABLES, _JPEG = 259, 347, 7
_STRIPS, _TILES, _DEPTH, _BITS, _NUMBERS = 273, 324, 32997, 258, 339
_PIXELS = ((273, 279), (324, 325), (513, 514))  # strips, tiles, and JPEG as of old: where they are, and their bytes
_BELOW = 330  # SubIFDs: further pictures
_METADATA = (34665, 34853, 40965)  # EXIF and what belongs to it: directories that hold no picture


@dataclass
class Tiff:
    """What was found. spans: bytes that are made use of, as rows of (start, end). complete: whether these are all.
    pages: where their directories begin. gaps: what is damaged or was not looked at, each with its page."""

    gaps: list[Why] = field(default_factory=list)
    complete: bool = True
    pages: set[int] = field(default_factory=set)
    _spans: list[Numbers] = field(default_factory=list)

    def use(self, starts: Numbers, sizes: Numbers) -> None:
        self._spans.append(numpy.stack([starts, starts + sizes], axis=1))

    @property
    def spans(self) -> Numbers:
        return numpy.concatenate(self._spans) if self._spans else numpy.zeros((0, 2), numpy.uint64)


class _Directory:
    """One directory: its tags, and where the next one is."""

    def __init__(self, data: bytes, place: int, found: Tiff) -> None:
        order, wide = ("<" if data[:2] == b"II" else ">"), data[2:4] in (b"+\0", b"\0+")
        head, entry, inline = ("Q", 20, 8) if wide else ("H", 12, 4)
        (count,) = struct.unpack_from(order + head, data, place)
        begin = place + struct.calcsize(order + head)
        self.tags: dict[int, Numbers] = {}
        names: list[int] = []
        sizes = order + ("HHQ" if wide else "HHL")
        link = order + ("Q" if wide else "L")
        for at in range(begin, begin + min(count, 2**16) * entry, entry):
            tag, kind, many = struct.unpack_from(sizes, data, at)
            names.append(tag)
            length, where = _WIDTHS.get(kind, 1) * many, at + entry - inline
            if length > inline:
                (where,) = struct.unpack_from(link, data, where)
                found.use(*_one(where, length))
            if kind in _UNSIGNED and where + length <= len(data):
                unit = numpy.dtype(f"{order}u{_WIDTHS[kind]}")
                self.tags[tag] = numpy.frombuffer(data, unit, many, where).astype(numpy.uint64)
        after = begin + count * entry
        self._twice = len(names) > len(set(names))
        (self.next,) = struct.unpack_from(link, data, after)
        found.use(*_one(place, after + inline - place))

    def shown_differently(self) -> Why | None:
        """Why some program may show the page otherwise than it is decoded here; None where there is no choice."""
        if self._twice:
            return Why.of(Detail.TAG_TWICE)
        if _STRIPS in self.tags and _TILES in self.tags:
            return Why.of(Detail.STRIPS_AND_TILES)
        if max(self.tags.get(_DEPTH, ()), default=1) > 1:
            return Why.of(Detail.DEPTH)
        if max(self.tags.get(_BITS, ()), default=1) > 16 or max(self.tags.get(_NUMBERS, ()), default=1) > 1:
            return Why.of(Detail.WHITE_UNSAID)
        return None


def look_through(data: bytes, budget: Budget) -> Tiff:
    """Go through every page, as far as the budget goes.

    Raises:
        Exception: a directory lies beyond the end of the file, or is none.
    """
    found = Tiff()
    order, wide = ("<" if data[:2] == b"II" else ">"), data[2:4] in (b"+\0", b"\0+")
    head = 16 if wide else 8
    found.use(*_one(0, head))
    (place,) = struct.unpack_from(order + ("Q" if wide else "L"), data, head // 2)
    seen = found.pages
    while place and place not in seen:
        seen.add(place)
        if len(seen) > MOST:  # what says that decoding ends there is elsewhere
            found.complete = False
            break
        why = budget.take(1)
        if why is not None:
            found.gaps.append(why)
            found.complete = False
            break
        page = _Directory(data, place, found)
        found.gaps += _in_page(data, page, found, budget)
        place = page.next
    return found


def _in_page(data: bytes, page: _Directory, found: Tiff, budget: Budget) -> Iterator[Why]:
    number = len(found.pages)
    below = page.tags.get(_BELOW)
    wrong = page.shown_differently()
    if wrong is not None:
        yield Why.of(Gap.PAGE_ELSEWHERE, page=number, why=wrong)
    if below is not None and below.any():
        yield Why.of(Gap.PAGE_PICTURES, page=number, more=len(below))
    for tag in _METADATA:
        for place in page.tags.get(tag, ())[:1]:
            _Directory(data, int(place), found)
    for start, size in _PIXELS:
        if start in page.tags and size in page.tags:
            wrong = _in_pixels(data, page, (page.tags[start], page.tags[size]), found, budget)
            if wrong is not None:
                yield Why.of(Gap.PAGE_CUT, page=number, why=wrong)


def _in_pixels(
    data: bytes, page: _Directory, pixels: tuple[Numbers, Numbers], found: Tiff, budget: Budget
) -> Why | None:
    many = min(map(len, pixels))
    starts, sizes = pixels[0][:many], pixels[1][:many]
    found.use(starts, sizes)
    if ((starts > len(data)) | (sizes > len(data)) | (starts + sizes > len(data))).any():
        return Why.of(Detail.PIXELS_BEYOND)
    if list(page.tags.get(_COMPRESSION, ())) != [_JPEG]:
        return None
    tables = page.tags.get(_TABLES, numpy.zeros(0)).astype(numpy.uint8).tobytes()
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        why = budget.take(1)
        if why is not None:
            return why
        part = memoryview(data)[start : start + size]
        whole = tables[:-2] + bytes(part[2:]) if tables else part
        wrong = jpeg.damage(whole, jpeg.markers(whole))
        if wrong is not None:
            return wrong
    return None


def _one(start: int, size: int) -> tuple[Numbers, Numbers]:
    return numpy.array([start], numpy.uint64), numpy.array([size], numpy.uint64)
