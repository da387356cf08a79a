"""Which images are trained on and which are held out, such that what looks the same is never on both sides.

Images look the same whose prints (`judge.media.prints`) have no field that differs by more than `NEAR_LEVELS`. Hashes
are not asked: those of symmetrical drawings change with the compression. Such images are of one group, and so is what
looks the same as one of them. A whole group is held out or none of it, by a hash of its name, which is the lowest
digest in it: the same images are split alike on every machine, in whatever order they were judged. Prints lie in a file
that is removed at the end; in memory are about 100 bytes of an image.
"""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from judge.media.prints import NEAR_LEVELS, PicturePrint

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

Split = Literal["train", "held_out"]
HELD_OUT = 0.2
# A print is looked for by the mean brightness of its stripes, in sixteenths of a level. Of such a mean, two prints that
# are near differ by no more than their fields do: of two grids of cells, half a cell apart, one has both in one cell.
_STRIPES, _GRIDDED, _FINE = 8, 3, 16
_APART = NEAR_LEVELS * _FINE + 1
_CELL = 2 * (_APART + 1)
_SHAPE = 3  # bytes that say of what shape the fields are: how many bytes they have, and rows
_WIDTH = _SHAPE + 16 * 16 * 4
_TOGETHER = 256  # prints whose fields are read at once
_DIGEST = 32  # bytes


@dataclass(frozen=True)
class Place:
    """Where an image belongs. group: SHA-256 of the first image that looks the same."""

    group: str
    split: Split


class Splits:
    """The split of many images, to be used in `with`: `add` each in the order of their digests, then ask `of`.

    share: of the groups, from 0 to 1, that are held out.
    """

    def __init__(self, share: float = HELD_OUT) -> None:
        self._share, self._grouped = share, False
        self._digests = bytearray()
        self._parents = array("q")
        self._owners, self._stripes = array("q"), array("H")  # of each print: its image, and its stripes
        self._fields = tempfile.TemporaryFile(prefix="judge-")  # noqa: SIM115 (closed by `__exit__`)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._fields.close()

    def add(self, sha256: str, looks: Sequence[PicturePrint]) -> None:
        """Take in an image. looks: the prints of all its views; without any it can be nowhere, and is not added.

        Raises:
            ValueError: a digest that does not come after the last one.
        """
        digest = bytes.fromhex(sha256)
        if self._digests[-_DIGEST:] >= digest:
            raise ValueError("images are added once each, in the order of their digests")
        if not looks:
            return
        number = len(self._parents)
        self._digests += digest
        self._parents.append(number)
        for look in looks:
            self._owners.append(number)
            self._stripes.extend(_stripes(look))
            self._fields.write((len(look.fields).to_bytes(2) + look.fields).ljust(_WIDTH, b"\0"))
        self._grouped = False

    def of(self, sha256: str) -> Place | None:
        """Where an image belongs; None where it has no print, and may look the same as anything."""
        if not self._grouped:
            self._group()
        number = self._number(bytes.fromhex(sha256))
        if number is None:
            return None
        first = self._digest(self._root(number))
        drawn = int.from_bytes(hashlib.sha256(b"held out|" + first).digest()[:8])
        return Place(first.hex(), "held_out" if drawn < self._share * 2**64 else "train")

    def _number(self, digest: bytes) -> int | None:
        low, high = 0, len(self._parents)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._digest(middle) < digest else (low, middle)
        return low if low < len(self._parents) and self._digest(low) == digest else None

    def _digest(self, number: int) -> bytes:
        return bytes(self._digests[number * _DIGEST : (number + 1) * _DIGEST])

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number

    def _group(self) -> None:
        """Join what looks the same: what lies in one cell by some choice of one of the two grids for each stripe."""
        import numpy

        self._grouped = True
        if not self._owners:
            return
        self._fields.flush()
        fields = numpy.memmap(self._fields, numpy.uint8, "r", shape=(len(self._owners), _WIDTH))
        stripes = numpy.array(self._stripes, numpy.int16).reshape(-1, _STRIPES)
        shapes = fields[:, :_SHAPE].astype(numpy.int64) @ numpy.array([65536, 256, 1])
        for shifts in itertools.product((0, _CELL // 2), repeat=_GRIDDED):
            keys: NDArray[numpy.int64] = shapes
            for place, shift in enumerate(shifts):
                keys = keys * 64 + (stripes[:, place] + shift) // _CELL
            for some in _runs(keys, stripes[:, _GRIDDED]):
                self._join(some, stripes[some], fields)

    def _join(self, some: NDArray[numpy.int64], stripes: NDArray[numpy.int16], fields: NDArray[numpy.uint8]) -> None:
        """Join those of some prints, in the order of one stripe, that are near. What is of one group already is not
        compared again."""
        import numpy

        roots = numpy.array([self._root(self._owners[one]) for one in some])
        ordered = stripes[:, _GRIDDED]
        ends = numpy.searchsorted(ordered, ordered + _APART, side="right").tolist()
        for place, one in enumerate(some):
            if ends[place] == place + 1:
                continue
            if place % _TOGETHER == 0 and (roots == roots[0]).all():
                return
            after = slice(place + 1, ends[place])
            close = (numpy.abs(stripes[after] - stripes[place]) <= _APART).all(axis=1)
            others = numpy.flatnonzero(close & (roots[after] != roots[place])) + place + 1
            for start in range(0, len(others), _TOGETHER):
                which = others[start : start + _TOGETHER]
                found = which[_near(fields[some[which]], fields[one])]
                for root in numpy.unique(roots[found]):
                    first = min(int(root), int(roots[place]))
                    joined = (roots == root) | (roots == roots[place])
                    self._parents[int(root)] = self._parents[int(roots[place])] = first
                    roots[joined] = first


def _stripes(look: PicturePrint) -> list[int]:
    """The mean brightness of runs of fields."""
    import numpy

    bright = numpy.frombuffer(look.fields, numpy.uint8, offset=1)[::4]
    ends = numpy.arange(_STRIPES + 1) * len(bright) // _STRIPES
    sums = numpy.concatenate(([0], bright.cumsum(dtype=numpy.int64)))
    found: list[int] = ((sums[ends[1:]] - sums[ends[:-1]]) * _FINE // numpy.maximum(1, numpy.diff(ends))).tolist()
    return found


def _near(many: NDArray[numpy.uint8], one: NDArray[numpy.uint8]) -> NDArray[numpy.bool_]:
    """Which have the same shape, and no field that differs by more."""
    import numpy

    apart = numpy.maximum(many, one) - numpy.minimum(many, one)
    near: NDArray[numpy.bool_] = ~apart[:, :_SHAPE].any(axis=1) & (apart.max(axis=1) <= NEAR_LEVELS)
    return near


def _runs(values: NDArray[numpy.int64], by: NDArray[numpy.int16]) -> Iterator[NDArray[numpy.int64]]:
    """The places of equal values, where there are several; each time in the order of `by`."""
    import numpy

    order = numpy.lexsort((by, values))
    for run in numpy.split(order, numpy.flatnonzero(numpy.diff(values[order])) + 1):
        if len(run) > 1:
            yield run
