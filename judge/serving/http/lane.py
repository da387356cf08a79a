"""A process that judges, as the engine holds it: what it has loaded, what it is to load, whether it lives."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.serving.http.process import OrderTaker
    from judge.serving.http.queue import QueuedImage
    from judge.serving.http.worker import Loaded, LoadPolicy, OrderRefused

BEING_LOADED = "the models are being loaded"
SILENT = 10.0  # seconds without a sign of life, after which a process is given nothing more
_LONGEST_PAUSE = 30.0  # seconds between tries to start a process that cannot load
Waiting = tuple["LoadPolicy", "asyncio.Future[Loaded | OrderRefused] | None"]


@dataclass(eq=False)
class Lane:
    """loaded: keys of policies. failures: in a row. idle: whether it would judge what comes now. at: images that it is
    at. clip: the one that it is at beside them."""

    process: OrderTaker
    orders: deque[Waiting] = field(default_factory=deque)
    loaded: set[str] = field(default_factory=set)
    failures: int = 0
    idle: bool = False
    at: Sequence[QueuedImage] = ()
    clip: QueuedImage | None = None
    _noticed: float | None = None

    @property
    def ready(self) -> bool:
        """Whether it can judge, as far as one sees."""
        silence = self.process.silence
        return bool(self.loaded) and silence is not None and silence < SILENT

    @property
    def trouble(self) -> str:
        """Why it cannot judge; empty where it can."""
        if self.ready:
            return ""
        silence = self.process.silence
        if self.loaded and silence is not None:
            return f"the process that judges has given no sign of life for {silence:.0f} seconds"
        if self.loaded or self.failures:
            return "the process that judges ended; it is started anew"
        return BEING_LOADED

    def lost(self, patience: float) -> bool:
        """Whether a process that has nothing to do has ended, or has been seen without a sign of life for so long.

        Seen: where all processes were stopped together and go on together, none is ended for the time between.
        """
        silence = self.process.silence
        if not self.loaded or (silence is not None and silence < SILENT):
            self._noticed = None
            return False
        if silence is None:
            return True
        self._noticed = self._noticed or time.monotonic()
        return time.monotonic() - self._noticed > patience

    def start_anew(self, policies: list[LoadPolicy]) -> float:
        """Have it load all policies before what else it is to load. Gives the seconds to wait before: none the first
        time."""
        self.loaded.clear()
        self.idle, self._noticed = False, None
        pause = 0.0 if not self.failures else min(2.0 ** (self.failures - 1), _LONGEST_PAUSE)
        self.failures += 1
        asked = [one for one in self.orders if one[1] is not None]
        known = {order.key for order, _ in asked}
        self.orders = deque([*((one, None) for one in policies if one.key not in known), *asked])
        return pause
