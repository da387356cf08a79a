"""What held frames look like: kinds, and what lies on the way."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from judge.media.clips import looks
from judge.media.clips.looks import Looks
from tests.judging.clips.flicker import as_jpeg, scene
from tests.media.clips.films import dotted, plain


def looks_of(*pictures: Image.Image) -> Looks:
    return Looks([as_jpeg(one) for one in pictures])


def test_a_kind_is_named_by_its_first_frame():
    red, white, spot = plain("red"), plain("white"), dotted(10)
    assert looks_of(red, white, red, spot, white, spot, red).kinds == (0, 1, 0, 3, 1, 3, 0)
    assert looks_of(red, plain("red", (32, 48)), red).kinds == (0, 1, 0), "frames of another size are another kind"
    assert looks_of(plain("white", (3, 2)), plain("black", (3, 2))).kinds == (0, 1)


def test_kinds_beyond_those_that_are_compared_are_new_ones(monkeypatch):
    """It costs another look, and hides nothing."""
    monkeypatch.setattr(looks, "_MOST_KINDS", 2)
    a, b, c = plain("red"), plain("white"), plain("blue")
    assert looks_of(a, b, a, c, a, b).kinds == (0, 1, 0, 3, 4, 5)


def test_what_moves_a_little_is_on_the_way():
    frames = [ImageChops.offset(scene(5, (256, 192)), number, 0) for number in range(10)]
    assert looks_of(*frames).passed(0, 9) == frozenset(range(1, 9))


@pytest.mark.parametrize("other", [plain("red", (256, 192)), scene(9, (256, 192))], ids=["red", "scene"])
def test_what_shows_for_a_moment_is_not(other):
    frames = [ImageChops.offset(scene(5, (256, 192)), number, 0) for number in range(10)]
    frames[4] = other
    assert looks_of(*frames).passed(0, 9) == frozenset({1, 2, 3, 5, 6, 7, 8})


def test_a_small_thing_is_not():
    frames = [ImageChops.offset(scene(5, (256, 192)), number, 0) for number in range(10)]
    frames[4].paste("orange", (200, 150, 212, 162))
    assert 4 not in looks_of(*frames).passed(0, 9)


def test_between_two_that_look_alike_nothing_is():
    assert looks_of(dotted(5), dotted(6), dotted(5)).passed(0, 2) == frozenset()


def test_where_nothing_moves_it_must_look_as_in_one_of_them():
    """Colours that are near in a busy picture do not hide what comes and goes in it."""
    busy = Image.effect_noise((256, 192), 90).convert("RGB")
    one, moment, other = busy.copy(), busy.copy(), busy.copy()
    one.paste("red", (20, 20, 40, 40))
    other.paste("red", (30, 20, 50, 40))
    moment.paste((128, 128, 128), (180, 120, 200, 140))
    assert looks_of(one, moment, other).passed(0, 2) == frozenset()
