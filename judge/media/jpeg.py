"""Whether a JPEG is whole. A decoder fills up what is missing with grey and says nothing, so the markers are read here,
and the coded data by a decoder that stops at the first thing that is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from judge.causes import Why
from judge.media.gaps import Detail

_SCAN, _END, _APP2 = 0xDA, 0xD9, 0xE2
_ICC = b"ICC_PROFILE\0"
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive
_PROGRESSIVE = 0xC2
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})  # markers that nothing belongs to
_NEXT = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)  # a marker that ends entropy-coded data
_SPACES = {"Gray": "GRAY", "CMYK": "CMYK", "YCCK": "CMYK"}


@dataclass
class Markers:
    """What the markers say.

    scans: how many there are; a progressive JPEG is gone over once for each. end: where its end mark ends; None where
    there is none. profile: parts of its colour profile, wherever they stand. missing: whether a colour, or a part of
    its detail, is in no scan.
    """

    scans: int = 0
    end: int | None = None
    profile: list[bytes] = field(default_factory=list)
    _progressive: bool = False
    _details: dict[int, list[int]] = field(default_factory=dict)  # of each colour: lowest bit so far, per frequency

    @property
    def missing(self) -> bool:
        wanted = 64 if self._progressive else 1
        return any(any(bits[:wanted]) for bits in self._details.values())

    def _add_frame(self, body: bytes) -> None:
        for place in range(6, len(body) - 2, 3):
            self._details[body[place]] = [1] * 64

    def _add_scan(self, body: bytes) -> None:
        self.scans += 1
        if len(body) < 4 or len(body) < 4 + 2 * body[0]:
            return
        first, last, bits = body[1 + 2 * body[0] :][:3]
        for colour in body[1 : 1 + 2 * body[0] : 2]:
            known = self._details.get(colour, [])
            known[first : last + 1] = [bits & 15] * len(known[first : last + 1])


def markers(data: bytes | memoryview) -> Markers:
    """Read the markers of a JPEG, from its first byte to its end mark. It never raises."""
    said, place = Markers(), 2
    while (found := _NEXT.search(data, place)) is not None:
        marker, place = found[1][0], found.end()
        if marker == _END:
            said.end = place
            break
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[place : place + 2], "big")
        body = bytes(data[place + 2 : place + length])
        place += length
        if marker == _APP2 and body.startswith(_ICC):
            said.profile.append(body[len(_ICC) :])
        if marker in _FRAMES:
            said._progressive = marker == _PROGRESSIVE
            said._add_frame(body)
        elif marker == _SCAN:
            said._add_scan(body)
    return said


def whole_profile(parts: list[bytes]) -> bytes | None:
    """The colour profile of which these are the parts, each with its number and how many there are; None where they are
    not: then every program makes its own of them."""
    numbered = {part[0]: part for part in parts if len(part) > 1}
    if len(numbered) < len(parts) or sorted(numbered) != list(range(1, len(parts) + 1)):
        return None
    if any(part[1] != len(parts) for part in parts):
        return None
    return b"".join(numbered[number][2:] for number in sorted(numbered))


def damage(data: bytes | memoryview, said: Markers) -> Why | None:
    """What is wrong with a JPEG that a lenient decoder may show all the same; None when it is whole.

    The smallest copy that the decoder makes is decoded: all coded data are read for it.
    """
    import simplejpeg

    if said.end is None:
        return Why.of(Detail.NO_END_MARK)
    if said.missing:
        return Why.of(Detail.PIXELS_MISSING)
    try:
        space = _SPACES.get(simplejpeg.decode_jpeg_header(data)[2], "BGR")
        simplejpeg.decode_jpeg(data, space, fastdct=True, fastupsample=True, min_height=1, min_width=1, min_factor=1)
    except ValueError as error:
        return Why.of(Detail.SAID, said=" ".join(str(error).removeprefix("Corrupt JPEG data: ").split()))
    return None
