"""What transparency lets through: an RGBA image to the RGB renderings in which all that it holds is seen.

Over white and over black, because content as light or as dark as the ground behind it vanishes. Over a third ground
where each of these two washes something out, so that neither shows all of it at once. And without its transparency,
where that uncovers what no ground shows: viewers that know no transparency show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageFilter

from judge.media.likeness import alike

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy
    from numpy.typing import NDArray

    Levels = NDArray[numpy.float32]

Colour = tuple[int, int, int]
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
THIRD: tuple[Colour, ...] = (  # the earlier one where they show about as much
    (128, 128, 128),
    (192, 192, 192),
    (64, 64, 64),
    (0, 160, 0),
    (255, 0, 255),
    (0, 255, 255),
    (255, 160, 0),
    (0, 0, 255),
    (255, 0, 0),
    (255, 255, 0),
    (0, 255, 0),
)
_PLAIN, _FAINT = 48, 16  # levels of 255 between neighbours: seen at a glance, and washed out
_UNCOVERED = 24
_BETTER = 1.05  # than an earlier ground
_FEW = 8  # places that may be washed out: roughness of an outline, not a thing
_SCALES = (256, 64)  # longer sides at which neighbours are compared: lines, and soft shapes


def renderings(
    image: Image.Image, shrink: Callable[[Image.Image], Image.Image] = lambda image: image
) -> tuple[tuple[str, Image.Image], ...]:
    """Names and RGB images, at most four, of an RGBA image that is not opaque throughout.

    Those that look like an earlier one are left out. `shrink` makes the copies that are looked at.
    """
    covered = shrink(image.convert("RGBa"))
    plain = shrink(image.convert("RGB"))
    scales = [_Steps.of(covered, plain, side) for side in _SCALES]
    shown = [("over white", _over(covered, WHITE)), ("over black", _over(covered, BLACK))]
    third = _third(scales)
    if third is not None:
        shown.append((f"over {_hexadecimal(third)}", _over(covered, third)))
    grounds = [WHITE, BLACK] if third is None else [WHITE, BLACK, third]
    if any(steps.uncovered(grounds) >= _FEW for steps in scales):
        shown.append(("without transparency", plain))
    kept: list[tuple[str, Image.Image]] = []
    for name, one in shown:
        if not any(alike(one, other) for _, other in kept):
            kept.append((name, one))
    return tuple(kept)


@dataclass(frozen=True, eq=False)
class _Steps:
    """From each place to its neighbour across and down: of colours under their transparency and without it, and of
    opacity. (2, rows, columns, 3) and (2, rows, columns, 1), in levels of 255.
    """

    covered: Levels
    plain: Levels
    opacity: Levels

    @classmethod
    def of(cls, covered: Image.Image, plain: Image.Image, side: int) -> _Steps:
        layers = _steps(covered, side)
        return cls(layers[..., :3], _steps(plain, side), layers[..., 3:])

    def over(self, ground: Colour) -> Levels:
        """How much each place stands out from its neighbours over a ground: (2, rows, columns)."""
        import numpy

        return numpy.asarray(abs(self.covered - self.opacity * numpy.array(ground, numpy.float32) / 255).max(axis=-1))

    def uncovered(self, grounds: list[Colour]) -> int:
        """How many places stand out without transparency where hardly anything does over any of the grounds.

        Two pixels beside what stands out count with it: a smoothed outline has a rim that is nearly clear.
        """
        import numpy

        seen = numpy.maximum.reduce([self.over(ground).max(axis=0) for ground in grounds])
        near = Image.fromarray(seen.astype(numpy.uint8)).filter(ImageFilter.MaxFilter(5))
        alone = abs(self.plain).max(axis=(0, -1))
        return int(((alone >= _UNCOVERED) & (numpy.asarray(near) <= alone / 3)).sum())


def _third(scales: list[_Steps]) -> Colour | None:
    """The ground over which most stands out, if over white as well as over black something is washed out."""
    import numpy

    over = {
        ground: numpy.concatenate([steps.over(ground).ravel() for steps in scales]) for ground in (WHITE, BLACK, *THIRD)
    }
    plain = numpy.maximum.reduce(list(over.values())) >= _PLAIN
    if any((plain & (over[ground] < _FAINT)).sum() < _FEW for ground in (WHITE, BLACK)):
        return None
    best, most = THIRD[0], 0.0
    for ground in THIRD:
        shown = float(over[ground][plain].clip(0, 2 * _FAINT).mean())
        if shown > most * _BETTER:
            best, most = ground, shown
    return best


def _steps(image: Image.Image, side: int) -> Levels:
    import numpy

    scale = min(0.5, side / max(image.size))  # rims of one pixel, which filters leave, are no things
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    values = numpy.asarray(image.resize(size, Image.Resampling.BOX), numpy.float32)
    across = numpy.diff(values, axis=1, append=values[:, -1:])
    return numpy.stack([across, numpy.diff(values, axis=0, append=values[-1:])])


def _over(covered: Image.Image, ground: Colour) -> Image.Image:
    *colours, alpha = covered.split()
    clear = ImageChops.invert(alpha)
    grounds = (ImageChops.multiply(Image.new("L", alpha.size, level), clear) for level in ground)
    return Image.merge("RGB", [ImageChops.add(one, behind) for one, behind in zip(colours, grounds, strict=True)])


def _hexadecimal(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
