"""Which bytes are a clip: told from the beginning of the file, as its container has it, never from its name."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import BinaryIO

from judge.files import open_regular

HEAD = 512  # bytes that are enough to tell
_STILL = frozenset(  # brands of AVIF, HEIC and other single pictures, which are read as images
    {b"avif", b"avis", b"mif1", b"msf1", b"miaf", b"MA1A", b"MA1B", b"heic", b"heix", b"heim", b"heis"}
    | {b"hevc", b"hevx", b"hevm", b"hevs", b"jp2 ", b"jpx ", b"jpm ", b"jxl ", b"crx ", b"j2ki", b"j2is", b"unif"}
)
_QUICKTIME = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof", b"styp", b"sidx"})
_BEGINS = re.compile(
    rb"\x1aE\xdf\xa3"  # Matroska, WebM
    rb"|RIFF....AVI |RIFX....AVI "
    rb"|FLV\x01"
    rb"|OggS\x00"
    rb"|\x30\x26\xb2\x75\x8e\x66\xcf\x11"  # ASF, WMV
    rb"|\x00\x00\x01[\xba\xb3]"  # MPEG programme stream, MPEG video
    rb"|\.RMF"
    rb"|\x06\x0e\x2b\x34\x02\x05\x01\x01",  # MXF
    re.DOTALL,
)
_TS = (188, 192)  # bytes of a packet of a transport stream, each of which begins with 0x47; 192: four bytes before it


def is_clip(head: bytes) -> bool:
    """Whether a file that begins with these bytes (`HEAD` of them are enough) is a film, of whatever container.

    Whether it can be decoded, and whether there is anything but sound in it, only opening it tells.
    """
    if head[4:8] == b"ftyp":
        length = min(int.from_bytes(head[:4], "big"), len(head))
        brands = {head[place : place + 4] for place in range(16, length, 4)}
        return head[8:12] not in _STILL and brands.isdisjoint(_STILL)
    if head[4:8] in _QUICKTIME:
        return True
    return _BEGINS.match(head) is not None or any(_is_ts(head, size) for size in _TS)


def names_clip(source: str | Path) -> bool:
    """Whether there is a clip in a file; False where it cannot be read: whoever reads it says why."""
    try:
        with open_regular(source) as file:
            return is_clip(file.read(HEAD))
    except (OSError, ValueError):
        return False


def is_cut(file: BinaryIO) -> bool:
    """Whether a transport stream ends within a packet. Of other files that tells nothing."""
    file.seek(0)
    head = file.read(HEAD)
    size = next((size for size in _TS if _is_ts(head, size)), 1)
    return file.seek(0, os.SEEK_END) % size != 0


def _is_ts(head: bytes, size: int) -> bool:
    first = size - 188
    places = range(first, min(len(head), first + 3 * size), size)
    return len(head) > first + size and all(head[place] == 0x47 for place in places)
