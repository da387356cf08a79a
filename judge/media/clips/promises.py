"""What a film's container promises, held against the file: its own size, that of its parts, how long it lasts.

A decoder shows what is there, and of most files that are cut off, or hold a second film, it says nothing. Read are
headers and what lies beside the film (see `others`), a bounded number of them; of a size that nobody knew when it was
written (0 or all ones, as in live recordings) nothing is expected. Fragments of ISO media are in `fragments`.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from judge.media.clips.fragments import of_boxes
from judge.media.clips.headers import CutOff, Headers
from judge.media.clips.others import search
from judge.media.clips.sniffing import is_cut

_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_BROADCAST = 1  # a flag: sizes and times were not known when the header was written
_ASF_DATA = 50  # bytes before the first packet
_FLV_NUMBERS = re.compile(rb"\0\x08(filesize|duration)\0(.{8})", re.DOTALL)
_FLV_TAGS = (8, 9, 18)
_EBML = b"\x1aE\xdf\xa3"
_SEGMENT, _CLUSTER = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
_JUNK = (b"JUNK", b"junk", b"PAD ", b"DISP")
_VOID = b"\xec"
_COUNTED_IN = 8  # bytes of its own header that a writer of RIFF may have counted in
_COUNTED_TWICE = 10  # and one of RealMedia that many use
_ONES = 2**32 - 1


@dataclass(frozen=True)
class Promised:
    """cut: something that was promised is not in the file. ms: how long it says that it lasts; 0 where it says nothing
    that a decoder would not have said. another: it holds a further film, or a picture, that no decoder of it shows."""

    cut: bool
    ms: int
    another: bool = False


def promised(file: BinaryIO) -> Promised:
    """What the container of a film promises. More headers than any film has count as cut: nobody knows what follows."""
    it = Headers(file)
    head = it.some(0, 16)
    try:
        next((walk for begins, walk in _WALKS.items() if re.match(begins, head, re.DOTALL)), of_boxes)(it)
    except CutOff:
        return Promised(True, it.ms, it.another)
    return Promised(is_cut(file), it.ms, it.another)


def _riff(it: Headers) -> None:
    """AVI: lists within RIFF, and of large films further RIFFs behind it."""
    order, place = "big" if it.take(0, 4) == b"RIFX" else "little", 0
    while it.some(place, 4) in (b"RIFF", b"RIFX") and (not place or it.some(place + 8, 4) == b"AVIX"):
        size = it.number(place + 4, 4, order)
        until = it.size if size in (0, _ONES) else place + 8 + size
        _riff_chunks(it, place + 12, min(until, it.size), order)
        if until > it.size + _COUNTED_IN:
            raise CutOff
        place = until + until % 2
    search(it, place, it.size)


def _riff_chunks(it: Headers, place: int, until: int, order: str) -> None:
    while place + 8 <= until:
        kind, size = it.take(place, 4), it.number(place + 4, 4, order)
        if kind == b"LIST" and (size in (0, _ONES) or it.take(place + 8, 4) in (b"hdrl", b"strl")):
            place += 12
            continue
        if kind == b"strh" and it.take(place + 8, 4) == b"vids":
            scale, rate, _, length = (it.number(place + 28 + 4 * one, 4, order) for one in range(4))
            it.lasts(1000 * length * scale / rate if rate else 0)
        if not kind.strip(b"\0"):  # what follows is no chunk
            search(it, place, until)
            return
        if kind in _JUNK:
            search(it, place + 8, place + 8 + size)
        it.within(place + 8 + size)
        place += 8 + size + size % 2
    if place < until == it.size:
        raise CutOff


def _asf(it: Headers) -> None:
    """ASF, WMV: the header's size of the file and of what it holds; in broadcasts, that packets are whole."""
    end = it.number(16, 8, "little")
    it.within(end)
    place, packet, known, length = 30, 0, False, 0
    while place + 24 <= end:
        size = it.number(place + 16, 8, "little")
        if it.take(place, 16) == _ASF_PROPERTIES:
            length, _, _, play, _, preroll = (it.number(place + 40 + 8 * one, 8, "little") for one in range(6))
            known = not it.number(place + 88, 4, "little") & _ASF_BROADCAST
            packet = it.number(place + 92, 4, "little")
            if known:
                it.lasts(play / 10_000 - preroll)
        place += max(size, 24)
    if known:
        it.within(length)
    packets = end
    while end + 24 <= it.size:  # the packets, and indexes behind them
        size = it.number(end + 16, 8, "little")
        if end > packets:
            search(it, end, end + size if size > _ASF_DATA else it.size)
        if size <= _ASF_DATA:
            if packet and (it.size - end - _ASF_DATA) % packet:
                raise CutOff
            return
        it.within(end + size)
        end += size
    search(it, end, it.size)


def _matroska(it: Headers) -> None:
    """Matroska, WebM: its segment; where nobody knew the size of that, what it is made of."""
    place = 0
    while place < it.size:
        if place and it.some(place, 4) == _EBML:
            it.another = True
            return
        kind = it.vint(place, 4)
        size = it.vint(place + len(kind), 8)
        body = place + len(kind) + len(size)
        ones = 2 ** (7 * len(size)) - 1
        length = int.from_bytes(size, "big") & ones
        if length == ones and kind in (_SEGMENT, _CLUSTER):
            place = body
            continue
        place = body + length
        it.within(place)
        if kind == _VOID:
            search(it, body, place)
        if kind == _SEGMENT:
            _voids(it, body, place)
            search(it, place, it.size)
            return


def _voids(it: Headers, place: int, until: int) -> None:
    """Look into what a segment says is empty."""
    while place < until:
        kind = it.vint(place, 4)
        size = it.vint(place + len(kind), 8)
        body = place + len(kind) + len(size)
        ones = 2 ** (7 * len(size)) - 1
        length = int.from_bytes(size, "big") & ones
        place = body if length == ones else body + length
        if kind == _VOID:
            search(it, body, place)


def _flv(it: Headers) -> None:
    """FLV: what its first tag says of the file, and that the last one is whole."""
    place, named = it.number(5, 4) + 4, 0.0
    while place < it.size:
        kind = it.take(place, 1)[0] & 0x1F
        if kind not in _FLV_TAGS:
            search(it, place, it.size)
            break
        length = it.number(place + 1, 3)
        if kind == _FLV_TAGS[-1]:
            for found in _FLV_NUMBERS.finditer(it.some(place + 11, min(length, 2**16))):
                number = struct.unpack(">d", found[2])[0]
                if not math.isfinite(number):
                    continue
                if found[1] == b"duration":
                    it.lasts(number * 1000)
                else:
                    named = number
        if place + 11 + length + 4 > it.size:
            search(it, place, it.size)
        place += 11 + length + 4
        it.within(place)
    if named > it.size:
        raise CutOff


def _ogg(it: Headers) -> None:
    """Ogg: the last page of each stream says that it is the last."""
    place, streams, ended = 0, set[bytes](), set[bytes]()
    while place < it.size and it.some(place, 4) == b"OggS":
        head = it.take(place, 27)
        if head[5] & 2 and ended and not streams - ended:
            it.another = True
        streams.add(head[14:18])
        if head[5] & 4:
            ended.add(head[14:18])
        place += 27 + head[26] + sum(it.take(place + 27, head[26]))
        it.within(place)
    search(it, place, it.size)
    if streams - ended:
        raise CutOff


def _mxf(it: Headers) -> None:
    """MXF: where its footer lies, and that what stands before is whole."""
    place = 0
    while it.some(place, 4) == b"\x06\x0e\x2b\x34":
        key, first = it.take(place, 16), it.take(place + 16, 1)[0]
        more = first & 0x7F if first >= 0x80 else 0
        length = it.number(place + 17, more) if more else first
        body = place + 17 + more
        if place and key[4:6] == b"\x02\x05" and key[13] == 2:  # a second header
            it.another = True
        if key[4:6] == b"\x02\x05" and key[13] in (2, 3):  # a partition that is not the last
            it.within(it.number(body + 24, 8) + 17)
        place = body + length
        it.within(place)
    search(it, place, it.size)


def _real(it: Headers) -> None:
    """RealMedia: its parts, one behind the other."""
    place = 0
    while it.some(place, 4).strip(b"\0"):
        kind, size = it.take(place, 4), it.number(place + 4, 4)
        if size in (0, _ONES):
            return
        if place and kind == b".RMF":
            it.another = True
        if kind == b"PROP":
            it.lasts(it.number(place + 30, 4))
        it.within(place + size - (_COUNTED_TWICE if kind == b"DATA" else 0))
        place += max(size, 8)


def _mpeg(it: Headers) -> None:
    """An MPEG programme stream: its packets."""
    place = 0
    while place < it.size:
        code = it.take(place, 4)
        if code[:3] != b"\0\0\1" or code[3] < 0xBA:  # pictures without packets, or its end
            return
        if code[3] == 0xBA:
            place += 14 + it.take(place + 13, 1)[0] % 8 if it.take(place + 4, 1)[0] >> 6 == 1 else 12
        else:
            place += 6 + it.number(place + 4, 2)
        it.within(place)


_WALKS: dict[bytes, Callable[[Headers], None]] = {
    rb"RIF[FX]": _riff,
    rb"\x30\x26\xb2\x75": _asf,
    rb"\x1aE\xdf\xa3": _matroska,
    rb"FLV": _flv,
    rb"OggS": _ogg,
    rb"\x06\x0e\x2b\x34": _mxf,
    rb"\.RMF": _real,
    rb"\x00\x00\x01[\xba\xb3]": _mpeg,
    rb"G|....G": lambda it: None,  # transport streams: see `is_cut`
}
