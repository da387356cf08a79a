"""Whether anybody still waits for a clip. Knows no request and no decoder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class GivenUp(Exception):
    """Nobody waits for it any more."""


class Wanted:
    """Somebody waits for a clip, until `give_up` is called, from whatever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given_up = False
        self._ends: list[Callable[[], object]] = []

    def give_up(self) -> None:
        """Nobody waits any more: what is under way is ended."""
        with self._lock:
            self._given_up = True
            ends = tuple(self._ends)
        for end in ends:
            end()

    def check(self) -> None:
        """Go on only where somebody waits.

        Raises:
            GivenUp: nobody does.
        """
        if self._given_up:
            raise GivenUp

    @contextmanager
    def ending(self, end: Callable[[], object]) -> Iterator[None]:
        """Around what `end` ends at once, where nobody waits any more.

        Raises:
            GivenUp: nobody does, before or after.
        """
        with self._lock:
            self.check()
            self._ends.append(end)
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)
        self.check()
