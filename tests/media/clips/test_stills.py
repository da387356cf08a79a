"""Single frames of a clip by their times: the frames that were judged, and not by decoding all of it."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image, ImageChops, ImageStat

from judge.errors import ImageError
from judge.media.clips import jumping, opened_clip, stills
from judge.media.clips.jumping import frames_at
from judge.settings import ClipLimits
from tests.media.clips.films import dotted, film, plain, sound

LIMITS = ClipLimits()
MOVING = [dotted(number % 48) for number in range(120)]
UNEVEN = [number * 90 + (number % 3) * 25 for number in range(120)]


def kept(tmp_path, data):
    file = tmp_path / "clip"
    file.write_bytes(data)
    return file, hashlib.sha256(data).hexdigest()


def apart(one, other):
    pictures = [Image.open(io.BytesIO(data)).convert("RGB") for data in (one, other)]
    return max(ImageStat.Stat(ImageChops.difference(*pictures)).mean)


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"times": UNEVEN},
        {"codec": "libvpx-vp9", "container": "webm"},
        {"container": "mpegts"},
        {"codec": "mpeg4", "container": "avi"},
        {"container": "matroska"},
    ],
    ids=lambda made: made.get("container", "mp4"),
)
def test_a_frame_by_its_time_is_the_one_that_was_looked_at(tmp_path, made):
    file, sha256 = kept(tmp_path, film(MOVING, **made))
    held = opened_clip(file, LIMITS).held
    wanted = [held[place] for place in range(3, len(held), 9)]
    found = stills(file, sha256, [one.ms for one in wanted], LIMITS)
    assert all(one is not None for one in found)
    near = [apart(data, one.data) for data, one in zip(found, wanted, strict=True)]
    other = min(apart(data, one.data) for data, one in zip(found[1:], wanted, strict=False))
    assert max(near) < 2 < other, (near, other)


def test_times_between_frames_and_past_the_end_show_the_frame_that_shows_then(tmp_path):
    file, sha256 = kept(tmp_path, film([plain("white")] * 10 + [plain("black")] * 10))
    times = (1950, 0, 1010, 990, 99_000)
    shades = [
        Image.open(io.BytesIO(one)).convert("L").getpixel((5, 5)) > 128 for one in stills(file, sha256, times, LIMITS)
    ]
    assert shades == [False, True, False, True, False]


def test_a_long_clip_is_not_decoded_whole(tmp_path, monkeypatch):
    data = film([dotted(number % 48) for number in range(600)])
    decoded = []
    frames_of = jumping.frames_of

    def counted(*given):
        for one in frames_of(*given):
            decoded.append(one)
            yield one

    monkeypatch.setattr(jumping, "frames_of", counted)
    assert all(frames_at(io.BytesIO(data), LIMITS.pixels, 60, [0, 58_000]))
    assert len(decoded) < 300, "the key frames lie at most 250 apart"


def test_what_cannot_be_shown_is_told(tmp_path):
    file, sha256 = kept(tmp_path, film([plain("white")] * 10))
    with pytest.raises(ImageError, match="changed on disk"):
        stills(file, "0" * 64, [0], LIMITS)
    with pytest.raises(ImageError):
        stills(tmp_path / "none", sha256, [0], LIMITS)
    silent, digest = kept(tmp_path, sound())
    with pytest.raises(ImageError, match="sound and no moving picture"):
        stills(silent, digest, [0], LIMITS)
    cut, digest = kept(tmp_path, film(MOVING, container="matroska")[:-2000])
    assert stills(cut, digest, [0], LIMITS)[0] is not None


def test_time_that_is_up_leaves_frames_out():
    ticks = iter(range(100_000))
    data = film(MOVING)
    found = frames_at(io.BytesIO(data), LIMITS.pixels, 40, [0, 500, 11_000], clock=lambda: float(next(ticks)))
    assert found[0]
    assert not found[-1]
