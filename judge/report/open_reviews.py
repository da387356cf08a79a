"""What of a batch needs review, images and clips, with its evidence. Knows no store of reviews.

1. how uncertain each is, told from its evidence; 2. the same images once more, in that order. In between a key and a
number of each are held, and no evidence.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from judge.clip_verdict import ClipVerdict
from judge.errors import JudgeError
from judge.printable import printable
from judge.report.tables import Tables
from judge.verdict import Verdict

_COUNTED = """
SELECT count(evidence), count(*) - count(evidence) FROM images
WHERE verdict = 'needs_review' AND copy_of IS NULL
"""
_KEPT = """
SELECT key, sha256, evidence, ranges IS NOT NULL AS clip FROM images
WHERE verdict = 'needs_review' AND copy_of IS NULL AND evidence IS NOT NULL
"""
_ORDERED = f"SELECT key, sha256, evidence, clip FROM ({_KEPT}) JOIN ranked USING (key) ORDER BY rank DESC, key"  # noqa: S608


@dataclass(frozen=True)
class OpenReview:
    """An image or a clip that a person has to look at. sha256: of its bytes; None where there were none."""

    key: str
    sha256: str | None
    verdict: Verdict | ClipVerdict


def open_reviews(tables: Tables, uncertainty: Callable[[Verdict | ClipVerdict], float]) -> Iterator[OpenReview]:
    """Images and clips whose evidence is kept, the most uncertain first; copies are left out.

    Raises:
        JudgeError: the tables change while they are read, or hold what is no verdict.
    """
    keys, ranks = list[str](), array("d")
    for row in tables.stream(_KEPT):
        keys.append(row["key"])
        ranks.append(uncertainty(_verdict(row, tables)))
    tables.hold("ranked", {"key": keys, "rank": ranks})
    for row in tables.stream(_ORDERED):
        yield OpenReview(row["key"], row["sha256"], _verdict(row, tables))


def counted(tables: Tables) -> tuple[int, int]:
    """How many images and clips need review and have evidence, and how many have none; copies are left out."""
    kept, bare = tables.rows(_COUNTED)[0]
    return int(kept), int(bare)


def _verdict(row: dict[str, Any], tables: Tables) -> Verdict | ClipVerdict:
    try:
        return (ClipVerdict if row["clip"] else Verdict).model_validate_json(row["evidence"])
    except ValueError as error:
        key = printable(row["key"])
        raise JudgeError(f"the evidence of {key} in {tables.run.name} is no verdict of this version") from error
