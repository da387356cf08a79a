"""Which formats are opened, and how large a picture may be. Nothing here decodes a pixel."""

from __future__ import annotations

import io

from PIL import Image

from judge.errors import ImageError
from judge.media.budget import megapixels
from judge.settings import Limits

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif"}
)


def open_image(data: bytes) -> Image.Image:
    """The image as its header describes it; pixels are decoded when they are asked for."""
    return Image.open(io.BytesIO(data), formats=FORMATS)


def check_size(image: Image.Image, limits: Limits) -> None:
    """Refuse an image without pixels and one with more than the limit."""
    width, height = image.size
    if width * height > limits.pixels:
        raise ImageError(f"{too_large(limits)}: {width} x {height}", hint="shrink it")
    if min(width, height) < 1:
        raise ImageError("has no pixels")


def too_large(limits: Limits) -> str:
    """What is said of too many pixels."""
    return f"more than {megapixels(limits.pixels)}"
