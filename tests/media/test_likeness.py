"""What counts as the same picture again, and which of many are chosen to be looked at."""

from __future__ import annotations

import io

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from judge.media.likeness import UNLIKE, alike, fingerprint, spread

SIZES = (512, 256, 96)
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


def photograph(name: str, side: int = 256) -> Image.Image:
    image = Image.fromarray(getattr(data, name)())
    image.thumbnail((side, side))
    return image


def again(image: Image.Image, kind: str, **options) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    with Image.open(buffer) as opened:
        return opened.convert("RGB")


def noisy(image: Image.Image) -> Image.Image:
    values = numpy.asarray(image, int) + numpy.random.default_rng(0).normal(0, 4, (image.height, image.width, 3))
    return Image.fromarray(values.clip(0, 255).astype(numpy.uint8))


def with_square(image: Image.Image, share: float, levels: int, place: tuple[float, float]) -> Image.Image:
    """A square on a share of the area, that many levels lighter, or darker where it is light."""
    values = numpy.asarray(image, int).copy()
    side = round((image.width * image.height * share) ** 0.5)
    left, top = (round(part * (whole - side)) for part, whole in zip(place, image.size, strict=True))
    part = values[top : top + side, left : left + side]
    part += -levels if part.mean() > 127 else levels
    return Image.fromarray(values.clip(0, 255).astype(numpy.uint8))


@pytest.mark.parametrize("side", SIZES)
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_noise_and_another_coding_are_the_same_picture(name, side):
    image = photograph(name, side)
    assert alike(image, image)
    assert alike(image, noisy(image))
    assert alike(image, again(image, "JPEG", quality=75))
    assert alike(image, again(image, "WEBP", quality=75))


@pytest.mark.parametrize("side", SIZES)
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_dithered_palette_of_the_web_is_the_same_picture(name, side):
    image = photograph(name, side)
    one, other = (each.convert("P", palette=Image.Palette.WEB).convert("RGB") for each in (image, noisy(image)))
    assert alike(one, other)


@given(st.sampled_from(PHOTOGRAPHS), st.sampled_from(SIZES), st.tuples(st.floats(0, 1), st.floats(0, 1)))
@settings(max_examples=60, deadline=None)
def test_a_square_on_one_percent_of_the_area_is_a_difference_anywhere(name, side, place):
    image = photograph(name, side)
    assert not alike(image, with_square(image, 0.01, 40, place))


def test_one_pixel_of_an_icon_is_a_difference():
    image = Image.new("RGB", (16, 16), "white")
    dotted = image.copy()
    dotted.putpixel((3, 9), (0, 0, 0))
    assert not alike(image, dotted)


def test_a_colour_of_the_same_brightness_is_a_difference():
    grey, red = ((130, 130, 130), (220, 92, 92))
    assert not alike(Image.new("RGB", (64, 64), grey), Image.new("RGB", (64, 64), red))


def test_a_pattern_that_averages_to_the_same_grey_is_a_difference():
    chequered = numpy.indices((128, 128)).sum(axis=0) % 2 * 255
    image = Image.fromarray(chequered.astype(numpy.uint8)).convert("RGB")
    assert not alike(image, Image.new("RGB", (128, 128), (127, 127, 127)))


def layered(colour: tuple[int, int, int], alpha: int) -> Image.Image:
    return Image.new("RGBA", (32, 32), (*colour, alpha))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (layered((200, 200, 200), 60), layered((200, 200, 200), 120)), (layered((0, 0, 0), 60), layered((0, 0, 0), 120)),
        (layered((200, 0, 0), 120), layered((0, 0, 200), 120)), (layered((255, 0, 0), 0), layered((0, 0, 0), 0)),
    ],
)  # fmt: skip
def test_transparency_and_what_it_covers_are_differences(one, other):
    assert len(spread([fingerprint(one), fingerprint(other)], 2).chosen) == 2
    assert spread([fingerprint(one), fingerprint(one)], 2).chosen == (0,)


def shades(*levels: int):
    return [fingerprint(Image.new("RGB", (32, 32), (level, level, level))) for level in levels]


def test_those_that_differ_most_are_chosen_and_the_rest_is_named():
    found = spread(shades(0, 5, 100, 103, 255, 140), 3)
    assert (found.chosen, found.unlike) == ((0, 4, 5), (2, 3))
    assert spread(shades(0, 5, 100, 103, 255, 140), 9).unlike == ()


def test_a_slow_change_is_not_the_same_picture_for_ever():
    found = spread(shades(*range(0, 256, 2)), 100)
    assert found.unlike == () and len(found.chosen) > 256 / (2 * UNLIKE)


def test_another_size_is_another_picture():
    prints = [fingerprint(Image.new(mode, size)) for mode, size in [("RGB", (64, 64)), ("RGB", (64, 60))]]
    assert spread(prints, 9).chosen == (0, 1)
    assert spread(prints, 1).unlike == (1,)


def test_of_none_none_is_chosen():
    assert spread([], 3).chosen == spread([], 3).unlike == ()


@given(st.lists(st.integers(0, 255), min_size=1, max_size=30), st.integers(1, 10))
@settings(max_examples=100, deadline=None)
def test_every_picture_is_like_a_chosen_one_or_named(levels, most):
    found = spread(shades(*levels), most)
    assert 1 <= len(found.chosen) <= most
    for place, level in enumerate(levels):
        near = min(abs(level - levels[one]) for one in found.chosen)
        if abs(near - UNLIKE) > 1:  # brightness is rounded
            assert (place in found.unlike) == (near >= UNLIKE)
