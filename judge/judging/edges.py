"""Where a picture has edges, and how it is cut along them: blank surroundings, panels of a collage, tiles.

Looked at is a reduced copy, so that a picture of any size costs the same. Knows no model and no rule.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

Cells = tuple[int, int, int, int]  # left, top, right, bottom in cells of the map

LEAST = 32  # pixels a side under which a part is not worth a look
MAP = 512  # cells of the longer side of the map in which edges are looked for
EDGE = 12  # levels of 255 between neighbours, from which on something is drawn there and not shaded
SEAM = 0.8  # share of a line that is an edge, from which on pictures meet there
FRAME = 0.5  # the same for one side of a picture before blank surroundings
OVERLAP = 0.25  # share of a tile that its neighbour shows, too
DETAIL = 0.002  # share of a tile's cells with an edge, under which it is blank


@dataclass(frozen=True, eq=False)
class Edges:
    """Where neighbouring cells of a reduced picture differ.

    across, down: bool [height, width], whether a cell differs from the one to its left, and from the one above it.
    scale: pixels per cell, at least 1.
    """

    across: NDArray[np.bool_]
    down: NDArray[np.bool_]
    scale: float
    size: tuple[int, int]

    @classmethod
    def of(cls, image: Image.Image) -> Edges:
        scale = max(1.0, max(image.size) / MAP)
        size = (max(1, round(image.width / scale)), max(1, round(image.height / scale)))
        small = image if scale == 1.0 else image.resize(size, Image.Resampling.BOX)
        levels = np.asarray(small, dtype=np.int16)
        across, down = (np.zeros(levels.shape[:2], dtype=np.bool_) for _ in range(2))
        across[:, 1:] = np.abs(np.diff(levels, axis=1)).max(axis=2) >= EDGE
        down[1:] = np.abs(np.diff(levels, axis=0)).max(axis=2) >= EDGE
        return cls(across, down, scale, image.size)

    @property
    def width(self) -> int:
        return int(self.across.shape[1])

    @property
    def height(self) -> int:
        return int(self.across.shape[0])

    @property
    def area(self) -> int:
        return self.width * self.height

    def content(self) -> Cells | None:
        """The part in which there are edges; None where there are none.

        A side that is one long edge is where another picture begins, and is cut off with nothing of what is around it:
        a frame is the last thing that a model should see. On other sides a margin stays.
        """
        drawn = self.across | self.down
        columns, rows = (np.flatnonzero(drawn.any(axis=axis)) for axis in (0, 1))
        if not len(columns):
            return None
        left, top = int(columns[0]), int(rows[0])
        right, bottom = max(left + 1, int(columns[-1])), max(top + 1, int(rows[-1]))
        margin = max(1, round(0.04 * max(right - left, bottom - top)))
        upright, level = self.across[top:bottom], self.down[:, left:right]
        sides = upright[:, left], level[top], upright[:, right % self.width], level[bottom % self.height]
        framed = [side.mean() >= FRAME for side in sides]
        inwards = 1 if min(right - left, bottom - top) * self.scale > LEAST else 0
        moves = [inwards if one else -margin for one in framed]
        return (
            max(0, left + moves[0]),
            max(0, top + moves[1]),
            min(self.width, right - moves[2]),
            min(self.height, bottom - moves[3]),
        )

    def panels(self, region: Cells, most: int, turns: int = 2, rows: bool = True) -> list[Cells]:
        """The pictures that a collage is made of, by rows and then by columns or the other way round.

        Where there are more than `most`, neighbours stay together. One panel: it is no collage.
        """
        if most < 2 or not turns:
            return [region]
        strips = self._strips(region, rows, most)
        if len(strips) == 1:
            return self.panels(region, most, turns - 1, not rows)
        left = 2 if turns == 2 else 1
        return [part for strip in strips for part in self.panels(strip, most // len(strips), left, not rows)][:most]

    def tiles(self, region: Cells, sees: int, most: int) -> list[Cells]:
        """Square tiles that overlap and cover a region: as small as there may be, but not smaller than what the model
        sees. Those without any detail are left out."""
        left, top, right, bottom = region
        width, height = right - left, bottom - top
        side = max(sees / self.scale, 1.0)
        while _count(width, side) * _count(height, side) > most:
            side *= 1.05
        tiles = [
            (int(x), int(y), math.ceil(x + min(side, width)), math.ceil(y + min(side, height)))
            for y in np.linspace(top, max(top, bottom - side), _count(height, side))
            for x in np.linspace(left, max(left, right - side), _count(width, side))
        ]
        return [tile for tile in tiles if self._cut(self.across | self.down, tile).mean() >= DETAIL]

    def in_pixels(self, cells: Cells) -> Cells:
        """Cells in pixels of the picture."""
        width, height = self.size
        left, top, right, bottom = (one * self.scale for one in cells)
        return int(left), int(top), min(width, math.ceil(right)), min(height, math.ceil(bottom))

    def _strips(self, region: Cells, rows: bool, most: int) -> list[Cells]:
        """A region cut at the seams that run all the way through it; the seam itself belongs to nobody."""
        left, top, right, bottom = region
        edges = self._cut(self.down if rows else self.across, region)
        share = edges.mean(axis=1 if rows else 0)
        least = max(LEAST / self.scale, len(share) / 12)
        seams = [place for place in np.flatnonzero(share >= SEAM) if _stands_out(share, int(place))]
        ends, parts = [0, *(int(one) for one in seams), len(share)], []
        for low, high in pairwise(ends):
            if high - low >= least:
                parts.append((low + (low > 0), high - (high < len(share))))
        if len(parts) < 2:
            return [region]
        parts = _joined(parts, most)
        if rows:
            return [(left, top + low, right, top + high) for low, high in parts]
        return [(left + low, top, left + high, bottom) for low, high in parts]

    @staticmethod
    def _cut(edges: NDArray[np.bool_], region: Cells) -> NDArray[np.bool_]:
        left, top, right, bottom = region
        return edges[top:bottom, left:right]


def _stands_out(share: NDArray[Any], place: int) -> bool:
    """Whether a line of edges is one, and no part of a texture: not far from it there are few."""
    beside = [share[one] for one in (place - 4, place + 4) if 0 <= one < len(share)]
    return place > 0 and bool(beside) and max(beside) < SEAM / 2


def _joined(parts: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Parts in a row as at most `most`, neighbours together."""
    each = math.ceil(len(parts) / most)
    groups = [parts[start : start + each] for start in range(0, len(parts), each)]
    return [(group[0][0], group[-1][1]) for group in groups]


def _count(length: float, side: float) -> int:
    """How many tiles of a side, overlapping, cover a length."""
    if length <= side:
        return 1
    return math.ceil((length - side) / ((1 - OVERLAP) * side)) + 1
