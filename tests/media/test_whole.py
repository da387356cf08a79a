"""A file that was cut or is damaged is never taken for whole; a whole one is."""

from __future__ import annotations

import io
import logging
import struct
import threading
import time
import warnings
import zlib
from functools import cache

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin, TiffImagePlugin

from judge.errors import ImageError
from judge.media import Picture, decode
from judge.media.heard import heard
from judge.settings import Limits
from tests.media.said import words_of

END = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"\0\0\0\0IEND\xaeB`\x82", "GIF": b"\0\x3b"}


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.copy().save(buffer, kind, **options)  # Pillow keeps an encoder's options on the image
    return buffer.getvalue()


@cache
def photo(seed: int = 0) -> Image.Image:
    """Coarse noise, smoothed: no part of it is like another, and lossy formats keep it."""
    small = numpy.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=numpy.uint8)
    return Image.fromarray(small).resize((96, 72), Image.Resampling.BICUBIC)


def with_alpha() -> Image.Image:
    image = photo().copy()
    image.putalpha(photo(1).convert("L"))
    return image


def several(kind: str, **options) -> bytes:
    return saved(photo(), kind, save_all=True, append_images=[photo(1).copy(), photo(2).copy()], **options)


FILES = {
    "JPEG": saved(photo(), "JPEG"), "JPEG progressive": saved(photo(), "JPEG", progressive=True),
    "JPEG CMYK": saved(photo().convert("CMYK"), "JPEG"), "JPEG grey": saved(photo().convert("L"), "JPEG"),
    "JPEG CMYK progressive": saved(photo().convert("CMYK"), "JPEG", progressive=True),
    "JPEG RGB": saved(photo(), "JPEG", keep_rgb=True), "JPEG 4:4:4": saved(photo(), "JPEG", subsampling=0),
    "JPEG restarts": saved(photo(), "JPEG", restart_marker_rows=1), "MPO": several("MPO"),
    "PNG": saved(photo(), "PNG"), "PNG bits": saved(photo().convert("1"), "PNG"),
    "PNG palette": saved(photo().convert("P"), "PNG"), "PNG alpha": saved(with_alpha(), "PNG"),
    "PNG 16": saved(Image.fromarray(numpy.asarray(photo().convert("L")).astype(numpy.uint16) * 257), "PNG"),
    "PNG frames": several("PNG"), "PNG frames behind another": several("PNG", default_image=True),
    "GIF": saved(photo(), "GIF"), "GIF frames": several("GIF"), "GIF plain": saved(photo(), "GIF", interlace=0),
    "WEBP": saved(photo(), "WEBP"), "WEBP lossless": saved(photo(), "WEBP", lossless=True),
    "WEBP alpha": saved(with_alpha(), "WEBP"), "WEBP frames": several("WEBP"),
    "AVIF": saved(photo(), "AVIF"), "AVIF frames": several("AVIF"),
    "BMP": saved(photo(), "BMP"), "BMP palette": saved(photo().convert("P"), "BMP"),
    "TIFF": saved(photo(), "TIFF"), "TIFF pages": several("TIFF"),
    **{f"TIFF {name}": saved(photo(), "TIFF", compression=name) for name in ("tiff_lzw", "tiff_deflate", "jpeg")},
    "TIFF group4": saved(photo().convert("1"), "TIFF", compression="group4"),
}  # fmt: skip


def whole(data: bytes, limits: Limits = Limits()) -> Picture | None:  # noqa: B008 (immutable)
    """The picture, where nothing says that something may be missing from it."""
    try:
        picture = decode(data, "x", limits)
    except ImageError as error:
        assert "\n" not in error.message
        return None
    assert all("\n" not in gap for gap in words_of(picture.gaps))
    return None if picture.gaps else picture


def end_of(name: str) -> bytes:
    return END.get(name.split()[0], b"")


@pytest.mark.parametrize("name", FILES)
def test_a_whole_file_is_whole(name):
    picture = decode(FILES[name])
    assert picture.gaps == ()
    assert not any("damaged" in note or "behind" in note for note in words_of(picture.notes))


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_is_not_whole_with_an_end_mark_or_without(name):
    data = FILES[name]
    padding = 4 if name == "TIFF pages" else 0  # it ends in bytes that mean nothing
    least = len(end_of(name))
    for length in {*range(0, len(data) - padding, max(1, len(data) // 40)), len(data) - padding - 1}:
        assert whole(data[:length]) is None, length
        if least and length < len(data) - least:
            assert whole(data[:length] + end_of(name)) is None, length


@pytest.mark.parametrize("name", ["WEBP", "WEBP lossless", "AVIF", "JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_download_that_was_broken_off_and_filled_with_zeros_is_not_whole(name, share):
    data = FILES[name]
    kept = int(len(data) * share)
    assert whole(data[:kept] + bytes(len(data) - kept)) is None


@given(
    st.sampled_from(sorted(FILES)),
    st.floats(0, 1),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_damage_raises_nothing_but_image_errors(name, kept, changes):
    data = bytearray(FILES[name][: int(len(FILES[name]) * kept)])
    for place, value in changes:
        if data:
            data[int(place * len(data))] = value
    whole(bytes(data))


def test_the_number_of_a_damaged_picture_among_several_is_said():
    data = FILES["MPO"]
    with Image.open(io.BytesIO(data)) as opened:
        opened.seek(1)
        start = opened.offset
        opened.seek(2)
        end = opened.offset
    broken = data[: (start + end) // 2] + b"\xff\xd9" + data[(start + end) // 2 + 2 :]
    assert [gap[:26] for gap in words_of(decode(broken).gaps)] == ["frame 2 is cut or damaged "]


@pytest.mark.parametrize("name", ["TIFF pages", "MPO"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_what_was_seen_counts_where_the_rest_is_damaged(name, share):
    data = FILES[name]
    cut = len(data) // 3 + int(len(data) * 2 / 3 * share)
    for broken in (data[:cut], data[:cut] + bytes(len(data) - cut), data[:cut] + b"\xff" * (len(data) - cut)):
        picture = decode(broken)
        assert picture.views
        assert picture.gaps or name == "TIFF pages"  # whose pixels may be anything


def test_a_progressive_jpeg_without_its_last_scans_is_not_whole():
    """Decoders show it blurred, and warn of nothing."""
    data = FILES["JPEG progressive"]
    scans = [place for place in range(len(data) - 1) if data[place : place + 2] == b"\xff\xda"]
    for place in scans[1:]:
        assert words_of(decode(data[:place] + END["JPEG"]).gaps) == (
            "the file is cut or damaged (colours or detail are missing)",
        )


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(rows: bytes, depth: int = 8, interlaced: bool = False) -> bytes:
    head = struct.pack(">IIBBBBB", 40, 30, depth, 0, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + END["PNG"]


def test_a_png_holds_as_many_rows_as_it_announces():
    assert whole(png(bytes(41 * 30)))
    assert whole(png(bytes(6 * 30), depth=1))
    assert whole(png(bytes(1275 + 4 + 4 + 8), interlaced=True)) is None
    said = {count: words_of(decode(png(bytes(41 * count))).gaps) for count in (1, 15, 29, 31)}
    assert set(said.values()) == {
        ("the file is cut or damaged (rows are missing)",),
        ("the file is cut or damaged (more pixels than its header announces)",),
    }


def test_an_interlaced_png_is_whole():
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = sum(len(range(top, 30, down)) * (1 + len(range(left, 40, across))) for left, top, across, down in passes)
    assert whole(png(bytes(rows), interlaced=True))
    assert whole(png(bytes(rows - 1), interlaced=True)) is None


def test_a_wrong_checksum_and_frames_that_are_not_announced_are_said():
    text = chunk(b"tEXt", b"a\0b")
    plain, end = png(bytes(41 * 30)), END["PNG"]
    assert whole(plain.removesuffix(end) + text + end)
    assert "checksum of its tEXt" in words_of(decode(plain.removesuffix(end) + text[:-1] + b"!" + end).gaps)[0]
    data = FILES["PNG frames"].replace(
        chunk(b"acTL", struct.pack(">II", 3, 0)), chunk(b"acTL", struct.pack(">II", 2, 0))
    )
    assert data != FILES["PNG frames"]
    assert words_of(decode(data).gaps) == ("the file is cut or damaged (3 frames where 2 are announced)",)


def test_checking_is_bounded_like_decoding():
    data = png(bytes(41 * 30))
    assert whole(data, Limits(total_pixels=1200))
    with pytest.raises(ImageError, match="to decode in all"):
        decode(data, "x", Limits(total_pixels=1199))


def test_strips_of_a_tiff_lie_in_the_file_and_their_jpegs_are_whole():
    data = bytearray(FILES["TIFF jpeg"])
    middle = len(data) // 2
    data[middle : middle + 2] = b"\xff\xd9"
    (gap,) = words_of(decode(bytes(data)).gaps)
    assert gap.startswith("page 1 is cut or damaged (")


def test_what_decoders_warn_of_is_a_gap(monkeypatch):
    """Whether they say it to `warnings` or to their log; and the user is not told by them."""
    really = PngImagePlugin.PngImageFile.load_prepare

    def warning(self):
        namespace = {"__name__": "PIL.PngImagePlugin", "warnings": warnings}
        exec(compile("warnings.warn('odd chunk')", "/lib/PIL/PngImagePlugin.py", "exec"), namespace)
        logging.getLogger("PIL.TiffImagePlugin").error("odd tag")
        really(self)

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load_prepare", warning)
    picture = decode(FILES["PNG"])
    assert words_of(picture.gaps) == ("its decoder warns: odd chunk",)
    assert words_of(picture.notes) == ("its metadata are damaged",)


def test_a_tiff_whose_directory_is_damaged_is_not_whole(monkeypatch, capfd):
    ifd = struct.pack("<HHLL", 305, 2, 400, 10**6)  # a text beyond the end of the file
    data = bytearray(FILES["TIFF"])
    start = struct.unpack("<L", data[4:8])[0]
    count = struct.unpack("<H", data[start : start + 2])[0]
    entries = bytes(data[start + 2 : start + 2 + 12 * count])
    made = bytes(data) + struct.pack("<H", count + 1) + entries + ifd + bytes(4)
    made = made[:4] + struct.pack("<L", len(data)) + made[8:]
    assert "its decoder warns" in words_of(decode(made).gaps)[0]
    assert capfd.readouterr() == ("", "")


def test_damaged_metadata_of_a_photograph_are_a_note():
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHLL", 305, 2, 400, 10**6) + bytes(4)
    picture = decode(saved(photo(), "JPEG", exif=exif))
    assert picture.gaps == ()
    assert words_of(picture.notes) == ("its metadata are damaged",)


def test_warnings_of_others_go_where_they_went():
    def speak():
        warnings.warn_explicit("about something else", UserWarning, "elsewhere.py", 1, module="elsewhere")

    with warnings.catch_warnings(record=True) as before:
        warnings.simplefilter("always")
        rules, show = list(warnings.filters), warnings.showwarning
        with heard() as said:
            speak()
            other = threading.Thread(
                target=lambda: warnings.warn_explicit(
                    "other thread", UserWarning, TiffImagePlugin.__file__, 1, module="PIL.TiffImagePlugin"
                )
            )
            other.start()
            other.join()
            warnings.warn_explicit("mine", UserWarning, TiffImagePlugin.__file__, 1, module="PIL.TiffImagePlugin")
        assert said == [("Tiff", "mine")]
        assert [str(one.message) for one in before] == ["about something else", "other thread"]
        assert list(warnings.filters) == rules
        assert warnings.showwarning is show
    assert logging.getLogger("PIL").handlers == []


@pytest.mark.timeout(60)
def test_a_document_of_endless_pages_is_not_walked_to_its_end():
    """Pillow's count of a TIFF's pages goes through all of them, before any limit is asked."""
    tags = [(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 1), (277, 1), (278, 1), (279, 1)]
    page = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags)
    size, pages = len(page) + 4, 300_000
    data = b"II*\0\x08\0\0\0" + b"".join(page + struct.pack("<I", 8 + number * size) for number in range(1, pages))
    data += page + bytes(4)
    began = time.process_time()
    found = decode(data)
    assert any("no more than 1000 frames" in gap for gap in words_of(found.gaps))
    assert time.process_time() - began < 15


@pytest.mark.timeout(60)
@pytest.mark.parametrize("mark", [b"GIF89a", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n"])
def test_marks_of_pictures_behind_the_end_cost_no_more_than_their_number(mark):
    """Each was opened once, and opening one can go through all that follows it."""
    data = saved(photo(), "PNG") + mark * 200_000
    began = time.process_time()
    assert any("another picture" in gap for gap in words_of(decode(data).gaps))
    assert time.process_time() - began < 5
