"""What is found in a clip, in this process."""

from __future__ import annotations

import gc
import io
import itertools
import struct

import av
import pytest
from PIL import Image, ImageDraw

from judge.media.clips.decoding import DecodedClip, NoFilm, look_through
from judge.media.clips.sniffing import HEAD, is_clip
from tests.media.clips.films import dotted, film, plain, sound

PIXELS = 36_000_000


def looked(data: bytes, **given: object) -> DecodedClip:
    return look_through(io.BytesIO(data), **{"pixels": PIXELS, "seconds": 60.0, **given})


@pytest.mark.parametrize(
    ("codec", "container"),
    [("libx264", "mp4"), ("mpeg4", "avi"), ("libvpx-vp9", "webm"), ("libx264", "matroska"), ("libx264", "mpegts")],
)
def test_containers_and_codecs(codec, container):
    data = film([plain("red")] * 5 + [dotted(4 * place) for place in range(5)], codec=codec, container=container)
    found = looked(data)
    assert is_clip(data[:HEAD])
    assert (found.frames, found.width, found.height, found.ended, found.damaged) == (10, 64, 48, "", [])
    assert 900 <= found.end_ms <= 1000
    assert [one[:5] for one in found.held][:2] == [(0, 500, 5, True, 0), (500, 600, 1, True, 1)]
    assert len(found.held) == 6, "frames that look alike are held once, those that move each"


def test_times_are_those_at_which_frames_show():
    times = [0, 40, 500, 700, 1900]
    found = looked(film([plain(one) for one in ("red", "white", "blue", "black", "lime")], times=times))
    assert [one[0] for one in found.held] == times
    assert [one[1] for one in found.held][:-1] == times[1:]


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [
        ((1, 0, 0, 1), (0, 0)),
        ((0, 1, -1, 0), (1, 0)),
        ((-1, 0, 0, -1), (1, 1)),
        ((0, -1, 1, 0), (0, 1)),
        ((-1, 0, 0, 1), (1, 0)),
        ((1, 0, 0, -1), (0, 1)),
    ],
)
def test_frames_are_turned_as_they_are_shown(matrix, corner):
    """A square in the top left corner lies where the matrix of the file puts it."""
    picture = plain("white")
    ImageDraw.Draw(picture).rectangle((0, 0, 20, 20), fill="red")
    found = looked(turned(film([picture] * 3), matrix))
    size = (48, 64) if matrix[0] == 0 else (64, 48)
    assert ((found.width, found.height), found.strange) == (size, [])
    copy = Image.open(io.BytesIO(found.held[0][-1])).convert("RGB")
    assert copy.size == size
    reds = {
        (right, below)
        for right, below in itertools.product((0, 1), (0, 1))
        if copy.getpixel((5 + right * (size[0] - 10), 5 + below * (size[1] - 10)))[1] < 60
    }
    assert reds == {corner}


@pytest.mark.parametrize("kind", ["yuv420p", "yuvj420p", "yuv422p10le", "yuv444p", "rgb24", "gray", "pal8"])
def test_copies_have_the_colours_of_the_frame_whatever_kind_they_are_of(kind):
    """Against a conversion of the whole frame that is made smaller after it."""
    picture = Image.new("RGB", (1280, 720))
    colours = [(200, 40, 40), (40, 180, 60), (30, 60, 210), (230, 220, 60)]
    for place, colour in enumerate(colours):
        picture.paste(colour, (320 * place, 0, 320 * place + 320, 720))
    if kind == "pal8":
        data = film([picture] * 2, codec="png", container="mov", kind="pal8")
    elif kind in ("rgb24", "gray"):
        data = film([picture] * 2, codec="png", container="mov", kind=kind)
    else:
        data = film([picture] * 2, codec="ffv1" if kind != "yuvj420p" else "mjpeg", container="matroska", kind=kind)
    found = looked(data)
    copy = Image.open(io.BytesIO(found.held[0][-1])).convert("RGB")
    assert copy.width * copy.height <= 512 * 512
    wanted = [(sum(one) // 3,) * 3 for one in colours] if kind == "gray" else colours
    for place, colour in enumerate(wanted):
        shown = copy.getpixel((copy.width * (2 * place + 1) // 8, copy.height // 2))
        near = 40 if kind == "gray" else 12  # grey weighs colours
        assert all(abs(one - other) <= near for one, other in zip(shown, colour, strict=True)), (shown, colour)


def test_a_frame_that_is_turned_by_less_than_a_quarter_is_said():
    data = film([plain("red")] * 3)
    assert looked(turned(data, (0.7, 0.7, -0.7, 0.7))).strange == ["turned"]


def turned(data: bytes, matrix: tuple[float, ...]) -> bytes:
    """An MP4 with another display matrix."""
    place = data.index(b"tkhd") + 44
    a, b, c, d = (int(one * 65536) for one in matrix)
    return data[:place] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + data[place + 36 :]


def test_a_file_that_is_cut_off_ends_early():
    data = film([dotted(place) for place in range(40)], container="matroska")
    found = looked(data[: len(data) * 8 // 10])
    assert found.ended == "broken"
    assert found.duration_ms == 4000
    assert 0 < found.end_ms < 4000


@pytest.mark.parametrize("before", [0, 4], ids=["packets of 188", "packets of 192"])
def test_a_stream_that_is_cut_within_a_packet_ends_early(before):
    """No container says how long it lasts; that half a packet is the last of it is said by its size."""
    data = film([dotted(place) for place in range(40)], container="mpegts")
    packets = [bytes(before) + data[place : place + 188] for place in range(0, len(data), 188)]
    whole = looked(b"".join(packets))
    assert (whole.ended, whole.frames) == ("", 40)
    assert looked(b"".join(packets)[:-100]).ended == "broken"
    assert looked(b"".join(packets)[: len(data) * 6 // 10 // 188 * 188 + 50]).ended == "broken"


def test_the_rate_of_frames_is_said_whatever_is_lost():
    data = film([dotted(place) for place in range(40)], container="matroska")
    assert looked(data).rate == looked(data[: len(data) * 6 // 10]).rate == 10.0


def test_damage_is_a_stretch_of_time():
    data = bytearray(film([dotted(place) for place in range(60)], container="mpegts", rate=10))
    for packet in range(len(data) // 2 // 188 * 188, len(data) * 6 // 10, 188):
        data[packet + 20 : packet + 180] = bytes(160)
    found = looked(bytes(data))
    assert found.damaged
    assert all(0 <= start <= end <= found.end_ms for start, end, _ in found.damaged)


def test_time_that_is_up_ends_it_where_it_is():
    times = itertools.count()
    found = looked(film([dotted(place) for place in range(30)]), seconds=12.5, clock=lambda: float(next(times)))
    assert (found.ended, found.frames) == ("time", 12)
    assert found.end_ms < found.duration_ms


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (sound(), "sound"),
        (b"\0\0\0\x20ftypisom" + bytes(300), "not read"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", "not read"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not read"),
    ],
)
def test_what_holds_no_film(data, said):
    """Formats that name other files and addresses are none that is read."""
    with pytest.raises(NoFilm, match=said):
        looked(data)


def test_frames_with_too_many_pixels():
    with pytest.raises(NoFilm, match="megapixels: 64 x 48"):
        looked(film([plain("red")] * 3), pixels=3000)


@pytest.mark.parametrize(
    ("head", "clip"),
    [
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", False),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", False),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", True),
        (b"\0\0\0\x08wide\0\0\1\0mdat", True),
        (b"RIFF\0\0\0\0WEBPVP8 ", False),
        (b"RIFF\0\0\0\0WAVEfmt ", False),
        (b"\x89PNG\r\n\x1a\n", False),
        (b"GIF89a", False),
        (b"G" + bytes(187) + b"G" + bytes(187) + b"G", True),
        (b"Good morning, " * 30, False),
        (b"", False),
    ],
)
def test_a_clip_is_told_by_its_first_bytes(head, clip):
    assert is_clip(head) is clip


def test_no_frame_is_held_longer_than_it_is_looked_at():
    """Each is megabytes: where one hangs on to itself, ten minutes take gigabytes before anybody collects them."""
    data = film([dotted(place % 40) for place in range(80)])
    before = set(map(id, gc.get_objects()))
    gc.disable()
    try:
        looked(data)
        left = [one for one in gc.get_objects() if type(one) is av.VideoFrame and id(one) not in before]
    finally:
        gc.enable()
    assert len(left) < 10
