"""Where files of other formats end, told from the sizes they are made of. Decodes no pixel."""

from __future__ import annotations

from judge.media.boxes import filled_up

_OLD = 12  # bytes of the header of OS/2, whose sizes are of two bytes
_RUNS = (1, 2)  # ways of a BMP to hold runs of pixels


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
    end = 8 + size + size % 2
    return end if end <= len(data) and not filled_up(data, end) else None


def bmp_ends(data: bytes) -> tuple[int, int]:
    """Where the part of a BMP ends that is certainly its own, and where its pixels end, which may be beyond the file.
    Where runs of pixels end is not told, so for these it is where they begin, and the end of the file. The size in its
    header is often wrong."""
    pixels, header = int.from_bytes(data[10:14], "little"), int.from_bytes(data[14:18], "little")
    if header > _OLD and data[30] in _RUNS:
        return pixels, len(data)
    wide = 2 if header == _OLD else 4
    width, height = (int.from_bytes(data[at : at + wide], "little", signed=wide > 2) for at in (18, 18 + wide))
    bits = int.from_bytes(data[20 + 2 * wide : 22 + 2 * wide], "little")
    end = pixels + (width * bits + 31) // 32 * 4 * abs(height)
    return end, end


def _palette(data: bytes, place: int) -> int:
    """Bytes of the colour table that the flags at a place announce."""
    flags = data[place] if place < len(data) else 0
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(data: bytes, place: int) -> int:
    while place < len(data) and data[place]:
        place += data[place] + 1
    return place + 1
