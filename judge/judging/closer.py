"""Closer looks at a picture: parts of it, made out by its pixels alone, that are judged as further views.

A model sees a picture at a size of its own, so what is small in a large one it does not see at all. Four ways to look:

1. `trimmed`: the picture without its blank surroundings; 2. `panel 2 of 4`: the pictures of a collage, cut where
straight edges run all the way through; 3. `tile 2 of 6`: overlapping parts of a picture much larger than what the model
sees; 4. `levelled`: a picture that is dark, flat or small, brought to the full range and to the model's size.

The plain view is always judged, too. Knows no model and no rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from judge.causes import Remark, Why
from judge.judging.edges import Cells, Edges
from judge.media import View

Kind = Literal["trimmed", "panel", "tile", "levelled"]

UNKNOWN_SIDE = 1024  # pixels a side that a model is taken to see where nobody knows
FILLED = 0.35  # share of the area that is not blank, under which a picture is trimmed
LARGE = 2.5  # times as long as what the model sees: from there on tiles
RANGE = 104  # levels of 255 over which the brightness of a picture spreads, under which it is levelled


@dataclass(frozen=True, eq=False)
class Closer:
    """One further view. kind: which way of looking gave it. of: the name of the view that it shows a part of."""

    view: View
    kind: Kind
    of: str


def closer_views(views: Sequence[View], sees: int | None, most: int) -> tuple[list[Closer], Why | None]:
    """Further views of a picture's views, at most `most` of them, and what to say where that was too few.

    sees: pixels a side that the model looks at; None: not known.
    """
    room = [most // len(views) + (place < most % len(views)) for place in range(len(views))]
    found: list[Closer] = []
    for view, share in zip(views, room, strict=True):
        found += list(_of(view, sees or UNKNOWN_SIDE, share)) if share else []
    left = room.count(0)
    return found, Why.of(Remark.NO_ROOM, left=left, views=len(views), most=most) if left else None


def _of(view: View, sees: int, most: int) -> Iterator[Closer]:
    edges = Edges.of(view.image)
    region = edges.content()
    if region is None:
        return  # nothing is drawn there
    if _area(region) < FILLED * edges.area:
        yield from _parts(view, edges, [region], "trimmed", most)
        most -= 1
    else:
        region = (0, 0, edges.width, edges.height)
    box = edges.in_pixels(region)
    shown = view.image.crop(box)
    if most > 0 and (_levels_little(shown) or max(shown.size) < sees / 2):
        yield Closer(_named(view, "levelled", _levelled(shown, sees), box), "levelled", view.name)
        most -= 1
    if most < 1:
        return
    panels = edges.panels(region, most)
    if len(panels) > 1:
        yield from _parts(view, edges, panels, "panel", most)
    elif edges.scale * max(region[2] - region[0], region[3] - region[1]) > LARGE * sees:
        yield from _parts(view, edges, edges.tiles(region, sees, most), "tile", most)


def _parts(view: View, edges: Edges, parts: Sequence[Cells], kind: Kind, most: int) -> Iterator[Closer]:
    """The parts as views of their own, numbered where there may be several; no more than there is room for."""
    for number, cells in enumerate(parts[:most], start=1):
        box = edges.in_pixels(cells)
        name = kind if kind == "trimmed" else f"{kind} {number} of {len(parts)}"
        yield Closer(_named(view, name, view.image.crop(box), box), kind, view.name)


def _named(view: View, name: str, image: Image.Image, box: tuple[float, float, float, float]) -> View:
    """A view of a part of another; `box` is that part in pixels of the other's image."""
    return View(name if view.name == "image" else f"{view.name}, {name}", image, view.in_frame(box))


def _levels_little(image: Image.Image) -> bool:
    """Whether all but the lightest and darkest hundredth of the pixels lie close together."""
    counts = np.cumsum(image.convert("L").histogram())
    low, high = np.searchsorted(counts, [0.01 * counts[-1], 0.99 * counts[-1]])
    return bool(high - low < RANGE)


def _levelled(image: Image.Image, sees: int) -> Image.Image:
    bright = ImageOps.autocontrast(image, cutoff=0.5)
    scale = sees / max(image.size)
    if scale <= 1:
        return bright
    return bright.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)


def _area(cells: Cells) -> int:
    return (cells[2] - cells[0]) * (cells[3] - cells[1])
