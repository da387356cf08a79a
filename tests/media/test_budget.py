"""The limits on one file: bytes, pixels of a frame, pixels in all, seconds."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from judge.errors import ImageError
from judge.judging.opening import ahead, opened
from judge.media import decode, from_image, read_bytes
from judge.media.budget import Budget
from judge.settings import Limits
from tests.media.said import words_of


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_pixels_are_counted_over_all_frames_and_scans():
    budget = Budget(Limits(total_pixels=100))
    assert budget.take(60) is None
    assert budget.take(40) is None
    assert "0.0001 megapixels" in str(budget.take(1))
    assert not budget.late
    budget = Budget(Limits(total_pixels=100))
    budget.weight = 3
    assert budget.take(34) is not None
    assert budget.take(33) is None


def test_time_runs_from_the_start():
    now = [5.0]
    budget = Budget(Limits(seconds=2), clock=lambda: now[0])
    assert budget.take(1) is None
    now[0] = 7.1
    assert str(budget.take(1)) == "decoding it takes longer than 2 s"
    assert budget.late


def test_views_of_one_file_share_its_pixels_but_stay_large_enough():
    budget = Budget(Limits(view_pixels=2048 * 2048))
    assert [budget.view_pixels(views) for views in (1, 4, 8)] == [2048**2, 2048**2, 2048**2 // 2]
    assert budget.view_pixels(1000) == 512**2


def test_each_limit_is_followed_by_whatever_reads(tmp_path):
    data = saved(Image.new("RGB", (40, 30), "red"))
    (tmp_path / "a.png").write_bytes(data)
    assert read_bytes(tmp_path / "a.png", Limits(file_bytes=len(data))) == data
    few, small = Limits(file_bytes=len(data) - 1), Limits(pixels=1199)
    for attempt in (lambda: read_bytes(tmp_path / "a.png", few), lambda: decode(data, "x", few)):
        with pytest.raises(ImageError, match=f"larger than {len(data) - 1} bytes"):
            attempt()
    for attempt in (
        lambda: decode(data, "x", small),
        lambda: from_image(Image.new("RGB", (40, 30)), "x", small),
    ):
        with pytest.raises(ImageError, match=r"more than 0\.0012 megapixels: 40 x 30"):
            attempt()
    assert decode(data, "x", Limits(pixels=1200)).width == 40
    for found in (opened(data, "x", small), next(ahead([data], 1, small))[0]):
        assert "megapixels" in str(found.found)


def test_a_picture_in_memory_is_no_file_of_too_many_bytes():
    assert from_image(Image.effect_noise((40, 30), 90), "x", Limits(file_bytes=10)).width == 40


def test_an_animation_over_the_pixels_in_all_is_no_picture_without_a_gap():
    frames = [Image.new("RGB", (16, 16), (index * 60, 0, 90)) for index in range(4)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(data, "x", Limits(total_pixels=4 * 256)).gaps == ()
    (gap,) = words_of(decode(data, "x", Limits(total_pixels=4 * 256 - 1)).gaps)
    assert re.match(r"what follows frame 3 was not looked at: more than 0\.001", gap)
    with pytest.raises(ImageError, match=r"more than 0\.0002"):
        decode(data, "x", Limits(total_pixels=255))
