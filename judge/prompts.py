"""Renders what is said to a model. The texts are jinja2 files in `prompts/`, one per thing said; what is said in
several languages has a folder for each (`de/ask`, see `judge.languages`)."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.resources import shipped

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment(folder: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(folder), undefined=StrictUndefined, autoescape=False)  # noqa: S701 plain text, not HTML


def render(name: str, **values: Any) -> str:
    """The text of `prompts/NAME.j2` with `values` put in.

    Raises:
        jinja2.UndefinedError: a value the prompt names is not given.
    """
    return _environment(shipped("prompts")).get_template(f"{name}.j2").render(**values)


@cache
def digest(name: str) -> str:
    """SHA-256 of the prompt's source text."""
    return hashlib.sha256((shipped("prompts") / f"{name}.j2").read_bytes()).hexdigest()
