"""Frames of an animation or pages of a file to views, with what transparency lets through."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageOps

from judge.errors import ImageError
from judge.media.budget import Budget
from judge.media.colour import flat, layered
from judge.media.formats import check_size
from judge.media.picture import View

FRAMES = 4  # frames of an animation that are judged, first and last among them
MAX_FRAMES = 1_000


@dataclass(frozen=True, eq=False)
class Seen:
    """What was looked at of a file: see `Picture`. size: of the first frame, upright."""

    size: tuple[int, int]
    views: tuple[View, ...]
    notes: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


def views_of(opened: Image.Image, budget: Budget) -> Seen:
    """The views of an opened image, and what to say of them. The budget is asked before every frame.

    Raises:
        ImageError: not even the first frame may be decoded.
        Exception: whatever Pillow raises of a damaged file.
    """
    frames = int(getattr(opened, "n_frames", 1))
    if frames <= 1 or not getattr(opened, "is_animated", False):
        _pay(opened, budget)
        views, said = _renderings(opened, "image")
        return Seen(views[0].image.size, views, said)
    if frames > MAX_FRAMES:
        raise ImageError(f"an animation too long to decode: {frames} frames", hint="judge its frames as images")
    count = min(FRAMES, frames)
    chosen = sorted({round(index * (frames - 1) / (count - 1)) for index in range(count)})
    seen: list[View] = []
    notes = [f"{frames} frames or pages; judged number {', '.join(str(index + 1) for index in chosen)}"]
    for index in range(chosen[-1] + 1):
        opened.seek(index)
        check_size(opened, budget.limits)  # pages have sizes of their own
        _pay(opened, budget)
        if index in chosen:
            rendered, said = _renderings(opened, f"frame {index + 1}")
            seen += rendered
            notes += said
    return Seen(seen[0].image.size, tuple(seen), tuple(dict.fromkeys(notes)))


def _pay(frame: Image.Image, budget: Budget) -> None:
    why = budget.take(frame.width * frame.height)
    if why is not None:
        raise ImageError(why, hint="judge its frames as images, or shrink it", retryable=budget.late)


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
