"""Fills a template of a page that needs no network and no other file: everything in it escaped, in light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judge.evaluation.reports.html import palette

_BASE = Path(__file__).resolve().parent / "base.css"


def environment(folder: Path) -> Any:
    """Jinja over the templates in a folder: what is missing is an error, and what is put in is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def plain_page(folder: Path, **values: Any) -> str:
    """`page.html.j2` of a folder, filled with `values`, and with `style` (what plain pages share, then the folder's own
    `page.css`) and the colours `light` and `dark`."""
    text: str = (
        environment(folder)
        .get_template("page.html.j2")
        .render(
            style=_BASE.read_text(encoding="utf-8") + (folder / "page.css").read_text(encoding="utf-8"),
            light=palette.variables(palette.LIGHT),
            dark=palette.variables(palette.DARK),
            **values,
        )
    )
    return text
