"""Whether the numbers of pixels mean what they mean everywhere: colour profiles (ICC), gammas and primaries.

Some programs heed these and some do not, and no two read a strange one alike. An ordinary one (sRGB, Display P3, Adobe
RGB, ProPhoto, gammas of screens) moves colours a little, and nothing that is plain to see with it is hidden without it.
Any other may hide a picture in a few levels of brightness.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from PIL import Image

from judge.causes import Why
from judge.media.gaps import Detail

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Levels: TypeAlias = NDArray[numpy.float64]

_STEEPEST = 3.0  # levels of 255 that one level more may bring by a gamma; a linear one brings 13
_STEEPEST_CURVE = 2.0  # the same by a curve, before its primaries are mixed
_STRONGEST, _WEAKEST = 2.1, -0.8  # how much of one primary may go into one of sRGB's: ProPhoto has 2.03 and -0.73
_WHITE = (0.8, 1.2)  # of sRGB's white, what a profile's white becomes
_CLASSES = (b"mntr", b"scnr", b"spac", b"prtr")
_TAGS = 200
_OTHER = Why.of(Detail.PROFILE_STRANGE)
_FROM_XYZ = ((3.1339, -1.6169, -0.4906), (-0.9788, 1.9161, 0.0335), (0.0719, -0.2290, 1.4052))  # of D50 to linear sRGB
_FROM_XYZ_D65 = ((3.2405, -1.5371, -0.4985), (-0.9693, 1.8760, 0.0416), (0.0556, -0.2040, 1.0572))
_SCREEN = 2.2
_ELSEWHERE = (b"A2B", b"D2B", b"cic")  # colours in tables, or as the `cicp` of films says
_CURVES, _COLOURS = (b"rTRC", b"gTRC", b"bTRC"), (b"rXYZ", b"gXYZ", b"bXYZ")


def strange(image: Image.Image) -> Why | None:
    """What is strange about the colours of an opened image; None where nothing is."""
    profile, gamma = image.info.get("icc_profile"), image.info.get("gamma")
    if gamma is not None and not _ordinary_gamma(gamma):
        return Why.of(Detail.GAMMA)
    if not profile:
        return None
    try:
        return _in_profile(profile)
    except (struct.error, ValueError, IndexError, ZeroDivisionError, OverflowError):
        return _OTHER


def ordinary_primaries(chromaticities: Sequence[float]) -> bool:
    """Whether primaries (x and y of white, red, green and blue) are about as strong as sRGB's."""
    import numpy

    columns = numpy.array([(x, y, 1 - x - y) for x, y in zip(chromaticities[::2], chromaticities[1::2], strict=True)])
    if (columns[:, 1] <= 0).any():
        return False
    white, primaries = columns[0] / columns[0, 1], columns[1:].T
    if abs(numpy.linalg.det(primaries)) < 1e-6:
        return False
    mixed = numpy.array(_FROM_XYZ_D65) @ (primaries * numpy.linalg.solve(primaries, white))
    sums = mixed.sum(axis=1, keepdims=True)
    return bool((sums > 0.1).all() and _in_bounds(mixed / sums))


def _in_profile(data: bytes) -> Why | None:
    import numpy

    (size,), kind, space, light = struct.unpack(">I", data[:4]), data[12:16], data[16:20], data[20:24]
    if data[36:40] != b"acsp" or size > len(data) or kind not in _CLASSES:
        return _OTHER
    if space not in (b"RGB ", b"GRAY") or light not in (b"XYZ ", b"Lab "):
        return _OTHER
    (count,) = struct.unpack_from(">I", data, 128)
    if count > _TAGS:
        return _OTHER
    entries = [struct.unpack_from(">4sII", data, 132 + 12 * number) for number in range(count)]
    tags = {name: data[start : start + length] for name, start, length in entries}
    if len(tags) < count or any(name[:3] in _ELSEWHERE for name in tags):
        return _OTHER
    curves = _CURVES if space == b"RGB " else (b"kTRC",)
    if not all(name in tags and _ordinary_curve(_curve(tags[name])) for name in curves):
        return _OTHER
    if space == b"GRAY":
        return None
    colours = [struct.unpack(">3i", tags[name][8:20]) for name in _COLOURS if name in tags]
    if len(colours) < len(_COLOURS):
        return _OTHER
    mixed = numpy.array(_FROM_XYZ) @ (numpy.array(colours).T / 65536)
    low, high = _WHITE
    sums = mixed.sum(axis=1)
    return None if _in_bounds(mixed) and (sums >= low).all() and (sums <= high).all() else _OTHER


def _in_bounds(mixed: Levels) -> bool:
    return bool((mixed <= _STRONGEST).all() and (mixed >= _WEAKEST).all())


def _curve(tag: bytes) -> Levels:
    """A curve from light that is coded to linear light, at 1021 places from 0 to 1: four to a level."""
    import numpy

    at = numpy.linspace(0.0, 1.0, 4 * 255 + 1)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return at
        points = numpy.frombuffer(tag, ">u2", count, 12).astype(numpy.float64)
        if count == 1:
            return numpy.asarray(at ** (points[0] / 256))
        if (numpy.diff(points) < 0).any():
            raise ValueError("the curve falls")
        return numpy.interp(at, numpy.linspace(0.0, 1.0, count), points / 65535)
    if tag[:4] != b"para":
        raise ValueError("no curve")
    (kind,) = struct.unpack_from(">H", tag, 8)
    given = [value / 65536 for value in struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12)]
    power, a, b, c, d, e, f = given + [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0][len(given) :]
    if kind in (1, 2):
        c, d, e, f = 0.0, -b / a, c, c
    rising = numpy.maximum(a * at + b, 0.0) ** power + e
    return numpy.asarray(numpy.where(at >= d, rising, c * at + f) if kind else at**power)


def _ordinary_curve(linear: Levels) -> bool:
    import numpy

    linear = linear.clip(0.0, 1.0)
    shown = numpy.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return _steady(shown, _STEEPEST_CURVE)


def _ordinary_gamma(gamma: float) -> bool:
    import numpy

    return gamma > 0 and _steady(numpy.linspace(0.0, 1.0, 4 * 255 + 1) ** (1 / (gamma * _SCREEN)), _STEEPEST)


def _steady(shown: Levels, steepest: float) -> bool:
    """Whether what is shown, at 1021 places, never falls, and rises by little from level to level."""
    import numpy

    return bool((numpy.diff(shown) > -1e-6).all() and (255 * (shown[4:] - shown[:-4]) <= steepest).all())
