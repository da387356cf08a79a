"""What libtiff says from C: heard as a gap of that picture, never on the user's screen, and nobody else's is lost."""

from __future__ import annotations

import io
import threading

import pytest
from PIL import Image, ImageDraw

from judge.errors import ImageError
from judge.media import decode, from_image
from judge.media.heard import heard
from tests.media.said import words_of


def drawing(mode: str) -> Image.Image:
    image = Image.new("RGB", (96, 80), "white")
    for place in range(0, 80, 4):
        ImageDraw.Draw(image).line((place, 0, 90 - place, 79), fill="black", width=1)
    return image.convert(mode)


def tiff(compression: str, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    drawing(mode).save(buffer, "TIFF", compression=compression)
    return buffer.getvalue()


def damaged(data: bytes) -> bytes:
    """Changed in the middle of its pixels."""
    with Image.open(io.BytesIO(data)) as opened:
        start, size = opened.tag_v2[273][0], sum(opened.tag_v2[279])
    middle = start + size // 2
    return data[:middle] + b"\xff\xa5\x5a\0" * 4 + data[middle + 16 :]


@pytest.mark.parametrize("compression", ["group4", "tiff_ccitt"])
def test_damage_that_libtiff_decodes_all_the_same_is_a_gap(compression, capfd):
    data = tiff(compression, "1")
    assert decode(data).gaps == ()
    assert any("its decoder warns: Fax" in gap for gap in words_of(decode(damaged(data)).gaps))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "zstd"])
def test_what_cannot_be_decoded_is_refused_in_silence(compression, capfd):
    with pytest.raises(ImageError):
        decode(damaged(tiff(compression)))
    assert capfd.readouterr() == ("", "")


def test_an_image_that_is_read_only_when_it_is_judged_says_the_same(capfd):
    with Image.open(io.BytesIO(damaged(tiff("group4", "1")))) as opened:
        assert any("its decoder warns: Fax4" in gap for gap in words_of(from_image(opened).gaps))
    assert capfd.readouterr() == ("", "")


def test_many_lines_are_told_once_each(capfd):
    with heard() as said, Image.open(io.BytesIO(damaged(tiff("group4", "1")))) as opened:
        for _ in range(50):
            opened.copy().load()
            opened.seek(0)
        opened.load()
    assert 0 < len(said) == len(set(said)) < 10
    assert capfd.readouterr() == ("", "")


def test_other_threads_and_programs_are_heard_where_they_were(capfd):
    """The user's own use of Pillow says what it said before, while and after somebody listens here."""

    def theirs():
        with Image.open(io.BytesIO(damaged(tiff("group4", "1")))) as opened:
            opened.load()

    theirs()
    before = capfd.readouterr().err
    assert "Fax4Decode: Bad code word at line" in before
    with heard() as said:
        other = threading.Thread(target=theirs)
        other.start()
        other.join()
    assert (said, capfd.readouterr().err) == ([], before)
    theirs()
    assert capfd.readouterr().err == before
