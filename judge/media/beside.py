"""Pictures in bytes of a file that are no part of the picture it shows: behind its end, or between its parts."""

from __future__ import annotations

import re
from collections.abc import Container
from itertools import islice

import numpy
from numpy.typing import ArrayLike

from judge.causes import Why
from judge.media.budget import Budget
from judge.media.formats import open_image
from judge.media.gaps import Gap, Note
from judge.media.heard import heard

_PICTURE = re.compile(
    rb"\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n|GIF8[79]a|RIFF....WEBP|....ftyp"
    rb"|II[*+]\0|MM\0[*+]|BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
    re.DOTALL,
)
_NEVER_READ = re.compile(  # JPEG 2000, JPEG XL, Photoshop, what AVIF and HEIC may say of themselves, pictures in words
    rb"\0\0\0\x0cjP  \r\n|\xff\x4f\xff\x51|\0\0\0\x0cJXL \r\n|8BPS\0[\1\2]\0{6}"
    rb"|ftyp.{0,60}?(?:avif|avis|hei[cxms]|mi[fa][1f]|msf1)"
    rb"|<(?:\w{1,20}:)?svg[\s>]|<\0s\0v\0g\0|\0<\0s\0v\0g|data:image/",
    re.IGNORECASE | re.DOTALL,
)
_FILM = re.compile(rb"....ftyp|....moov|\x1aE\xdf\xa3", re.DOTALL)
_JPEG_XL = b"\xff\x0a"  # without a container: too short to be looked for elsewhere
_TRIED = 20  # places at which a picture may begin
_LEAST = 20  # bytes: no picture is smaller
_HOLES = 10_000  # between the parts of a file


def look(data: bytes, spans: ArrayLike, end: int | None, budget: Budget, pages: Container[int] = ()) -> Why | None:
    """What to say of the bytes that are no part of the picture, a `Gap` or a `Note`; None: nothing.

    spans: rows of (start, end), the bytes that are parts of it. end: where the picture ends, so that all behind is
    none of it; None where that cannot be told. pages: where directories of a TIFF begin: what writes it page by page
    leaves the beginning of each page's own file between them.
    """
    holes = _holes(spans, len(data))
    if len(holes) > _HOLES:
        return Why.of(Gap.SCATTERED)
    size = len(data) - end if end is not None else 0
    behind = bool(data[end:].strip(b"\0")) if end is not None else False
    another = Why.of(Gap.ANOTHER_BEHIND, bytes=size) if behind else Why.of(Gap.ANOTHER_BETWEEN)
    raw = behind and data[end:].lstrip(b"\0").startswith(_JPEG_XL)
    if raw or any(_NEVER_READ.search(data, *hole) for hole in holes):
        return another
    places = (match.start() for hole in holes for match in _PICTURE.finditer(data, *hole))
    found = list(islice((place for place in places if _directory(data, place) not in pages), _TRIED + 1))
    if len(found) > _TRIED:
        return another
    for place in found:
        why = budget.take(1)  # opening can take long: some decoders look for their next mark to the end
        if why is not None:
            if behind:
                return Why.of(Gap.BEHIND_UNSEARCHED, bytes=size, why=why)
            return Why.of(Gap.BETWEEN_UNSEARCHED, why=why)
        if _opens(data[place:]):
            return another
    if not behind or end is None:
        return None
    film = _FILM.search(data, end, end + 4096)
    return Why.of(Note.LIKE_A_FILM if film else Note.BYTES_BEHIND, bytes=size)


def _directory(data: bytes, place: int) -> int:
    """Where the first directory of a TIFF would be that begins at a place."""
    return place + int.from_bytes(data[place + 4 : place + 8], "little" if data[place : place + 2] == b"II" else "big")


def _holes(spans: ArrayLike, length: int) -> list[tuple[int, int]]:
    """What lies between spans, and is long enough for a picture."""
    rows = numpy.minimum(numpy.asarray(spans, numpy.uint64).reshape(-1, 2), length).astype(numpy.int64)
    rows = rows[numpy.argsort(rows[:, 0], kind="stable")]
    starts = numpy.append(rows[:, 0], length)
    ends = numpy.insert(numpy.maximum.accumulate(rows[:, 1]), 0, 0)
    wide = starts - ends >= _LEAST
    return list(zip(ends[wide].tolist(), starts[wide].tolist(), strict=True))


def _opens(data: bytes) -> bool:
    with heard():  # what is said of these bytes is not said of the picture
        try:
            open_image(data).close()
        except Exception:  # whatever decoders raise of what is no picture
            return False
    return True
