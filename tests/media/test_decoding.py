"""Untrusted bytes: whatever they hold, a picture with the right views or one typed, one-line error comes out."""

from __future__ import annotations

import io
import struct
import zlib

import numpy
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from judge.errors import ImageError
from judge.media import FORMATS, Picture, decode, from_image, read_bytes
from judge.settings import DEFAULT_LIMITS
from tests.media.said import words_of

TRANSPARENT_NOTE = "has transparency; judged over white and over black"


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(width: int = 24, height: int = 16, seed: int = 0) -> Image.Image:
    pixels = numpy.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=numpy.uint8)
    return Image.fromarray(pixels)


def frames(count: int) -> list[Image.Image]:
    return [Image.new("RGB", (16, 16), (index * 20, 255 - index * 20, 90)) for index in range(count)]


def colours(picture: Picture) -> list[tuple[int, ...]]:
    return [view.image.getpixel((0, 0)) for view in picture.views]


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims a size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    )


VALID = {kind: saved(noise(), kind) for kind in FORMATS}
ANIMATED = {kind: saved(frames(3)[0], kind, save_all=True, append_images=frames(3)[1:]) for kind in ("GIF", "WEBP")}


def refused(data: bytes, pattern: str) -> ImageError:
    with pytest.raises(ImageError, match=pattern) as caught:
        decode(data)
    assert "\n" not in caught.value.message
    assert "\n" not in caught.value.hint
    return caught.value


@pytest.mark.parametrize("kind", FORMATS)
def test_every_known_format_is_one_rgb_view(kind):
    picture = decode(VALID[kind], "x")
    assert (picture.source, picture.format, picture.width, picture.height) == ("x", kind, 24, 16)
    assert [(view.name, view.image.mode, view.image.size) for view in picture.views] == [("image", "RGB", (24, 16))]
    assert picture.notes == ()
    error = numpy.abs(numpy.asarray(picture.views[0].image, dtype=int) - numpy.asarray(noise(), dtype=int)).mean()
    assert error < 60  # noise is the worst case of the lossy formats; another picture would be at 85


@pytest.mark.parametrize(
    "data",
    [
        b"hello", b"\x00", b"\xff" * 100, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7\n1 0 obj\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"P6 2 2 255\n" + bytes(12),
    ],
)  # fmt: skip
def test_what_is_no_image_is_refused_with_the_known_formats(data):
    assert "PNG, JPEG" in refused(data, "^not an image of a known format").hint


def test_zero_bytes_are_named():
    refused(b"", "empty")


@pytest.mark.parametrize("kind", FORMATS)
def test_half_a_file_is_refused(kind):
    refused(VALID[kind][: len(VALID[kind]) // 2], "damaged or truncated|not an image")


@pytest.mark.parametrize("size", [(10_000, 10_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1), (64_000_001, 1)])
def test_a_bomb_is_refused_from_its_header(size):
    refused(png_claiming(*size), "more than 64 megapixels")


def test_a_bomb_of_real_pixels_is_refused():
    refused(saved(Image.new("1", (10_000, 10_000)), "PNG"), "more than 64 megapixels")


def test_too_many_bytes_are_refused_before_decoding():
    refused(VALID["PNG"] + bytes(DEFAULT_LIMITS.file_bytes), "larger than 64 MiB")


def test_cmyk_jpeg_keeps_its_colour():
    red, green, blue = (
        decode(saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG")).views[0].image.getpixel((5, 5))
    )
    assert red > 200
    assert max(green, blue) < 60


def test_a_size_a_little_too_large_is_named():
    refused(png_claiming(8_001, 8_000), "more than 64 megapixels: 8001 x 8000")


MID_GREY = {
    "16-bit PNG": saved(Image.fromarray(numpy.full((8, 8), 32768, numpy.uint16)), "PNG"),
    "16-bit TIFF": saved(Image.fromarray(numpy.full((8, 8), 32768, numpy.uint16)), "TIFF"),
    "32-bit TIFF, 16 bits used": saved(Image.fromarray(numpy.full((8, 8), 32768, numpy.int32)), "TIFF"),
    "32-bit TIFF, 8 bits used": saved(Image.fromarray(numpy.full((8, 8), 128, numpy.int32)), "TIFF"),
    "float TIFF to 1": saved(Image.fromarray(numpy.full((8, 8), 0.5, numpy.float32)), "TIFF"),
    "float TIFF to 255": saved(Image.fromarray(numpy.full((8, 8), 128, numpy.float32)), "TIFF"),
}


@pytest.mark.parametrize("name", MID_GREY)
def test_deep_mid_grey_stays_mid_grey(name):
    ((red, green, blue),) = colours(decode(MID_GREY[name]))
    assert red == green == blue
    assert 127 <= red <= 129


def test_deep_values_beyond_the_usual_ranges_are_spread_not_clipped():
    values = numpy.linspace(-2e6, 2e6, 64).reshape(8, 8)
    for kind in (numpy.int32, numpy.float32):
        seen = decode(saved(Image.fromarray(values.astype(kind)), "TIFF")).views[0].image.convert("L")
        assert seen.getextrema() == (0, 255)
        assert 120 <= seen.getpixel((0, 4)) <= 136


@pytest.mark.parametrize("value", [numpy.nan, numpy.inf])
def test_values_that_are_no_numbers_are_refused(value):
    refused(saved(Image.fromarray(numpy.full((4, 4), value, numpy.float32)), "TIFF"), "no numbers")


def test_deep_grey_with_a_transparent_value_hides_nothing():
    values = numpy.full((4, 4), 32768, numpy.uint16)
    values[0, 0] = 7
    picture = decode(saved(Image.fromarray(values), "PNG", transparency=7))
    assert colours(picture) == [(255, 255, 255), (0, 0, 0)]
    assert {view.image.getpixel((3, 3)) for view in picture.views} == {(128, 128, 128)}


def half_clear(mode: str) -> Image.Image:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.paste((90, 90, 90, 255), (0, 4, 8, 8))
    if mode != "P":
        return image.convert(mode)
    flat = Image.new("P", (8, 8), 0)
    flat.putpalette([0, 0, 0, 90, 90, 90])
    flat.paste(1, (0, 4, 8, 8))
    flat.info["transparency"] = 0
    return flat


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_hidden_behind_alpha_shows_over_white_and_over_black(mode):
    picture = decode(saved(half_clear(mode), "PNG"))
    assert [view.name for view in picture.views] == ["over white", "over black"]
    assert words_of(picture.notes) == (TRANSPARENT_NOTE,)
    assert colours(picture) == [(255, 255, 255), (0, 0, 0)]
    assert {view.image.getpixel((4, 6)) for view in picture.views} == {(90, 90, 90)}


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_wholly_opaque_alpha_is_one_view(mode):
    picture = decode(saved(noise().convert(mode), "PNG"))
    assert [view.name for view in picture.views] == ["image"]
    assert picture.notes == ()


def rotated() -> tuple[Image.Image, Image.Exif]:
    """24 x 16, red at what is the top once the camera's rotation is undone."""
    image = Image.new("RGB", (24, 16), "blue")
    image.paste("red", (0, 0, 8, 16))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to see it upright
    return image, exif


def is_upright(picture: Picture) -> bool:
    upper, lower = (picture.views[0].image.getpixel((8, row)) for row in (2, 20))
    return (picture.width, picture.height) == (16, 24) and upper[0] > 180 and lower[2] > 180


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_rotated_photograph_is_seen_upright(kind):
    image, exif = rotated()
    data = saved(image, kind, exif=exif)
    assert is_upright(decode(data))
    with Image.open(io.BytesIO(data)) as opened:
        assert is_upright(from_image(opened))


def test_an_image_in_memory_is_seen_as_the_file_it_would_make():
    assert from_image(noise()).sha256 == decode(saved(noise(), "PNG")).sha256
    assert numpy.array_equal(numpy.asarray(from_image(noise()).views[0].image), numpy.asarray(noise()))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"])
def test_every_opaque_mode_in_memory_is_one_view(mode):
    image = Image.new(mode, (8, 8))
    assert [view.name for view in from_image(image).views] == ["image"]


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBA", "RGBa"])
def test_every_mode_with_alpha_in_memory_keeps_its_alpha(mode):
    assert colours(from_image(Image.new(mode, (8, 8)))) == [(255, 255, 255), (0, 0, 0)]


def test_deep_mid_grey_in_memory_stays_mid_grey():
    for kind, value in ((numpy.uint16, 32768), (numpy.int32, 32768), (numpy.float32, 0.5)):
        assert colours(from_image(Image.fromarray(numpy.full((8, 8), value, kind)))) == [(128, 128, 128)]


def test_an_animation_in_memory_says_that_one_frame_was_seen():
    with Image.open(io.BytesIO(ANIMATED["GIF"])) as opened:
        assert words_of(from_image(opened).gaps) == ("one of 3 frames or pages; the others were not judged",)


def test_a_damaged_or_impossible_image_in_memory_is_an_image_error():
    with Image.open(io.BytesIO(VALID["JPEG"][:-200])) as opened, pytest.raises(ImageError, match="truncated"):
        from_image(opened)
    with pytest.raises(ImageError, match="no pixels"):
        from_image(Image.new("RGB", (0, 5)))
    with pytest.raises(ImageError, match="64 megapixels"):
        from_image(Image.new("1", (8_001, 8_000)))


def test_reading_a_file_gives_its_bytes(tmp_path):
    path = tmp_path / "odd \n \u202e name \N{PILE OF POO}.png"
    path.write_bytes(VALID["PNG"])
    assert read_bytes(path) == read_bytes(str(path)) == VALID["PNG"]


def test_what_cannot_be_read_says_why(tmp_path):
    empty = tmp_path / "empty.png"
    empty.touch()
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(DEFAULT_LIMITS.file_bytes + 1)
    cases = {
        tmp_path: "a folder", tmp_path / "none.png": "no such file", empty / "x.png": "Not a directory",
        "nul\0.png": "null byte", "\ud800.png": "surrogates", "n" * 5_000: "too long", empty: "empty",
        large: "larger than 64 MiB", "/dev/zero": "a device, not a file",
    }  # fmt: skip
    for path, reason in cases.items():
        with pytest.raises(ImageError, match=reason) as caught:
            read_bytes(path)
        assert "\n" not in caught.value.message


def survives(data: bytes) -> None:
    """The property: a picture with views of one size, or an ImageError of one line."""
    try:
        picture = decode(data)
    except ImageError as error:
        assert "\n" not in error.message
        return
    assert picture.views
    assert all(view.image.mode == "RGB" and view.image.size[0] > 0 for view in picture.views)


@given(st.binary(max_size=400), st.sampled_from([b"", *(data[:24] for data in VALID.values())]))
@settings(max_examples=300, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_random_bytes_never_raise_anything_else(data, head):
    survives(head + data)


@given(
    st.sampled_from([*VALID.values(), *ANIMATED.values(), saved(half_clear("RGBA"), "PNG")]),
    st.floats(0, 1),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6),
)
@example(VALID["PNG"], 1.0, [(0.0, 0)])
@settings(max_examples=500, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_truncation_and_corruption_never_raise_anything_else(whole, kept, changes):
    data = bytearray(whole[: int(len(whole) * kept)])
    for place, value in changes:
        if data:
            data[int(place * len(data))] = value
    survives(bytes(data))
