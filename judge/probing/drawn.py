"""Pictures that a person answers at a glance, each with a statement that is true of it and one that is not.

Drawn on the spot, so that a probe needs no data: squares, circles and triangles on white, and letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

SIDE = 448  # pixels: what most models see in one tile or less than a megapixel
COLOURS = {"red": "#d62828", "blue": "#1d4ed8", "green": "#15803d", "yellow": "#facc15"}
KINDS = ("colour", "count", "left or right", "letter")


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture, what it is about (one of `KINDS`), and what is true and what is false of it."""

    kind: str
    picture: Image.Image
    true: str
    false: str


@cache
def drawings() -> tuple[Drawn, ...]:
    """Three drawings of every kind, the same objects every time."""
    return (
        *(
            Drawn(
                "colour",
                _shapes((shape, colour, 0.5, 0.5, 0.3)),
                f"a {colour} {shape} is visible",
                f"a {other} {shape} is visible",
            )
            for shape, colour, other in (
                ("square", "red", "blue"),
                ("circle", "blue", "yellow"),
                ("triangle", "green", "red"),
            )
        ),
        *(
            Drawn(
                "count",
                _row(shape, colour, count),
                f"exactly {_WORDS[count]} {shape}s are visible",
                f"exactly {_WORDS[other]} {shape}s are visible",
            )
            for shape, colour, count, other in (
                ("circle", "red", 2, 4),
                ("square", "blue", 3, 2),
                ("triangle", "green", 4, 3),
            )
        ),
        *(
            Drawn(
                "left or right",
                _shapes((left, "blue", 0.27, 0.5, 0.18), (right, "red", 0.73, 0.5, 0.18)),
                f"the {left} is to the left of the {right}",
                f"the {left} is to the right of the {right}",
            )
            for left, right in (("square", "circle"), ("circle", "triangle"), ("triangle", "square"))
        ),
        *(
            Drawn(
                "letter",
                _letter(letter),
                f"the picture shows the letter {letter}",
                f"the picture shows the letter {other}",
            )
            for letter, other in (("A", "X"), ("K", "O"), ("S", "T"))
        ),
    )


def blank() -> Image.Image:
    """A picture of nothing, of the size of the others."""
    return Image.new("RGB", (SIDE, SIDE), "#808080")


def large(pixels: int, *, wide: bool = False) -> Image.Image:
    """The red square, as a photograph's size: `pixels` in all, square or 4 to 3."""
    side = int((pixels * (4 / 3 if wide else 1)) ** 0.5)
    return drawings()[0].picture.resize((side, pixels // side))


_WORDS = {2: "two", 3: "three", 4: "four"}
_Shape = tuple[str, str, float, float, float]  # what, colour, centre and half its size as shares of the side


def _shapes(*shapes: _Shape) -> Image.Image:
    picture = Image.new("RGB", (SIDE, SIDE), "white")
    pen = ImageDraw.Draw(picture)
    for shape, colour, x, y, half in shapes:
        left, top, right, bottom = ((at + sign * half) * SIDE for sign in (-1, 1) for at in (x, y))
        fill = COLOURS[colour]
        if shape == "square":
            pen.rectangle((left, top, right, bottom), fill=fill)
        elif shape == "circle":
            pen.ellipse((left, top, right, bottom), fill=fill)
        else:
            pen.polygon(((left, bottom), (right, bottom), ((left + right) / 2, top)), fill=fill)
    return picture


def _row(shape: str, colour: str, count: int) -> Image.Image:
    return _shapes(*((shape, colour, (index + 0.5) / count, 0.5, 0.36 / count) for index in range(count)))


def _letter(letter: str) -> Image.Image:
    picture = Image.new("RGB", (SIDE, SIDE), "white")
    font = ImageFont.load_default(size=SIDE * 0.7)
    ImageDraw.Draw(picture).text((SIDE / 2, SIDE / 2), letter, fill="black", font=font, anchor="mm")
    return picture
