"""A report as one HTML file that needs no network and no script. Pictures are shown shielded only."""

from __future__ import annotations

from pathlib import Path

from judge.evaluation.reports.html import palette
from judge.evaluation.reports.html.pictures import Shielded, shielded
from judge.report.figures import BatchFigures, ListedImage
from judge.report.text import told

_FOLDER = Path(__file__).resolve().parent
_WORDS = {"violation": "violation", "needs_review": "needs review", "no_violation": "no violation"}


def page(found: BatchFigures) -> str:
    """The page. A picture is in it where its file can still be read under the name that it was judged by."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    days = sorted({day for day, _, _ in found.by_day})
    return environment.get_template("page.html.j2").render(
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
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        light=palette.variables(palette.LIGHT),
        dark=palette.variables(palette.DARK),
    )


def _sheet(images: tuple[ListedImage, ...]) -> list[tuple[ListedImage, str, Shielded]]:
    return [(one, told(one), shielded(one.name)) for one in images]
