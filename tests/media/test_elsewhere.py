"""What other programs show of a file, where formats leave a choice, is judged or is a gap."""

from __future__ import annotations

import struct
import zlib

import numpy
import pytest
from PIL import Image, ImageCms

from judge.media import decode
from tests.media.said import words_of
from tests.media.test_whole import chunk, photo, saved

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
    assert any("none of the ordinary" in one for one in words_of(decode(made).gaps))


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
    (said,) = words_of(decode(data).gaps)
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
