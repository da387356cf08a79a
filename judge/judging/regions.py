"""Central regions: blanking, cropping, and finding a region by occlusion. Pure picture geometry, no model.

Boxes are (left, top, right, bottom) in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from judge.verdict import BoxCorners

if TYPE_CHECKING:
    from PIL.Image import Image

GRID = 4  # cells a side that occlusion blanks in turn
BLANK = (128, 128, 128)  # mid-grey: neither of the colours that thin drawings are made of
MIN_CROP = 32  # pixels a side; vision processors refuse slivers


def whole_pixels(box: BoxCorners, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box widened to whole pixels and cut to the image; at least one pixel."""
    width, height = size
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    left, top = min(left, width - 1), min(top, height - 1)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def share_of(box: BoxCorners, size: tuple[int, int]) -> float:
    """The box's part of the image's area, in [0, 1]."""
    left, top, right, bottom = whole_pixels(box, size)
    return round((right - left) * (bottom - top) / (size[0] * size[1]), 6)


def blanked(image: Image, box: BoxCorners) -> Image:
    """A copy of the image with the box painted over: x without i."""
    copy = image.copy()
    copy.paste(BLANK, whole_pixels(box, image.size))
    return copy


def cropped(image: Image, box: BoxCorners) -> Image:
    """The box alone, widened about its centre to at least 32 pixels a side where the image allows."""
    left, top, right, bottom = whole_pixels(box, image.size)
    left, right = _widened(left, right, image.size[0])
    top, bottom = _widened(top, bottom, image.size[1])
    return image.crop((left, top, right, bottom))


def _widened(low: int, high: int, limit: int) -> tuple[int, int]:
    missing = MIN_CROP - (high - low)
    if missing <= 0:
        return low, high
    low = max(0, min(low - missing // 2, limit - MIN_CROP))
    return low, min(limit, low + MIN_CROP)


def grid_cells(size: tuple[int, int]) -> list[BoxCorners]:
    """The cells of a GRID x GRID grid over the image, row by row."""
    width, height = size
    xs = [width * index / GRID for index in range(GRID + 1)]
    ys = [height * index / GRID for index in range(GRID + 1)]
    return [(xs[column], ys[row], xs[column + 1], ys[row + 1]) for row in range(GRID) for column in range(GRID)]


def occluded_region(drops: Sequence[float], size: tuple[int, int]) -> BoxCorners | None:
    """The region whose blanking lowers the answer most.

    `drops` holds, per cell of `grid_cells`, how much the answer fell. The region is the cell with the
    largest drop and those of its eight neighbours with at least half of it, as one box. None when no cell
    lowers the answer.
    """
    best = max(range(len(drops)), key=lambda index: drops[index])
    if drops[best] <= 0:
        return None
    row, column = divmod(best, GRID)
    near = [
        index
        for index, drop in enumerate(drops)
        if drop >= drops[best] / 2 and abs(index // GRID - row) <= 1 and abs(index % GRID - column) <= 1
    ]
    boxes = [grid_cells(size)[index] for index in near]
    return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))


def shrunk(image: Image, side: int = 512) -> Image:
    """The image itself, or a copy no longer than `side`: one grid of blanked copies of a huge image would
    fill the memory, and coarse cells need no detail."""
    if max(image.size) <= side:
        return image
    copy = image.copy()
    copy.thumbnail((side, side))
    return copy
