"""GIF, BMP, WebP, TIFF, AVIF: what other programs show, where formats leave a choice, is judged or is a gap."""

from __future__ import annotations

import io
import struct

import numpy
import pytest
from PIL import Image, TiffImagePlugin

from judge.media import decode
from judge.media.budget import Budget
from judge.media.looking import look_through
from judge.settings import Limits
from tests.every import every
from tests.media.said import words_of
from tests.media.test_beside import avif, box, refused
from tests.media.test_beside import pixels as coded
from tests.media.test_elsewhere import MARK, gap, profile
from tests.media.test_whole import FILES, photo, saved


def lzw(pixels: list[int], bits: int) -> bytes:
    """Pixels as codes of one width: the table is cleared before it can grow."""
    clear, width = 1 << bits, bits + 1
    codes = [clear]
    for number, pixel in enumerate(pixels):
        if number and number % (clear - 2) == 0:
            codes.append(clear)
        codes.append(pixel)
    stream = sum(code << width * at for at, code in enumerate([*codes, clear + 1]))
    data = stream.to_bytes((width * (len(codes) + 1) + 7) // 8, "little")
    blocks = b"".join(bytes((len(data[at : at + 255]),)) + data[at : at + 255] for at in range(0, len(data), 255))
    return bytes((bits,)) + blocks + b"\0"


COLOURS = [
    (255, 0, 0),
    (0, 0, 0),
    (255, 255, 255),
    (0, 0, 255),
    (0, 160, 0),
    (255, 255, 0),
    (90, 90, 90),
    (0, 255, 255),
]
SIDE = 16
Drawn = tuple[tuple[int, int, int, int], list[int], int | None, int]  # box, pixels, transparent colour, disposal


def gif(frames: list[Drawn]) -> bytes:
    made = b"GIF89a" + struct.pack("<HHBBB", SIDE, SIDE, 0x82, 0, 0) + b"".join(bytes(one) for one in COLOURS)
    for (left, top, width, height), pixels, clear, disposal in frames:
        made += b"\x21\xf9\4" + struct.pack("<BHBB", disposal << 2 | (clear is not None), 5, clear or 0, 0)
        made += b"\x2c" + struct.pack("<HHHHB", left, top, width, height, 0) + lzw(pixels, 3)
    return made + b"\x3b"


def as_browsers_show(frames: list[Drawn]) -> list[numpy.ndarray]:
    """Each frame over what is there, which is transparent at first and where it was cleared."""
    canvas, shown = numpy.zeros((SIDE, SIDE, 4), numpy.uint8), []
    for (left, top, width, height), pixels, clear, disposal in frames:
        before = canvas.copy()
        for place, pixel in enumerate(pixels):
            if pixel != clear:
                canvas[top + place // width, left + place % width] = (*COLOURS[pixel], 255)
        shown.append(canvas.copy())
        if disposal == 2:
            canvas[top : top + height, left : left + width] = 0
        elif disposal == 3:
            canvas = before
    return shown


def test_a_gif_is_seen_as_browsers_show_it_or_is_a_gap():
    every(range(400), seen_as_browsers_show_it_or_a_gap, "seed {}".format)


def seen_as_browsers_show_it_or_a_gap(seed: int) -> None:
    rng = numpy.random.default_rng(seed)
    frames: list[Drawn] = []
    for number in range(rng.integers(1, 4)):
        left, top = (int(rng.integers(0, 6)) * int(rng.random() < 0.6) for _ in range(2))
        width, height = SIDE - left - int(rng.integers(0, 5)) * (number > 0), SIDE - top
        colours = rng.integers(0, 8, 3)
        pixels = [int(colours[place * 3 // (width * height)]) for place in range(width * height)]
        clear = int(colours[int(rng.integers(0, 3))]) if rng.random() < 0.5 else None
        frames.append(((left, top, width, height), pixels, clear, int(rng.integers(0, 4))))
    data = gif(frames)
    if decode(data).gaps:
        return
    with Image.open(io.BytesIO(data)) as opened:
        copies = look_through(opened, Budget(Limits())).copies
        for number, wanted in enumerate(as_browsers_show(frames)):
            if number not in copies:
                continue  # as one before
            seen = numpy.asarray(copies[number].image.convert("RGBA"))
            assert (seen[..., 3] == wanted[..., 3]).all(), number
            opaque = wanted[..., 3] == 255
            assert (seen[opaque] == wanted[opaque]).all(), number


def test_ordinary_animations_are_no_gap():
    for name in ("GIF", "GIF frames", "GIF plain"):
        assert decode(FILES[name]).gaps == ()
    frames = [Image.new("RGBA", (40, 40), (0, 0, 0, 0)) for _ in range(3)]
    for at, frame in enumerate(frames):
        frame.paste((200, 30, 30, 255), (5 + at * 8, 5, 15 + at * 8, 20))
    made = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=2)
    assert decode(made).gaps == ()
    assert len(decode(made).views) >= 3


# BMP, WebP, TIFF, AVIF


def test_bits_of_opacity_in_a_bmp_are_read_or_a_gap():
    pixels = b"".join(struct.pack("<I", 0xFF000000 if mark else 0) for row in MARK for mark in row)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    for compression in (0, 3):
        head = struct.pack("<IiiHHIIiiII", 56, 128, 96, 1, 32, compression, len(pixels), 0, 0, 0, 0) + masks
        data = b"BM" + struct.pack("<IHHI", 14 + len(head) + len(pixels), 0, 0, 14 + len(head)) + head + pixels
        found = decode(data)
        assert found.gaps or len(found.views) > 1
    assert decode(FILES["BMP"]).gaps == ()


def test_a_bmp_of_runs_is_a_gap():
    head = struct.pack("<IiiHHIIiiII", 40, 96, 72, 1, 8, 1, 0, 0, 0, 256, 0) + bytes(1024)
    runs = bytes((96, 7, 0, 0)) * 72 + bytes((0, 1))
    data = b"BM" + struct.pack("<IHHI", 14 + len(head) + len(runs), 0, 0, 14 + len(head)) + head + runs
    assert gap(data) == "other programs may show something else: it is made of runs, which may leave pixels out"


def test_transparency_of_a_webp_is_seen_whatever_its_flags_say():
    dark = Image.new("RGBA", (128, 96), (0, 0, 0, 255))
    dark.putalpha(Image.fromarray(numpy.where(MARK, 255, 0).astype(numpy.uint8)))
    data = saved(dark, "WEBP", lossless=True, exact=True)
    assert len(decode(data).views) == 2
    flags = bytearray(data)
    place = data.index(b"VP8L") + 12
    flags[place] &= ~0x10
    if b"VP8X" in data:
        flags[data.index(b"VP8X") + 8] &= ~0x10
    assert bytes(flags) != data
    assert len(decode(bytes(flags)).views) == 2
    for name in ("WEBP", "WEBP lossless", "WEBP frames"):
        assert not any(view.name.startswith("over") for view in decode(FILES[name]).views)


def tiff(**tags: object) -> bytes:
    known = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        known[int(tag[1:])] = value
    return saved(photo(), "TIFF", tiffinfo=known)


def test_a_tiff_that_may_be_read_in_two_ways_is_a_gap():
    assert "depth" in gap(tiff(t32997=2))
    data = FILES["TIFF"]
    start = struct.unpack("<L", data[4:8])[0]
    count = struct.unpack("<H", data[start : start + 2])[0]
    entries = [data[start + 2 + 12 * at :][:12] for at in range(count)]
    strips = next(one for one in entries if one[:2] == struct.pack("<H", 273))
    for more, said in (([strips], "twice"), ([struct.pack("<H", tag) + strips[2:] for tag in (324, 325)], "tiles")):
        table = b"".join(sorted([*entries, *more], key=lambda one: struct.unpack("<H", one[:2])))
        made = data + struct.pack("<H", count + len(more)) + table + bytes(4)
        assert any(said in one for one in words_of(decode(made[:4] + struct.pack("<L", len(data)) + made[8:]).gaps))
    for values in (numpy.float32, numpy.int32):
        deep = Image.fromarray(numpy.asarray(photo().convert("L")).astype(values))
        assert "white" in gap(saved(deep, "TIFF"))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits", None])
def test_pages_of_a_tiff_are_not_taken_for_pictures_beside_it(compression):
    pages = [photo(seed).copy() for seed in range(24)]
    options = {} if compression is None else {"compression": compression}
    found = decode(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], **options))
    assert (found.gaps, len(found.views)) == ((), 24)


def test_an_avif_coded_so_that_the_dark_hides_something_is_a_gap():
    data = FILES["AVIF"]
    place = data.index(b"colrnclx") + 10
    assert "coded" in gap(data[:place] + b"\0\x08" + data[place + 2 :])
    assert "coded" in gap(data.replace(b"colrnclx", b"freenclx"))


def test_colours_of_a_bmp_that_are_not_read_are_a_gap():
    pixels = bytes((9, 90, 200, 0)) * 96 * 72
    cases = [(b"BGRs", 0, None), (b" niW", 0, None), (bytes(4), 0, None), (bytes(4), 1, "colours")]
    for kind, ends, said in [*cases, (b"DEBM", 0, "colours"), (b"KNIL", 0, "colours")]:
        head = struct.pack("<IiiHHIIiiII", 124, 96, 72, 1, 32, 0, len(pixels), 0, 0, 0, 0) + bytes(16)
        head += kind + bytes((ends,)) * 48 + bytes(16)
        data = b"BM" + struct.pack("<IHHI", 14 + len(head) + len(pixels), 0, 0, 14 + len(head)) + head + pixels
        gaps = decode(data).gaps
        assert gaps == () if said is None else said in str(gaps[0])


def app2(body: bytes) -> bytes:
    return b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body


def icc_parts(*numbers: tuple[int, int], data: bytes = b"") -> bytes:
    return b"".join(app2(b"ICC_PROFILE\0" + bytes(number) + data) for number in numbers)


def test_parts_of_a_profile_in_a_jpeg_that_not_all_programs_put_together_are_a_gap():
    data, made = FILES["JPEG"], profile()
    whole = data[:2] + icc_parts((1, 1), data=made) + data[2:]
    assert decode(whole).gaps == ()
    scan = data.index(b"\xff\xda")
    strange = [
        data[:scan] + icc_parts((1, 1), data=made) + data[scan:],  # Pillow looks in front of the frame only
        data[:2] + app2(b"ICC_PROFILE\0\xff") + icc_parts((1, 1), data=made) + data[2:],
        data[:2] + icc_parts((1, 2), data=made) + data[2:],
        data[:2] + icc_parts((1, 1), (1, 1), data=made) + data[2:],
        data[:2] + icc_parts((0, 1), data=made) + data[2:],
    ]
    for one in strange:
        assert any("colour profile" in said or "ICC" in said for said in words_of(decode(one).gaps))


@pytest.mark.parametrize(("bits", "colours"), [(8, 2), (8, 200), (4, 2), (4, 16), (8, 0), (1, 2)])
def test_palettes_of_greys_of_a_bmp_that_pillow_misreads_are_a_gap(bits, colours):
    count = colours or 1 << bits
    step = 255 if count == 2 else 1
    palette = b"".join(bytes((at * step, at * step, at * step, 0)) for at in range(count))
    row = (96 * bits + 31) // 32 * 4
    head = struct.pack("<IiiHHIIiiII", 40, 96, 72, 1, bits, 0, row * 72, 0, 0, colours, 0) + palette
    data = b"BM" + struct.pack("<IHHI", 14 + len(head) + row * 72, 0, 0, 14 + len(head)) + head + bytes(row * 72)
    assert refused(data) is ((bits, colours) not in ((8, 0), (1, 2)))


def test_a_part_of_an_avif_that_alone_is_to_be_shown_is_a_gap():
    assert decode(avif([coded(photo())])).gaps == ()
    assert "only a part" in gap(avif([coded(photo())], more=box(b"clap", struct.pack(">8I", *[9, 1] * 4))))


def test_words_in_a_box_do_not_say_how_the_colours_of_an_avif_are_coded():
    data = FILES["AVIF"].replace(b"colrnclx", b"freenclx")
    assert "coded" in gap(data + struct.pack(">I", 16) + b"freecolrnclx")


@pytest.mark.parametrize("primaries", [((2.2, 1.1, 0.0), (-1.0, -0.1, 0.1), (-0.2, 0.0, 0.7))])
def test_primaries_that_are_far_apart_are_a_gap(primaries):
    assert "none of the ordinary" in gap(saved(photo(), "PNG", icc_profile=profile(primaries)))
