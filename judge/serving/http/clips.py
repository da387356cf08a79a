"""Clips that wait to be judged, and how long each may take. Knows no request's form.

A process judges one clip at a time, a few frames at each turn, and images have their turn between. Clients take turns
with clips as they do with images. A clip is let in where it will be begun when one that is being judged now has ended,
at the latest: so each has the time that a clip is given, and is answered while its request may still be.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from judge.serving.http.admission import Overloaded
from judge.serving.http.bounds import CLIP_SHARE
from judge.serving.http.queue import FairQueue, QueuedImage

if TYPE_CHECKING:
    from judge.serving.http.bounds import EngineBounds
    from judge.serving.http.lane import Lane


class ClipDesk:
    """Clips that wait for one of a few lanes. It belongs to one event loop."""

    def __init__(self, bounds: EngineBounds, lanes: Sequence[Lane]) -> None:
        self._bounds, self._lanes, self._queue = bounds, lanes, FairQueue()
        self._pace = 0.0  # seconds that a clip took, of late

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, client: str, job: QueuedImage) -> None:
        """Have a clip wait. Of a request of which one waits or is judged all are let in; they share its time.

        Raises:
            Overloaded: too many wait already.
        """
        free = sum(lane.ready and lane.clip is None for lane in self._lanes)
        ahead = self._queue.ahead(client)
        if ahead >= self._ready + free and not (job.request is not None and self._of(job.request)):
            raise Overloaded("too many clips wait to be judged", (1 + ahead - free) * self._pace / self._ready)
        self._queue.put(client, job)

    def take(self, lane: Lane) -> QueuedImage | None:
        """The next clip for a lane that is at none, which is at it from now on; None where there is none for it. One at
        which a process has died is judged alone."""
        if not lane.ready or any(job.alone for job in lane.at):
            return None
        for job in self._queue.take(1, risky=not lane.at):
            lane.clip = job
        return lane.clip

    def seconds(self, job: QueuedImage) -> float:
        """How long a clip that is begun now may take: what its request has left, divided among its clips."""
        left = job.until - time.monotonic() - (1 - 2 * CLIP_SHARE) * self._bounds.seconds  # the rest is for the answer
        others = self._queue.of_request(job.request) if job.request is not None else 0
        return max(0.1, min(CLIP_SHARE * self._bounds.seconds, left / math.ceil((1 + others) / self._ready)))

    def took(self, seconds: float) -> None:
        """A clip took so long."""
        self._pace = 0.5 * self._pace + 0.5 * seconds if self._pace else seconds

    def clear(self) -> list[QueuedImage]:
        """Everything that waits, which then waits no more."""
        return self._queue.clear()

    @property
    def _ready(self) -> int:
        return max(1, sum(lane.ready for lane in self._lanes))

    def _of(self, request: object) -> bool:
        at = any(lane.clip is not None and lane.clip.request is request for lane in self._lanes)
        return at or self._queue.of_request(request) > 0
