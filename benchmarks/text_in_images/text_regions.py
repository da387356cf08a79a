"""Finds what looks like lines of writing in a picture, without reading it, and blanks it. Knows no model.

Letters are thin strokes of one colour, of one height, in a row. 1. keep what is thin and stands out from its
surroundings, dark and bright strokes apart; 2. take its connected pieces that have a letter's proportions; 3. join
neighbours of like height and colour; 4. a row of enough of them is a line of writing. Handwriting, curved, vertical
and very large writing is missed, and rows of thin like marks (railings, teeth) are taken for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.float32]
Region = tuple[int, int, int, int]  # left, top, right, bottom, in pixels; right and bottom are outside

LONGEST = 768  # pixels of the longer side that are looked at: writing that is legible stays legible
STROKE = 1 / 28  # of the shorter side: what is thicker is no stroke
CONTRAST = 40.0  # of 255: how far a stroke stands out
HEIGHT = (0.018, 0.2)  # of the shorter side: a letter's height
SMALLEST = 5  # pixels: letters under it cannot be told from specks
WIDEST = 3.5  # letter heights: a few letters of small writing touch each other
APART = 1.1  # letter heights: the gap between words
LIKE_COLOUR = 90.0  # of 255, the largest difference in one channel
LETTERS = 4  # at least in a line, touching ones counted by their width
PIECES = 3  # at least in a line: one long stroke is no word
MARGIN = 0.35  # letter heights around a line, for what reaches out of it


class _Piece(NamedTuple):
    """A connected piece of ink that may be a letter, or a few that touch."""

    left: int
    top: int
    right: int
    bottom: int
    colour: NDArray[np.float32]

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def letters(self) -> float:
        return max(1.0, (self.right - self.left) / (0.75 * self.height))


def text_regions(image: Image) -> tuple[Region, ...]:
    """Boxes of what looks like lines of writing, from top to bottom; overlapping ones are joined."""
    scale = min(1.0, LONGEST / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    pixels = np.asarray(image.convert("RGB").resize(size), dtype=np.float32)
    gray = pixels @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    lines = [box for ink in _strokes(gray) for row in _rows(_pieces(ink, pixels)) for box in _line(row)]
    joined = _joined([_bounded(box, size) for box in lines])
    return tuple(sorted((_scaled(box, scale, image.size) for box in joined), key=lambda box: (box[1], box[0])))


def blanked(image: Image, regions: tuple[Region, ...]) -> Image:
    """A copy in which every region is painted in the middle colour of its border."""
    from PIL import Image as images

    pixels = np.array(image.convert("RGB"))
    for left, top, right, bottom in regions:
        part = pixels[top:bottom, left:right]
        border = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
        part[:] = np.median(border, axis=0)
    return images.fromarray(pixels)


def _strokes(gray: Pixels) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What is darker, and what is brighter, than everything within the width of a stroke of it."""
    from scipy import ndimage

    width = max(3, round(STROKE * min(gray.shape)))
    dark = ndimage.grey_closing(gray, size=(width, width)) - gray
    bright = gray - ndimage.grey_opening(gray, size=(width, width))
    return dark > CONTRAST, bright > CONTRAST


def _pieces(ink: NDArray[np.bool_], pixels: Pixels) -> list[_Piece]:
    from scipy import ndimage

    labels, _ = ndimage.label(ink, structure=np.ones((3, 3)))
    side = min(ink.shape)
    low, high = max(SMALLEST, HEIGHT[0] * side), HEIGHT[1] * side
    found = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        rows, columns = box
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if not low <= height <= high or width > WIDEST * height:
            continue
        own = labels[box] == number
        if not 0.12 <= own.mean() <= 0.95 and width > 0.3 * height:  # an I or an l fills its box
            continue
        colour = np.median(pixels[box][own], axis=0)
        found.append(_Piece(columns.start, rows.start, columns.stop, rows.stop, colour))
    return found


def _rows(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Pieces that stand beside each other, as rows."""
    rows: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda one: one.left):
        beside = [row for row in rows if any(_beside(other, piece) for other in row[-4:])]
        rows = [row for row in rows if row not in beside]
        rows.append(sorted([one for row in beside for one in row] + [piece], key=lambda one: one.left))
    return rows


def _beside(left: _Piece, right: _Piece) -> bool:
    low, high = sorted((left.height, right.height))
    overlap = min(left.bottom, right.bottom) - max(left.top, right.top)
    return (
        high <= 2.2 * low
        and overlap >= 0.5 * low
        and right.left - left.right <= APART * high
        and float(np.abs(left.colour - right.colour).max()) <= LIKE_COLOUR
    )


def _line(row: list[_Piece]) -> list[Region]:
    """The box around a row, if it is long enough to be writing."""
    left, right = row[0].left, max(one.right for one in row)
    top, bottom = min(one.top for one in row), max(one.bottom for one in row)
    height = float(np.median([one.height for one in row]))
    if len(row) < PIECES or sum(one.letters for one in row) < LETTERS:
        return []
    if right - left < 2 * height or bottom - top > 2.5 * height:
        return []
    margin = round(MARGIN * height)
    return [(left - margin, top - margin, right + margin, bottom + margin)]


def _joined(boxes: list[Region]) -> list[Region]:
    """Boxes of which none overlap, each around those that did."""
    found: list[Region] = []
    for box in boxes:
        now = box
        while touching := [one for one in found if _overlap(one, now)]:
            found = [one for one in found if one not in touching]
            both = np.array([now, *touching])
            now = (*both[:, :2].min(axis=0).tolist(), *both[:, 2:].max(axis=0).tolist())
        found.append(now)
    return found


def _overlap(one: Region, other: Region) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _bounded(box: Region, size: tuple[int, int]) -> Region:
    return max(0, box[0]), max(0, box[1]), min(size[0], box[2]), min(size[1], box[3])


def _scaled(box: Region, scale: float, size: tuple[int, int]) -> Region:
    """The box in the picture's own pixels."""
    low: list[Any] = [int(edge / scale) for edge in box[:2]]
    high = [min(most, int(np.ceil(edge / scale))) for edge, most in zip(box[2:], size, strict=True)]
    return low[0], low[1], high[0], high[1]
