"""Whether a file that could be decoded was whole: what is missing of it, and what lies behind its end.

Decoders are lenient: they fill up what is missing, with grey or with nothing, and say so at most in a log. What a
person is shown of such a file later, elsewhere, need not be what was judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from PIL import Image

from judge.media import containers, jpeg, png
from judge.media.budget import Budget
from judge.media.formats import open_image
from judge.media.looking import MOST, reason

_PICTURE = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n|GIF8[79]a|RIFF....WEBP|....ftyp(?:avi|hei|mif)", re.DOTALL)
_FILM = re.compile(rb"....ftyp|....moov|\x1aE\xdf\xa3", re.DOTALL)
_TRIED = 100  # places behind the end at which a picture may begin
_GAIN_MAP = b"hdrgm:Version"
_JPEG_IN_TIFF = 7


def check(data: bytes, kind: str, budget: Budget) -> tuple[list[str], list[str]]:
    """What to say of a file of a kind (Pillow's name of it) that could be opened.

    Returns: notes, and gaps. The budget is another one than that of decoding: all is gone over again.
    """
    try:
        end, gaps = _of_kind(data, kind, budget)
    except MemoryError:  # says nothing of the file
        raise
    except Exception as error:  # frames that could be read were seen: what cannot be is a gap beside them
        end, gaps = None, [_cut(reason(error))]
    notes: list[str] = []
    if end is not None and data[end:].strip(b"\0"):
        said, is_gap = _behind(data, end, budget)
        (gaps if is_gap else notes).append(said)
    return notes, gaps


def _of_kind(data: bytes, kind: str, budget: Budget) -> tuple[int | None, list[str]]:
    """Where the file ends, if that can be told, and its gaps."""
    if kind in ("JPEG", "MPO"):
        return _jpegs(data, kind, budget)
    if kind == "PNG":
        end, wrong = png.damage(data, budget.take)
        return end, [_cut(wrong)] if wrong is not None else []
    if kind == "TIFF":
        return None, list(_in_tiff(data, budget))
    ends = {
        "GIF": containers.gif_end, "WEBP": containers.webp_end, "AVIF": containers.boxes_end,
        "HEIF": containers.boxes_end,
    }  # fmt: skip
    if kind not in ends:
        return None, []
    end = ends[kind](data)
    if end is None:
        return None, [_cut("it ends before its end mark")]
    if kind == "HEIF" and b"moov" in containers.boxes(data):
        return end, ["it holds a film beside its pictures, which was not judged"]
    return end, []


def _jpegs(data: bytes, kind: str, budget: Budget) -> tuple[int | None, list[str]]:
    """Of a JPEG, or of every picture in one file of several."""
    last: int | None = None
    gaps: list[str] = []
    for number, start in enumerate(_starts(data) if kind == "MPO" else [0], 1):
        why = budget.take(1)
        if why is not None:
            return None, [*gaps, why]
        part = memoryview(data)[start:]
        said = jpeg.markers(part)
        wrong = jpeg.damage(part, said)
        if wrong is not None:
            gaps.append(_cut(wrong, f"frame {number}" if kind == "MPO" else "the file"))
        last = None if said.end is None else start + said.end
    return last, gaps


def _starts(data: bytes) -> Iterator[int]:
    with open_image(data) as opened:
        for index in range(getattr(opened, "n_frames", 1)):
            opened.seek(index)
            yield int(getattr(opened, "offset", 0))


def _in_tiff(data: bytes, budget: Budget) -> Iterator[str]:
    with open_image(data) as opened:
        for index in range(MOST):  # not `n_frames`, for which Pillow walks through every page at once
            try:
                opened.seek(index)
            except EOFError:
                return
            why = budget.take(1)
            if why is not None:
                yield why
                return
            wrong = _in_page(data, opened)
            if wrong is not None:
                yield _cut(wrong, f"page {index + 1}")


def _in_page(data: bytes, page: Image.Image) -> str | None:
    """What is wrong with a page of a TIFF: pixels beyond the end of the file, or JPEG data that are cut."""
    tags = getattr(page, "tag_v2", {})
    starts, sizes = tags.get(273, tags.get(324, ())), tags.get(279, tags.get(325, ()))
    tables = bytes(tags.get(347, b""))
    for start, size in zip(starts, sizes, strict=False):
        if start + size > len(data):
            return "its pixels lie beyond the end of the file"
        if tags.get(259) == _JPEG_IN_TIFF:
            part = memoryview(data)[start : start + size]
            whole = tables[:-2] + bytes(part[2:]) if tables else part
            wrong = jpeg.damage(whole, jpeg.markers(whole))
            if wrong is not None:
                return wrong
    return None


def _behind(data: bytes, end: int, budget: Budget) -> tuple[str, bool]:
    """What to say of the bytes behind the end, and whether it is a gap: another picture is, unless it is a gain map,
    with which a phone brightens a picture on screens that can. Nothing shows that by itself."""
    size = f"{len(data) - end} bytes behind the end of the picture"
    found = [match.start() for match in islice(_PICTURE.finditer(data, end), _TRIED + 1)]
    another = f"{size} hold another picture, which was not judged"
    if len(found) > _TRIED:
        return another, True
    pictures = 0
    for place in found:
        why = budget.take(1)  # opening can take long: some decoders look for their next mark to the end
        if why is not None:
            return f"{size} were not looked through: {why}", True
        pictures += _opens(data[place:])
        if pictures > 1 or (pictures and _GAIN_MAP not in data[:end]):
            return another, True
    if pictures:
        return "has a gain map for bright screens; judged without it", False
    if _FILM.search(data, end, end + 4096):
        return f"{size} look like a film, which was not judged", False
    return f"{size} were not looked at", False


def _opens(data: bytes) -> bool:
    try:
        open_image(data).close()
    except Exception:  # whatever decoders raise of what is no picture
        return False
    return True


def _cut(why: str, what: str = "the file") -> str:
    return f"{what} is cut or damaged ({why})"
