"""What the held frames of a clip look like: which show the same, and which lie on the way from one to another.

A frame is on the way where each of its fields looks as in one of the two, or, near to where these differ, has a colour
that one of them has near that place: what moves a little passes, what shows for a moment does not. Knows copies of
frames, and no decoder.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from PIL import Image

from judge.media.likeness import UNLIKE, difference, fingerprint

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from judge.media.likeness import Fingerprint

_MOST_KINDS = 512  # that a frame is compared with, the latest; an older one is judged again where it comes back
_FINE = 256  # pixels a side that are looked at, where a copy has as many
_REACH = 1 / 21  # of a side: how far a colour may have moved
_COARSE = 8  # a side: means of so many parts tell most frames apart at once
_PAIRS = 256  # of which is remembered what lies between them


class Looks:
    """What held frames look like. copies: of all of them as JPEG, in order."""

    def __init__(self, copies: Sequence[bytes]) -> None:
        import numpy

        self._prints = [_print(one) for one in copies]
        self._least = lru_cache(_PAIRS)(lambda place: _near(self._prints[place], numpy.minimum))
        self._most = lru_cache(_PAIRS)(lambda place: _near(self._prints[place], numpy.maximum))
        self._between = lru_cache(_PAIRS)(self._found_between)

    @cached_property
    def kinds(self) -> tuple[int, ...]:
        """For each held frame the place of the first one that it looks like: its own where it is the first of its
        kind."""
        kinds = list(range(len(self._prints)))
        by_shape: dict[tuple[int, ...], list[int]] = {}
        for place, one in enumerate(self._prints):
            by_shape.setdefault(one.shape, []).append(place)
        for places in by_shape.values():
            self._gather(places, kinds)
        return tuple(kinds)

    def passed(self, before: int, after: int) -> frozenset[int]:
        """Places of the frames between two others that lie on the way from one to the other. Between two that look
        alike nothing does: what does not look like them came and went."""
        return self._between(before, after)

    def _gather(self, places: Sequence[int], kinds: list[int]) -> None:
        """Note which of these frames, all of one shape, look like an earlier one."""
        import numpy

        coarse = numpy.stack([_coarse(self._prints[place]) for place in places])
        firsts: list[int] = []  # numbers, in `places`, of the first of each kind
        for number, place in enumerate(places):
            latest = firsts[-_MOST_KINDS:]
            apart = numpy.abs(coarse[latest] - coarse[number]).max(axis=1, initial=0)
            near = (places[latest[one]] for one in numpy.flatnonzero(apart < UNLIKE))
            own = self._prints[place]
            like = next((other for other in near if difference(self._prints[other], own) < UNLIKE), None)
            if like is None:
                firsts.append(number)
            else:
                kinds[place] = like

    def _found_between(self, before: int, after: int) -> frozenset[int]:
        import numpy

        one, other = self._prints[before], self._prints[after]
        if self.kinds[before] == self.kinds[after] or one.shape != other.shape:
            return frozenset()
        low, high = numpy.minimum(one, other).astype(numpy.int16), numpy.maximum(one, other).astype(numpy.int16)
        moving = _near((high - low).max(axis=-1, keepdims=True) >= UNLIKE, numpy.logical_or)
        low = numpy.where(moving, numpy.minimum(self._least(before), self._least(after)), low) - (UNLIKE - 1)
        high = numpy.where(moving, numpy.maximum(self._most(before), self._most(after)), high) + (UNLIKE - 1)
        return frozenset(
            place
            for place in range(before + 1, after)
            if self._prints[place].shape == one.shape
            and bool(((self._prints[place] >= low) & (self._prints[place] <= high)).all())
        )


def _near(values: NDArray[Any], pick: numpy.ufunc) -> NDArray[Any]:
    """Of each field what there is least, or most, near it."""
    import numpy

    reach = max(1, round(max(values.shape[1:3]) * _REACH))
    found = values
    for axis in (1, 2):
        around = [(reach, reach) if number == axis else (0, 0) for number in range(values.ndim)]
        padded, length = numpy.pad(found, around, mode="edge"), values.shape[axis]
        for shift in range(2 * reach + 1):
            found = pick(found, padded.take(range(shift, shift + length), axis=axis))
    return found


def _print(copy: bytes) -> Fingerprint:
    with Image.open(io.BytesIO(copy)) as image:
        image.draft("RGB", (_FINE, _FINE))
        return fingerprint(image.convert("RGB"))


def _coarse(one: Fingerprint) -> NDArray[numpy.float32]:
    """Means of parts: where two of these differ so much, a field of theirs does."""
    import numpy

    values: NDArray[Any] = one.astype(numpy.float32)
    for axis in (1, 2):
        length = values.shape[axis]
        starts = numpy.unique(numpy.arange(_COARSE) * length // _COARSE)
        sizes = numpy.diff(numpy.append(starts, length)).astype(numpy.float32)
        wide = [-1 if number == axis else 1 for number in range(values.ndim)]
        values = numpy.add.reduceat(values, starts, axis=axis) / sizes.reshape(wide)
    return values.ravel()
