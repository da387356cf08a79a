"""Frames of an animation or pages of a file to views, with what transparency lets through.

1. Look through every frame once, as small fingerprints. 2. Choose those that differ, the ones that differ most first.
3. Make their views. 4. Say what was not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from judge.causes import Why
from judge.errors import ImageError
from judge.media.budget import Budget
from judge.media.gaps import Gap, Note, elsewhere, raised
from judge.media.grounds import renderings
from judge.media.likeness import spread
from judge.media.looking import Frame, Looked, frame_at, look_through
from judge.media.picture import View
from judge.media.reduce import shrunk
from judge.words import joined

_NAMED = 10  # numbers of frames in one remark


@dataclass(frozen=True, eq=False)
class Seen:
    """What was looked at of a file: see `Picture`. size: of the first frame, upright. frames: how many there are."""

    size: tuple[int, int]
    views: tuple[View, ...]
    frames: int
    notes: tuple[Why, ...] = ()
    gaps: tuple[Why, ...] = ()


def views_of(opened: Image.Image, budget: Budget) -> Seen:
    """The views of an opened image, and what to say of them. The budget is asked before every frame.

    A frame has at most four views, so a file has at most four times `limits.frames`.

    Raises:
        ImageError: not even the first frame may be decoded.
        Exception: whatever Pillow raises of a damaged file, where no frame can be read.
    """
    if not _several(opened):
        frame = frame_at(opened, 0, budget)
        only, grounds = _views(frame, "", budget.view_pixels(1))
        return Seen(frame.size, _sharing(only, budget), 1, _said(grounds), _elsewhere([frame.strange]))
    looked = look_through(opened, budget)
    found = spread(looked.prints, budget.limits.frames)
    chosen = sorted(looked.numbers[place][0] for place in found.chosen)
    left = sorted(number for place in found.unlike for number in looked.numbers[place])
    lost: dict[int, Why] = {}
    sizes: list[tuple[int, int]] = []
    views: list[View] = []
    behind: list[str] = []
    for number, frame in _frames(opened, looked, chosen, budget, lost):
        shown, grounds = _views(frame, f"frame {number + 1}", budget.view_pixels(len(chosen)))
        sizes.append(frame.size)
        views += shown
        behind += grounds
    if not views:
        raise ImageError(str(next(iter(lost.values()), "has no frames")), retryable=budget.late)
    seen = [number for number in chosen if number not in lost]
    notes = [_judged(looked, seen, complete=not left and not lost)]
    gaps = [
        *looked.gaps(),
        *_elsewhere(looked.strange),
        *(Why.of(Gap.FRAME_LOST, frame=number + 1, why=why) for number, why in lost.items()),
    ]
    if left:
        much = len(left) > budget.limits.unseen_share * looked.total
        (gaps if much else notes).append(_unlike(left, looked.total, len(seen)))
    return Seen(sizes[0], _sharing(views, budget), looked.total, (*notes, *_said(behind)), tuple(gaps))


def _several(opened: Image.Image) -> bool:
    try:
        return bool(getattr(opened, "is_animated", False))
    except Exception:  # it looks for a second frame, which may be damaged
        return True


def _frames(
    opened: Image.Image, looked: Looked, numbers: Sequence[int], budget: Budget, lost: dict[int, Why]
) -> Iterator[tuple[int, Frame]]:
    """The frames with these numbers, one at a time; those that cannot be read a second time are noted in `lost`."""
    for number in numbers:
        try:
            frame = looked.copies.pop(number, None) or frame_at(opened, number, budget)
        except MemoryError:
            raise
        except Exception as error:  # decoders of broken files raise nearly anything
            lost[number] = raised(error)
        else:
            yield number, frame


def _views(frame: Frame, name: str, most: int) -> tuple[tuple[View, ...], tuple[str, ...]]:
    """Views of one frame, of at most `most` pixels, and the names of the grounds that its transparency is seen over."""
    if frame.image.mode != "RGBA":
        return (View.of_frame(name or "image", shrunk(frame.image, most), frame.size),), ()
    shown = renderings(frame.image, lambda image: shrunk(image, most))
    named = [(f"{name}, {ground}" if name else ground, image) for ground, image in shown]
    return tuple(View.of_frame(one, image, frame.size) for one, image in named), tuple(ground for ground, _ in shown)


def _sharing(views: Sequence[View], budget: Budget) -> tuple[View, ...]:
    """All views of a file, small enough to share its pixels."""
    most = budget.view_pixels(len(views))
    sizes = [view.image.size if view.shows is None else (int(view.shows[2]), int(view.shows[3])) for view in views]
    return tuple(
        View.of_frame(view.name, shrunk(view.image, most), size) for view, size in zip(views, sizes, strict=True)
    )


def _said(grounds: Iterable[str]) -> tuple[Why, ...]:
    names = tuple(dict.fromkeys(grounds))
    return (Why.of(Note.TRANSPARENT, grounds=joined(names)),) if names else ()


def _elsewhere(strange: Iterable[Why | None]) -> tuple[Why, ...]:
    return tuple(elsewhere(why) for why in strange if why is not None)


def _judged(looked: Looked, seen: Sequence[int], *, complete: bool) -> Why:
    numbers = ", ".join(str(number + 1) for number in seen)
    alike = complete and len(seen) + len(looked.damage) < looked.total
    return Why.of(Note.FRAMES_ALIKE if alike else Note.FRAMES_JUDGED, total=looked.total, numbers=numbers)


def _unlike(left: Sequence[int], total: int, judged: int) -> Why:
    numbers = ", ".join(str(number + 1) for number in left[:_NAMED]) + ", ..." * (len(left) > _NAMED)
    return Why.of(Gap.FRAMES_UNLIKE, left=len(left), total=total, judged=judged, numbers=numbers)
