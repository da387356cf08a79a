"""How much pictures of one file differ, and which of many to look at. Knows neither files nor models.

A fingerprint is small: of each of at most 64 x 64 fields the mean colour and how uneven the field is. The largest
difference of any field counts, never the mean, so that a small change in one corner is a difference. Where the line
lies was measured on photographs: noise of a camera, other qualities of JPEG and WebP and another dithering of the same
picture stay under it, a square on 1 % of the area that is a tenth lighter or darker lies over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Fingerprint = NDArray[numpy.uint8]

UNLIKE = 12  # levels of 255 in brightness; 18 in colour and 24 in unevenness, which coding disturbs more
_FIELDS = 64  # a side
_FIELD = 4  # least pixels a side of a field: means of fewer follow the dithering
_FINEST = 1024  # pixels a side that are looked at


@dataclass(frozen=True)
class Spread:
    """Which of many pictures to look at: places in their order. unlike: those that differ from every chosen one."""

    chosen: tuple[int, ...]
    unlike: tuple[int, ...]


def fingerprint(image: Image.Image) -> Fingerprint:
    """What differs where pictures differ visibly: of (layers, rows, columns, 4) values.

    One layer for an RGB image; three for an RGBA one: its colours over black, its colours without transparency, and
    its transparency. What it looks like over any other ground follows from these.
    """
    import numpy

    if image.mode != "RGBA":
        return _layer(_fine(image))[None]
    *colours, alpha = _fine(image.convert("RGBa")).split()
    black, clear = Image.merge("RGB", colours), Image.merge("RGB", (alpha,) * 3)
    return numpy.stack([_layer(black), _layer(_fine(image.convert("RGB"))), _layer(clear)])


def alike(one: Image.Image, other: Image.Image) -> bool:
    """Whether two RGB images of one size show the same to the eye."""
    return difference(fingerprint(one), fingerprint(other)) < UNLIKE


def difference(one: Fingerprint, other: Fingerprint) -> int:
    """How much two pictures differ, in levels of 255; those of other sizes or layers as much as can be."""
    return int(_differences(one[None], other)[0]) if one.shape == other.shape else 255


def spread(prints: Sequence[Fingerprint], most: int) -> Spread:
    """Choose the first picture, then always the one that differs most from all chosen before, while any is unlike them.

    Pictures of other sizes or layers are as unlike as can be.
    """
    import numpy

    shapes: dict[tuple[int, ...], list[int]] = {}
    for place, one in enumerate(prints):
        shapes.setdefault(one.shape, []).append(place)
    stacks = {shape: numpy.stack([prints[place] for place in places]) for shape, places in shapes.items()}
    nearest = numpy.full(len(prints), 256)
    chosen: list[int] = []
    while len(chosen) < most and nearest.max(initial=0) >= UNLIKE:
        place = int(nearest.argmax())
        shape = prints[place].shape
        alike = shapes[shape]
        nearest[alike] = numpy.minimum(nearest[alike], _differences(stacks[shape], prints[place]))
        chosen.append(place)
    return Spread(tuple(chosen), tuple(int(place) for place in numpy.flatnonzero(nearest >= UNLIKE)))


def _differences(prints: Fingerprint, one: Fingerprint) -> NDArray[numpy.uint8]:
    """The largest difference of any field, from each of (number, layers, rows, columns, 4) to one."""
    import numpy

    apart = numpy.maximum(prints, one) - numpy.minimum(prints, one)
    return numpy.asarray(apart.reshape(len(prints), -1).max(axis=1))


def _fine(image: Image.Image) -> Image.Image:
    step = max(image.size) // _FINEST
    return image.reduce(step) if step > 1 else image


def _layer(fine: Image.Image) -> Fingerprint:
    """(rows, columns, 4) of an RGB image: brightness, two thirds of each colour difference, half of the unevenness."""
    import numpy

    size = (min(_FIELDS, max(1, fine.width // _FIELD)), min(_FIELDS, max(1, fine.height // _FIELD)))
    values = numpy.empty((size[1], size[0], 4), numpy.uint8)
    values[..., :3] = numpy.asarray(fine.resize(size, Image.Resampling.BOX).convert("YCbCr"))
    grey = numpy.asarray(fine.convert("L"), numpy.float32)
    mean, square = (
        numpy.asarray(Image.fromarray(one).resize(size, Image.Resampling.BOX)) for one in (grey, grey * grey)
    )
    values[..., 3] = numpy.sqrt((square - mean * mean).clip(0))
    values[..., 1:3] = values[..., 1:3] * numpy.float32(2 / 3)
    values[..., 3] //= 2
    return values
