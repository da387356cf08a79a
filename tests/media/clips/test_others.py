"""A second film in the file of a film, behind it or hidden in it, is seen; what writers of films add is not taken for one."""

from __future__ import annotations

import io
from uuid import UUID

import av
import pytest

from judge.media.clips.opening import opened_clip
from judge.media.clips.promises import promised
from judge.settings import ClipLimits
from tests.judging.scenes import png
from tests.media.clips.films import film, plain

KINDS = {
    "mp4": {},
    "mov": {},
    "matroska": {},
    "webm": {"codec": "libvpx"},
    "avi": {"codec": "mpeg4"},
    "flv": {},
    "asf": {"codec": "msmpeg4"},
    "ogg": {"codec": "libvpx"},
    "mxf": {"codec": "mpeg2video", "rate": 25},
}
XMP = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes


def made(container, colour="white"):
    return film([plain(colour)] * 5, container=container, **KINDS[container])


def box(kind, content):
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def another(data):
    return promised(io.BytesIO(data)).another


FILMS = {container: made(container) for container in KINDS}


@pytest.mark.parametrize("container", KINDS)
def test_a_film_alone_is_one_and_with_another_behind_it_is_two(container):
    data, second = FILMS[container], FILMS[container]
    assert not another(data)
    assert another(data + second)
    assert another(data + FILMS["mp4"]) and another(data + FILMS["matroska"]) and another(data + png())
    assert another(data + bytes(100) + second), "zeros between are no end"


@pytest.mark.parametrize("container", KINDS)
def test_what_is_no_film_behind_one_is_let_be(container):
    for rest in (bytes(5000), b"TAG" + bytes(125), b"ID3\4\0\0" + bytes(200), b"some words of a camera " * 50):
        assert not another(FILMS[container] + rest), rest[:10]


@pytest.mark.parametrize("hidden", [FILMS["mp4"], FILMS["avi"], FILMS["asf"], png(), b"x" * 3000 + png()])
@pytest.mark.parametrize("kind", [b"free", b"skip", b"uuid", b"wide", b"junk"])
def test_in_boxes_that_the_film_makes_no_use_of(kind, hidden):
    data, content = FILMS["mp4"], (XMP if kind == b"uuid" else b"") + hidden
    size = int.from_bytes(data[:4], "big")
    assert another(data + box(kind, content))
    assert another(data[:size] + box(kind, content) + data[size:])


def test_boxes_that_writers_add_are_no_second_film(tmp_path):
    data = FILMS["mp4"]
    assert b"free" in data
    xmp = box(b"uuid", XMP + b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b"words " * 100 + b"</x:xmpmeta>")
    for more in (box(b"free", bytes(4000)), xmp, box(b"udta", b"by nobody"), box(b"free", b"padding " * 99)):
        assert not another(data + more)
    for flags in ("faststart", "frag_keyframe+empty_moov", "dash", "rtphint"):
        path = tmp_path / f"{flags}.mp4"
        with av.open(io.BytesIO(data)) as read, av.open(str(path), "w", options={"movflags": flags}) as out:
            stream = out.add_stream_from_template(read.streams.video[0])
            for packet in read.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux(packet)
        assert not another(path.read_bytes()), flags


def test_in_an_mdat_that_is_a_film_itself_and_in_voids_and_junk():
    data = FILMS["mp4"]
    assert another(data + box(b"mdat", FILMS["mp4"]))
    mkv = FILMS["matroska"]
    assert b"\xec" in mkv
    void = b"\xec" + (0x10000000 | len(png())).to_bytes(4, "big") + png()
    head = mkv.index(b"\x18\x53\x80\x67")
    assert another(mkv[:head] + void + mkv[head:])
    avi = FILMS["avi"]
    at = avi.index(b"JUNK")
    room = int.from_bytes(avi[at + 4 : at + 8], "little")
    assert room > 100, "room for the beginning of a picture"
    assert another(avi[: at + 8] + png()[:60] + avi[at + 68 :])


def test_the_verdict_goes_to_a_person_and_says_why():
    strip = opened_clip(FILMS["mp4"] + FILMS["mp4"], ClipLimits(seconds=60))
    assert [str(one) for one in strip.gaps] == [
        "the file holds another film or picture, which was not judged: judge that by itself"
    ]
