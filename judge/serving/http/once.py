"""What is asked twice is found out once: while it is under way, and for a while after. Knows no image."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Once(Generic[Found]):
    """seconds: that something found is kept. most: how much of it together, as `size` counts; the oldest goes first."""

    def __init__(self, seconds: float, most: int, size: Callable[[Found], int], keep: Callable[[Found], bool]) -> None:
        self._seconds, self._most, self._size, self._keep = seconds, most, size, keep
        self._running: dict[Hashable, asyncio.Task[Found]] = {}
        self._kept: OrderedDict[Hashable, tuple[float, Found]] = OrderedDict()
        self._held = 0

    async def get(self, key: Hashable, find: Callable[[], Awaitable[Found]]) -> tuple[Found, bool]:
        """What goes by a key, and whether somebody else had it found out. Raises what `find` raises."""
        self._forget()
        if key in self._kept:
            return self._kept[key][1], True
        running = self._running.get(key)
        if running is None:
            running = asyncio.ensure_future(self._found(key, find()))  # begun at once, whenever it is waited for
            self._running[key] = running
            running.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody need wait for it
            return await asyncio.shield(running), False
        return await asyncio.shield(running), True

    async def _found(self, key: Hashable, finding: Awaitable[Found]) -> Found:
        try:
            found = await finding
        finally:
            del self._running[key]
        if self._keep(found):
            self._kept[key] = (time.monotonic() + self._seconds, found)
            self._held += self._size(found)
        return found

    def _forget(self) -> None:
        now = time.monotonic()
        while self._kept:
            key, (until, found) = next(iter(self._kept.items()))
            if until > now and self._held <= self._most:
                return
            del self._kept[key]
            self._held -= self._size(found)
