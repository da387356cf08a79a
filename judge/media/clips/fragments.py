"""What ISO media (MP4, QuickTime) promise: boxes, and in fragments the samples that these say lie in the file.

Of a file in one piece a table says where all samples lie, so that a decoder misses them. Of one in fragments each
piece says so of itself alone, and a decoder that finds no next one believes that it is at the end.
"""

from __future__ import annotations

import array
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from judge.media.clips.headers import CutOff, Headers
from judge.media.clips.others import FILM, search

_BASE, _SAMPLE_KIND, _DURATION, _SIZE, _FROM_MOOF = 0x1, 0x2, 0x8, 0x10, 0x20000  # flags of `tfhd`
_OFFSET, _FIRST_FLAGS, _EACH_SIZE = 0x1, 0x4, 0x200  # flags of `trun`
_EACH = (0x100, _EACH_SIZE, 0x400, 0x800)  # what `trun` has of each sample, in this order
_ONCE = (b"ftyp", b"moov")
_OF_THE_FILM = (b"moof", b"sidx", b"ssix", b"styp", b"mfra", b"prft", b"emsg")
_BEGINNING = 1024
_UNKNOWN = (2**32 - 1, 2**64 - 1)


@dataclass
class _Movie:
    """What `moov` says. scale: units a second. sizes: of the samples of a track where a fragment does not say."""

    scale: int = 0
    in_one_piece: bool = False
    sizes: dict[int, int] = field(default_factory=dict)


def of_boxes(it: Headers) -> None:
    """Go over the boxes of a file.

    Raises:
        CutOff: it ends before something that one of them promises.
    """
    movie, whole, once = _Movie(), True, set[bytes]()
    for kind, start, body, end in _boxes(it, 0, it.size):
        _look_beside(it, kind, start, body, end, once)
        if not kind:
            whole = False
        elif kind == b"moov":
            it.within(end)
            movie = _movie(it, body, end)
        elif end in _UNKNOWN:
            return
        else:
            it.within(end)
            if kind == b"moof":
                movie.in_one_piece = False
                _fragment(it, start, body, end, movie)
            elif kind == b"sidx":
                _index(it, body, end)
    if not whole and not movie.in_one_piece:
        raise CutOff


def _look_beside(it: Headers, kind: bytes, start: int, body: int, end: int, once: set[bytes]) -> None:
    """Note what is no part of the film: a second header, and films and pictures in boxes that it does not need."""
    if kind in _ONCE:
        it.another |= kind in once
        once.add(kind)
    elif kind == b"mdat":
        it.another |= FILM.match(it.some(body, _BEGINNING)) is not None
    elif kind not in _OF_THE_FILM:
        search(it, start, end)  # its head, too: what is no box may look like one


def _boxes(it: Headers, place: int, until: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Kind of each box, where it begins, where its content does, and where it ends. No kind: what follows is no box."""
    while place < until:
        head = it.some(place, min(16, until - place))
        size, kind, begins = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1 and len(head) == 16:
            size, begins = int.from_bytes(head[8:], "big"), 16
        if size in _UNKNOWN or (size == 0 and kind.isalnum()):
            yield kind, place, place + begins, _UNKNOWN[0] if until == it.size else until
            return
        if len(head) < 8 or size < begins or not kind.isascii():
            yield b"", place, place, until
            return
        yield kind, place, place + begins, place + size
        place += size


def _movie(it: Headers, body: int, end: int) -> _Movie:
    movie = _Movie(in_one_piece=True)
    for kind, _, place, stop in _boxes(it, body, end):
        if kind == b"mvhd":
            movie.scale = it.number(place + (20 if it.take(place, 1)[0] else 12), 4)
        elif kind == b"mvex":
            movie.in_one_piece = False
            for inner, _, at, _ in _boxes(it, place, min(stop, end)):
                if inner == b"trex":
                    movie.sizes[it.number(at + 4, 4)] = it.number(at + 16, 4)
                elif inner == b"mehd" and movie.scale:
                    it.lasts(1000 * it.number(at + 4, 8 if it.take(at, 1)[0] else 4) / movie.scale)
    return movie


def _fragment(it: Headers, start: int, body: int, end: int, movie: _Movie) -> None:
    """The samples that a `moof` names lie in the file."""
    follows = start
    for kind, _, place, stop in _boxes(it, body, end):
        if kind != b"traf":
            continue
        base, size = follows, 0
        for inner, _, at, behind in _boxes(it, place, min(stop, end)):
            if inner == b"tfhd":
                base, size = _track(it, at, start, follows, movie)
                follows = base
            elif inner == b"trun":
                flags, count, at = it.number(at + 1, 3), it.number(at + 4, 4), at + 8
                if flags & _OFFSET:
                    follows = base + int.from_bytes(it.take(at, 4), "big", signed=True)
                    at += 4
                at += 4 if flags & _FIRST_FLAGS else 0
                follows += _bytes(it, flags, count, at, behind) if flags & _EACH_SIZE else count * size
                it.within(follows)


def _track(it: Headers, at: int, moof: int, follows: int, movie: _Movie) -> tuple[int, int]:
    """Of a `tfhd`: from where places count, and the size of samples that say none."""
    flags, size = it.number(at + 1, 3), movie.sizes.get(it.number(at + 4, 4), 0)
    at, base = at + 8, moof if flags & _FROM_MOOF else follows
    if flags & _BASE:
        base, at = it.number(at, 8), at + 8
    at += 4 * bool(flags & _SAMPLE_KIND) + 4 * bool(flags & _DURATION)
    return base, it.number(at, 4) if flags & _SIZE else size


def _bytes(it: Headers, flags: int, count: int, at: int, behind: int) -> int:
    """How many bytes the samples of a `trun` have together."""
    there = [one for one in _EACH if flags & one]
    if at + 4 * len(there) * count > behind:
        raise CutOff
    words = array.array("I", it.take(at, 4 * len(there) * count))
    if sys.byteorder == "little":
        words.byteswap()
    return sum(words[there.index(_EACH_SIZE) :: len(there)])


def _index(it: Headers, body: int, end: int) -> None:
    """The pieces that a `sidx` names lie in the file, behind it."""
    wide = 8 if it.take(body, 1)[0] else 4
    scale, at = it.number(body + 8, 4), body + 12 + wide
    until, at = end + it.number(at, wide), at + wide + 4
    words = array.array("I", it.take(at, 12 * it.number(at - 2, 2)))
    if sys.byteorder == "little":
        words.byteswap()
    until += sum(one & 0x7FFFFFFF for one in words[::3])
    if until > it.size:
        it.lasts(1000 * sum(words[1::3]) / scale if scale else 0)
        raise CutOff
