"""Frames of an animation or pages of a file to views, with what transparency lets through."""

from __future__ import annotations

from PIL import Image, ImageOps

from judge.errors import ImageError
from judge.media.colour import flat, layered
from judge.media.formats import MAX_PIXELS, check_size
from judge.media.picture import View

FRAMES = 4  # frames of an animation that are judged, first and last among them
MAX_FRAMES = 1_000


def views_of(opened: Image.Image) -> tuple[tuple[View, ...], tuple[str, ...]]:
    """The views of an opened image, and notes on how they came about."""
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
        check_size(opened)  # pages have sizes of their own
        rendered, said = _renderings(opened, f"frame {index + 1}")
        views += rendered
        notes += said
    return tuple(views), tuple(dict.fromkeys(notes))


def _renderings(frame: Image.Image, name: str) -> tuple[tuple[View, ...], tuple[str, ...]]:
    upright = ImageOps.exif_transpose(frame)
    if not upright.has_transparency_data:
        return (View(name, flat(upright)),), ()
    over = layered(upright)
    alpha_low, _ = over.getchannel("A").getextrema()
    if alpha_low == 255:
        return (View(name, over.convert("RGB")),), ()
    prefix = "" if name == "image" else f"{name}, "
    views = tuple(View(f"{prefix}over {colour}", _over(over, colour)) for colour in ("white", "black"))
    return views, ("has transparency; judged over white and over black",)


def _over(layered: Image.Image, colour: str) -> Image.Image:
    ground = Image.new("RGBA", layered.size, colour)
    return Image.alpha_composite(ground, layered).convert("RGB")
