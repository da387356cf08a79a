"""Shadows of constitutions: the same images judged beside, for nobody but the counters. Knows no request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from judge.serving.http.admission import Overloaded
from judge.serving.http.engine import Engine, Lost
from judge.serving.http.queue import TimeUp

if TYPE_CHECKING:
    from judge.serving.http.metrics import Metrics
    from judge.serving.http.worker import JudgedImage

CLIENT = "(shadow)"  # its turn in the queue; no key and no address is called so


class Shadows:
    """Has shadows judge, in turn with the clients; where much waits they do without."""

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._engine, self._metrics = engine, metrics
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, name: str, was: JudgedImage, judge: Callable[[], Awaitable[JudgedImage]]) -> None:
        """Have the shadow of a constitution judge an image, and count what it says; nobody waits for it.

        was: what the constitution itself says. judge: has the shadow judge.
        """
        most = self._engine.most_waiting
        if 2 * self._engine.waiting >= most or len(self._running) >= most:
            self._metrics.unshadowed(name)
            return
        task = asyncio.create_task(self._compare(name, was, judge))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _compare(self, name: str, was: JudgedImage, judge: Callable[[], Awaitable[JudgedImage]]) -> None:
        try:
            now = await judge()
        except (Lost, Overloaded, TimeUp):
            self._metrics.unshadowed(name)
            return
        flipped = (was.verdict, set(was.violations)) != (now.verdict, set(now.violations))
        self._metrics.shadowed(name, was.verdict, now.verdict, flipped=flipped)
