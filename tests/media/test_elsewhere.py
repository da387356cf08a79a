"""What other programs show of a file, where formats leave a choice, is judged or is a gap."""

from __future__ import annotations

import io
import struct
import zlib

import numpy
import pytest
from PIL import Image, ImageCms, TiffImagePlugin

from judge.media import decode
from judge.media.budget import Budget
from judge.media.looking import look_through
from judge.settings import Limits
from tests.media.test_whole import FILES, chunk, photo, saved

MARK = numpy.zeros((96, 128), bool)
MARK[20:70, 30:90] = True


def faint(low: int = 250, high: int = 255) -> Image.Image:
    """A square that can hardly be seen."""
    return Image.fromarray(numpy.where(MARK, low, high).astype(numpy.uint8)).convert("RGB")


def profile(kind: str = "RGB") -> bytes:
    """One that makes everything but the lightest black: sRGB's own, with other curves."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    points = [0] * 252 + [65535] * 4
    curve = b"curv" + bytes(4) + struct.pack(">I256H", 256, *points)
    count = struct.unpack(">I", data[128:132])[0]
    entries = [list(struct.unpack(">4sII", data[132 + 12 * at : 144 + 12 * at])) for at in range(count)]
    end = len(data) + -len(data) % 4
    for entry in entries:
        if entry[0] in (b"rTRC", b"gTRC", b"bTRC"):
            entry[1:] = [end, len(curve)]
    table = b"".join(struct.pack(">4sII", *entry) for entry in entries)
    made = data[:132] + table + data[132 + len(table) :]
    made = made.ljust(end, b"\0") + curve
    return struct.pack(">I", len(made)) + made[4:]


def contrasts(data: bytes) -> dict[str, int]:
    """Of each view, how much its greys differ."""
    found = decode(data)
    assert found.gaps == ()
    spans = {view.name: view.image.convert("L").getextrema() for view in found.views}
    return {name: high - low for name, (low, high) in spans.items()}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF"])
def test_what_a_colour_profile_uncovers_is_judged(kind):
    options = {} if kind in ("PNG", "TIFF") else {"quality": 95}
    found = contrasts(saved(faint(), kind, icc_profile=profile(), **options))
    assert list(found) == ["image", "as its colour profile has it"]
    assert found["image"] < 16
    assert found["as its colour profile has it"] > 150


def test_so_it_is_in_every_frame_and_in_those_alone_that_need_it():
    frames = [photo().resize((128, 96)), faint(), faint(255, 250)]
    made = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], icc_profile=profile())
    names = list(contrasts(made))
    assert "frame 2, as its colour profile has it" in names
    assert "frame 3, as its colour profile has it" in names


def test_ordinary_profiles_change_nothing():
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for data in (plain, b"no profile", profile()[:200]):
        assert list(contrasts(saved(photo(), "PNG", icc_profile=data))) == ["image"]
    grey = photo().convert("L")
    assert list(contrasts(saved(grey, "PNG", icc_profile=plain))) == ["image"]


def with_chunk(data: bytes, *chunks: bytes, before: bytes = b"IDAT") -> bytes:
    place = data.index(before) - 4
    return data[:place] + b"".join(chunks) + data[place:]


@pytest.mark.parametrize("gamma", [1000, 500_000])
def test_what_a_gamma_uncovers_is_judged(gamma):
    data = saved(faint() if gamma == 1000 else faint(0, 6), "PNG")
    found = contrasts(with_chunk(data, chunk(b"gAMA", struct.pack(">I", gamma))))
    assert list(found) == ["image", "as its colour profile has it"]
    assert found["as its colour profile has it"] > 2.5 * found["image"] + 8
    for usual in (45455, 50000):
        assert list(contrasts(with_chunk(data, chunk(b"gAMA", struct.pack(">I", usual))))) == ["image"]


def test_a_gamma_counts_in_deep_grey():
    deep = Image.fromarray(numpy.where(MARK, 65000, 65535).astype(numpy.uint16))
    data = with_chunk(saved(deep, "PNG"), chunk(b"gAMA", struct.pack(">I", 400)))
    assert contrasts(data)["as its colour profile has it"] > 100


def gap(data: bytes) -> str:
    (said,) = decode(data).gaps
    return said


LATE = [b"gAMA" + struct.pack(">I", 1000), b"tRNS" + bytes(6), b"PLTE" + bytes(3)]


def test_chunks_of_a_png_that_some_programs_pass_over_are_gaps():
    data = saved(faint(), "PNG")
    for made in LATE:
        assert "has to heed" in gap(with_chunk(data, chunk(made[:4], made[4:]), before=b"IEND"))
    key = chunk(b"tRNS", bytes(6))
    assert "has to heed" in gap(with_chunk(data, key, key))
    assert "cICP" in gap(with_chunk(data, chunk(b"cICP", bytes((1, 8, 0, 1)))))
    assert "cHRM" in gap(with_chunk(data, chunk(b"cHRM", struct.pack(">8I", *[50000] * 8))))
    usual = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    assert decode(with_chunk(data, chunk(b"cHRM", usual), chunk(b"cICP", bytes((1, 13, 0, 1))))).gaps == ()
    palette = saved(faint().convert("P"), "PNG", transparency=0)
    assert decode(palette).gaps == ()
    place, start = palette.index(b"PLTE") - 4, palette.index(b"tRNS") - 4
    length = int.from_bytes(palette[start : start + 4], "big") + 12
    moved = palette[:place] + palette[start : start + length] + palette[place:start] + palette[start + length :]
    assert "tRNS" in gap(moved)


def test_transparent_colours_of_a_png_that_pillow_misreads_are_gaps():
    for depth, colour, key in ((16, 2, 6), (4, 0, 2), (2, 0, 2)):
        head = struct.pack(">IIBBBBB", 40, 30, depth, colour, 0, 0, 0)
        rows = bytes((1 + 40 * depth * (3 if colour else 1) // 8) * 30)
        made = saved(photo(), "PNG")[:8] + chunk(b"IHDR", head) + chunk(b"tRNS", bytes(key))

        made += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        assert "transparent colour" in gap(made)


# GIF


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


@pytest.mark.parametrize("seed", range(400))
def test_a_gif_is_seen_as_browsers_show_it_or_is_a_gap(seed):
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
        assert any(said in one for one in decode(made[:4] + struct.pack("<L", len(data)) + made[8:]).gaps)
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
