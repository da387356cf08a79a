"""Images that wait to be judged: clients take turns, however many images each has. Knows no process."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.serving.http.worker import JudgedImage


class TimeUp(Exception):
    """Nobody waits for it any more."""


@dataclass(eq=False)
class QueuedImage:
    """An image that is to be judged under a policy. subject: of its bytes, what is `told` beside it, and what is asked.
    until: on the monotonic clock, after which nobody waits for it. alone: a process has died at it, so nothing else is
    risked with it. offence: see `Judge.judge`. request: that it came with, None for no request of a client. waited:
    seconds until it was taken. context: of whoever asked for it, for what is told of it."""

    policy: str
    subject: str
    data: bytes
    done: asyncio.Future[JudgedImage]
    until: float
    alone: bool = False
    told: Mapping[str, str] = field(default_factory=dict)
    offence: bool = False
    request: object = None
    queued: float = field(default_factory=time.monotonic)
    waited: float = 0.0
    context: Context = field(default_factory=copy_context)

    def end(self, why: Exception) -> None:
        """Have it end without a verdict, where it has none."""
        if not self.done.done():
            self.done.set_exception(why)
            self.done.exception()  # whoever waits is told; nobody need wait


class FairQueue:
    """First in, first out for each client; between clients, one after the other."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[QueuedImage]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, client: str, job: QueuedImage) -> None:
        """Have a job wait, until it is taken or nobody waits for what comes of it."""
        self._waiting.setdefault(client, deque()).append(job)
        self._count += 1
        job.done.add_done_callback(lambda done: self._remove(client, job) if done.cancelled() else None)

    def ahead(self, client: str) -> int:
        """How many jobs have their turn before the next one that a client brings."""
        own = len(self._waiting.get(client, ()))
        return own + sum(min(len(jobs), own + 1) for one, jobs in self._waiting.items() if one != client)

    def of_request(self, request: object) -> int:
        """How many jobs of a request wait."""
        return sum(job.request is request for jobs in self._waiting.values() for job in jobs)

    def take(self, most: int, *, risky: bool = True) -> list[QueuedImage]:
        """The next jobs, all under one policy, at most so many; none where nothing waits. Jobs whose time is up are
        ended. risky: whether one that is to be alone may be taken."""
        taken: list[QueuedImage] = []
        passed = 0  # clients in a row whose turn brought nothing
        while self._waiting and len(taken) < most and passed < len(self._waiting):
            client, jobs = next(iter(self._waiting.items()))
            job = jobs[0]
            if job.until < time.monotonic() and not job.done.done():
                job.end(TimeUp())
            if not job.done.done():
                if (job.alone and not risky) or (taken and (job.policy != taken[0].policy or job.alone)):
                    self._waiting.move_to_end(client)
                    passed += 1
                    continue
                job.waited = time.monotonic() - job.queued
                taken.append(job)
                passed = 0
            self._count -= 1
            jobs.popleft()
            if jobs:
                self._waiting.move_to_end(client)
            else:
                del self._waiting[client]
            if job.alone and taken:
                break
        return taken

    def _remove(self, client: str, job: QueuedImage) -> None:
        jobs = self._waiting.get(client, deque())
        if job in jobs:
            jobs.remove(job)
            self._count -= 1
            if not jobs:
                del self._waiting[client]

    def clear(self) -> list[QueuedImage]:
        """Everything that waits, which then waits no more."""
        left = [job for jobs in self._waiting.values() for job in jobs]
        self._waiting.clear()
        self._count = 0
        return left
