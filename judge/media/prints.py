"""How a picture looks, in short, and whether two look the same to the eye. Knows no store and no split.

A print is a perceptual hash of 64 bits and up to 16 x 16 fields of the picture. The hash finds what may look the same
without comparing everything with everything; the fields say whether it does, by the largest difference of any field
(`judge.media.likeness`), so that a small change in one corner counts. Measured on 16 photographs and 36 drawings: of
those saved anew as JPEG (quality 35 to 90) or WebP, or scaled by half to double, 97 % stay near (fine textures
and what is symmetrical may not); with a hundredth of the area a tenth lighter, or 2 % cut off at two edges, none does;
and no two different pictures are. What is missed is decided by itself.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from PIL import Image

from judge.errors import ImageError
from judge.media.decoding import decode
from judge.media.likeness import difference, fingerprint

NEAR_BITS = 3  # of the 64 of two hashes, and
NEAR_LEVELS = 7  # of 255 in the field that differs most are at most different
_BANDS, _BAND = 4, 16  # hashes that differ in at most three bits have one of four bands in common
_SIDE, _HASHED, _KEPT = 64, 32, 8


class PicturePrint(NamedTuple):
    """hash: 16 hexadecimal digits. fields: the number of their rows as one byte, then the fields."""

    hash: str
    fields: bytes


def print_of(image: bytes) -> PicturePrint | None:
    """The print of an image; None where it cannot be decoded, or has several views: one of them says too little."""
    looks = prints_of(image)
    return looks[0] if len(looks) == 1 else None


def prints_of(image: bytes) -> tuple[PicturePrint, ...]:
    """The print of each view of an image; none where it cannot be decoded."""
    try:
        return tuple(_print(view.image) for view in decode(image).views)
    except ImageError:
        return ()


def near(one: PicturePrint, other: PicturePrint) -> bool:
    """Whether two pictures look the same to the eye."""
    return bits_apart(one.hash, other.hash) <= NEAR_BITS and levels_apart(one, other) <= NEAR_LEVELS


def bits_apart(one: str, other: str) -> int:
    """How many bits of two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def levels_apart(one: PicturePrint, other: PicturePrint) -> int:
    """How much the field differs that differs most, in levels of 255; all of them where the shapes are others."""
    import numpy

    if len(one.fields) != len(other.fields) or one.fields[:1] != other.fields[:1]:
        return 255
    first, second = (numpy.frombuffer(each.fields, numpy.uint8, offset=1).reshape(1, -1, 1, 4) for each in (one, other))
    return difference(first, second)


def buckets(hash_: str, digest: str) -> tuple[int, ...]:
    """Where to look for hashes near this one, among those that are kept under the name `digest`."""
    bits = int(hash_, 16)
    bands = ((bits >> (_BAND * place)) & (2**_BAND - 1) for place in range(_BANDS))
    return tuple(_number(f"{digest}|{place}|{band}") for place, band in enumerate(bands))


def _number(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:15], 16)


def _print(picture: Image.Image) -> PicturePrint:
    import numpy
    from scipy.fft import dctn

    grey = picture.convert("L").resize((_HASHED, _HASHED), Image.Resampling.LANCZOS)
    slow = dctn(numpy.asarray(grey, numpy.float64))[:_KEPT, :_KEPT]
    bits = numpy.packbits(slow > numpy.median(slow)).tobytes()
    longer = max(picture.size)
    shape = (max(1, round(picture.width * _SIDE / longer)), max(1, round(picture.height * _SIDE / longer)))
    small = picture.convert("RGB").resize(shape, Image.Resampling.HAMMING, reducing_gap=3.0)
    fields = fingerprint(small)
    return PicturePrint(bits.hex(), bytes([fields.shape[1]]) + fields.tobytes())
