"""Frames of an animation or pages of a file to views, with what transparency lets through."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from judge.errors import ImageError
from judge.media.budget import Budget
from judge.media.colour import flat, layered
from judge.media.formats import check_size
from judge.media.picture import View
from judge.media.reduce import shrunk, upright

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
        return _together([_renderings(opened, "image", budget.view_pixels(1))], (), budget)
    if frames > MAX_FRAMES:
        raise ImageError(f"an animation too long to decode: {frames} frames", hint="judge its frames as images")
    count = min(FRAMES, frames)
    chosen = sorted({round(index * (frames - 1) / (count - 1)) for index in range(count)})
    seen: list[Seen] = []
    for index in range(chosen[-1] + 1):
        opened.seek(index)
        check_size(opened, budget.limits)  # pages have sizes of their own
        _pay(opened, budget)
        if index in chosen:
            seen.append(_renderings(opened, f"frame {index + 1}", budget.view_pixels(count)))
    note = f"{frames} frames or pages; judged number {', '.join(str(index + 1) for index in chosen)}"
    return _together(seen, (note,), budget)


def _pay(frame: Image.Image, budget: Budget) -> None:
    why = budget.take(frame.width * frame.height)
    if why is not None:
        raise ImageError(why, hint="judge its frames as images, or shrink it", retryable=budget.late)


def _together(seen: list[Seen], notes: tuple[str, ...], budget: Budget) -> Seen:
    """All views of a file, small enough to share its pixels."""
    most = budget.view_pixels(sum(len(one.views) for one in seen))
    views = tuple(View.of_frame(view.name, shrunk(view.image, most), one.size) for one in seen for view in one.views)
    said = dict.fromkeys(note for one in seen for note in one.notes)
    return Seen(seen[0].size, views, (*notes, *said))


def _renderings(frame: Image.Image, name: str, most: int) -> Seen:
    """The views of one frame, each of at most `most` pixels."""
    image, size = upright(frame, most)
    if not image.has_transparency_data:
        return Seen(size, (View.of_frame(name, shrunk(flat(image), most), size),))
    over = shrunk(layered(image), most)
    alpha_low, _ = over.getchannel("A").getextrema()
    if alpha_low == 255:
        return Seen(size, (View.of_frame(name, over.convert("RGB"), size),))
    prefix = "" if name == "image" else f"{name}, "
    views = tuple(View.of_frame(f"{prefix}over {colour}", _over(over, colour), size) for colour in ("white", "black"))
    return Seen(size, views, ("has transparency; judged over white and over black",))


def _over(layered: Image.Image, colour: str) -> Image.Image:
    ground = Image.new("RGBA", layered.size, colour)
    return Image.alpha_composite(ground, layered).convert("RGB")
