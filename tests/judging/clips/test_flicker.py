"""What comes and goes is found at whatever rate, period and phase it does, or is said not to have been looked at."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from judge.judging.clips.spans import State
from tests.judging.clips.flicker import found_in, scene, strip_of
from tests.media.clips.films import dotted, plain

HOLDS, CLEAR, EDGE, UNSEEN = State.HOLDS, State.CLEAR, State.EDGE, State.UNSEEN
FINE, BAD = scene(0), scene(3)


def spotted(size: int = 8, left: int = 40) -> Image.Image:
    """The fine picture with a small thing in it: so small that the whole changes but little."""
    picture = FINE.copy()
    picture.paste("orange", (left, 30, left + size, 30 + size))
    return picture


def shown(bad: list[bool], others=(FINE,), violating: Image.Image = BAD) -> list[Image.Image]:
    return [violating if yes else others[number % len(others)] for number, yes in enumerate(bad)]


def found(pictures, bad, rate, **given):
    return found_in(strip_of(pictures, rate), lambda ms: bad[-(-ms * rate // 1000)], **given)


@pytest.mark.parametrize("violating", [BAD, plain("red"), spotted()], ids=["scene", "red", "spot"])
@settings(max_examples=25, deadline=None)
@given(
    rate=st.sampled_from([5, 8, 10, 12, 15, 20, 24, 25, 30, 60]),
    period=st.integers(2, 9),
    on=st.integers(1, 4),
    phase=st.integers(0, 8),
)
def test_flicker_is_found_frame_by_frame(violating, rate, period, on, phase):
    bad = [(number + phase) % period < min(on, period - 1) for number in range(2 * rate)]
    told = found(shown(bad, violating=violating), bad, rate)
    assert (told.frames(HOLDS), told.frames(CLEAR), told.ms(EDGE, UNSEEN)) == (sum(bad), len(bad) - sum(bad), 0)
    assert told.judged == len(set(bad)), "each kind of frame is judged once"


@settings(max_examples=60, deadline=None)
@given(
    bad=st.lists(st.booleans(), min_size=1, max_size=80),
    rate=st.sampled_from([5, 10, 15, 24, 30]),
    kinds=st.integers(1, 5),
    most=st.integers(1, 12),
)
def test_nothing_that_violates_passes_as_looked_at(bad, rate, kinds, most):
    """Whatever the order of frames, and however few may be judged: a bad frame is known, or was not looked at."""
    others = tuple(scene(8 * number) for number in range(kinds))
    told = found(shown(bad, others), bad, rate, most=most)
    assert told.frames(HOLDS, UNSEEN) >= sum(bad)
    for number, yes in enumerate(bad):
        ms = number * 1000 // rate
        state = next(one.state for one in told.spans if one.start_ms <= ms < one.end_ms)
        assert state in ((HOLDS, UNSEEN) if yes else (CLEAR, UNSEEN))
    assert told.judged <= most


@pytest.mark.parametrize("rate", [10, 15, 24, 30])
@pytest.mark.parametrize("period", [2, 3, 4, 5, 7])
def test_flicker_over_a_picture_that_moves(rate, period):
    """No two frames are alike: what there is no room to judge is not looked at."""
    bad = [number % period == 1 for number in range(4 * rate)]
    moved = [ImageChops.offset(BAD if yes else FINE, number // 2, 0) for number, yes in enumerate(bad)]
    told = found(moved, bad, rate)
    assert told.frames(HOLDS, UNSEEN) >= sum(bad)
    assert told.frames(HOLDS) > 0


def busy(seed: int, contrast: int) -> Image.Image:
    """A picture full of small parts, the same whenever it is made."""
    values = numpy.random.default_rng(seed).normal(128, contrast, (48, 64, 1)).clip(0, 255).astype(numpy.uint8)
    return Image.fromarray(values.repeat(4, 0).repeat(4, 1).repeat(3, 2))


@pytest.mark.parametrize("period", [2, 3, 5])
def test_flicker_between_busy_pictures_is_no_movement(period):
    """All that is in one lies near its place in the other as well: what tells is that the picture comes back."""
    bad = [number % period == 1 for number in range(60)]
    pictures = [busy(1, 10) if yes else busy(0, 25) for yes in bad]
    moved = [ImageChops.offset(one, number // 4, 0) for number, one in enumerate(pictures)]
    told = found(moved, bad, 15)
    assert told.frames(HOLDS, UNSEEN) >= sum(bad)
    assert told.frames(HOLDS) > 0


@pytest.mark.parametrize("length", [1, 3, 6, 10, 14])
@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize("place", ["beginning", "middle", "end"])
def test_what_fades_in_is_found_wherever_it_is_in_a_shot(length, moving, place):
    pictures = [dotted(number % 40 if moving else 5) for number in range(80)]
    shares = [min(1.0, 1.5 * (number + 1) / length) for number in range(length)]
    first = {"beginning": 0, "middle": 33, "end": 80 - length}[place]
    if place == "beginning":
        shares.reverse()
    bad = [False] * 80
    for number, share in enumerate(shares, start=first):
        pictures[number] = Image.blend(pictures[number], plain("red"), share)
        bad[number] = share > 0.6  # frames on either side of it are not alike
    told = found(pictures, bad, 20)
    assert told.ms(HOLDS) > 0
    assert told.frames(HOLDS, EDGE, UNSEEN) >= sum(bad)


def test_what_moves_is_not_judged_frame_by_frame():
    pictures = [ImageChops.offset(scene(5, (256, 192)), number, 0) for number in range(80)]
    told = found(pictures, [False] * 80, 20)
    assert told.ms(CLEAR) == 4000
    assert told.judged < 80 / 4


def test_the_last_frame_behind_flicker():
    bad = [False] * 96 + [True]
    told = found(shown(bad, (FINE, scene(40))), bad, 24)
    assert (told.frames(HOLDS), told.frames(CLEAR), told.judged) == (1, 96, 3)


def test_a_montage_of_which_each_frame_is_another():
    pictures = [scene(number) for number in range(0, 180, 3)]
    bad = [number == 33 for number in range(60)]
    told = found(pictures, bad, 10)
    assert (told.frames(HOLDS), told.ms(UNSEEN)) == (1, 0)
    few = found(pictures, bad, 10, most=20)
    assert few.frames(HOLDS, UNSEEN) >= 1
    assert few.ms(UNSEEN) > 3000
