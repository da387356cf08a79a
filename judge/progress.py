"""How far something has come: a bar on stderr, where there are many things and somebody to watch."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
_MANY = 10  # fewer are done before anybody looks


def watched(items: Iterable[Item], total: int | None, what: str) -> Iterator[Item]:
    """The items, as they come. total: how many there will be; None where nobody has counted. what: is done to them."""
    if (total is not None and total < _MANY) or not somebody_watches():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, total=total, description=what, console=Console(stderr=True))


def somebody_watches() -> bool:
    """Whether stderr is a terminal, and no log file."""
    return sys.stderr is not None and sys.stderr.isatty()
