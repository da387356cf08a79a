"""What is asked twice is found out once: while it is under way, and for a while after. What nobody waits for any more
is not found out. Knows no image."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Found = TypeVar("Found")


@dataclass(eq=False)
class _Running(Generic[Found]):
    """waiting: how many wait for it."""

    finding: asyncio.Future[Found]
    task: asyncio.Task[Found]
    waiting: int = 0


class Once(Generic[Found]):
    """seconds: that something found is kept. most: how much of it together, as `size` counts; the oldest goes first.
    finish: whether it is found out to the end when whoever asked has gone."""

    def __init__(
        self,
        seconds: float,
        most: int,
        size: Callable[[Found], int],
        keep: Callable[[Found], bool],
        *,
        finish: bool = False,
    ) -> None:
        self._seconds, self._most, self._size, self._keep, self._finish = seconds, most, size, keep, finish
        self._running: dict[Hashable, _Running[Found]] = {}
        self._kept: OrderedDict[Hashable, tuple[float, Found]] = OrderedDict()
        self._held = 0

    async def get(self, key: Hashable, find: Callable[[], Awaitable[Found]]) -> tuple[Found, bool]:
        """What goes by a key, and whether somebody else had it found out. Raises what `find` raises."""
        self._forget()
        if key in self._kept:
            return self._kept[key][1], True
        running, repeated = self._running.get(key), True
        if running is None:
            repeated = False
            finding = asyncio.ensure_future(find())  # begun at once
            running = _Running(finding, asyncio.ensure_future(self._found(key, finding)))
            self._running[key] = running
            running.task.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody need wait for it
        running.waiting += 1
        try:
            return await asyncio.shield(running.task), repeated
        finally:
            running.waiting -= 1
            if not running.waiting and not self._finish and not running.task.done():
                running.finding.cancel()
                del self._running[key]  # at once: whoever asks now has it found out anew

    async def _found(self, key: Hashable, finding: Awaitable[Found]) -> Found:
        own = self._running.get(key)
        try:
            found = await finding
        finally:
            if self._running.get(key) is own:
                self._running.pop(key, None)
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
