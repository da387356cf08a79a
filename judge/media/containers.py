"""Where files of other formats end, told from the sizes they are made of. Decodes no pixel."""

from __future__ import annotations

_ZEROS = 64  # no compressed picture ends in so many


def gif_end(data: bytes) -> int | None:
    """Where a GIF's end mark ends; None where there is none."""
    place = 13 + _palette(data, 10)
    while place < len(data):
        mark = data[place]
        if mark == 0x3B:
            return place + 1
        if mark == 0x21:
            place = _blocks_end(data, place + 2)
        elif mark == 0x2C:
            place = _blocks_end(data, place + 11 + _palette(data, place + 9))
        else:
            return None
    return None


def webp_end(data: bytes) -> int | None:
    """Where a WebP ends; None where that is beyond the file, or the file was filled up with zeros."""
    size = int.from_bytes(data[4:8], "little")
    return _within(data, 8 + size + size % 2)


def boxes(data: bytes) -> dict[bytes, int]:
    """The boxes that an AVIF or HEIC is made of, with where each ends: the last of each kind."""
    found: dict[bytes, int] = {}
    place = 0
    while place + 8 <= len(data) and data[place + 4 : place + 8].isalnum():
        kind, size = data[place + 4 : place + 8], int.from_bytes(data[place : place + 4], "big")
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16], "big")
        elif size == 0:
            size = len(data) - place
        place += max(size, 8)
        found[kind] = place
    return found


def boxes_end(data: bytes) -> int | None:
    """Where the last box of an AVIF or HEIC ends; None where that is beyond the file, or the file was filled up with
    zeros."""
    return _within(data, max(boxes(data).values(), default=0))


def _within(data: bytes, end: int) -> int | None:
    if end > len(data) or not data[max(0, end - _ZEROS) : end].strip(b"\0"):
        return None
    return end


def _palette(data: bytes, place: int) -> int:
    """Bytes of the colour table that the flags at a place announce."""
    flags = data[place] if place < len(data) else 0
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(data: bytes, place: int) -> int:
    while place < len(data) and data[place]:
        place += data[place] + 1
    return place + 1
