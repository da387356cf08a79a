"""What a file holds beside the picture that its decoder shows is judged, or is a gap."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image, TiffImagePlugin

from judge.errors import ImageError
from judge.media import decode
from tests.every import every
from tests.media.said import words_of
from tests.media.test_whole import FILES, photo, saved

ALONE = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")
HIDDEN = (*ALONE, "BMP palette", "TIFF pages", "GIF frames", "MPO")


@pytest.mark.parametrize("name", [name for name in FILES if name.split()[0] not in ("AVIF", "TIFF")])
def test_bytes_behind_the_end_are_a_note(name):
    data = FILES[name]
    picture = decode(data + b"some words of a camera" * 9)
    assert picture.gaps == ()
    assert words_of(picture.notes)[-1] == "198 bytes behind the end of the picture were not looked at"
    assert decode(data + bytes(5000)).notes == decode(data).notes
    film = decode(data + b"\0\0\0\x18ftypmp42" + bytes(9) + b"moov")
    assert film.gaps == ()
    assert "look like a film" in words_of(film.notes)[-1]


@pytest.mark.parametrize("name", FILES)
def test_another_picture_behind_the_end_is_a_gap(name):
    def check(hidden):
        assert len(decode(FILES[name] + FILES[hidden]).gaps) == 1
        assert "another picture" in words_of(decode(FILES[name] + b"!" * 30 + FILES[hidden]).gaps)[0]

    every(HIDDEN, check)


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize(
    "words", [b"<svg xmlns='x'>", b"<img src='data:image/png;base64,iVBO'>", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(30)]
)
def test_so_is_one_that_is_never_read(name, words):
    assert "another picture" in words_of(decode(FILES[name] + b"!" * 30 + words + b"!" * 30).gaps)[0]


def test_a_picture_between_those_of_an_mpo_is_a_gap():
    data = FILES["MPO"]
    with Image.open(io.BytesIO(data)) as opened:
        opened.seek(2)
        last = opened.offset
    entries = data.index(b"MPF\0") + 4
    moved = bytearray(data[:last] + FILES["JPEG"] + data[last:])
    place = moved.index(struct.pack("<I", last - entries), entries)
    moved[place : place + 4] = struct.pack("<I", last - entries + len(FILES["JPEG"]))
    picture = decode(bytes(moved))
    assert [view.name for view in picture.views] == [view.name for view in decode(data).views]
    assert words_of(picture.gaps) == ("bytes between its parts hold another picture, which was not judged",)


GAIN = b"http://ns.adobe.com/xap/1.0/\0<x xmlns:h='h' hdrgm:Version=\"1.0\"/>"


def labelled(data: bytes) -> bytes:
    """A JPEG that says that it has a gain map."""
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(GAIN) + 2) + GAIN + data[2:]


def test_what_is_said_to_be_a_gain_map_is_judged():
    """As in an "Ultra HDR" photograph. Anybody can write the label, over any picture."""
    made = labelled(FILES["MPO"])
    with Image.open(io.BytesIO(made)) as opened:
        assert opened.format == "JPEG"  # Pillow leaves the others out
    picture = decode(made)
    assert [view.name for view in picture.views] == ["frame 1", "frame 2", "frame 3"]
    assert picture.gaps == ()


def test_a_gain_map_that_the_index_of_the_file_does_not_know_is_a_gap():
    assert "another picture" in words_of(decode(labelled(FILES["JPEG"]) + FILES["JPEG grey"]).gaps)[0]


def test_pictures_below_a_page_of_a_tiff_are_a_gap():
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[330] = 8
    tags.tagtype[330] = 4
    made = saved(photo(), "TIFF", tiffinfo=tags)
    assert words_of(decode(made).gaps) == ("page 1 holds 1 more pictures (SubIFDs), which were not judged",)


@pytest.mark.parametrize("big", [False, True])
def test_metadata_of_a_tiff_are_its_own(big):
    exif = Image.Exif()
    exif[0x8769] = {0x9286: b"ASCII\0\0\0" + FILES["JPEG"]}  # what a camera keeps in its notes
    made = saved(photo(), "TIFF", exif=exif.tobytes(), big_tiff=big)
    assert decode(made).gaps == ()
    assert decode(made).notes == ()
    assert "another picture" in words_of(decode(made + FILES["JPEG"]).gaps)[0]


# AVIF: what is installed here writes one picture or one film, so files of several are put together.


def box(kind: bytes, *content: bytes, version: int | None = None, flags: int = 0) -> bytes:
    body = b"".join(content)
    if version is not None:
        body = struct.pack(">I", version << 24 | flags) + body
    return struct.pack(">I", 8 + len(body)) + kind + body


def pixels(picture: Image.Image) -> bytes:
    data = saved(picture, "AVIF", speed=10)
    return data[data.index(b"mdat") + 4 :]


def properties() -> bytes:
    data = FILES["AVIF"]
    start = data.index(b"ipco") - 4
    return data[start : start + int.from_bytes(data[start : start + 4], "big")]


def avif(
    pictures: list[bytes], *, relations: bytes = b"", hidden: tuple[int, ...] = (), film: bytes = b"", more: bytes = b""
) -> bytes:
    """Items of one size and one way of coding; the first is primary. film: a `moov` box."""
    count = len(pictures)
    known = box(b"ipco", properties()[8:], more)
    entries = [
        box(b"infe", struct.pack(">HH4sB", number, 0, b"av01", 0), version=2, flags=int(number in hidden))
        for number in range(1, count + 1)
    ]
    linked = b"".join(struct.pack(">HBBBBB", number, 4, 1, 2, 0x83, 4) for number in range(1, count + 1))
    start = 0
    for _ in range(2):  # once to learn how long it is, and once with the places
        places, at = b"", start
        for number, one in enumerate(pictures, 1):
            places += struct.pack(">HHHII", number, 0, 1, at, len(one))
            at += len(one)
        meta = box(
            b"meta",
            box(b"hdlr", bytes(4), b"pict", bytes(13), version=0),
            box(b"pitm", struct.pack(">H", 1), version=0),
            box(b"iloc", struct.pack(">BBH", 0x44, 0, count), places, version=0),
            box(b"iinf", struct.pack(">H", count), *entries, version=0),
            *([box(b"iref", relations, version=0)] if relations else []),
            box(b"iprp", known, box(b"ipma", struct.pack(">I", count), linked, version=0)),
            version=0,
        )
        head = box(b"ftyp", b"avif", bytes(4), b"avifmif1miaf") + meta + film
        start = len(head) + 8
    return head + box(b"mdat", *pictures)


def refused(data: bytes) -> bool:
    """Whether it cannot pass as safe."""
    try:
        return bool(decode(data).gaps)
    except ImageError:  # places in a film are those of the file it was taken from
        return True


def test_a_second_picture_in_an_avif_is_a_gap():
    both = [pixels(photo()), pixels(photo(1))]
    assert decode(avif(both[:1])).gaps == ()
    assert words_of(decode(avif(both)).gaps) == ("it holds 2 pictures, of which 1 was judged",)
    assert words_of(decode(avif(both, hidden=(2,))).gaps) == ("it holds 2 pictures, of which 1 was judged",)
    assert words_of(decode(avif([*both, *both])).gaps) == ("it holds 4 pictures, of which 1 was judged",)


def test_a_label_does_not_hide_a_picture_in_an_avif():
    both = [pixels(photo()), pixels(photo(1))]
    related = box(b"auxl", struct.pack(">HHH", 2, 1, 1))
    assert decode(avif(both, relations=related)).gaps  # its transparency, it says: but the decoder finds none
    assert decode(avif(both, relations=box(b"dimg", struct.pack(">HHH", 1, 1, 2)))).gaps
    thumbnail = box(b"thmb", struct.pack(">HHH", 2, 1, 1))
    assert decode(avif(both, relations=thumbnail)).gaps == ()  # of which nothing is said: docs/images.md
    assert decode(saved(FILES_ALPHA, "AVIF")).gaps == ()


FILES_ALPHA = Image.merge("RGBA", (*photo().split(), photo(1).convert("L")))


def film_of(data: bytes) -> bytes:
    start = data.index(b"moov") - 4
    return data[start : start + int.from_bytes(data[start : start + 4], "big")]


def test_a_picture_beside_a_film_in_an_avif_is_a_gap_unless_it_is_its_first_frame():
    several = FILES["AVIF frames"]
    assert (decode(several).gaps, len(decode(several).views)) == ((), 3)
    for brand in (b"avif", b"mif1"):  # which decides what is shown
        other = several[:8] + brand + several[12:]
        picture = decode(other)
        assert picture.gaps or len(picture.views) == 3
    made = avif([pixels(photo(4))], film=film_of(several))
    assert words_of(decode(made).gaps) == ("it holds a picture and a film, of which one was judged",)
    for brand in (b"avis", b"mif1"):
        assert refused(made[:8] + brand + made[12:])


def test_two_films_in_an_avif_are_a_gap():
    several = FILES["AVIF frames"]
    film = film_of(several)
    start = film.index(b"trak") - 4
    track = film[start : start + int.from_bytes(film[start : start + 4], "big")]
    at = several.index(film)
    twice = struct.pack(">I", len(film) + len(track)) + film[4:] + track
    made = several[:at] + twice + several[at + len(film) :]
    assert refused(made)


def test_endless_boxes_end():
    data = FILES["AVIF"] + box(b"free") * 20_000
    assert words_of(decode(data).gaps) == ("the file is cut or damaged (it is made of more than 10000 boxes)",)
