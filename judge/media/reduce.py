"""Copies of pictures that are small enough to be looked at. Knows no format but JPEG, which can be decoded smaller."""

from __future__ import annotations

from math import isqrt

from PIL import ExifTags, Image, ImageOps

from judge.media.segments import check_metadata

_LONGEST = 4  # a side is at most so many times that of the largest square: models pad to squares
_GAP = 2.0  # Pillow averages whole pixels first, which is fast, and resamples the rest


def fitted(size: tuple[int, int], most: int) -> tuple[int, int]:
    """The size itself, or the largest of nearly the same shape with at most so many pixels and no endless side."""
    width, height = size
    share = min(1.0, (most / (width * height)) ** 0.5, _LONGEST * isqrt(most) / max(size))
    return max(1, int(width * share)), max(1, int(height * share))


def shrunk(image: Image.Image, most: int) -> Image.Image:
    """An image (RGB, RGBA or RGBa) of at most `most` pixels: a smoothed copy if
    it has more, else the image itself."""
    size = fitted(image.size, most)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=_GAP)


def upright(frame: Image.Image, most: int) -> tuple[Image.Image, tuple[int, int]]:
    """A frame turned as its metadata say, decoded now, and its size at full, turned as well.

    A JPEG is decoded to less than its full size where that leaves at least half of `most` pixels: it costs a fraction.

    Raises:
        ImageError: its metadata claim more than they can hold.
        Exception: whatever Pillow raises of a damaged file.
    """
    size = frame.size
    if frame.format in ("JPEG", "MPO"):
        frame.draft(None, fitted(size, most // 2))
    frame.load()  # some metadata lie behind the pixels
    check_metadata(frame)
    if frame.getexif().get(ExifTags.Base.Orientation, 1) == 1:  # no copy of what stands upright
        return frame, size
    turned = ImageOps.exif_transpose(frame)
    return turned, size if turned.size == frame.size else (size[1], size[0])
