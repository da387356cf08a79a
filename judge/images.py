"""Untrusted bytes to pictures that a model can be shown. Knows no rule and no model.

A picture has one or more views, because one file can show different things: frames of an animation,
and what transparency lets through (hiding content behind alpha is a known evasion, so an image with
transparency is seen over white and over black).
"""

from __future__ import annotations

import hashlib
import io
import threading
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from judge.errors import ImageError

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif"}
)
MAX_PIXELS = 64_000_000
MAX_BYTES = 64 * 2**20
FRAMES = 4  # frames of an animation that are judged, first and last among them
MAX_FRAMES = 1_000

_opening = threading.Lock()  # warning filters are global to the process


@dataclass(frozen=True, eq=False)
class View:
    """One RGB rendering of a picture, and its name (`image`, `over white`, `frame 3`, ...)."""

    name: str
    image: Image.Image


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded image file: its views, and the facts a verdict records. Sizes in pixels, after EXIF rotation."""

    source: str
    sha256: str
    format: str
    width: int
    height: int
    views: tuple[View, ...]
    notes: tuple[str, ...] = ()


def read_bytes(source: str | Path) -> bytes:
    """Bytes of an image file.

    Raises:
        ImageError: no such file, a folder, unreadable, empty or larger than 64 MiB.
    """
    path = Path(source)
    try:
        with path.open("rb") as file:  # a device or a pipe has no size to ask for beforehand
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ImageError("no such file") from error
    except IsADirectoryError as error:
        raise ImageError("a folder, not an image", hint="name the files in it") from error
    except (OSError, ValueError) as error:
        raise ImageError(f"cannot be read ({getattr(error, 'strerror', None) or error})") from error
    _check_bytes(data)
    return data


def decode(data: bytes, source: str = "<bytes>") -> Picture:
    """Decode bytes into a picture.

    Raises:
        ImageError: not an image of a known format, damaged, or too large to decode safely.
    """
    _check_bytes(data)
    try:
        with _open(data) as opened:
            _check_size(opened)
            views, notes = _views(opened)
            kind = str(opened.format)
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError("not an image of a known format", hint=f"known: {', '.join(FORMATS)}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(_too_large(), hint="shrink it") from error
    except Exception as error:  # decoders of broken files raise nearly anything: struct.error, SyntaxError, ...
        raise _damaged(error) from error
    width, height = views[0].image.size
    return Picture(source, hashlib.sha256(data).hexdigest(), kind, width, height, views, notes)


def from_image(image: Image.Image, source: str = "<image>") -> Picture:
    """A picture from a PIL image in memory; its SHA-256 is that of the PNG it would be saved as.

    Of an animation only the frame that the image stands at is seen; a note says so.

    Raises:
        ImageError: too large, without pixels, or opened from a damaged file.
    """
    _check_size(image)
    buffer = io.BytesIO()
    try:
        frames = int(getattr(image, "n_frames", 1))
        _storable(ImageOps.exif_transpose(image)).save(buffer, format="PNG")
    except ImageError:
        raise
    except Exception as error:  # the image may be a file not yet read: see `decode`
        raise _damaged(error) from error
    picture = decode(buffer.getvalue(), source)
    if frames <= 1:
        return picture
    return replace(picture, notes=(f"one of {frames} frames or pages; the others were not judged", *picture.notes))


def _open(data: bytes) -> Image.Image:
    with _opening, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as corrupt metadata: what matters is whether the pixels decode
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(data), formats=FORMATS)


def _check_bytes(data: bytes) -> None:
    if not data:
        raise ImageError("the file is empty (zero bytes)")
    if len(data) > MAX_BYTES:
        raise ImageError(f"larger than {MAX_BYTES // 2**20} MiB", hint="shrink it")


def _damaged(error: Exception) -> ImageError:
    return ImageError(f"damaged or truncated ({' '.join(str(error).split()) or type(error).__name__})")


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(f"{_too_large()}: {width} x {height}", hint="shrink it")
    if min(width, height) < 1:
        raise ImageError("has no pixels")


def _too_large() -> str:
    return f"more than {MAX_PIXELS // 1_000_000} megapixels"


def _views(opened: Image.Image) -> tuple[tuple[View, ...], tuple[str, ...]]:
    frames = int(getattr(opened, "n_frames", 1))
    if frames <= 1 or not getattr(opened, "is_animated", False):
        return _renderings(opened, "image")
    if frames > MAX_FRAMES or opened.size[0] * opened.size[1] * frames > 32 * MAX_PIXELS:
        raise ImageError(f"an animation too long to decode: {frames} frames", hint="judge its frames as images")
    count = min(FRAMES, frames)
    chosen = sorted({round(index * (frames - 1) / (count - 1)) for index in range(count)})
    views: list[View] = []
    notes = [f"{frames} frames or pages; judged number {', '.join(str(index + 1) for index in chosen)}"]
    for index in chosen:
        opened.seek(index)
        _check_size(opened)  # pages have sizes of their own
        rendered, said = _renderings(opened, f"frame {index + 1}")
        views += rendered
        notes += said
    return tuple(views), tuple(dict.fromkeys(notes))


def _renderings(frame: Image.Image, name: str) -> tuple[tuple[View, ...], tuple[str, ...]]:
    upright = ImageOps.exif_transpose(frame)
    if not upright.has_transparency_data:
        return (View(name, _flat(upright)),), ()
    layered = _layered(upright)
    alpha_low, _ = layered.getchannel("A").getextrema()
    if alpha_low == 255:
        return (View(name, layered.convert("RGB")),), ()
    prefix = "" if name == "image" else f"{name}, "
    views = tuple(View(f"{prefix}over {colour}", _over(layered, colour)) for colour in ("white", "black"))
    return views, ("has transparency; judged over white and over black",)


def _over(layered: Image.Image, colour: str) -> Image.Image:
    ground = Image.new("RGBA", layered.size, colour)
    return Image.alpha_composite(ground, layered).convert("RGB")


def _storable(image: Image.Image) -> Image.Image:
    """The image in a mode that PNG can hold, with its transparency."""
    if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        return image
    if image.has_transparency_data:
        return image.convert("LA" if image.mode == "La" else "RGBA")
    return _flat(image)


def _layered(image: Image.Image) -> Image.Image:
    """An image with transparency as RGBA. Deep grey names its transparent value: Pillow knows that for 8 bits only."""
    if not image.mode.startswith("I"):
        return image.convert("RGBA")
    import numpy

    opaque = numpy.asarray(image) != image.info["transparency"]
    layered = _flat(image).convert("RGBA")
    layered.putalpha(Image.fromarray(opaque.astype(numpy.uint8) * 255))
    return layered


def _flat(image: Image.Image) -> Image.Image:
    """Any mode to RGB. Deeper than 8 bits is scaled down: Pillow's own conversion would clip to white."""
    if not image.mode.startswith("I") and image.mode != "F":
        return image.convert("RGB")
    import numpy

    values = numpy.asarray(image, dtype=numpy.float64)
    low, high = float(values.min()), float(values.max())
    if image.mode == "F" and not numpy.isfinite(values).all():
        raise ImageError("holds values that are no numbers")
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    elif low >= 0:  # 32 bits wide, but most often holding fewer: take the narrowest usual range that fits
        low, high = 0.0, next((top for top in (1.0, 255.0, 65535.0) if high <= top), high)
    eight = ((values - low) * (255.0 / max(high - low, 1e-12))).clip(0, 255).round().astype(numpy.uint8)
    return Image.fromarray(eight).convert("RGB")
