"""What of an image may be shown: a shielded thumbnail to anybody, a clean copy to whom it is revealed.

A shielded picture is made of a few dozen colour fields on the server; nothing finer is in it, so nothing can be
brought back from it. Neither picture has the original's metadata. Knows no store.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from typing import Literal

from PIL import Image, ImageFilter, ImageOps

from judge import media
from judge.errors import ImageError

Mode = Literal["blur", "grey"]
FIELDS = 8  # colour fields along the longer side
KEPT = 512  # shielded pictures kept in memory, some 10 kB each

_made: OrderedDict[tuple[str, int, Mode], bytes] = OrderedDict()
_making = threading.Lock()


def shielded(image: bytes, size: int, mode: Mode = "blur", decoded: media.Picture | None = None) -> bytes:
    """A JPEG, `size` pixels along its longer side, in which no content can be recognised.

    `blur` keeps the colours, `grey` only how bright they are. What cannot be decoded is a plain grey square.
    decoded: the image, where it is decoded already.
    """
    key = (hashlib.sha256(image).hexdigest(), size, mode)
    with _making:
        known = _made.get(key)
        if known is not None:
            _made.move_to_end(key)
            return known
    made = _jpeg(_shielded(image, size, mode, decoded))
    with _making:
        _made[key] = made
        while len(_made) > KEPT:
            _made.popitem(last=False)
    return made


def revealed(image: bytes, max_side: int, view: int = 0) -> bytes:
    """The picture itself as a PNG (small ones) or JPEG, upright, no side over `max_side` pixels, without metadata.

    `view` counts the views that were judged: frames of an animation, transparency over several grounds.

    Raises:
        ImageError: it cannot be decoded, or has no such view.
    """
    views = media.decode(image).views
    if not 0 <= view < len(views):
        raise ImageError(f"the image has no view {view}", hint=f"it has {len(views)}, counted from 0")
    picture = views[view].image
    picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    if max(picture.size) <= 256:  # drawings and icons: JPEG would smear them
        buffer = io.BytesIO()
        _bare(picture).save(buffer, format="PNG")
        return buffer.getvalue()
    return _jpeg(_bare(picture), quality=90)


def _shielded(image: bytes, size: int, mode: Mode, decoded: media.Picture | None) -> Image.Image:
    try:
        picture = (decoded or media.decode(image)).views[0].image
    except ImageError:
        return Image.new("RGB", (size, size), "grey")
    longer = max(picture.size)
    fields = [max(1, round(side * FIELDS / longer)) for side in picture.size]
    shape = [max(1, round(side * size / longer)) for side in picture.size]
    small = picture.resize((fields[0], fields[1]), Image.Resampling.BOX)
    if mode == "grey":
        small = ImageOps.grayscale(small).convert("RGB")
    large = small.resize((shape[0], shape[1]), Image.Resampling.BICUBIC)
    return large.filter(ImageFilter.GaussianBlur(size / FIELDS / 2))


def _bare(picture: Image.Image) -> Image.Image:
    """Pixels only: what else the file said (EXIF, profiles, comments) stays behind."""
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    return bare


def _jpeg(picture: Image.Image, quality: int = 80) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()
