"""What an AVIF or HEIC holds beside the pictures that its decoder shows. Decodes no pixel.

Both are boxes within boxes (ISO/IEC 14496-12): a `meta` box lists items, one of which is primary, and a `moov` box has
tracks. A decoder shows some of these, and every other program may show others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from judge.causes import Why
from judge.media.gaps import Broken, Detail, Gap, elsewhere

_MOST = 10_000  # boxes within one box; the million that a file has room for would take seconds
_ZEROS = 64  # no compressed picture ends in so many
_WITHIN = {b"meta": 4, b"stsd": 8, b"av01": 78}  # bytes before the first box within
_NO_PICTURES = frozenset({b"Exif", b"mime", b"uri ", b"tmap"})  # tmap: how bright another is, on bright screens
_COLOURS = re.compile(rb"colrnclx..(..)", re.DOTALL)
_SAID = (b"nclx", b"prof", b"rICC")
_LINEAR = (8, 9, 10)  # ways of coding brightness (ITU-T H.273) that hide in the dark what others show
_DERIVED = frozenset({b"grid", b"iden", b"iovl"})  # made of others, which show nowhere else
_ONCE = (b"ftyp", b"meta", b"moov")
_FILM = (b"pict", b"vide")


@dataclass
class _Items:
    """Of a `meta` box. kinds: of each item. hidden: items that say that they are not to be shown. names: (what the
    relation is, from, to). extents: where the bytes of an item begin and how many there are, of those in one piece.
    """

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    relations: list[tuple[bytes, int, list[int]]] = field(default_factory=list)
    extents: dict[int, tuple[int, int]] = field(default_factory=dict)

    def linked(self, relation: bytes) -> Iterator[tuple[int, list[int]]]:
        return ((source, targets) for kind, source, targets in self.relations if kind == relation)


def end(data: bytes) -> int | None:
    """Where the last box ends; None where that is beyond the file, or the file was filled up with zeros."""
    last = max((stop for _, _, stop in _boxes(data, 0, len(data))), default=0)
    return None if last > len(data) or filled_up(data, last) else last


def filled_up(data: bytes, end: int) -> bool:
    """Whether a file of compressed pixels ends in zeros, as a download does that was broken off."""
    return not data[max(0, end - _ZEROS) : end].strip(b"\0")


def unseen(data: bytes, *, frames: int, all_shown: bool, alpha: bool) -> Iterator[Why]:
    """What of a file its decoder does not show.

    frames: how many its decoder shows. all_shown: whether it shows all items that are not part of another, as one of
    HEIC does; that of AVIF shows the primary one, or a track. alpha: whether it shows transparency.

    Raises:
        Broken: the boxes are not what they should be.
    """
    top = list(_boxes(data, 0, len(data)))
    for found in _COLOURS.finditer(data):
        if int.from_bytes(found[1], "big") in _LINEAR:
            yield elsewhere(Why.of(Detail.CODING_UNREAD, where="nclx"))
            break
    for kind, count in Counter(kind for kind, _, _ in top).items():
        if kind in _ONCE and count > 1:
            yield Why.of(Gap.FILES_IN_ONE, files=count)
            return
    parts = {kind: (start, stop) for kind, start, stop in top}
    items = _items(data, *parts[b"meta"]) if b"meta" in parts else _Items()
    if not all_shown:
        yield from map(elsewhere, _shown_differently(data, parts))
    tracks = _tracks(data, *parts[b"moov"]) if b"moov" in parts else []
    if b"moov" in parts and all_shown:
        yield Why.of(Gap.FILM_BESIDE)
    elif len(tracks) > 1:
        yield Why.of(Gap.FILMS, films=len(tracks))
    elif tracks:
        first, length = tracks[0]
        if items.kinds and (frames != length or items.extents.get(items.primary) != first):
            yield Why.of(Gap.PICTURE_AND_FILM)
    shown = _alone(items) if all_shown else {items.primary}
    beside = _beside(items, shown, masks=None if all_shown else int(alpha))
    if beside or (all_shown and len(shown) > frames):
        judged, held = frames if all_shown else 1, len(shown | beside)
        one = judged == 1
        yield Why.of(Gap.ONE_OF_PICTURES if one else Gap.SOME_OF_PICTURES, held=held, judged=judged)


def _shown_differently(data: bytes, parts: dict[bytes, tuple[int, int]]) -> Iterator[Why]:
    """Of an AVIF: colours that only the header within its pixels names, and a part that alone is to be shown."""
    ways = {b"meta": (b"iprp", b"ipco"), b"moov": (b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"av01")}
    for kind, way in ways.items():
        if kind not in parts:
            continue
        start = parts[kind][0] + _WITHIN.get(kind, 0)
        if not any(data[place : place + 4] in _SAID for place, _ in _at(data, start, parts[kind][1], *way, b"colr")):
            yield Why.of(Detail.CODING_UNSAID)
        if any(True for _ in _at(data, start, parts[kind][1], *way, b"clap")):
            yield Why.of(Detail.PART_SHOWN)


def _alone(items: _Items) -> set[int]:
    """Pictures that are no part, thumbnail or map of another."""
    parts = {part for whole, parts in items.linked(b"dimg") if items.kinds.get(whole) in _DERIVED for part in parts}
    helping = {source for relation in (b"thmb", b"auxl") for source, _ in items.linked(relation)}
    pictures = {item for item, kind in items.kinds.items() if kind not in _NO_PICTURES}
    return {items.primary} | pictures - items.hidden - parts - helping


def _beside(items: _Items, shown: set[int], masks: int | None) -> set[int]:
    """Pictures that are not shown, nor a part, thumbnail or map of one that is.

    masks: how many of the maps beside a picture (its transparency, its depth) the decoder makes use of; None: of HEIC,
    in which phones put them, any number.
    """
    shown = set(shown)
    parts = {source: targets for source, targets in items.linked(b"dimg") if items.kinds.get(source) in _DERIVED}
    below = list(shown)
    while below:
        new = set(parts.get(below.pop(), ())) - shown
        shown |= new
        below += new
    helping = {source for source, targets in items.linked(b"thmb") if shown.issuperset(targets)}
    maps = [source for source, targets in items.linked(b"auxl") if shown.issuperset(targets)]
    helping.update(maps[:masks])
    return {item for item, kind in items.kinds.items() if kind not in _NO_PICTURES} - shown - helping


def _boxes(data: bytes, place: int, until: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind of each box, where its content begins and where it ends, which may be beyond what it lies in."""
    found = 0
    while place + 8 <= until and data[place + 4 : place + 8].isalnum():
        kind, size, head = data[place + 4 : place + 8], _number(data, place, 4), 8
        if size == 1:
            size, head = _number(data, place + 8, 8), 16
        elif size == 0:
            size = until - place
        found += 1
        if found > _MOST:
            raise Broken(Why.of(Detail.BOXES_MOST, most=_MOST))
        yield kind, place + head, place + max(size, head)
        place += max(size, head)


def _at(data: bytes, start: int, until: int, *path: bytes) -> Iterator[tuple[int, int]]:
    """Every box of that path below a box."""
    for kind, begin, stop in _boxes(data, start, until):
        if kind == path[0] and len(path) == 1:
            yield begin, min(stop, until)
        elif kind == path[0]:
            yield from _at(data, begin + _WITHIN.get(kind, 0), min(stop, until), *path[1:])


def _tracks(data: bytes, start: int, until: int) -> list[tuple[tuple[int, int], int]]:
    """Of each track with pictures: where its first frame begins, with its bytes, and how many frames there are."""
    found = []
    for begin, stop in islice(_at(data, start, until, b"trak"), _MOST):
        if not any(data[place + 8 : place + 12] in _FILM for place, _ in _at(data, begin, stop, b"mdia", b"hdlr")):
            continue
        table = dict.fromkeys((b"stsz", b"stco", b"co64"), 0)
        for kind, place, _ in (
            one for way in _at(data, begin, stop, b"mdia", b"minf", b"stbl") for one in _boxes(data, *way)
        ):
            table[kind] = place
        sizes, offsets = table[b"stsz"], table[b"stco"] or table[b"co64"]
        same, count = _number(data, sizes + 4, 4), _number(data, sizes + 8, 4)
        offset = _number(data, offsets + 8, 4 if table[b"stco"] else 8)
        found.append(((offset, same or _number(data, sizes + 12, 4)), count))
    return found


def _items(data: bytes, start: int, until: int) -> _Items:
    items = _Items()
    for kind, place, stop in _boxes(data, start + _WITHIN[b"meta"], until):
        version, body = data[place], place + 4
        if kind == b"pitm":
            items.primary = _number(data, body, 4 if version else 2)
        elif kind == b"iinf":
            for inner, entry, _ in _boxes(data, body + (4 if version else 2), min(stop, until)):
                if inner == b"infe":
                    wide = 4 if data[entry] >= 3 else 2
                    number, after = _number(data, entry + 4, wide), entry + 6 + wide
                    items.kinds[number] = data[after : after + 4]
                    if data[entry + 3] & 1:
                        items.hidden.add(number)
        elif kind == b"iref":
            wide = 4 if version else 2
            for relation, entry, _ in _boxes(data, body, min(stop, until)):
                numbers = _numbers(data, entry + wide + 2, _number(data, entry + wide, 2), wide)
                items.relations.append((relation, _number(data, entry, wide), numbers))
        elif kind == b"iloc":
            items.extents = dict(_located(data, body, version))
    return items


def _located(data: bytes, place: int, version: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Of each item in one piece of the file: its number, and where it lies."""
    widths, more = data[place], data[place + 1]
    of_offset, of_length, of_base, of_index = widths >> 4, widths & 15, more >> 4, more & 15 if version else 0
    wide = 4 if version == 2 else 2
    count, place = _number(data, place + 2, wide), place + 2 + wide
    for _ in range(min(count, _MOST)):
        number, place = _number(data, place, wide), place + wide
        where = _number(data, place, 2) & 15 if version else 0
        place += 4 if version else 2
        base, place = _number(data, place, of_base), place + of_base
        extents, place = _number(data, place, 2), place + 2
        offset, length = place + of_index, place + of_index + of_offset
        if extents == 1 and not where:
            yield number, (base + _number(data, offset, of_offset), _number(data, length, of_length))
        place += extents * (of_index + of_offset + of_length)


def _numbers(data: bytes, place: int, count: int, wide: int) -> list[int]:
    return [_number(data, place + index * wide, wide) for index in range(min(count, _MOST))]


def _number(data: bytes, place: int, wide: int) -> int:
    if place + wide > len(data):
        raise Broken(Why.of(Detail.BOX_SHORT))
    return int.from_bytes(data[place : place + wide], "big")
