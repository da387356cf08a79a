"""A report as one HTML file that needs no network and no script. Pictures are shown shielded only."""

from __future__ import annotations

from pathlib import Path

from judge.evaluation.reports.html.pictures import Shielded, shielded
from judge.evaluation.reports.html.standalone import plain_page
from judge.report.figures import BatchFigures, ListedImage
from judge.report.text import told

_FOLDER = Path(__file__).resolve().parent
_WORDS = {"violation": "violation", "needs_review": "needs review", "no_violation": "no violation"}


def page(found: BatchFigures) -> str:
    """The page. A picture is in it where its file can still be read under the name that it was judged by."""
    days = sorted({day for day, _, _ in found.by_day})
    return plain_page(
        _FOLDER,
        found=found,
        words=_WORDS,
        days=[(day, {word: count for at, word, count in found.by_day if at == day}) for day in days],
        sheets=(
            (
                "Most uncertain",
                "What needs review first, then facts nearest to an even chance.",
                _sheet(found.uncertain),
            ),
            ("Nearest to a violation", "One fact was wanting, the likeliest first.", _sheet(found.near)),
        ),
    )


def _sheet(images: tuple[ListedImage, ...]) -> list[tuple[ListedImage, str, Shielded]]:
    return [(one, told(one), shielded(one.name)) for one in images]
