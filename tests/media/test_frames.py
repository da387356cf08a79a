"""Every frame that differs is seen, or the picture says that it was not."""

from __future__ import annotations

import io
import re
import struct
import zlib

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from skimage import data

from judge.errors import ImageError
from judge.media import Picture, decode
from judge.media.budget import Budget
from judge.media.looking import MOST
from judge.settings import Limits
from tests.media.said import words_of

KINDS = ("GIF", "WEBP", "PNG", "TIFF")
EXACT = {"WEBP": {"lossless": True}}


def animation(frames: list[Image.Image], kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], **EXACT.get(kind, {}), **options)
    return buffer.getvalue()


def shade(level: int, size: tuple[int, int] = (16, 16)) -> Image.Image:
    return Image.new("RGB", size, (level, 255 - level, 90))


def noise(seed: int, side: int = 64) -> Image.Image:
    pixels = numpy.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=numpy.uint8)
    return Image.fromarray(pixels)


def names(picture: Picture) -> list[str]:
    return [view.name for view in picture.views]


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_that_differs_is_a_view(kind):
    made = [shade(index * 25) for index in range(10)]
    picture = decode(animation(made, kind))
    assert names(picture) == [f"frame {index + 1}" for index in range(10)]
    assert (words_of(picture.notes), picture.gaps) == (
        ("10 frames or pages; judged number 1, 2, 3, 4, 5, 6, 7, 8, 9, 10",),
        (),
    )
    for view, frame in zip(picture.views, made, strict=True):
        assert abs(numpy.asarray(view.image, int) - numpy.asarray(frame, int)).max() <= 2


def scene(index: int) -> Image.Image:
    """The same photograph again, with the noise of a camera."""
    values = data.chelsea()[:200, :200] + numpy.random.default_rng(index).normal(0, 3, (200, 200, 3))
    return Image.fromarray(values.clip(0, 255).astype(numpy.uint8))


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "TIFF"])
@pytest.mark.parametrize("place", [1, 6, 29])
def test_the_one_frame_that_is_strange_is_seen_wherever_it_is(kind, place):
    made = [scene(index) for index in range(30)]
    ImageDraw.Draw(made[place]).rectangle((150, 20, 169, 39), fill="red")  # 1 % of the area
    picture = decode(animation(made, kind))
    assert names(picture) == ["frame 1", f"frame {place + 1}"]
    assert words_of(picture.notes) == (f"30 frames or pages; judged number 1, {place + 1}; the others look like these",)
    assert picture.gaps == ()


@pytest.mark.parametrize("place", [1, 13, 38])
def test_what_was_not_looked_at_is_a_gap_with_its_numbers(place):
    made = [shade(6 * index) for index in range(40)]
    made[place] = noise(1, 16)
    picture = decode(animation(made), limits=Limits(frames=3))
    assert len(picture.views) == 3 and f"frame {place + 1}" in names(picture)
    (gap,) = words_of(picture.gaps)
    count, numbers = re.fullmatch(
        r"(\d+) of 40 frames differ from the 3 that were judged and were not looked at: ([\d, ]+), \.\.\.", gap
    ).groups()
    assert int(count) > 25
    assert not {f"frame {number}" for number in numbers.split(", ")} & set(names(picture))


def test_a_share_of_unlike_frames_may_be_allowed_and_is_said_all_the_same():
    made = [shade(50 * index) for index in range(5)]
    picture = decode(animation(made), limits=Limits(frames=4, unseen_share=0.2))
    assert picture.gaps == ()
    assert any("1 of 5 frames differ from the 4 that were judged" in note for note in words_of(picture.notes))
    assert decode(animation(made), limits=Limits(frames=4, unseen_share=0.19)).gaps


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_one_differing_frame_at_any_place_is_seen_or_missed_aloud(draw):
    kind = draw.draw(st.sampled_from(KINDS))
    count = draw.draw(st.integers(2, 40))
    place = draw.draw(st.integers(0, count - 1))
    other = draw.draw(st.sampled_from(["same", "noise", "fade"]))
    most = draw.draw(st.integers(1, 6))
    grounds = {"same": lambda index: shade(40), "noise": noise16, "fade": lambda index: shade(index * 6)}
    made = [grounds[other](index) for index in range(count)]
    made[place] = Image.new("RGB", (16, 16), "blue")
    picture = decode(animation(made, kind), limits=Limits(frames=most))
    shown = any(view.image.getpixel((8, 8))[2] > 240 > 15 > view.image.getpixel((8, 8))[0] for view in picture.views)
    assert shown or picture.gaps
    assert 1 <= len(picture.views) <= most


def noise16(seed: int) -> Image.Image:
    return noise(seed, 16)


def test_pages_have_sizes_of_their_own():
    picture = decode(animation([shade(10), shade(10, (40, 20)), shade(10)], "TIFF"))
    assert [(view.name, view.image.size) for view in picture.views] == [("frame 1", (16, 16)), ("frame 2", (40, 20))]
    assert (picture.width, picture.height) == (16, 16)


def test_a_page_with_too_many_pixels_is_a_gap_and_is_not_decoded():
    pages = [Image.new("1", (16, 16)), Image.new("1", (10_000, 7_000)), Image.new("1", (16, 16), 1)]
    picture = decode(animation(pages, "TIFF", compression="group4"))
    assert names(picture) == ["frame 1", "frame 3"]
    assert words_of(picture.gaps) == ("frame 2 cannot be read (more than 64 megapixels: 10000 x 7000)",)


def broken(png: bytes, frame: int) -> bytes:
    """An animated PNG with the pixels of one frame (from 1, not the first) garbled, its checksums right."""
    parts, at, seen = [png[:8]], 8, 0
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        seen += kind == b"fcTL"
        if kind == b"fdAT" and seen == frame:
            body = body[:6] + bytes(255 - one for one in body[6:])
        parts.append(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
        at += 12 + length
    return b"".join(parts)


def test_a_damaged_frame_is_a_gap_and_the_others_are_seen():
    picture = decode(broken(animation([noise(seed) for seed in range(5)]), 3))
    assert names(picture) == ["frame 1", "frame 2", "frame 4", "frame 5"]
    assert words_of(picture.gaps)[0].startswith("frame 3 cannot be read (")


@pytest.mark.parametrize("kind", ["GIF", "PNG", "TIFF", "MPO"])
@pytest.mark.parametrize("share", [0.3, 0.55, 0.8])
@pytest.mark.filterwarnings("ignore")
def test_an_animation_that_is_cut_has_what_was_read_and_a_gap(kind, share):
    whole = animation([noise(seed) for seed in range(6)], kind)
    picture = decode(whole[: int(len(whole) * share)])
    assert 1 <= len(picture.views) < 6
    assert picture.gaps and all("\n" not in gap for gap in words_of(picture.gaps))


def test_where_no_frame_can_be_read_the_first_reason_is_given():
    whole = animation([noise(seed) for seed in range(3)])
    with pytest.raises(ImageError, match="damaged or truncated"):
        decode(whole[:400])


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG"])
def test_an_endless_animation_ends(kind):
    frames = [Image.new("1", (1, 1), index % 2) for index in range(MOST + 1)]
    picture = decode(animation(frames, kind))
    assert len(picture.views) == 2
    assert words_of(picture.gaps) == (f"what follows frame {MOST} was not looked at: no more than {MOST} frames are",)
    assert decode(animation(frames[:MOST], kind)).gaps == ()


def test_pixels_of_all_frames_are_bounded_and_the_rest_is_a_gap():
    made = [noise(seed) for seed in range(8)]
    picture = decode(animation(made), limits=Limits(total_pixels=5 * 64 * 64))
    assert names(picture) == [f"frame {number}" for number in range(1, 6)]
    assert words_of(picture.gaps)[0].startswith("what follows frame 5 was not looked at: more than ")
    assert not picture.late


def test_more_than_fits_in_memory_is_decoded_again_to_the_same_views():
    made = [noise(seed, 640) for seed in range(4)]
    whole = animation(made)
    small = Limits(view_pixels=512 * 512)
    assert [view.image.tobytes() for view in decode(whole).views] == [frame.tobytes() for frame in made]
    again = decode(whole, limits=small)
    assert names(again) == [f"frame {number}" for number in range(1, 5)] and again.gaps == ()
    short = decode(whole, limits=small.model_copy(update={"total_pixels": 6 * 640 * 640}))
    assert names(short) == ["frame 1", "frame 2"]
    assert len(short.gaps) >= 2 and all("cannot be read again" in gap for gap in words_of(short.gaps)[:2])


def test_time_that_runs_out_is_a_gap_that_another_try_may_fill(monkeypatch):
    monkeypatch.setattr("judge.media.decoding.Budget", lambda limits: Budget(limits, iter(range(1_000)).__next__))
    picture = decode(animation([noise(seed) for seed in range(9)]), limits=Limits(seconds=4.5))
    assert len(picture.views) == 4 and picture.late
    assert words_of(picture.gaps)[0] == "what follows frame 4 was not looked at: decoding it takes longer than 4.5 s"


def test_transparency_of_frames_is_seen_over_their_grounds():
    made = [Image.new("RGBA", (8, 8), (200, 10, 10, 128)), Image.new("RGBA", (8, 8), (10, 200, 10, 128))]
    picture = decode(animation(made, "WEBP"))
    assert names(picture) == [f"frame {number}, over {ground}" for number in (1, 2) for ground in ("white", "black")]
    assert words_of(picture.notes)[1:] == ("has transparency; judged over white and over black",)


def test_frames_that_differ_in_transparency_or_under_it_differ():
    clear, opaque = (Image.fromarray(data.coffee()).resize((64, 64)).convert("RGBA") for _ in range(2))
    clear.putalpha(0)
    picture = decode(animation([Image.new("RGBA", (64, 64)), clear, opaque]))
    assert picture.gaps == ()
    assert {name.split(",")[0] for name in names(picture)} == {"frame 1", "frame 2", "frame 3"}
    assert "frame 2, without transparency" in names(picture)


def test_views_of_a_file_are_bounded():
    chance = numpy.random.default_rng(0)
    made = [Image.fromarray(chance.integers(0, 256, (24, 24, 4), dtype=numpy.uint8)) for _ in range(9)]
    picture = decode(animation(made), limits=Limits(frames=3))
    assert len(picture.views) <= 4 * 3 and picture.gaps
