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
from tests.media.test_beside import avif, box, refused
from tests.media.test_beside import pixels as coded
from tests.media.test_whole import FILES, chunk, photo, saved

MARK = numpy.zeros((96, 128), bool)
MARK[20:70, 30:90] = True


def faint(low: int = 250, high: int = 255) -> Image.Image:
    """A square that can hardly be seen."""
    return Image.fromarray(numpy.where(MARK, low, high).astype(numpy.uint8)).convert("RGB")


D50 = (0.9642, 1.0, 0.8249)
SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
KNOWN = {  # what the primaries of well-known profiles are in XYZ, and their gamma (None: the curve of sRGB)
    "sRGB": (SRGB, None),
    "Display P3": (((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)), None),
    "Adobe RGB": (((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)), 2.2),
    "ProPhoto": (((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249)), 1.8),
}


def tag_of_curve(gamma: float | None = None, points: list[int] | None = None) -> bytes:
    if points is not None:
        return b"curv" + bytes(4) + struct.pack(f">I{len(points)}H", len(points), *points)
    if gamma is not None:
        return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    given = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para" + bytes(4) + struct.pack(">HH5i", 3, 0, *(round(value * 65536) for value in given))


def tag_of_colour(xyz: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in xyz))


def profile(primaries=SRGB, curve: bytes | None = None, *, kind=b"mntr", space=b"RGB ", more=()) -> bytes:
    curve = tag_of_curve() if curve is None else curve
    if space == b"RGB ":
        tags = [
            (b"wtpt", tag_of_colour(D50)),
            *zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(tag_of_colour, primaries), strict=True),
        ]
        tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    else:
        tags = [(b"wtpt", tag_of_colour(D50)), (b"kTRC", curve)]
    tags += more
    place, table, body = 132 + 12 * len(tags), b"", b""
    for name, content in tags:
        table += struct.pack(">4sII", name, place + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", place + len(body), bytes(4), 0x02400000, kind, space, b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + tag_of_colour(D50)[8:] + bytes(48)
    assert len(head) == 128
    return head + struct.pack(">I", len(tags)) + table + body


STEEP = tag_of_curve(points=[0] * 252 + [65535] * 4)  # everything but the lightest is black


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF"])
def test_a_profile_that_is_none_of_the_ordinary_ones_is_a_gap(kind):
    assert decode(saved(faint(), kind, icc_profile=profile())).gaps == ()
    assert "none of the ordinary" in gap(saved(faint(), kind, icc_profile=profile(curve=STEEP)))


@pytest.mark.parametrize("name", KNOWN)
def test_ordinary_profiles_change_nothing(name):
    primaries, gamma = KNOWN[name]
    made = profile(primaries, tag_of_curve(gamma))
    found = decode(saved(photo(), "PNG", icc_profile=made))
    assert (found.gaps, [view.name for view in found.views]) == ((), ["image"])


def test_other_ordinary_profiles():
    theirs = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = profile(space=b"GRAY", curve=tag_of_curve(2.2))
    table = [round(65535 * (at / 1023) ** 2.2) for at in range(1024)]
    for made in (theirs, grey, profile(curve=tag_of_curve(points=table)), profile(curve=tag_of_curve(1.8))):
        assert decode(saved(photo(), "PNG", icc_profile=made)).gaps == ()


@pytest.mark.parametrize(
    "made",
    [
        b"no profile",
        profile()[:200],
        profile(kind=b"link"),
        profile(kind=b"abst"),
        profile(space=b"CMYK"),
        profile(more=[(b"A2B0", bytes(40))]),
        profile(more=[(b"A2B1", bytes(40))]),
        profile(more=[(b"cicp", bytes(12))]),
        profile(more=[(b"rTRC", STEEP)]),  # twice
        profile(curve=tag_of_curve(points=[])),  # linear
        profile(curve=tag_of_curve(0.4)),
        profile(curve=tag_of_curve(points=[at % 2 * 65535 for at in range(256)])),
        profile(curve=tag_of_curve(points=[round(at / 4095 * 65535) ^ (at & 1) << 9 for at in range(4096)])),
        profile(((4.0, 0.2, 0.0), (-3.0, 0.7, 0.1), (0.1, 0.1, 0.7))),
        profile(curve=b"para" + bytes(4) + struct.pack(">HHi", 9, 0, 65536)),
    ],
    ids=str,
)
def test_strange_profiles(made):
    assert "none of the ordinary" in gap(saved(photo(), "PNG", icc_profile=made))


def test_the_profile_of_every_picture_of_a_file_counts():
    made = saved(photo(), "MPO", save_all=True, append_images=[photo(1)], icc_profile=profile(curve=STEEP))
    assert any("none of the ordinary" in one for one in decode(made).gaps)


def with_chunk(data: bytes, *chunks: bytes, before: bytes = b"IDAT") -> bytes:
    place = data.index(before) - 4
    return data[:place] + b"".join(chunks) + data[place:]


@pytest.mark.parametrize("gamma", [0, 1, 1000, 100_000, 500_000, 2**31 - 1])
def test_a_gamma_that_is_none_of_a_screen_is_a_gap(gamma):
    for icc in ({}, {"icc_profile": profile()}):
        data = saved(photo(), "PNG", **icc)
        assert decode(data).gaps == ()
        assert "gamma" in gap(with_chunk(data, chunk(b"gAMA", struct.pack(">I", gamma))))
        for usual in (45455, 50000, 55556):
            assert decode(with_chunk(data, chunk(b"gAMA", struct.pack(">I", usual)))).gaps == ()


def gap(data: bytes) -> str:
    (said,) = decode(data).gaps
    return said


LATE = [b"gAMA" + struct.pack(">I", 45455), b"tRNS" + bytes(6), b"PLTE" + bytes(3)]


def test_chunks_of_a_png_that_some_programs_pass_over_are_gaps():
    data = saved(faint(), "PNG")
    for made in LATE:
        assert "has to heed" in gap(with_chunk(data, chunk(made[:4], made[4:]), before=b"IEND"))
    key = chunk(b"tRNS", bytes(6))
    assert "has to heed" in gap(with_chunk(data, key, key))
    assert "cICP" in gap(with_chunk(data, chunk(b"cICP", bytes((1, 8, 0, 1)))))
    assert "cHRM" in gap(with_chunk(data, chunk(b"cHRM", struct.pack(">8I", *[50000] * 8))))
    known = {
        "sRGB": (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
        "Adobe RGB": (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000),
        "P3": (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000),
        "ProPhoto": (34567, 35850, 73470, 26530, 15960, 84040, 3660, 10),
        "Apple": (31270, 32900, 62500, 34000, 28000, 59500, 15500, 7000),
    }
    for usual in known.values():
        made = chunk(b"cHRM", struct.pack(">8I", *usual))
        assert decode(with_chunk(data, made, chunk(b"cICP", bytes((1, 13, 0, 1))))).gaps == ()
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
    assert "coded" in gap(data.replace(b"colrnclx", b"freenclx"))


def test_colours_of_a_bmp_that_are_not_read_are_a_gap():
    pixels = bytes((9, 90, 200, 0)) * 96 * 72
    cases = [(b"BGRs", 0, None), (b" niW", 0, None), (bytes(4), 0, None), (bytes(4), 1, "colours")]
    for kind, ends, said in [*cases, (b"DEBM", 0, "colours"), (b"KNIL", 0, "colours")]:
        head = struct.pack("<IiiHHIIiiII", 124, 96, 72, 1, 32, 0, len(pixels), 0, 0, 0, 0) + bytes(16)
        head += kind + bytes((ends,)) * 48 + bytes(16)
        data = b"BM" + struct.pack("<IHHI", 14 + len(head) + len(pixels), 0, 0, 14 + len(head)) + head + pixels
        gaps = decode(data).gaps
        assert gaps == () if said is None else said in gaps[0]


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
        assert any("colour profile" in said or "ICC" in said for said in decode(one).gaps)


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
