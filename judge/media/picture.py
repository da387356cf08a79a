"""What decoding leaves: a picture and its views."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image


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
