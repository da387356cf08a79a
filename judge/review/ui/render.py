"""Fills the HTML templates of every room. Everything put in is escaped; a name that is not given is an error."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_NAMES = ("ui", "queue", "uploads", "workbench", "dashboard", "team")
_ROOMS = [Path(__file__).resolve().parents[1] / room for room in _NAMES]
_WORDS = {
    "violation": "Violation",
    "no_violation": "No violation",
    "needs_review": "Needs review",
    "violated": "Violated",
    "not_violated": "Not violated",
    "undecided": "Undecided",
    "pruned": "Pruned",
    "holds": "holds",
    "fails": "fails",
    "not_asked": "not asked",
    "escalate": "Escalated",
    "skip": "Skipped",
    "upload": "Upload",
    "batch": "Batch",
    "server": "Server",
    "sample": "Sample",
    "open": "Open",
    "leased": "Being reviewed",
    "decided": "Decided",
    "escalated": "Escalated",
    "second_read": "Second read",
    "low": "Low",
    "medium": "Medium",
    "high": "High",
    "critical": "Critical",
}


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([room / "templates" for room in _ROOMS]),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["word"] = word
    environment.filters["few"] = few
    environment.filters["named"] = named
    environment.filters["said_of_all"] = said_of_all
    environment.filters["capitalise"] = lambda text: text[:1].upper() + text[1:]
    environment.filters["signed"] = lambda number: f"{number:+.2f}".replace("-", "\N{MINUS SIGN}")
    return environment


def word(name: str) -> str:
    """A name of the program's in a person's words: `no_violation` is shown as `No violation`."""
    return _WORDS.get(str(name), str(name).replace("_", " "))


def said_of_all(reasons: Sequence[str]) -> str:
    """What each of these lines says after the rule that it names, where all say the same; else nothing."""
    rests = {rest if colon else "" for _, colon, rest in (one.partition(": ") for one in reasons)}
    return rests.pop() if len(rests) == 1 else ""


def few(names: Sequence[str], most: int = 3) -> str:
    """The first names, and how many more there are: a line that stays a line, however many rules are violated."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def named(image: str, most: int = 48) -> str:
    """An image's name without its folders; of a long one the middle is left out, as its end says what file it is."""
    name = image.replace("\\", "/").rsplit("/", 1)[-1]
    return name if len(name) <= most else f"{name[: most - 13]}\N{HORIZONTAL ELLIPSIS}{name[-12:]}"


def html(template: str, **values: Any) -> str:
    """The template `TEMPLATE.html` with `values` put in.

    Raises:
        jinja2.UndefinedError: a value the template names is not given.
    """
    return _environment().get_template(f"{template}.html").render(**values)


def safe(markup: str) -> Markup:
    """HTML that a template made, to be put into another as it is."""
    from markupsafe import Markup

    return Markup(markup)  # noqa: S704 every value in it was escaped when it was made


def static(name: str) -> str:
    """The text of a file in the `static/` of a room."""
    found = (room / "static" / name for room in _ROOMS)
    return next(file for file in found if file.is_file()).read_text(encoding="utf-8")
