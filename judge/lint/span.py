"""A place in a constitution's text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """Where something stands: 1-based line and column, and how many characters of that line it takes."""

    line: int
    column: int
    length: int = 1
