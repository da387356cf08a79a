"""A clip through the process that decodes it."""

from __future__ import annotations

import io
import itertools

import pytest
from PIL import Image

from judge.errors import ImageError
from judge.media.clips import names_clip, opened_clip, opening
from judge.media.clips.holding import Holding
from judge.media.clips.strip import clock
from judge.settings import ClipLimits
from tests.media.clips.films import dotted, film, plain, sound

LIMITS = ClipLimits(seconds=60)


def test_a_clip_that_is_cut_off_says_which_part_was_not_looked_at(tmp_path):
    data = film([dotted(place) for place in range(40)], container="matroska")
    path = tmp_path / "no suffix"
    path.write_bytes(data[: len(data) * 8 // 10])
    assert names_clip(path)
    strip = opened_clip(path, LIMITS)
    (unseen,) = strip.unseen
    assert (unseen.start_ms, unseen.end_ms, strip.duration_ms) == (strip.held[-1].until_ms, 4000, 4000)
    assert strip.count(0, len(strip.held)) == strip.frames
    assert Image.open(io.BytesIO(strip.held[strip.at(1000)].data)).size == (64, 48)


def test_sound_alone_is_no_film():
    with pytest.raises(ImageError, match="sound"):
        opened_clip(sound(), LIMITS)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    with pytest.raises(ImageError, match=r"'av'\n  hint: pip install 'constitution-judge\[video\]'"):
        opened_clip(film([plain("red")]), LIMITS)


def test_a_process_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(opening, "_GRACE", -59.99)
    with pytest.raises(ImageError, match="longer than 60 s") as raised:
        opened_clip(film([plain("red")]), LIMITS)
    assert raised.value.retryable


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with pytest.raises(ImageError, match="larger than"):
        opened_clip(film([plain("red")]), ClipLimits(file_bytes=100))


def test_what_is_held_is_bounded_and_stands_for_all():
    holding = Holding(most=20)
    for number in range(500):
        picture = dotted(number % 40)
        holding.add(40 * number, picture, lambda picture=picture: picture)
    held = holding.frames(20_000)
    assert 5 <= len(held) <= 20
    assert sum(count for _, _, count, _, _, _ in held) == 500
    assert [one[1] for one in held] == [*(one[0] for one in held[1:]), 20_000]
    assert not all(alike for _, _, _, alike, _, _ in held)
    apart = [after[0] - before[0] for before, after in itertools.pairwise(held)]
    assert max(apart) <= 4 * min(apart)


def test_of_a_clip_that_says_how_long_it_is_few_copies_are_made_that_are_not_kept():
    def held(
        announced_ms: int, frames: int = 400, most: int = 40
    ) -> tuple[int, list[tuple[int, int, int, bool, int, bytes]]]:
        holding, made = Holding(most=most, announced_ms=announced_ms), []
        for number in range(frames):
            picture = dotted(number % 40)
            holding.add(number * 100, picture, lambda picture=picture: made.append(picture) or picture)
        return len(made), holding.frames(frames * 100)

    made, kept = held(40_000)
    unsaid, _ = held(0)
    assert made < unsaid * 0.7 and made < 2 * 40
    assert 20 <= len(kept) <= 40 and sum(one[2] for one in kept) == 400
    assert max(until - start for start, until, *_ in kept) <= 3_200
    assert held(3_000, frames=30)[0] == 30, "a short one is kept whole"
    assert len(held(10**9, frames=30)[1]) >= 5, "what it claims does not empty it"


def test_one_other_frame_among_many_is_a_cut():
    holding = Holding()
    for number in range(40):
        picture = plain("white") if number == 20 else dotted(abs(number % 16 - 8))
        holding.add(40 * number, picture, lambda picture=picture: picture)
    assert [(ms, shot) for ms, _, _, _, shot, _ in holding.frames(1600) if ms in (800, 840)] == [(800, 1), (840, 2)]


def test_times_as_people_read_them():
    assert [clock(one) for one in (0, 7_250, 61_001, 3_723_000)] == ["0:00.000", "0:07.250", "1:01.001", "1:02:03.000"]
