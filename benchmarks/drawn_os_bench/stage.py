"""Draws sprites and places them: over one another, touching, or clearly apart. Knows no rule and no model.

Every sprite is rendered by resvg at its final size and tilt, so that nothing is resampled. All chance comes from
`Dice`, which is the same on every Python.
"""

from __future__ import annotations

import functools
import io
import random
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from benchmarks.drawn_os_bench.truth import Seen, Touch
from judge.errors import ModelError, UserError
from tools.compose_examples import CACHE, PACKAGE, fetch

SIDE = 256
EDGE = 4  # pixels that stay free at the border
TOUCHES = 0.10  # sprites touch where this part of the smaller one lies within the other
CLEAR = 3  # and are apart where at least so many pixels lie between them
_ROOM = 12  # how far the SVG canvas reaches over the drawing's 36 units, so that no tilt cuts it
T = TypeVar("T")
Range = tuple[float, float]


class Misfit(Exception):
    """This throw of the dice finds no room for a sprite; another may."""


class Dice:
    """Chance from a text. Only `random.random`, whose sequence is the same in every version of Python."""

    def __init__(self, seed: str) -> None:
        self._next = random.Random(seed).random

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self._next()

    def chance(self, part: float) -> bool:
        return self._next() < part

    def pick(self, some: Sequence[T]) -> T:
        return some[int(self._next() * len(some))]


class Art:
    """Drawings as SVG: `icons` maps a name to a `body` on a canvas of 36 by 36 units."""

    def __init__(self, icons: Mapping[str, Mapping[str, Any]]) -> None:
        self._icons = icons

    @functools.lru_cache(maxsize=1024)  # noqa: B019  (one Art per run)
    def extent(self, name: str) -> float:
        """The larger side of the drawing itself in the SVG's units; the rest of its square is empty."""
        left, top, right, bottom = _box(self._render(name, 2.0, 0.0, False))
        return max(right - left, bottom - top) / 2.0

    def sprite(self, name: str, size: float, tilt: float, mirrored: bool) -> Image.Image:
        """The drawing, cut to its content, whose larger side has `size` pixels before it is tilted."""
        drawn = self._render(name, size / self.extent(name), tilt, mirrored)
        return drawn.crop(_box(drawn))

    def _render(self, name: str, scale: float, tilt: float, mirrored: bool) -> Image.Image:
        import resvg_py

        if name not in self._icons:
            raise UserError(f"the art has no drawing named {name!r}", hint="mend the vocabulary")
        side = 36 + 2 * _ROOM
        turn = f"rotate({tilt:.3f} 18 18)" + (" translate(36 0) scale(-1 1)" if mirrored else "")
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{-_ROOM} {-_ROOM} {side} {side}"><g transform="{turn}">{self._icons[name]["body"]}</g></svg>'
        )
        pixels = max(1, round(side * scale))
        png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=pixels, height=pixels))
        return Image.open(io.BytesIO(png)).convert("RGBA")


def fetched(cache: Path = CACHE) -> Art:
    """The drawings of the pinned package, from the cache folder or from npm.

    Raises:
        ModelError: the package is not in the cache, and is not to be had from npm.
    """
    try:
        return Art(fetch(cache)["icons"])
    except (OSError, subprocess.CalledProcessError) as error:
        raise ModelError(
            f"cannot fetch {PACKAGE} from npm: {error}",
            hint=f"install Node's npm and go online, or run `npm pack {PACKAGE}` elsewhere and put the file "
            f"into {cache} (or another folder, with --cache)",
            retryable=True,
        ) from error


def _box(drawn: Image.Image) -> tuple[int, int, int, int]:
    box = drawn.getchannel("A").point(lambda value: 255 * (value > 8)).getbbox()
    assert box is not None, "an empty drawing"
    return box


@dataclass
class Placed:
    """One sprite on the stage; `mask` is where it is drawn, on the whole canvas."""

    name: str
    role: str
    left: int
    top: int
    drawn: Image.Image
    mask: np.ndarray

    @property
    def box(self) -> tuple[int, int, int, int]:
        return (self.left, self.top, self.left + self.drawn.width, self.top + self.drawn.height)


@dataclass
class Stage:
    """A picture in the making: its sky, and sprites in the order of drawing."""

    art: Art
    dice: Dice
    sky: tuple[str, str]
    placed: list[Placed] = field(default_factory=list)

    def _sprite(self, name: str, size: float, lean: float, mirror: bool) -> Image.Image:
        tilt = self.dice.between(-lean, lean)
        return self.art.sprite(name, size, tilt, mirror and self.dice.chance(0.5))

    def _put(self, name: str, role: str, drawn: Image.Image, left: int, top: int) -> Placed | None:
        """The sprite at that place; None where it would reach over the border."""
        if left < EDGE or top < EDGE or left + drawn.width > SIDE - EDGE or top + drawn.height > SIDE - EDGE:
            return None
        mask = np.zeros((SIDE, SIDE), bool)
        mask[top : top + drawn.height, left : left + drawn.width] = np.asarray(drawn.getchannel("A")) > 127
        return Placed(name, role, left, top, drawn, mask)

    def apart(self, name: str, role: str, size: float, *, lean: float, mirror: bool, gap: int) -> None:
        """Place a sprite so that its box is at least `gap` pixels from every other box.

        Raises:
            Misfit: there is no such place, as far as sixty tries can tell.
        """
        drawn = self._sprite(name, size, lean, mirror)
        for _ in range(60):
            left = round(self.dice.between(EDGE, SIDE - EDGE - drawn.width))
            top = round(self.dice.between(EDGE, SIDE - EDGE - drawn.height))
            new = self._put(name, role, drawn, left, top)
            if new and all(_gap(new.box, other.box) >= gap for other in self.placed):
                self.placed.append(new)
                return
        raise Misfit(name)

    def over(
        self, name: str, role: str, size: float, *, lean: float, mirror: bool, aside: Range, below: Range,
        overlap: Range, left_visible: float,
    ) -> None:  # fmt: skip
        """Place a sprite over the first one. `aside`, `below`: how far its centre lies from that one's, to either side
        and downwards, as a share of that one's width and height.

        Raises:
            Misfit: no place covers so much of the smaller of both, and leaves so much of the first to be seen.
        """
        first, drawn = self.placed[0], self._sprite(name, size, lean, mirror)
        x0, y0, x1, y1 = first.box
        for _ in range(60):
            side = -1 if self.dice.chance(0.5) else 1
            x = (x0 + x1) / 2 + side * self.dice.between(*aside) * (x1 - x0)
            y = (y0 + y1) / 2 + self.dice.between(*below) * (y1 - y0)
            new = self._put(name, role, drawn, round(x - drawn.width / 2), round(y - drawn.height / 2))
            if new is None:
                continue
            common = int((new.mask & first.mask).sum())
            part = common / min(new.mask.sum(), first.mask.sum())
            if overlap[0] <= part <= overlap[1] and 1 - common / first.mask.sum() >= left_visible:
                self.placed.append(new)
                return
        raise Misfit(name)

    def seen(self) -> Seen:
        """The sprites, and how each pair lies, read off the pixels."""
        masks = [one.mask for one in self.placed]
        return Seen(
            tuple(one.name for one in self.placed),
            tuple(tuple(_touch(one, other) for other in masks) for one in masks),
        )

    def picture(self) -> Image.Image:
        """The stage as an RGB picture: a vertical gradient, then its sprites in order."""
        top, bottom = (Image.new("RGB", (SIDE, SIDE), colour) for colour in self.sky)
        slope = np.repeat((np.arange(SIDE) * 255 // (SIDE - 1)).astype(np.uint8)[:, None], SIDE, 1)
        picture = Image.composite(bottom, top, Image.fromarray(slope))
        for one in self.placed:
            picture.paste(one.drawn, (one.left, one.top), one.drawn)
        return picture


def _gap(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return max(one[0] - other[2], other[0] - one[2], one[1] - other[3], other[1] - one[3])


def _touch(one: np.ndarray, other: np.ndarray) -> Touch:
    common = (one & other).sum()
    if common > TOUCHES * min(one.sum(), other.sum()):
        return Touch.TOUCHING
    rows, columns = np.nonzero(one)
    if common or not len(rows):
        return Touch.UNCLEAR
    near = other[
        max(0, rows.min() - CLEAR) : rows.max() + CLEAR + 1, max(0, columns.min() - CLEAR) : columns.max() + CLEAR + 1
    ]
    return Touch.UNCLEAR if near.any() else Touch.APART
