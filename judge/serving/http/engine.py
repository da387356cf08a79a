"""Has images judged by a few processes: those that wait are judged together, clients take turns. Knows no request.

1. `judge` puts an image into the queue; 2. each process has a lane, which takes what waits, a few milliseconds after
the first came, and has it judged as one batch; 3. what came of it goes to whoever waits. A process that dies is started
anew; whoever waited for what it was at is told to come again, and so is everybody where no other process is left. An
image that ends two processes is left to a person. Clips wait apart (see `clips`), and a process is at one of them
beside its images.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING

from judge.errors import ModelError, UserError
from judge.media.clips.sniffing import HEAD, is_clip
from judge.serving.http.admission import Coming, Overloaded, WaitingRoom
from judge.serving.http.bounds import EngineBounds, for_process
from judge.serving.http.clips import ClipDesk
from judge.serving.http.lane import BEING_LOADED, Lane
from judge.serving.http.process import Died, ModelProcess, OrderTaker
from judge.serving.http.queue import FairQueue, QueuedImage
from judge.serving.http.suspects import Suspects, left_to_a_person
from judge.serving.http.wanted import WantedPolicies
from judge.serving.http.worker import ClipOrder, JudgedImage, Loaded, OrderRefused, Parcel

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from judge.locks.loading import Policy
    from judge.serving.devices import Processes
    from judge.settings import Settings
    from judge.verdict import Provenance

log = logging.getLogger("judge")
LOADING = 1800.0  # seconds for loading models, which may be many gigabytes on a slow disk
_LOOK = 1.0  # seconds between looks at a process that has nothing to do


class Lost(Exception):
    """The process that was judging an image ended. Another try may fare better."""


class Watch:
    """Is told what the engine does. This one does not care."""

    def parcel(self, jobs: list[QueuedImage], seconds: float) -> None:
        """Images were judged together."""

    def died(self) -> None:
        """A process ended that should not have."""


class Engine:
    """Judges for the server. All of it belongs to one event loop."""

    def __init__(
        self,
        settings: Settings,
        processes: Processes,
        bounds: EngineBounds,
        watch: Watch | None = None,
        process: Callable[[Settings, int | None], OrderTaker] = ModelProcess,
    ) -> None:
        """process: makes one; see `ModelProcess`."""
        self.bounds, self.watch = bounds, watch or Watch()
        self._queue, self._room = FairQueue(), WaitingRoom(bounds.waiting, bounds.batch)
        self._news = asyncio.Event()
        self._wanted, self._suspects = WantedPolicies(), Suspects()
        self._pace = 0.0  # seconds that an image takes a lane, of late
        self._loading = 10.0  # seconds that loading took the last time
        devices = processes.devices or ("",)
        self._lanes = [
            Lane(process(for_process(settings, devices[number % len(devices)], bounds), processes.threads))
            for number in range(processes.number)
        ]
        self._clips = ClipDesk(bounds, self._lanes)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def waiting(self) -> int:
        """Images and clips that were let in, and are not being judged."""
        return len(self._queue) + len(self._clips) + self._room.expected

    @property
    def most_waiting(self) -> int:
        """Images that may wait now."""
        return self._room.most(self.ready)

    @property
    def ready(self) -> int:
        """Processes that have their models loaded."""
        return sum(lane.ready for lane in self._lanes)

    @property
    def until_ready(self) -> float:
        """Seconds until a process can judge, as long as loading took the last time; 0 where one can."""
        return self._loading if self.trouble else 0.0

    @property
    def pids(self) -> list[int]:
        """Of the processes that there are."""
        return [lane.process.pid for lane in self._lanes if lane.process.pid is not None]

    def start(self) -> None:
        """Begin to work."""
        self._tasks = [
            asyncio.create_task(self._work(lane, next_one))
            for lane in self._lanes
            for next_one in (self._next, self._next_clip)
        ]

    async def stop(self) -> None:
        """End all processes. Whoever still waits is told to come again."""
        for task in self._tasks:
            task.cancel()
        for lane in self._lanes:
            lane.process.end()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._nobody_judges()

    async def load(self, key: str, policy: Policy) -> tuple[Provenance, tuple[str, ...]]:
        """Have every process judge under a policy from now on, and say what verdicts depend on, with warnings.

        Raises:
            UserError: it cannot be judged by with these models, or these cannot be used.
            ModelError: the models cannot be loaded.
        """
        self._wanted.want(key)
        try:
            found = await self._loaded(key, policy)
        except BaseException:
            self._wanted.refused(key)
            raise
        self._wanted.loaded(key, policy, found.provenance)
        return found.provenance, found.said

    async def _loaded(self, key: str, policy: Policy) -> Loaded:
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Future[Loaded | OrderRefused]] = []
        for lane in self._lanes:
            answers.append(loop.create_future())
            lane.orders.append((self._wanted.order(key, policy), answers[-1]))
        self._news.set()
        found = await asyncio.gather(*answers, return_exceptions=True)
        for one in found:
            if isinstance(one, OrderRefused):
                kind = UserError if one.mistake else ModelError
                raise kind(one.message, hint=one.hint)
        loaded = [one for one in found if isinstance(one, Loaded)]
        if not loaded:
            raise ModelError("the process that judges died while it loaded the models (out of memory?)", retryable=True)
        return loaded[0]

    def forget(self, key: str) -> None:
        """Judge no more under a policy, once what waits is done."""
        self._wanted.forget(key, self.bounds.seconds)

    @property
    def trouble(self) -> str:
        """Why no process can judge now; empty where one can."""
        why = [lane.trouble for lane in self._lanes]
        return "" if not all(why) else next((one for one in why if one != BEING_LOADED), BEING_LOADED)

    def admit(self) -> None:
        """Let a request in.

        Raises:
            Overloaded: nothing is ready to judge, or too much waits already.
        """
        if why := self.trouble:
            raise Overloaded(why, self._loading)
        self._room.check(len(self._queue), self.ready, self._pace)

    def coming(self, images: int) -> AbstractContextManager[Coming]:
        """Around a request that was let in: so many of its images count as waiting, until each has come to `judge`."""
        return self._room.coming(images)

    def judge(
        self,
        client: str,
        key: str,
        data: bytes,
        subject: str,
        told: Mapping[str, str] = MappingProxyType({}),
        *,
        offence: bool = False,
        request: object = None,
    ) -> Awaitable[JudgedImage]:
        """What comes of an image or a clip, which waits its turn among those of its client from now on. Where this is
        cancelled it is not judged, or, where it is being judged in parts, not to the end.

        told: beside it. offence: see `Judge.judge`. subject: of the bytes and of both. request: that it came with,
        whose clips share its time.

        Raises (when waited for):
            Overloaded: it is a clip, and too many wait already.
            Lost: the process that judged it ended, or none is left that could.
            TimeUp: it waited too long.
        """
        future: asyncio.Future[JudgedImage] = asyncio.get_running_loop().create_future()
        if self._suspects.hopeless(subject):
            future.set_result(left_to_a_person(self._wanted.provenance(key), told))
            return future
        if not any(lane.loaded for lane in self._lanes):  # all died since it was let in
            future.set_exception(Lost())
            future.exception()
            return future
        until = time.monotonic() + self.bounds.seconds
        alone = self._suspects.alone(subject)
        job = QueuedImage(
            key, subject, data, future, until, alone=alone, told=dict(told), offence=offence, request=request
        )
        if is_clip(data[:HEAD]):
            try:
                self._clips.put(client, job)
            except Overloaded as full:
                job.end(full)
        else:
            self._queue.put(client, job)
        self._news.set()
        return future

    async def _work(self, lane: Lane, next_one: Callable[[Lane], Awaitable[None]]) -> None:
        while True:
            try:
                await next_one(lane)
            except Exception:  # a mistake of ours: the other lanes, and this one's next order, go on
                log.exception("unexpected error, please report it")
                await asyncio.sleep(1)

    async def _next(self, lane: Lane) -> None:
        if lane.orders:
            await self._load(lane)
        elif lane.ready and len(self._queue) and not (lane.clip is not None and lane.clip.alone):
            await self._take(lane)
        elif lane.lost(self.bounds.patience):
            lane.process.kill()
            await self._mourn(lane)
        else:
            lane.idle = lane.ready
            await self._some_news()

    async def _some_news(self) -> None:
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK):
                await self._news.wait()

    async def _next_clip(self, lane: Lane) -> None:
        job = self._clips.take(lane)
        if job is None:
            await self._some_news()
            return
        job.done.add_done_callback(lambda done: lane.process.drop_clip() if done.cancelled() else None)
        try:
            await self._judge_clip(lane, job)
        except Died:  # it is started anew by whoever sees to its images
            self._blame([job])
        finally:
            lane.clip = None
            job.end(Lost())
            self._news.set()

    async def _judge_clip(self, lane: Lane, job: QueuedImage) -> None:
        if not self._can_judge(lane, job.policy):
            return
        begun = time.monotonic()
        order = ClipOrder(job.policy, job.data, self._clips.seconds(job), job.told)
        found = await lane.process.ask_clip(order, self.bounds.patience)
        self._clips.took(time.monotonic() - begun)
        if isinstance(found, OrderRefused):
            log.error("the models cannot be used: %s", found.message)
        elif found is not None:
            self.watch.parcel([job], time.monotonic() - begun)
            self._suspects.clear(job.subject)
            if not job.done.done():
                job.done.set_result(found)

    async def _load(self, lane: Lane) -> None:
        order, answer = lane.orders[0]
        begun = time.monotonic()
        try:
            found = await lane.process.ask(order, LOADING)
        except Died:
            lane.orders.popleft()
            if answer is not None and not answer.done():
                answer.set_exception(Lost())
                answer.exception()
            await self._mourn(lane)
            return
        lane.orders.popleft()
        if isinstance(found, Loaded):
            if not lane.loaded:
                self._loading = time.monotonic() - begun
            lane.loaded = (lane.loaded & order.keep) | {order.key}
            lane.failures = 0
        if answer is not None and not answer.done():
            answer.set_result(found)
        elif isinstance(found, OrderRefused):  # it was loaded before: something has changed under it
            log.error("the models cannot be loaded any more: %s", found.message)
            await self._mourn(lane)

    async def _take(self, lane: Lane) -> None:
        lane.idle = True
        if len(self._queue) < self.bounds.batch:
            await asyncio.sleep(self.bounds.window)
        idle = max(1, sum(one.idle for one in self._lanes))
        jobs = self._queue.take(min(self.bounds.batch, math.ceil(len(self._queue) / idle)), risky=lane.clip is None)
        lane.idle = False
        if not jobs:  # all there is must not be judged beside a clip
            await self._some_news()
        else:
            lane.at = jobs
            try:
                await self._judge(lane, jobs)
            except Died:
                self._blame(jobs)
                await self._mourn(lane)
            finally:  # whatever happened, nobody waits for ever
                lane.at = ()
                self._news.set()
                for job in jobs:
                    job.end(Lost())

    def _can_judge(self, lane: Lane, key: str) -> bool:
        """Whether a lane has a policy loaded; it loads one that is wanted and has not."""
        if key in lane.loaded:
            return True
        order = self._wanted.again(key)
        if order is not None:  # else it was forgotten while these waited: whoever asked asks anew
            lane.orders.appendleft((order, None))
        return False

    async def _judge(self, lane: Lane, jobs: list[QueuedImage]) -> None:
        key = jobs[0].policy
        if not self._can_judge(lane, key):
            return
        begun = time.monotonic()
        parcel = Parcel(
            key,
            tuple(job.data for job in jobs),
            self.bounds.pixels,
            tuple(job.told for job in jobs),
            frozenset(place for place, job in enumerate(jobs) if job.offence),
        )
        found = await lane.process.ask(parcel, self.bounds.patience)
        spent = time.monotonic() - begun
        self._pace = spent / len(jobs) if not self._pace else 0.8 * self._pace + 0.2 * spent / len(jobs)
        self.watch.parcel(jobs, spent)
        if isinstance(found, OrderRefused):
            log.error("the models cannot be used: %s", found.message)
            return
        for job, one in zip(jobs, found, strict=True):
            self._suspects.clear(job.subject)
            if not job.done.done():
                job.done.set_result(one)

    def _blame(self, jobs: list[QueuedImage]) -> None:
        for job in jobs:
            self._suspects.blame(job.subject)
            if self._suspects.hopeless(job.subject) and not job.done.done():
                log.error("an image ended two processes, and is left to a person: %s", job.subject)
                job.done.set_result(left_to_a_person(self._wanted.provenance(job.policy), job.told))
            else:
                job.end(Lost())

    async def _mourn(self, lane: Lane) -> None:
        """Have a process started anew, with all policies, and sooner the first time than the next."""
        self.watch.died()
        log.error("a process that judges ended; it is started anew")
        pause = lane.start_anew(self._wanted.all())
        if not any(one.loaded for one in self._lanes):  # loading may take longer than what waits has
            self._nobody_judges()
        await asyncio.sleep(pause)

    def _nobody_judges(self) -> None:
        for job in (*self._queue.clear(), *self._clips.clear()):
            job.end(Lost())
