"""The image under review, or a clip's frames, as HTML: shielded, or the original after a reveal. Pictures travel as
data URIs, so that no address ever serves an original and no file of one is left behind."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from judge.review.queue.moments import Timeline
from judge.review.shield import revealed, shielded
from judge.review.ui import render
from judge.review.ui.chains import ChainBox, boxes_of
from judge.verdict import Verdict

SHIELD_SIDE = 320  # pixels: there is nothing fine in a shielded picture, so the page may enlarge it
ORIGINAL_SIDE = 2048  # what the judge looked at has no more


@dataclass(frozen=True)
class _View:
    name: str
    source: str
    width: int
    height: int
    boxes: tuple[ChainBox, ...]


def shield(verdict: Verdict, image: bytes | None, *, regions: bool = True) -> str:
    """The shielded picture, with the central regions as outlines where they may be seen; a note where no image was
    kept."""
    if image is None:
        return _html((), original=False)
    picture = shielded(image, SHIELD_SIDE)
    return _html((_view(verdict, picture, 0, regions),), original=False)


def original(verdict: Verdict, image: bytes, *, regions: bool = True) -> str:
    """Every view that was judged, as it is; regions as for `shield`.

    Raises:
        ImageError: it cannot be decoded.
    """
    count = max(len(verdict.image_facts.views), 1)
    views = tuple(_view(verdict, revealed(image, ORIGINAL_SIDE, place), place, regions) for place in range(count))
    return _html(views, original=True)


def frames(line: Timeline, pictures: Sequence[bytes | None], size: tuple[int, int], *, original: bool) -> str:
    """The moments of a clip, of which the page shows one at a time. size: of a frame, where one cannot be shown."""
    views: list[_View | None] = []
    for moment, picture in zip(line.moments, pictures, strict=True):
        if picture is None:
            views.append(None)
        elif moment.verdict is not None:
            views.append(_view(moment.verdict, picture, 0))
        else:
            with Image.open(io.BytesIO(picture)) as opened:
                views.append(_View(moment.at, _uri(picture, opened.format), *opened.size, ()))
    return render.html("stage_film", views=views, line=line, size=size, original=original)


def _html(views: tuple[_View, ...], *, original: bool) -> str:
    """Several views stand in rows, as square as can be."""
    columns = math.ceil(math.sqrt(max(len(views), 1)))
    rows = math.ceil(max(len(views), 1) / columns)
    return render.html("stage", views=views, original=original, columns=columns, rows=rows)


def _view(verdict: Verdict, picture: bytes, place: int, regions: bool = True) -> _View:
    facts = verdict.image_facts
    with Image.open(io.BytesIO(picture)) as opened:
        kind, size = opened.format or "jpeg", opened.size
    name = facts.views[place] if place < len(facts.views) else "image"
    known = facts.width is not None and facts.height is not None
    width, height = (facts.width or 1, facts.height or 1) if known else size
    boxes = tuple(box for box in boxes_of(verdict) if box.view in facts.about(name)) if known and regions else ()
    return _View(name, _uri(picture, kind), width, height, boxes)


def _uri(picture: bytes, kind: str | None) -> str:
    return f"data:image/{(kind or 'jpeg').lower()};base64,{base64.b64encode(picture).decode()}"
