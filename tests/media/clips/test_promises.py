"""Files that are cut off, wherever that is, against what their containers promise."""

from __future__ import annotations

import io
import itertools
import random
import struct

import numpy as np
import pytest
from PIL import Image

from judge.media.clips import opened_clip
from judge.media.clips.decoding import NoFilm, look_through
from judge.media.clips.headers import Headers
from judge.media.clips.promises import promised
from judge.settings import ClipLimits
from tests.media.clips.films import film

FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000"}
OLD_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov", "frag_duration": "500000"}
LIVE = {"live": "1"}
KINDS = {
    "avi": ("mpeg4", "avi", {}),
    "mp4": ("libx264", "mp4", {"moov_size": "4000"}),
    "fragmented mp4": ("libx264", "mp4", FRAGMENTS),
    "fragmented mp4, places from the track": ("libx264", "mp4", OLD_FRAGMENTS),
    "wmv": ("wmv2", "asf", {}),
    "webm": ("libvpx-vp9", "webm", {}),
    "matroska": ("libx264", "matroska", {}),
    "live matroska": ("libx264", "matroska", LIVE),
    "flv": ("flv", "flv", {}),
    "ogg": ("libvpx", "ogg", {}),
    "mxf": ("mpeg2video", "mxf", {}),
    "rm": ("rv10", "rm", {}),
    "mpeg": ("mpeg1video", "mpeg", {}),
    "mpeg 2": ("mpeg2video", "vob", {}),
    "mpegts": ("libx264", "mpegts", {}),
}


def noisy(count: int) -> list[Image.Image]:
    """Pictures of which each takes about as many bytes as the others."""
    grains = np.random.default_rng(7).integers(0, 256, (count, 48, 64, 3), dtype=np.uint8)
    return [Image.fromarray(one) for one in grains]


@pytest.fixture(scope="module")
def films():
    made: dict[str, bytes] = {}

    def of(kind: str) -> bytes:
        if kind not in made:
            codec, container, options = KINDS[kind]
            rate = 25 if container in ("mxf", "mpeg", "vob") else 12
            made[kind] = film(noisy(48), codec=codec, container=container, options=options, rate=rate)
        return made[kind]

    return of


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_keeps_its_promise(films, kind):
    data = films(kind)
    assert not promised(io.BytesIO(data)).cut
    found = look_through(io.BytesIO(data), 36_000_000, 60.0)
    assert (found.ended, found.frames) == ("", 48)


def said(data: bytes) -> bool:
    """Whether it is said that the file is not whole."""
    if promised(io.BytesIO(data)).cut:
        return True
    try:
        found = look_through(io.BytesIO(data), 36_000_000, 60.0)
    except NoFilm:
        return True
    return bool(found.ended or found.damaged)


# At how many places nobody can tell: between two parts that say nothing of those that follow; behind all pictures.
BLIND = {"fragmented mp4": 8, "fragmented mp4, places from the track": 8, "live matroska": 48, "mxf": 4, "rm": 18}


@pytest.mark.parametrize("kind", [one for one in KINDS if not one.startswith("mpeg")])
def test_a_file_that_is_cut_anywhere_says_so(films, kind):
    data = films(kind)
    places = {*range(len(data) // 2, len(data), 97), *range(len(data) - 200, len(data))}
    places |= {place + at for place in starts(kind, data) for at in (0, 1, 4, 8, 9)}
    blind = [place for place in sorted(places) if len(data) // 3 < place < len(data) and not said(data[:place])]
    assert len(blind) <= BLIND.get(kind, 0), blind


def starts(kind: str, data: bytes) -> list[int]:
    """Where parts begin that an unlucky file ends at."""
    marks = {"avi": b"00dc", "mp4": b"mdat", "flv": b"\x09", "ogg": b"OggS", "mxf": b"\x06\x0e\x2b\x34"}
    marks |= dict.fromkeys(("webm", "matroska", "live matroska"), b"\x1f\x43\xb6\x75")
    mark = marks.get(kind, b"moof")
    found = [place for place in range(len(data)) if data.startswith(mark, place)]
    return [place - 4 if mark in (b"moof", b"mdat") else place for place in found[:: max(1, len(found) // 60)]]


@pytest.mark.parametrize("kind", ["mpeg", "mpeg 2"])
def test_a_programme_stream_that_ends_within_a_packet_says_so(films, kind):
    data = films(kind)
    packs = [place for place in range(len(data)) if data[place : place + 4] == b"\0\0\1\xba"]
    for pack in packs[1:]:
        assert promised(io.BytesIO(data[: pack - 1])).cut
        assert promised(io.BytesIO(data[: pack + 3])).cut
        assert not promised(io.BytesIO(data[:pack])).cut, "of that nobody knows"


def boxes(data: bytes, wanted: bytes) -> list[tuple[int, int]]:
    """Where the outermost boxes of a kind begin and end."""
    found, place = [], 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] == wanted:
            found.append((place, place + size))
        place += size
    return found


@pytest.mark.parametrize("kind", [one for one in KINDS if one.startswith("fragmented")])
def test_fragments_that_lack_their_samples(films, kind):
    """A decoder that finds no whole fragment any more believes that it is at the end of the film."""
    data = films(kind)
    moof, mdat = boxes(data, b"moof")[4], boxes(data, b"mdat")[4]
    assert not promised(io.BytesIO(data[: moof[0]])).cut, "between two of them nobody knows"
    for place in (moof[1], mdat[0] + 4, mdat[0] + 8, mdat[0] + 12, moof[0] + 40, moof[0] + 5, mdat[1] - 1):
        assert promised(io.BytesIO(data[:place])).cut, place
        assert said(data[:place]), place


def test_an_index_of_fragments_says_how_long_they_last(films):
    """Each piece that a `sidx` names is to be there; where one is not, the film lasts as long as the index says."""
    data = films("fragmented mp4")
    places = [place for place, _ in boxes(data, b"moof")]
    pieces = [(after - place) for place, after in itertools.pairwise([*places, boxes(data, b"mfra")[0][0]])]
    index = struct.pack(">4sIIIIIHH", b"sidx", 0, 1, 1000, 0, 0, 0, len(pieces))
    index += b"".join(struct.pack(">III", piece, 4000 // len(pieces), 1 << 31) for piece in pieces)
    data = data[: places[0]] + struct.pack(">I", len(index) + 4) + index + data[places[0] :]
    assert not said(data)
    found = look_through(io.BytesIO(data[: boxes(data, b"moof")[4][0]]), 36_000_000, 60.0)
    assert found.ended == "broken"
    assert 3900 <= found.duration_ms <= 4000


def test_a_film_in_fragments_may_say_how_long_it_is(films):
    data = films("fragmented mp4")
    mvex = data.index(b"mvex") - 4
    scale = int.from_bytes(data[(at := data.index(b"mvhd") + 16) : at + 4], "big")
    box = struct.pack(">I4sII", 16, b"mehd", 0, 4 * scale)
    longer = bytearray(data[: mvex + 8] + box + data[mvex + 8 :])
    for name in (b"moov", b"mvex"):
        at = longer.index(name) - 4
        longer[at : at + 4] = (int.from_bytes(longer[at : at + 4], "big") + 16).to_bytes(4, "big")
    (moof, _), *_ = boxes(bytes(longer), b"moof")[4:]
    assert look_through(io.BytesIO(bytes(longer)), 36_000_000, 60.0).ended == ""
    found = look_through(io.BytesIO(bytes(longer[:moof])), 36_000_000, 60.0)
    assert (found.ended, found.duration_ms) == ("broken", 4000)


@pytest.mark.parametrize("share", [0.76, 0.5])
@pytest.mark.parametrize("kind", ["avi", "wmv"])
def test_the_part_that_was_cut_off_was_not_looked_at(films, kind, share):
    data = films(kind)
    strip = opened_clip(data[: round(len(data) * share)], ClipLimits(seconds=60))
    assert 3900 <= strip.duration_ms <= 4100
    assert strip.unseen[-1].end_ms == strip.duration_ms
    assert strip.unseen[-1].end_ms - strip.unseen[-1].start_ms >= 500


def test_an_avi_that_is_cut_behind_a_whole_frame(films):
    data = films("avi")
    movi = data.index(b"movi")
    frames = [place for place in range(movi, len(data)) if data.startswith(b"00dc", place)]
    found = look_through(io.BytesIO(data[: frames[36]]), 36_000_000, 60.0)
    assert (found.ended, found.frames, found.damaged) == ("broken", 36, [])
    assert (found.end_ms, found.duration_ms) == (3000, 4000)


def sizes_unknown(kind: str, data: bytes) -> bytes:
    """As it is written by who does not know how it ends, and cannot go back."""
    new = bytearray(data)
    if kind == "avi":
        new[4:8] = bytes(4)
        movi = data.index(b"movi")
        new[movi - 4 : movi] = bytes(4)
    elif kind == "mp4":
        ((mdat, _),) = boxes(data, b"mdat")
        new[mdat : mdat + 4] = bytes(4)
    elif kind == "wmv":
        at = data.index(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
        new[at + 40 : at + 48] = bytes(8)
        new[at + 88] |= 1
        head = int.from_bytes(data[16:24], "little")
        packets = int.from_bytes(data[head + 16 : head + 24], "little")
        new[head + 16 : head + 24] = bytes(8)
        del new[head + packets :]  # its index
    elif kind == "flv":
        at = data.index(b"\0\x08filesize\0") + 11
        new[at : at + 8] = bytes(8)
    return bytes(new)


@pytest.mark.parametrize("kind", ["avi", "mp4", "wmv", "flv", "live matroska"])
def test_live_recordings_whose_size_nobody_knew_are_read(films, kind):
    data = sizes_unknown(kind, films(kind))
    assert kind.startswith("live") or data != films(kind)
    assert not promised(io.BytesIO(data)).cut
    assert look_through(io.BytesIO(data), 36_000_000, 60.0).ended == ""


def test_what_goes_on_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr("judge.media.clips.headers._MOST", 1000)
    data = (8).to_bytes(4, "big") + b"ftyp" + ((8).to_bytes(4, "big") + b"free") * 2000
    assert promised(io.BytesIO(data)).cut


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_headers_break_nothing(films, kind, seed):
    """Whatever stands there, it is cut or not, within few reads."""
    draw, data = random.Random(seed), bytearray(films(kind))
    for _ in range(40):
        data[draw.randrange(16, min(len(data), 3000))] = draw.randrange(256)
    it = promised(io.BytesIO(bytes(data)))
    assert 0 <= it.ms <= 10**10
    assert Headers(io.BytesIO(bytes(data))).size == len(data)
