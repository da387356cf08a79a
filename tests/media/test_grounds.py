"""Content that transparency hides over one ground is seen over another."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from skimage import data

from judge.media.grounds import THIRD, renderings

CLEAR = (0, 0, 0, 0)


def figures(*colours: tuple[int, ...], size: int = 96) -> Image.Image:
    """A disc of each colour on a clear ground, side by side."""
    image = Image.new("RGBA", (size * len(colours), size), CLEAR)
    for index, colour in enumerate(colours):
        ImageDraw.Draw(image).ellipse(
            (index * size + size // 4, size // 4, index * size + 3 * size // 4, 3 * size // 4), fill=colour
        )
    return image


def names(image: Image.Image) -> list[str]:
    return [name for name, _ in renderings(image)]


def stands_out(view: Image.Image, index: int, size: int = 96) -> int:
    """How much the middle of a figure differs from the corner of its field."""
    middle, corner = (view.getpixel((index * size + at, at)) for at in (size // 2, 2))
    return max(abs(one - other) for one, other in zip(middle, corner, strict=True))


def all_at_once(image: Image.Image, count: int) -> list[str]:
    """The views in which every figure is plainly seen."""
    return [name for name, view in renderings(image) if min(stands_out(view, at) for at in range(count)) >= 40]


@pytest.mark.parametrize("alpha", [255, 128])
def test_what_white_and_black_each_wash_out_in_part_is_seen_whole_over_a_third_ground(alpha):
    image = figures((255, 255, 255, alpha), (0, 0, 0, alpha))
    assert names(image) == ["over white", "over black", "over #808080"]
    assert all_at_once(image, 2) == ["over #808080"]


def test_what_is_tuned_to_vanish_on_mid_grey_too_is_seen_over_a_colour():
    image = figures((255, 255, 255, 255), (0, 0, 0, 255), (128, 128, 128, 255))
    assert len(all_at_once(image, 3)) == 1
    assert "over #808080" not in names(image)


@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(140, 255))
@settings(max_examples=60, deadline=None)
def test_with_a_figure_of_any_colour_besides_some_view_shows_all(colour, alpha):
    image = figures((255, 255, 255, alpha), (0, 0, 0, alpha), (*colour, 255))
    assert all_at_once(image, 3)


def test_figures_of_one_colour_need_no_third_ground():
    for level in (0, 90, 255):
        assert names(figures((level, level, level, 255))) == ["over white", "over black"]


def test_barely_transparent_is_one_view():
    image = Image.fromarray(data.chelsea()).convert("RGBA")
    image.putalpha(252)
    assert names(image) == ["over white"]


def test_what_viewers_without_transparency_show_is_a_view_of_its_own():
    image = Image.fromarray(data.coffee()).convert("RGBA")
    image.putalpha(0)
    assert names(image) == ["over white", "over black", "without transparency"]
    assert renderings(image)[-1][1].tobytes() == data.coffee().tobytes()
    image.putalpha(10)
    assert names(image)[-1] == "without transparency"


def test_a_small_thing_under_full_transparency_is_uncovered():
    image = figures((255, 0, 0, 255), CLEAR)
    ImageDraw.Draw(image).ellipse((140, 40, 156, 56), fill=(200, 200, 200, 0))
    assert names(image)[-1] == "without transparency"


@pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255), (0, 255, 0)])
def test_a_plain_colour_under_transparency_hides_nothing(ground):
    image = figures((200, 30, 30, 255)).resize((60, 60), Image.Resampling.LANCZOS)
    pixels = numpy.asarray(image).copy()
    pixels[pixels[..., 3] == 0, :3] = ground
    assert names(Image.fromarray(pixels)) == ["over white", "over black"]


def test_pixels_are_those_of_compositing():
    pixels = numpy.random.default_rng(0).integers(0, 256, (16, 16, 4), numpy.uint8)
    image = Image.fromarray(pixels)
    shown = [(name, view) for name, view in renderings(image) if name.startswith("over")]
    assert len(shown) >= 2
    for name, view in shown:
        ground = Image.new("RGBA", image.size, name.removeprefix("over "))
        exact = Image.alpha_composite(ground, image).convert("RGB")
        assert abs(numpy.asarray(view, int) - numpy.asarray(exact, int)).max() <= 2


def test_views_are_made_at_the_size_that_is_asked_for():
    views = renderings(figures((255, 255, 255, 255), (0, 0, 0, 255)), lambda image: image.reduce(2))
    assert {view.size for _, view in views} == {(96, 48)}
    assert {view.mode for _, view in views} == {"RGB"}


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_any_image_has_one_to_four_views(seed, width, height):
    chance = numpy.random.default_rng(seed)
    image = Image.fromarray(chance.integers(0, 256, (height, width, 4), numpy.uint8))
    found = names(image)
    assert 1 <= len(found) <= 4 and len(set(found)) == len(found)


def test_grounds_are_tried_from_the_plainest_on():
    assert THIRD[0] == (128, 128, 128) and len(set(THIRD)) == len(THIRD)
