"""HEIC, as phones write it. The files are drawings of ours, made once, because what is installed here only reads it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from judge.errors import ImageError
from judge.media import Picture, decode
from judge.settings import Limits
from tests.media.said import words_of

FILES = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "heic").iterdir()}
RED, GROUND = (200, 30, 30), (240, 240, 240)


def near(picture: Picture, view: int, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    seen = picture.views[view].image.getpixel(place)
    return max(abs(a - b) for a, b in zip(seen, colour, strict=True)) < 12


def test_a_photograph_is_one_view():
    picture = decode(FILES["one"], "x")
    assert (picture.format, picture.width, picture.height) == ("HEIF", 96, 64)
    assert [view.name for view in picture.views] == ["image"]
    assert (picture.notes, picture.gaps) == ((), ())
    assert near(picture, 0, (5, 32), RED)
    assert near(picture, 0, (90, 5), GROUND)


def test_it_is_seen_upright():
    picture = decode(FILES["turned"])
    assert (picture.width, picture.height) == (64, 96)
    assert near(picture, 0, (32, 5), RED)
    assert near(picture, 0, (32, 90), GROUND)


def test_every_image_in_it_is_a_frame_of_its_own_size():
    picture = decode(FILES["several"])
    assert [view.name for view in picture.views] == ["frame 1", "frame 2", "frame 3"]
    assert [view.image.size for view in picture.views] == [(96, 64), (96, 64), (64, 96)]
    assert picture.gaps == ()


def test_its_transparency_is_seen_through():
    picture = decode(FILES["alpha"])
    assert len(picture.views) > 1
    assert near(picture, 0, (90, 1), (255, 255, 255))
    assert near(picture, 1, (90, 1), (0, 0, 0))


@pytest.mark.parametrize("name", FILES)
def test_cut_anywhere_it_is_not_whole(name):
    data = FILES[name]
    for length in (*range(0, len(data), 29), len(data) - 1):
        for end in (b"", bytes(len(data) - length)):
            if end and length > len(data) - 64:
                continue
            try:
                assert decode(data[:length] + end).gaps, length
            except ImageError as error:
                assert "\n" not in error.message


def test_the_limits_hold():
    with pytest.raises(ImageError, match="megapixels: 96 x 64"):
        decode(FILES["one"], "x", Limits(pixels=96 * 64 - 1))


def test_a_film_beside_the_picture_is_a_gap():
    film = b"\0\0\0\x10moov" + b"\x01" * 8
    assert "film" in words_of(decode(FILES["one"] + film).gaps)[0]


def test_pillow_stays_as_the_users_program_has_it():
    code = (
        "import sys; from pathlib import Path; from PIL import Image; from judge.media import decode;"
        "decode(Path(sys.argv[1]).read_bytes()); Image.init(); print('HEIF' in Image.OPEN, 'HEIF' in Image.SAVE)"
    )
    path = Path(__file__).parent / "heic" / "one.heic"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False False\n", "")
    assert Image.MIME.get("HEIF") is None
