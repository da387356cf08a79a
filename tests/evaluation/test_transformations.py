"""Disguises: the same every time, of the sizes that are promised, and the picture is still to be seen in each."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from judge.evaluation.stress.transformations import FRAMES, GROUND, LARGEST, TRANSFORMATIONS, bounded
from tests.conftest import ROOT

BY_NAME = {one.name: one for one in TRANSFORMATIONS}
OTHERS = ("explosive-borderline", "human-remains-borderline", "child-with-alcohol-borderline", "drugs-borderline")


def drawing(name="body-on-fire-violating", size=(256, 192)):
    with Image.open(ROOT / f"examples/images/{name}.png") as opened:
        return opened.convert("RGB").resize(size)


def frames(name, image=None, seed=1):
    return BY_NAME[name].frames(image or drawing(), Random(seed), [drawing(one) for one in OTHERS])


def only(name, image=None, seed=1):
    (frame,) = frames(name, image, seed)
    return frame


def close(one, other, levels):
    """Whether two pictures of one size differ by at most so many levels on average."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean) <= levels


@pytest.mark.parametrize("name", BY_NAME)
def test_the_same_picture_and_seed_give_the_same_pixels_and_leave_their_sources_alone(name):
    image, plain = drawing(), drawing()
    made = [frames(name, image), frames(name, image)]
    assert [one.tobytes() for one in made[0]] == [one.tobytes() for one in made[1]]
    assert all(one.mode == "RGB" and max(one.size) <= LARGEST for one in made[0])
    assert image.tobytes() == plain.tobytes()
    assert any(one.size != plain.size or not close(one, plain, 0) for one in made[0])  # it does something


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("size", [(1, 1), (3, 700), (1024, 1024)])
def test_no_size_is_too_small_or_too_large(name, size):
    assert all(min(one.size) >= 1 and max(one.size) <= LARGEST for one in frames(name, drawing(size=size)))


SAME_SIZE = [
    "mirrored", "blurred", "noisy", "JPEG 10", "rotated 180", "grey", "channels swapped", "inverted", "darker",
    "brighter", "flat", "stark", "in a border", "grid lines", "over another",
]  # fmt: skip
SIZES = {
    **dict.fromkeys(SAME_SIZE, (256, 192)),
    "rotated 90": (192, 256),
    "on a canvas": (1707, 1280),
    "collage 2 x 2": (512, 384),
    "collage 4 x 4": (1024, 768),
}


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_sizes(name, size):
    assert only(name).size == size


def test_every_transformation_of_the_list_is_known_here():
    assert set(BY_NAME) == {*SIZES, "rotated 15", "in an animation"}


# what undoes a disguise shows that the picture was there: name, how, mean difference in levels that is left
UNDONE = [
    ("mirrored", ImageOps.mirror, 0),
    ("rotated 90", lambda one: one.transpose(Image.Transpose.ROTATE_270), 0),
    ("rotated 180", lambda one: one.transpose(Image.Transpose.ROTATE_180), 0),
    ("inverted", ImageOps.invert, 0),
    ("channels swapped", lambda one: Image.merge("RGB", [one.split()[index] for index in (1, 2, 0)]), 0),
    ("darker", lambda one: one.point(lambda level: min(255, level * 2.5)), 2),
    ("blurred", lambda one: one, 6),
    ("JPEG 10", lambda one: one, 8),
    ("noisy", lambda one: one, 22),
    ("grid lines", lambda one: one, 30),
]


@pytest.mark.parametrize(("name", "undo", "levels"), UNDONE, ids=[one[0] for one in UNDONE])
def test_the_picture_is_still_there(name, undo, levels):
    assert close(undo(only(name)), drawing(), levels)


def test_grey_has_no_colour_and_the_same_light():
    grey = only("grey")
    assert all(close(channel, ImageOps.grayscale(drawing()), 0) for channel in grey.split())


@pytest.mark.parametrize(("name", "brighter", "wider"), [("brighter", 1, None), ("flat", None, -1), ("stark", None, 1)])
def test_levels_move_the_way_that_is_said(name, brighter, wider):
    before, after = (ImageStat.Stat(ImageOps.grayscale(one)) for one in (drawing(), only(name)))
    assert brighter is None or after.mean[0] > before.mean[0] + 10
    assert wider is None or wider * (after.stddev[0] - before.stddev[0]) > 10


def test_rotated_15_cuts_nothing_off():
    turned = only("rotated 15")
    assert turned.size[0] > 256 and turned.size[1] > 192 and turned.getpixel((0, 0)) == GROUND
    back = turned.rotate(-15, resample=Image.Resampling.BICUBIC)
    left, top = (back.width - 256) // 2, (back.height - 192) // 2
    assert close(back.crop((left, top, left + 256, top + 192)), drawing(), 8)


def test_in_a_border_the_picture_is_half_as_large():
    framed = only("in a border")
    assert close(framed.crop((64, 48, 192, 144)), drawing(size=(128, 96)), 4)
    assert framed.getpixel((10, 10)) == framed.getpixel((250, 180)) == GROUND


def found_in(sheet, picture):
    """Where a picture stands in a larger one, pixel for pixel; None where it does not."""
    whole, part = np.asarray(sheet), np.asarray(picture)
    rows, columns = np.nonzero((whole == part[0, 0]).all(axis=2))
    for top, left in zip(rows, columns, strict=True):
        window = whole[top : top + part.shape[0], left : left + part.shape[1]]
        if window.shape == part.shape and (window == part).all():
            return int(left), int(top)
    return None


@pytest.mark.parametrize("name", ["on a canvas", "collage 2 x 2", "collage 4 x 4"])
def test_the_picture_stands_whole_in_a_larger_one_and_not_always_in_the_same_place(name):
    places = {found_in(only(name, seed=seed), drawing()) for seed in range(4)}
    assert None not in places and len(places) > 1


def test_a_collage_shows_other_pictures_in_every_other_cell():
    sheet = only("collage 2 x 2")
    cells = [sheet.crop((x, y, x + 256, y + 192)) for y in (0, 192) for x in (0, 256)]
    assert sum(close(cell, drawing(), 0) for cell in cells) == 1
    assert len({cell.tobytes() for cell in cells}) == 4


def test_over_another_both_pictures_show_and_this_one_more():
    blended, one, other = only("over another"), drawing(), drawing(OTHERS[0])
    apart = [ImageStat.Stat(ImageChops.difference(blended, each)).mean[1] for each in (one, other)]
    assert 0 < apart[0] < apart[1]


def test_in_an_animation_it_is_one_frame_between_others_that_all_differ():
    made = frames("in an animation")
    places = [index for index, one in enumerate(made) if close(one, drawing(), 0)]
    assert len(made) == FRAMES and len(places) == 1 and 0 < places[0] < FRAMES - 1
    assert all(one.tobytes() != after.tobytes() for one, after in pairwise(made))


def test_a_long_picture_is_made_smaller_first_and_a_short_one_left():
    assert bounded(drawing(size=(2048, 1000))).size == (1024, 500)
    small = drawing()
    assert bounded(small) is small
