"""How many pieces a file is made of, and how much its tables claim to hold, counted before a decoder opens it.

Decoders keep what they find and go over it again and again: sixteen million empty segments in a JPEG took Pillow 40 s
and 2 GB before it knew the size of the picture, and tables of a TIFF may all claim the same 50 MB. No real file comes
near the bounds. WebP, AVIF, HEIC and BMP have none: measured, their decoders pass over sixty megabytes of empty pieces
in under a second, or refuse them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from PIL import Image

from judge.errors import ImageError
from judge.media.gif import palette

JPEG_SEGMENTS = 10_000
PNG_CHUNKS = 100_000
GIF_BLOCKS = 500_000  # full ones of 64 MiB are half as many
GIF_COMMENTS = 2_000  # blocks of text, each of which is put behind a copy of all before it
TABLE_ENTRIES = 200_000  # of all pages of a TIFF, or of metadata
TABLE_NUMBERS = 4_000_000  # each becomes an object
_LOOSE = 2**20  # bytes between the segments of a JPEG, each of which is read alone
_PAGES = 1_100  # of a TIFF: no further one is looked at (see `looking.MOST`)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}  # of a type's values
_TEXTS = (1, 2, 7)  # types that stay bytes
_TIFF = re.compile(rb"II[*+]\0|MM\0[*+]")
_GIF_MARK = re.compile(rb"[\x21\x2c\x3b]")
_JPEG_NEXT = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_JPEG_AFTER_SCAN = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_JPEG_START = b"\xff\xd8\xff"
_EXIF = b"Exif\0\0"
_SCAN, _END = 0xDA, 0xD9


def check(data: bytes) -> None:
    """Count the pieces of a file of any format.

    Raises:
        ImageError: there are more than any real file has.
    """
    if data.startswith(_JPEG_START):
        _check_jpeg(data)
    elif data.startswith(b"\x89PNG"):
        _check_png(data)
    elif data.startswith(b"GIF8"):
        _check_gif(data)
    elif _TIFF.match(data):
        check_tables(data)
    elif data[4:8] == b"ftyp":  # AVIF and HEIC: where their metadata begin only a decoder knows
        for number, found in enumerate(_TIFF.finditer(data)):
            if number == JPEG_SEGMENTS:
                raise _too_many("tables of metadata", JPEG_SEGMENTS)
            check_tables(data, found.start())


def check_tables(data: bytes, begin: int = 0) -> None:
    """Count what the tables of a TIFF hold, or of metadata (EXIF), which are one. Damaged ones are left to the decoder.

    begin: where the TIFF begins; its offsets count from there.

    Raises:
        ImageError: more entries, more numbers, or more bytes in one table than there are in the data.
    """
    entries = numbers = 0
    for table in _tables(data, begin):
        claimed = 0
        for kind, count, place in table:
            entries += 1
            size = count * _SIZES.get(kind, 0)
            claimed += max(0, min(size, len(data) - place)) if place is not None else 0
            numbers += 0 if kind in _TEXTS or kind not in _SIZES else min(count, len(data))
            if entries > TABLE_ENTRIES:
                raise _too_many("entries in its tables", TABLE_ENTRIES)
            if numbers > TABLE_NUMBERS:
                raise _too_many("numbers in its tables", TABLE_NUMBERS)
            if claimed > len(data):
                raise ImageError(
                    "one of its tables claims to hold more than the file", hint="save it anew with an image program"
                )


def check_metadata(image: Image.Image) -> None:
    """Count the tables of an opened image's EXIF, before anything asks for them.

    Raises:
        ImageError: see `check_tables`.
    """
    exif = image.info.get("exif")
    if exif is None and isinstance(text := image.info.get("Raw profile type exif"), str):
        try:
            exif = bytes.fromhex("".join(text.split("\n")[3:]))
        except ValueError:  # Pillow raises it again where it matters
            return
    if isinstance(exif, bytes):
        begin = 0
        while exif.startswith(_EXIF, begin):
            begin += len(_EXIF)
        check_tables(exif, begin)


def _tables(data: bytes, begin: int) -> Iterator[Iterator[tuple[int, int, int | None]]]:
    """Of each table of a TIFF its entries: type, how many values, and where they are (None: in the entry)."""
    order = "<" if data[begin : begin + 2] == b"II" else ">"
    big = data[begin + 2 : begin + 4] in (b"+\0", b"\0+")
    forms = ("Q", "HHQQ", "Q") if big else ("H", "HHLL", "L")
    count_of, entry_of, next_of = (struct.Struct(order + form) for form in forms)
    inside = 8 if big else 4
    place = begin + (8 if big else 4)
    for _ in range(_PAGES):
        if place + next_of.size > len(data):
            return
        (offset,) = next_of.unpack_from(data, place)
        if not offset or begin + offset + count_of.size > len(data):
            return
        start = begin + offset + count_of.size
        (count,) = count_of.unpack_from(data, begin + offset)
        count = min(count, (len(data) - start) // entry_of.size)

        def entries(start: int = start, count: int = count) -> Iterator[tuple[int, int, int | None]]:
            for number in range(count):
                _, kind, many, where = entry_of.unpack_from(data, start + number * entry_of.size)
                yield kind, many, begin + where if many * _SIZES.get(kind, 0) > inside else None

        yield entries()
        place = start + count * entry_of.size


def _check_jpeg(data: bytes) -> None:
    """Of every picture that begins in the file: some hold several, and what lies behind the end is opened, too."""
    segments, place = 0, 0
    exif: list[bytes] = []
    while place >= 0:
        loose, after, pattern = 0, place + 2, _JPEG_NEXT
        while (found := pattern.search(data, after)) is not None:
            marker = found[1][0]
            if pattern is _JPEG_NEXT:
                loose += found.end() - 2 - after
                if place and loose:  # what only looks like a beginning, in a film say
                    break
            segments += 1
            if segments > JPEG_SEGMENTS:
                raise _too_many("segments", JPEG_SEGMENTS)
            if loose > _LOOSE:
                raise _too_many("bytes between its segments", _LOOSE)
            after = found.end()
            if marker == _END:
                break
            if 0xD0 <= marker <= 0xD8 or marker == 0x01:
                continue
            length = int.from_bytes(data[after : after + 2], "big")
            if marker == 0xE1 and data[after + 2 : after + 8] == _EXIF:
                exif.append(data[after + 8 : after + length])
            after += max(length, 2)
            pattern = _JPEG_AFTER_SCAN if marker == _SCAN else _JPEG_NEXT
        if exif:
            check_tables(b"".join(exif))  # as Pillow joins them
            exif.clear()
        place = data.find(_JPEG_START, max(after, place + 2))


def _check_png(data: bytes) -> None:
    place, chunks = 8, 0
    while place + 12 <= len(data):
        chunks += 1
        if chunks > PNG_CHUNKS:
            raise _too_many("chunks", PNG_CHUNKS)
        place += 12 + int.from_bytes(data[place : place + 4], "big")


def _check_gif(data: bytes) -> None:
    blocks = comments = 0
    place = 13 + palette(data, 10)
    while place < len(data):
        mark, comment = data[place], data[place : place + 2] == b"\x21\xfe"
        if mark == 0x3B:
            return
        if mark == 0x21:
            place += 2
        elif mark == 0x2C:
            place += 11 + palette(data, place + 9)
        else:  # a decoder looks for the next mark, byte by byte
            found = _GIF_MARK.search(data, place)
            if found is None:
                return
            place = found.start()
            continue
        size = -1
        while size and place < len(data):
            size = data[place]
            place += size + 1
            blocks += 1
            comments += comment
            if blocks > GIF_BLOCKS:
                raise _too_many("blocks", GIF_BLOCKS)
            if comments > GIF_COMMENTS:
                raise _too_many("blocks of comments", GIF_COMMENTS)


def _too_many(what: str, most: int) -> ImageError:
    return ImageError(f"more than {most} {what}", hint="save it anew with an image program")
