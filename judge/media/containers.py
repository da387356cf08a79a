"""How WebP and BMP are made, told from their headers. Decodes no pixel."""

from __future__ import annotations

from judge.causes import Why
from judge.media.boxes import filled_up
from judge.media.gaps import Detail

_OLD = 12  # bytes of the header of OS/2, whose sizes are of two bytes
_MASKED = 56  # bytes of the least header that says which bits are opacity
_COLOURED = 108  # bytes of the least header that says what its colours are
_SCREENS = (b"BGRs", b" niW")  # sRGB, and the screen's own
_RUNS = (1, 2)  # ways of a BMP to hold runs of pixels
_ALPHA = 0x10  # of the flags of a WebP


def webp_end(data: bytes) -> int | None:
    """Where a WebP ends; None where that is beyond the file, or the file was filled up with zeros."""
    size = int.from_bytes(data[4:8], "little")
    end = 8 + size + size % 2
    return end if end <= len(data) and not filled_up(data, end) else None


def webp_with_transparency(data: bytes) -> bytes:
    """The WebP with every flag set that says that it may have transparency: whether it has, its pixels say, and some
    programs go by these alone."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return data
    found = bytearray(data)
    _mark(found, 12, len(found))
    return bytes(found)


def bmp_end(data: bytes) -> int:
    """Where the pixels of a BMP end, which may be beyond the file; the size in its header is often wrong."""
    pixels, header = int.from_bytes(data[10:14], "little"), int.from_bytes(data[14:18], "little")
    wide = 2 if header == _OLD else 4
    width, height = (int.from_bytes(data[at : at + wide], "little", signed=wide > 2) for at in (18, 18 + wide))
    bits = int.from_bytes(data[20 + 2 * wide : 22 + 2 * wide], "little")
    return pixels + (width * bits + 31) // 32 * 4 * abs(height)


def bmp_shown_differently(data: bytes, mode: str) -> Why | None:
    """Why some program may show a BMP otherwise than it is decoded here; None where the format leaves no choice.

    mode: what it is decoded to (Pillow's name).
    """
    header = int.from_bytes(data[14:18], "little")
    if header > _OLD:
        bits, colours = data[28], int.from_bytes(data[46:50], "little")
        if mode in ("1", "L") and (bits not in (1, 8) or colours not in (0, 1 << bits)):
            return Why.of(Detail.PALETTE_SHORT)
    if header > _OLD and data[30] in _RUNS:
        return Why.of(Detail.RUNS)
    if header >= _MASKED and any(data[66:70]) and "A" not in mode:
        return Why.of(Detail.OPACITY_UNREAD)
    if header >= _COLOURED and not (
        data[70:74] in _SCREENS or (data[70:74] == bytes(4) and not any(data[74:122]))
    ):  # its own primaries and gammas, or a profile
        return Why.of(Detail.COLOURS_UNREAD)
    return None


def _mark(data: bytearray, place: int, until: int) -> None:
    while place + 8 <= until:
        kind, size = bytes(data[place : place + 4]), int.from_bytes(data[place + 4 : place + 8], "little")
        body = place + 8
        if kind == b"VP8X" and body < until:
            data[body] |= _ALPHA
        elif kind == b"VP8L" and body + 4 < until:
            data[body + 4] |= _ALPHA
        elif kind == b"ANMF":
            _mark(data, body + 16, min(body + size, until))
        place = body + size + size % 2
