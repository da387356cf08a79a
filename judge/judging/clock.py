"""How long judging takes: seconds per stage, and when there is no time left for a picture."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Runs from when it is made. limit: seconds after which no more may be asked."""

    def __init__(self, limit: float = math.inf) -> None:
        self.limit = limit
        self._end = time.monotonic() + limit
        self.spent: dict[str, float] = {}

    @property
    def over(self) -> bool:
        """Whether the time is up. What is under way then is not broken off; nothing new is begun."""
        return time.monotonic() >= self._end

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts what is done inside as time of a stage."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - begun

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done inside is no picture's own: it does not bring the end nearer."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self._end += time.monotonic() - begun


def timings(decode: float, shared: Clock | None = None, among: int = 1, own: Clock | None = None) -> dict[str, float]:
    """Seconds per stage of one file, and their `total`.

    decode: its own. shared: of the pictures it was judged with, None where it was not judged; it has an even share,
    `among` so many. own: what it took by itself.
    """
    found = {"decode": decode}
    if shared is not None:
        found |= {stage: spent / among for stage, spent in shared.spent.items()}
    for stage, spent in own.spent.items() if own is not None else ():
        found[stage] = found.get(stage, 0.0) + spent
    return {**{stage: round(spent, 6) for stage, spent in found.items()}, "total": round(sum(found.values()), 6)}
