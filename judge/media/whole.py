"""Whether a file that could be decoded was whole: what is missing of it, and what it holds beside what was decoded.

Decoders are lenient: they fill up what is missing, with grey or with nothing, and say so at most in a log. What a
person is shown of such a file later, elsewhere, need not be what was judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from judge.causes import Why
from judge.media import beside, boxes, containers, gif, jpeg, png, tiff
from judge.media.budget import Budget
from judge.media.formats import open_image
from judge.media.gaps import Detail, Gap, Note, cut, elsewhere, raised

if TYPE_CHECKING:
    from judge.media.tiff import Numbers


@dataclass
class _Checked:
    """spans: (start, end) of the bytes that the picture is made of, as far as they can be told. end: where it ends, if
    that can be told. gaps: what is missing. other: why some programs may show something else.
    pages: where directories of a TIFF begin."""

    spans: Sequence[tuple[int, int]] | Numbers = ()
    end: int | None = None
    gaps: list[Why] = field(default_factory=list)
    other: Why | None = None
    pages: set[int] = field(default_factory=set)

    @classmethod
    def up_to(cls, end: int | None, wrong: Why | None = None, other: Why | None = None) -> _Checked:
        """Of a file in one piece. wrong: what is missing, unless all that is known is that it has no end."""
        if end is None and wrong is None:
            wrong = Why.of(Detail.NO_END)
        return cls([(0, end)] if end is not None else [], end, [cut(wrong)] if wrong is not None else [], other)


def check(
    data: bytes, kind: str, frames: int, budget: Budget, *, mode: str, profiled: bool
) -> tuple[list[Why], list[Why]]:
    """What to say of a file of a kind (Pillow's name of it) that could be opened.

    frames: how many there are for its decoder. mode: what its decoder makes of it (Pillow's name). profiled: whether
    it found a colour profile.
    Returns: notes, and gaps. The budget is another one than that of decoding: all is gone over again.
    """
    try:
        found = _of_kind(data, kind, budget, mode=mode, profiled=profiled)
        if found.other is not None:
            found.gaps.append(elsewhere(found.other))
        if kind in ("AVIF", "HEIF"):
            found.gaps += boxes.unseen(data, frames=frames, all_shown=kind == "HEIF", alpha="A" in mode)
        said = beside.look(data, found.spans, found.end, budget, found.pages) if len(found.spans) else None
    except MemoryError:  # says nothing of the file
        raise
    except Exception as error:  # frames that could be read were seen: what cannot be is a gap beside them
        return [], [cut(raised(error))]
    if said is None:
        return [], found.gaps
    return ([said], found.gaps) if isinstance(said.cause, Note) else ([], [*found.gaps, said])


def _of_kind(data: bytes, kind: str, budget: Budget, *, mode: str, profiled: bool) -> _Checked:
    if kind in ("JPEG", "MPO"):
        return _jpegs(data, kind, budget)
    if kind == "TIFF":
        pages = tiff.look_through(data, budget)
        spans = pages.spans
        if not pages.complete:
            return _Checked(gaps=pages.gaps)
        return _Checked(spans, int(spans[:, 1].max()), pages.gaps, pages=pages.pages)
    if kind == "PNG":
        end, wrong = png.damage(data, budget.take)
        return _Checked.up_to(end, wrong, png.shown_differently(data, profiled=profiled))
    if kind == "BMP":
        end, other = containers.bmp_end(data), containers.bmp_shown_differently(data, mode)
        if other is not None:
            return _Checked(other=other)
        return _Checked([(0, end)], end, [cut(Why.of(Detail.PIXELS_END))] if end > len(data) else [])
    if kind == "GIF":
        end, other = gif.look(data)
        return _Checked.up_to(end, other=other)
    return _Checked.up_to(containers.webp_end(data) if kind == "WEBP" else boxes.end(data))


def _jpegs(data: bytes, kind: str, budget: Budget) -> _Checked:
    """Of a JPEG, or of every picture in one file of several."""
    spans: list[tuple[int, int]] = []
    gaps: list[Why] = []
    last = None
    other = None
    for number, (start, profile) in enumerate(_starts(data), 1):
        why = budget.take(1)
        if why is not None:
            return _Checked(gaps=[*gaps, why])
        part = memoryview(data)[start:]
        said = jpeg.markers(part)
        wrong = jpeg.damage(part, said)
        if wrong is not None:
            gaps.append(Why.of(Gap.FRAME_CUT, frame=number, why=wrong) if kind == "MPO" else cut(wrong))
        if said.profile and (profile is None or jpeg.whole_profile(said.profile) != profile):
            other = Why.of(Detail.PROFILE_PARTS)
        last = None if said.end is None else start + said.end
        if last is not None:
            spans.append((start, last))
    return _Checked(spans, max(end for _, end in spans) if spans else None, gaps, other)


def _starts(data: bytes) -> Iterator[tuple[int, bytes | None]]:
    """Where each picture of a JPEG begins, and the colour profile that was read of it."""
    with open_image(data) as opened:
        for index in range(getattr(opened, "n_frames", 1)):
            opened.seek(index)
            yield int(getattr(opened, "offset", 0)), opened.info.get("icc_profile")
