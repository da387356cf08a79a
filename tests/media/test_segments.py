"""Files of very many pieces, and tables that claim very much, are refused before a decoder opens them; others are not."""

from __future__ import annotations

import io
import struct
import time
import zlib

import pytest
from PIL import Image

from judge.errors import ImageError
from judge.media import decode, segments


def saved(kind: str, size: int = 8, **options) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), "red").save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg(segment: bytes, times: int) -> bytes:
    data = saved("JPEG")
    return data[:2] + segment * times + data[2:]


def png(piece: bytes, times: int, before: bytes = b"IEND") -> bytes:
    data = saved("PNG")
    place = data.index(before) - 4
    return data[:place] + piece * times + data[place:]


def gif(piece: bytes, times: int, behind: bytes = b"") -> bytes:
    data = saved("GIF")
    place = data.index(b"\x2c\0\0\0\0")
    return data[:place] + piece * times + behind + data[place:]


def table(order: str, entries: int, kind: int, count: int, big: bool = False, place: int = 16) -> bytes:
    """A TIFF of one page whose entries all claim the same bytes behind it."""
    mark, form = (b"II" if order == "<" else b"MM"), ("HHQQ" if big else "HHLL")
    head = struct.pack(order + "HHHQQ", 43, 8, 0, 16, entries) if big else struct.pack(order + "HLH", 42, 8, entries)
    many = b"".join(
        struct.pack(order + form, (40_000 + number) % 2**16, kind, count, place) for number in range(entries)
    )
    return mark + head + many + bytes(8)


MANY = {
    "JPEG, empty": (lambda: jpeg(b"\xff\xe5\0\2", 300_000), "more than 10000 segments"),
    "JPEG, alone": (lambda: jpeg(b"\xff\xd0", 300_000), "more than 10000 segments"),
    "JPEG, filled": (lambda: jpeg(b"\xff", 3_000_000), "between its segments"),
    "JPEG, between scans": (lambda: jpeg(b"\xff\xdd\0\4\0\0", 300_000), "more than 10000 segments"),
    "JPEG, a second one": (lambda: saved("JPEG") + jpeg(b"\xff\xe5\0\2", 300_000), "more than 10000 segments"),
    "PNG, pixels": (lambda: png(chunk(b"IDAT"), 300_000), "more than 100000 chunks"),
    "PNG, others": (lambda: png(chunk(b"abCd"), 300_000, b"IDAT"), "more than 100000 chunks"),
    "GIF, comments": (lambda: gif(b"\x21\xfe\1a\0", 300_000), "blocks of comments"),
    "GIF, one comment": (lambda: gif(b"\x21\xfe" + b"\1a" * 300_000 + b"\0", 1), "blocks of comments"),
    "GIF, nothing": (lambda: gif(b"\x21\xf9\4\0\0\0\0\0", 600_000), "more than 500000 blocks"),
    "TIFF": (lambda: table("<", 3000, 1, 10_000), "claims to hold more than the file"),
    "TIFF, from its start": (lambda: table("<", 3000, 1, 10_000, place=0), "claims to hold more than the file"),
    "TIFF, numbers": (lambda: table(">", 3, 3, 1_500_000) + bytes(9_500_000), "numbers in its tables"),
    "BigTIFF": (lambda: table("<", 3000, 7, 20_000, big=True), "claims to hold more than the file"),
    "BigTIFF, entries": (lambda: table(">", 300_000, 1, 1, big=True), "entries in its tables"),
}  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", MANY)
def test_a_file_of_very_many_pieces_is_refused_at_once(name):
    make, why = MANY[name]
    data = make()
    began = time.process_time()
    with pytest.raises(ImageError, match=why) as caught:
        decode(data)
    assert "save it anew" in caught.value.hint
    assert time.process_time() - began < 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_metadata_that_claim_more_than_they_hold_are_refused(kind):
    exif = b"Exif\0\0" + table("<", 3000, 1, 30_000)
    with pytest.raises(ImageError, match="claims to hold more"):
        decode(saved(kind, exif=exif))


def test_metadata_in_several_segments_are_counted_as_one():
    exif = table("<", 3000, 1, 40_000)
    parts = [b"Exif\0\0" + exif[place : place + 20_000] for place in range(0, len(exif), 20_000)]
    data = saved("JPEG")
    made = b"".join(b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part for part in parts)
    with pytest.raises(ImageError, match="claims to hold more"):
        decode(data[:2] + made + data[2:])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "AVIF", "BMP"])
def test_ordinary_files_are_not_refused(kind):
    exif = Image.Exif()
    exif[305] = "software"
    noise = Image.effect_noise((700, 500), 90).convert("RGB")
    buffer = io.BytesIO()
    noise.save(buffer, kind, exif=exif.tobytes())
    segments.check(buffer.getvalue())
    assert decode(buffer.getvalue()).gaps == ()


def test_as_many_pieces_as_allowed_are_read():
    assert decode(jpeg(b"\xff\xe5\0\2", segments.JPEG_SEGMENTS - 20)).gaps == ()
    assert decode(png(chunk(b"abCd"), segments.PNG_CHUNKS - 20, b"IDAT")).gaps == ()
    assert decode(gif(b"\x21\xfe\1a\0", segments.GIF_COMMENTS // 2 - 1)).gaps == ()
    film = saved("JPEG") + b"\0\0\0\x18ftypmp42" + b"\xff\xd8\xff\xda\0\4 film \xff\xd9" * 3000
    segments.check(film)
