"""Which formats are opened, and how large a picture may be. Nothing here decodes a pixel."""

from __future__ import annotations

import io

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.MpoImagePlugin import MpoImageFile

from judge.errors import ImageError
from judge.media import segments
from judge.media.budget import megapixels
from judge.media.containers import webp_with_transparency
from judge.settings import Limits

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")  # Pillow's names
KNOWN = (*FORMATS, "HEIC")
FILMS = ("MP4", "QuickTime", "Matroska", "WebM", "AVI", "FLV", "Ogg", "ASF", "MPEG", "RealMedia", "MXF")  # for people
SUFFIXES = frozenset(
    {
        ".png",
        ".apng",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".gif",
        ".webp",
        ".bmp",
        ".tif",
        ".tiff",
        ".avif",
        ".heic",
        ".heics",
        ".heif",
        ".heifs",
        ".hif",
    }
)
_HEVC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_BRANDS = 256  # bytes in which a file says what it is


def open_image(data: bytes) -> Image.Image:
    """The image as its header describes it; pixels are decoded when they are asked for.

    Raises:
        ImageError: it is made of more pieces than any real file.
        Exception: whatever Pillow raises of what is no image.
    """
    segments.check(data)
    if is_heic(data):
        from pi_heif import HeifImageFile  # not registered with Pillow, which belongs to the user's program as well

        heic: Image.Image = HeifImageFile(io.BytesIO(data))
        return heic
    image = Image.open(io.BytesIO(webp_with_transparency(data)), formats=FORMATS)
    if isinstance(image, JpegImageFile) and image.format == "JPEG":
        _with_gain_map(image)
    return image


def _with_gain_map(image: JpegImageFile) -> None:
    """Make a JPEG of several pictures one that shows them all. Pillow leaves out the second one of "Ultra HDR", which
    brightens the first on bright screens; that it is one, only a label in the file says, and it is looked at."""
    try:
        parts = image._getmp()
        if parts is not None and parts[0xB001] > 1:
            MpoImageFile.adopt(image, parts)
    except (TypeError, IndexError, KeyError, SyntaxError):  # it is a JPEG: what lies behind its end is looked at
        return


def is_heic(data: bytes) -> bool:
    """Whether the file says of itself that it holds images coded by HEVC."""
    length = int.from_bytes(data[:4], "big")
    brands = {data[place : place + 4] for place in range(8, min(length, _BRANDS), 4)}
    return data[4:8] == b"ftyp" and not brands.isdisjoint(_HEVC)


def check_size(image: Image.Image, limits: Limits) -> None:
    """Refuse an image without pixels and one with more than the limit."""
    width, height = image.size
    if width * height > limits.pixels:
        raise ImageError(f"{too_large(limits)}: {width} x {height}", hint="shrink it")
    if min(width, height) < 1:
        raise ImageError("has no pixels")


def too_large(limits: Limits) -> str:
    """What is said of too many pixels."""
    return f"more than {megapixels(limits.pixels)} megapixels"
