"""An audit as one HTML file that needs no network and no script. Pictures are shown shielded only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from judge.audits.generated import ALL
from judge.audits.shapes import Cell, Difference, GeneratorAudit, Shown
from judge.audits.shares import grouped
from judge.evaluation.measures.figures import Estimate
from judge.evaluation.reports.html.pictures import Shielded, shielded
from judge.evaluation.reports.html.standalone import plain_page

SURE = 0.05  # of a corrected p-value: the usual bound
_FOLDER = Path(__file__).resolve().parent / "generator_page"
_TESTS = 200  # most rows of the table of tests; all are in the JSON


def page(found: GeneratorAudit) -> str:
    """The page. A picture is in it where its file can still be read under the name that it was judged by."""
    return plain_page(
        _FOLDER,
        found=found,
        tables=_tables(found.cells, lambda one: one.prompt_set),
        split=_tables(found.split, lambda one: one.group or ""),
        tests=_surest(found.differences)[:_TESTS],
        sheets=[(model, _sheet(some)) for model, some in grouped(found.shown, lambda one: one.model)],
        percent=percent,
        interval=interval,
        all_sets=ALL,
        sure=SURE,
    )


def percent(share: float | None) -> str:
    """A share as people write it; a dash where there is nothing to divide by."""
    return "-" if share is None else f"{100 * share:.1f} %"


def interval(one: Estimate) -> str:
    """The interval of a share, in percent."""
    return "" if one.low is None or one.high is None else f"{100 * one.low:.1f} to {100 * one.high:.1f}"


def _tables(cells: Iterable[Cell], row: Callable[[Cell], str]) -> list[tuple[str, list[tuple[str, list[Cell]]]]]:
    """By category, rows of cells, one for each model."""
    return [(category, grouped(some, row)) for category, some in grouped(cells, lambda one: one.category)]


def _surest(tests: Iterable[Difference]) -> list[Difference]:
    return sorted(tests, key=lambda one: (one.p_adjusted, one.p_value))


def _sheet(images: Iterable[Shown]) -> list[tuple[Shown, Shielded]]:
    return [(one, shielded(one.name)) for one in images]
