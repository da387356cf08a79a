"""Pictures inside the page: a shielded one that is shown first, and the clear one behind it, as data URIs."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge import media
from judge.errors import ImageError

if TYPE_CHECKING:
    from PIL.Image import Image

CLEAR_SIDE = 256  # longest side of the clear picture, in pixels
_GRAINS = 12  # longest side that a picture is shrunk to before it is blurred: nothing can be made out again
_SHIELD_SIDE = 96


@dataclass(frozen=True)
class Shielded:
    """One picture in both forms, with the size it is shown at; or why it cannot be shown."""

    shield: str = ""
    clear: str = ""
    width: int = 0
    height: int = 0
    missing: str | None = None


def shielded(path: str) -> Shielded:
    """The picture at `path`. One that cannot be read is no failure of the report: it says so in its place."""
    try:
        picture = media.decode(media.read_bytes(path), path)
    except ImageError as error:
        return Shielded(missing=error.message)
    clear = picture.views[0].image
    clear.thumbnail((CLEAR_SIDE, CLEAR_SIDE))
    return Shielded(_uri(_blurred(clear), 60), _uri(clear, 85), *clear.size)


def _blurred(image: Image) -> Image:
    """Blurred here, not by the page's style: what is shielded must not be one click in a style sheet away."""
    from PIL import ImageFilter
    from PIL.Image import Resampling

    small = image.copy()
    small.thumbnail((_GRAINS, _GRAINS), Resampling.BOX)
    scale = _SHIELD_SIDE / max(small.size)
    size = (max(1, round(small.width * scale)), max(1, round(small.height * scale)))
    return small.resize(size, Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(5))


def _uri(image: Image, quality: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=quality, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
