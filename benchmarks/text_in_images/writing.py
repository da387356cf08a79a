"""How well writing is found without reading it, on pictures whose words are known (see `text_regions`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmarks.text_in_images.pairs import Pair
from benchmarks.text_in_images.text_regions import text_regions
from judge import media
from judge.evaluation.measures.figures import Estimate, exact_share
from judge.settings import Frozen

if TYPE_CHECKING:
    from PIL.Image import Image

COVERED = 0.8  # of a box: what is left of the words then can hardly be read


class WritingFound(Frozen):
    """How well writing is found without reading it.

    covered: share of pictures with words whose box is blanked to four fifths or more. overlap: mean of the share of
    the box that is blanked. iou: mean intersection over union of the box with the found regions that touch it.
    blanked_plain: share of plain pictures in which something is blanked. area_plain: mean share of their area.
    """

    worded: int
    plain: int
    covered: Estimate
    overlap: float
    iou: float
    covered_by_kind: dict[str, float]
    blanked_plain: Estimate
    area_plain: float


def writing_found(pairs: Sequence[Pair]) -> WritingFound:
    """How well `text_regions` finds the words of the pairs, and what it blanks where there are none."""
    shares: dict[str, list[float]] = {}
    ious = []
    for pair in pairs:
        regions = text_regions(_first_view(pair.worded.path))
        common = sum(_common(region, pair.box) for region in regions)  # they do not overlap each other
        touching = sum(_area(region) for region in regions if _common(region, pair.box) > 0)
        shares.setdefault(pair.kind, []).append(common / _area(pair.box))
        ious.append(common / (touching + _area(pair.box) - common))
    plain = [_blanked_share(path) for path in dict.fromkeys(pair.plain.path for pair in pairs)]
    every = [share for some in shares.values() for share in some]
    return WritingFound(
        worded=len(every), plain=len(plain),
        covered=exact_share(sum(share >= COVERED for share in every), len(every)),
        overlap=_mean(every), iou=_mean(ious),
        covered_by_kind={kind: _mean([float(share >= COVERED) for share in some]) for kind, some in shares.items()},
        blanked_plain=exact_share(sum(share > 0 for share in plain), len(plain)), area_plain=_mean(plain),
    )  # fmt: skip


def _first_view(path: str) -> Image:
    return media.decode(media.read_bytes(path), path).views[0].image


def _blanked_share(path: str) -> float:
    picture = _first_view(path)
    area = sum(_area(region) for region in text_regions(picture))  # they do not overlap
    return float(area / (picture.width * picture.height))


def _common(one: Sequence[float], other: Sequence[float]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0
