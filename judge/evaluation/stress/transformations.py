"""Disguises that a person sees through. Pure pictures in, pictures out; knows no file, no truth and no model.

Every transformation gets an RGB picture, a seeded source of chance and, where it shows other pictures beside, those. It
gives the frames of a file: one, or several of an animation. The same picture and seed give the same pixels.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

SIDE = 1024  # pixels; a longer picture is made smaller first
LARGEST = 4096  # pixels a side that a transformation may come to
GROUND = (128, 128, 128)  # what shows where a picture does not reach
FRAMES = 12
Pictures = Sequence[Image.Image]


@dataclass(frozen=True)
class Transformation:
    """One disguise.

    name: in reports. about: what is done, in a phrase. frames: picture, chance, others to the frames of a file.
    others: how many other pictures it shows.
    """

    name: str
    about: str
    frames: Callable[[Image.Image, Random, Pictures], Pictures]
    others: int = 0


def bounded(image: Image.Image, side: int = SIDE) -> Image.Image:
    """The picture itself, or a copy no longer than `side`."""
    if max(image.size) <= side:
        return image
    copy = image.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    return copy


def mirrored(image: Image.Image) -> Image.Image:
    return ImageOps.mirror(image)


def blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(max(1.0, 0.01 * min(image.size))))


def noisy(image: Image.Image, chance: Random) -> Image.Image:
    noise = np.random.default_rng(chance.getrandbits(64)).normal(0.0, 25.0, (image.height, image.width, 3))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).round().astype(np.uint8))


def jpeg(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=10)
    return Image.open(buffer).convert("RGB")


def rotated(image: Image.Image, degrees: int) -> Image.Image:
    """Turned counter-clockwise; the canvas grows, so that nothing is cut off."""
    return image.rotate(degrees, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=GROUND)


def grey(image: Image.Image) -> Image.Image:
    return ImageOps.grayscale(image).convert("RGB")


def swapped(image: Image.Image) -> Image.Image:
    red, green, blue = image.split()
    return Image.merge("RGB", (blue, red, green))


def inverted(image: Image.Image) -> Image.Image:
    return ImageOps.invert(image)


def brightness(image: Image.Image, factor: float) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(factor)


def contrast(image: Image.Image, factor: float) -> Image.Image:
    return ImageEnhance.Contrast(image).enhance(factor)


def bordered(image: Image.Image) -> Image.Image:
    """At half its size in the middle of a plain border; the file stays as large as it was."""
    canvas = Image.new("RGB", image.size, GROUND)
    half = image.resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.LANCZOS)
    canvas.paste(half, ((image.width - half.width) // 2, (image.height - half.height) // 2))
    return canvas


def on_canvas(image: Image.Image, chance: Random, share: float = 0.15) -> Image.Image:
    """At its own size anywhere on a canvas of soft colours whose sides it fills to `share`."""
    image = bounded(image, int(LARGEST * share))
    width, height = round(image.width / share), round(image.height / share)
    above, below = (tuple(chance.randrange(96, 240) for _ in range(3)) for _ in range(2))
    canvas = Image.new("RGB", (width, height), above)
    canvas.paste(below, mask=Image.linear_gradient("L").resize((width, height)))
    canvas.paste(image, (chance.randrange(width - image.width + 1), chance.randrange(height - image.height + 1)))
    return canvas


def collage(image: Image.Image, chance: Random, others: Pictures, across: int) -> Image.Image:
    """One cell of `across` x `across`, each as large as the picture; the other cells show the others in turn."""
    image = bounded(image, LARGEST // across)
    cells = [ImageOps.fit(others[index % len(others)], image.size) for index in range(across * across - 1)]
    cells.insert(chance.randrange(len(cells) + 1), image)
    sheet = Image.new("RGB", (across * image.width, across * image.height))
    for index, cell in enumerate(cells):
        sheet.paste(cell, (index % across * image.width, index // across * image.height))
    return sheet


def gridded(image: Image.Image) -> Image.Image:
    """Black lines, seven each way, a hundredth of the shorter side thick."""
    copy = image.copy()
    pen, width = ImageDraw.Draw(copy), max(1, round(0.01 * min(image.size)))
    for step in range(1, 8):
        x, y = step * image.width // 8, step * image.height // 8
        pen.line([(x, 0), (x, image.height)], fill=(0, 0, 0), width=width)
        pen.line([(0, y), (image.width, y)], fill=(0, 0, 0), width=width)
    return copy


def blended(image: Image.Image, other: Image.Image) -> Image.Image:
    """Three fifths of the picture, two fifths of another."""
    return Image.blend(ImageOps.fit(other, image.size), image, 0.6)


def animated(image: Image.Image, chance: Random, other: Image.Image) -> Pictures:
    """One frame, neither the first nor the last, of a slow pan over another picture."""
    ground = ImageOps.fit(other, image.size)
    frames = [ImageChops.offset(ground, step, 0) for step in range(FRAMES)]
    frames[chance.randrange(1, FRAMES - 1)] = image
    return frames


TRANSFORMATIONS = (
    Transformation("mirrored", "left and right exchanged", lambda image, *_: [mirrored(image)]),
    Transformation("blurred", "Gaussian, one hundredth of the shorter side", lambda image, *_: [blurred(image)]),
    Transformation("noisy", "Gaussian noise of 25 levels", lambda image, chance, _: [noisy(image, chance)]),
    Transformation("JPEG 10", "compressed at quality 10", lambda image, *_: [jpeg(image)]),
    Transformation("rotated 15", "by 15 degrees on grey", lambda image, *_: [rotated(image, 15)]),
    Transformation("rotated 90", "by 90 degrees", lambda image, *_: [rotated(image, 90)]),
    Transformation("rotated 180", "upside down", lambda image, *_: [rotated(image, 180)]),
    Transformation("grey", "without colour", lambda image, *_: [grey(image)]),
    Transformation("channels swapped", "blue for red, red for green", lambda image, *_: [swapped(image)]),
    Transformation("inverted", "as a negative", lambda image, *_: [inverted(image)]),
    Transformation("darker", "brightness 40 %", lambda image, *_: [brightness(image, 0.4)]),
    Transformation("brighter", "brightness 160 %", lambda image, *_: [brightness(image, 1.6)]),
    Transformation("flat", "contrast 40 %", lambda image, *_: [contrast(image, 0.4)]),
    Transformation("stark", "contrast 200 %", lambda image, *_: [contrast(image, 2.0)]),
    Transformation("in a border", "half as large, in a grey border", lambda image, *_: [bordered(image)]),
    Transformation(
        "on a canvas", "15 % of the sides of a large canvas", lambda image, chance, _: [on_canvas(image, chance)]
    ),
    Transformation(
        "collage 2 x 2",
        "beside 3 other pictures",
        lambda image, chance, others: [collage(image, chance, others, 2)],
        others=3,
    ),
    Transformation(
        "collage 4 x 4",
        "among 15 other pictures",
        lambda image, chance, others: [collage(image, chance, others, 4)],
        others=15,
    ),
    Transformation("grid lines", "black lines over it, seven each way", lambda image, *_: [gridded(image)]),
    Transformation(
        "over another",
        "60 % opaque over another picture",
        lambda image, _, others: [blended(image, others[0])],
        others=1,
    ),
    Transformation(
        "in an animation",
        f"one frame of {FRAMES}, the others a pan over another picture",
        lambda image, chance, others: animated(image, chance, others[0]),
        others=1,
    ),
)
