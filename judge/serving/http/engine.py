"""Has images judged by a few processes: those that wait are judged together, clients take turns. Knows no request.

1. `judge` puts an image into the queue; 2. each process has a lane, which takes what waits, a few milliseconds after
the first came, and has it judged as one batch; 3. what came of it goes to whoever waits. A process that dies is started
anew; whoever waited for what it was at is told to come again, and an image that ends two processes is left to a person.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from judge.causes import Cause
from judge.errors import ModelError, UserError
from judge.serving.http.process import Died, ModelProcess, OrderTaker
from judge.serving.http.queue import FairQueue, QueuedImage
from judge.serving.http.worker import JudgedImage, Loaded, LoadPolicy, OrderRefused, Parcel, judged

if TYPE_CHECKING:
    from judge.locks.loading import Policy
    from judge.serving.devices import Processes
    from judge.settings import Settings
    from judge.verdict import Provenance

log = logging.getLogger("judge")
LOADING = 1800.0  # seconds for loading models, which may be many gigabytes on a slow disk
TRIES = 2  # of an image that ends processes
_LONGEST_PAUSE = 30.0  # seconds between tries to start a process that cannot load
_REMEMBERED = 10_000  # images that ended a process


class Overloaded(Exception):
    """There is no room for more now. seconds: after which there may be."""

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(why)
        self.seconds = seconds


class Lost(Exception):
    """The process that was judging an image ended. Another try may fare better."""


class Watch:
    """Is told what the engine does. This one does not care."""

    def parcel(self, jobs: list[QueuedImage], seconds: float) -> None:
        """Images were judged together."""

    def died(self) -> None:
        """A process ended that should not have."""


@dataclass(frozen=True)
class EngineBounds:
    """waiting: most images in the queue before requests are refused. batch: most images that are judged together.
    window: seconds that the first of them waits for others. seconds: that a request may take. pixels: of an image.
    clip_frames: of a clip that are judged."""

    waiting: int
    batch: int
    window: float
    seconds: float
    pixels: int
    clip_frames: int = 1


@dataclass(eq=False)
class _Lane:
    process: OrderTaker
    orders: deque[tuple[LoadPolicy, asyncio.Future[Loaded | OrderRefused] | None]] = field(default_factory=deque)
    loaded: set[str] = field(default_factory=set)
    failures: int = 0  # in a row
    idle: bool = False

    @property
    def ready(self) -> bool:
        return bool(self.loaded)


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
        self._queue = FairQueue()
        self._news = asyncio.Event()
        self._policies: dict[str, Policy] = {}
        self._provenance: dict[str, Provenance] = {}
        self._wanted: set[str] = set()  # keys of policies, those that are only being loaded, too
        self._leaving: dict[str, asyncio.TimerHandle] = {}
        self._deaths: OrderedDict[str, int] = OrderedDict()
        self._pace = 0.0  # seconds that an image takes a lane, of late
        self._loading = 10.0  # seconds that loading took the last time
        devices = processes.devices or ("",)
        self._lanes = [
            _Lane(process(_on(settings, devices[number % len(devices)], bounds), processes.threads))
            for number in range(processes.number)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def waiting(self) -> int:
        """Images in the queue."""
        return len(self._queue)

    @property
    def ready(self) -> int:
        """Processes that have their models loaded."""
        return sum(lane.ready for lane in self._lanes)

    @property
    def pids(self) -> list[int]:
        """Of the processes that there are."""
        return [lane.process.pid for lane in self._lanes if lane.process.pid is not None]

    def start(self) -> None:
        """Begin to work."""
        self._tasks = [asyncio.create_task(self._work(lane)) for lane in self._lanes]

    async def stop(self) -> None:
        """End all processes. Whoever still waits is told to come again."""
        for task in self._tasks:
            task.cancel()
        for lane in self._lanes:
            lane.process.end()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for job in self._queue.clear():
            job.end(Lost())

    async def load(self, key: str, policy: Policy) -> tuple[Provenance, tuple[str, ...]]:
        """Have every process judge under a policy from now on, and say what verdicts depend on, with warnings.

        Raises:
            UserError: it cannot be judged by with these models, or these cannot be used.
            ModelError: the models cannot be loaded.
        """
        self._wanted.add(key)
        if key in self._leaving:  # it comes back before it has gone
            self._leaving.pop(key).cancel()
        try:
            found = await self._loaded(key, policy)
        except BaseException:
            if key not in self._policies:
                self._wanted.discard(key)
            raise
        self._policies[key], self._provenance[key] = policy, found.provenance
        return found.provenance, found.said

    async def _loaded(self, key: str, policy: Policy) -> Loaded:
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Future[Loaded | OrderRefused]] = []
        for lane in self._lanes:
            answers.append(loop.create_future())
            lane.orders.append((self._order(key, policy), answers[-1]))
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

        def drop() -> None:
            del self._leaving[key]
            self._policies.pop(key, None)
            self._wanted.discard(key)

        if key not in self._leaving:
            self._leaving[key] = asyncio.get_running_loop().call_later(self.bounds.seconds, drop)

    def admit(self) -> None:
        """Let a request in.

        Raises:
            Overloaded: nothing is ready to judge, or too much waits already.
        """
        if not self.ready:
            raise Overloaded("the models are being loaded", self._loading)
        if self.waiting >= self.bounds.waiting:
            raise Overloaded("too many images wait to be judged", self.waiting * self._pace / max(1, self.ready))

    async def judge(self, client: str, key: str, data: bytes, sha256: str) -> JudgedImage:
        """What comes of an image; it waits its turn among those of its client.

        Raises:
            Lost: the process that judged it ended.
            TimeUp: it waited too long.
        """
        deaths = self._deaths.get(sha256, 0)
        if deaths >= TRIES:
            return self._left(key)
        future: asyncio.Future[JudgedImage] = asyncio.get_running_loop().create_future()
        until = time.monotonic() + self.bounds.seconds
        self._queue.put(client, QueuedImage(key, sha256, data, future, until, alone=deaths > 0))
        self._news.set()
        return await future

    async def _work(self, lane: _Lane) -> None:
        while True:
            try:
                await self._next(lane)
            except Exception:  # a mistake of ours: the other lanes, and this one's next order, go on
                log.exception("unexpected error, please report it")
                await asyncio.sleep(1)

    async def _next(self, lane: _Lane) -> None:
        if lane.orders:
            await self._load(lane)
        elif lane.loaded and len(self._queue):
            await self._take(lane)
        else:
            lane.idle = bool(lane.loaded)
            self._news.clear()
            await self._news.wait()

    async def _load(self, lane: _Lane) -> None:
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

    async def _take(self, lane: _Lane) -> None:
        lane.idle = True
        if self.waiting < self.bounds.batch:
            await asyncio.sleep(self.bounds.window)
        idle = max(1, sum(one.idle for one in self._lanes))
        jobs = self._queue.take(min(self.bounds.batch, math.ceil(self.waiting / idle)))
        lane.idle = False
        if jobs:
            try:
                await self._judge(lane, jobs)
            except Died:
                self._blame(jobs)
                await self._mourn(lane)
            finally:  # whatever happened, nobody waits for ever
                for job in jobs:
                    job.end(Lost())

    async def _judge(self, lane: _Lane, jobs: list[QueuedImage]) -> None:
        key = jobs[0].policy
        if key not in lane.loaded:
            policy = self._policies.get(key)
            if policy is not None:  # else it was forgotten while these waited: whoever asked asks anew
                lane.orders.appendleft((self._order(key, policy), None))
            return
        begun = time.monotonic()
        parcel = Parcel(key, tuple(job.data for job in jobs), self.bounds.pixels)
        found = await lane.process.ask(parcel, 2 * self.bounds.seconds + 10)
        spent = time.monotonic() - begun
        self._pace = spent / len(jobs) if not self._pace else 0.8 * self._pace + 0.2 * spent / len(jobs)
        self.watch.parcel(jobs, spent)
        if isinstance(found, OrderRefused):
            log.error("the models cannot be used: %s", found.message)
            return
        for job, one in zip(jobs, found, strict=True):
            self._deaths.pop(job.sha256, None)
            if not job.done.done():
                job.done.set_result(one)

    def _order(self, key: str, policy: Policy) -> LoadPolicy:
        return LoadPolicy(key, policy, frozenset(self._wanted))

    def _blame(self, jobs: list[QueuedImage]) -> None:
        """A process died, and nobody knows at which of these: each is judged alone from now on, and one at which two
        died is judged no more."""
        for job in jobs:
            self._deaths[job.sha256] = self._deaths.pop(job.sha256, 0) + 1
            if self._deaths[job.sha256] >= TRIES and not job.done.done():
                log.error("an image ended two processes, and is left to a person: %s", job.sha256)
                job.done.set_result(self._left(job.policy))
            else:
                job.end(Lost())
        while len(self._deaths) > _REMEMBERED:
            self._deaths.popitem(last=False)

    async def _mourn(self, lane: _Lane) -> None:
        """Have a process started anew, with all policies, and sooner the first time than the next."""
        self.watch.died()
        log.error("a process that judges ended; it is started anew")
        lane.loaded.clear()
        lane.idle = False
        pause = 0.0 if not lane.failures else min(2.0 ** (lane.failures - 1), _LONGEST_PAUSE)
        lane.failures += 1
        known = {order.key for order, answer in lane.orders if answer is not None}
        again = [(self._order(key, policy), None) for key, policy in self._policies.items() if key not in known]
        lane.orders = deque([*again, *((order, answer) for order, answer in lane.orders if answer is not None)])
        await asyncio.sleep(pause)

    def _left(self, key: str) -> JudgedImage:
        """The verdict on an image that no process survives."""
        from judge.judging import record
        from judge.verdict import Failure

        failure = Failure(kind="model", message="the process that judged it died, twice", retryable=False)  # nor tried
        return judged(record.not_judged("", failure, Cause.MODEL_ERROR, self._provenance[key], {}))


def _on(settings: Settings, device: str, bounds: EngineBounds) -> Settings:
    """Settings of one process: its device, no more images together than are given to it, no more time for one than its
    request has."""
    half = bounds.seconds / 2
    clips = settings.clips.model_copy(
        update={
            "file_bytes": min(settings.clips.file_bytes, settings.limits.file_bytes),
            "pixels": min(settings.clips.pixels, bounds.pixels),
            "frames": max(1, bounds.clip_frames),
            "seconds": min(settings.clips.seconds, half),
            "judging_seconds": min(settings.clips.judging_seconds, half),
        }
    )
    changed = {
        "batch": bounds.batch,
        "image_seconds": min(settings.image_seconds, bounds.seconds),
        "clips": clips,
    }
    return settings.model_copy(update={**changed, **({"device": device} if device else {})})
