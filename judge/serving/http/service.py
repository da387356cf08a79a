"""What the routes have in common: images that were read become verdicts. Knows no form of a request or an answer."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.errors import JudgeError
from judge.serving.http.engine import Bounds, Engine, Lost, Overloaded
from judge.serving.http.once import Once
from judge.serving.http.policies import Active, Policies, Served
from judge.serving.http.problems import Problem, unknown_constitution
from judge.serving.http.process import ModelProcess, Process
from judge.serving.http.queue import TimeUp

if TYPE_CHECKING:
    from judge.serving.devices import Processes
    from judge.serving.http.reading import Given
    from judge.serving.http.settings import ServerSettings
    from judge.serving.http.worker import Judged
    from judge.settings import Settings

log = logging.getLogger("judge")
_KEPT_BYTES = 64 * 2**20  # of verdicts that are kept because an image may come again
_AGAIN = 1.0  # seconds after which a request may be tried again


@dataclass(frozen=True)
class Outcome:
    """What came of one image of a request. id: of this verdict. repeated: whether it was judged for another one."""

    id: str
    name: str
    judged: Judged
    active: Active
    served: Served
    repeated: bool

    @property
    def verdict(self) -> bytes:
        """The verdict as JSON."""
        return self.judged.named(self.name)


class Service:
    """A server's judge. It belongs to one event loop; `open` it first."""

    def __init__(
        self,
        settings: ServerSettings,
        judging: Settings,
        processes: Processes,
        process: Callable[[Settings, int | None], Process] = ModelProcess,
    ) -> None:
        limits = settings.limits
        self.settings = settings
        bounds = Bounds(
            waiting=limits.waiting or judging.batch * processes.number,
            batch=judging.batch,
            window=settings.window_ms / 1000,
            seconds=limits.seconds,
            pixels=limits.pixels,
        )
        self.engine = Engine(judging, processes, bounds, process=process)
        self.policies = Policies(settings.constitutions, self.engine)
        self._once: Once[Judged] = Once(
            settings.once_seconds, _KEPT_BYTES, lambda one: len(one.body), lambda one: one.keep
        )
        self._looking: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether an image would be judged now."""
        return bool(self.policies.names) and self.engine.ready > 0

    async def open(self) -> None:
        """Load everything.

        Raises:
            JudgeError: it cannot be loaded.
        """
        self.engine.start()
        await self.policies.load()
        self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        """End all processes."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
        await self.engine.stop()

    def admit(self) -> None:
        """Let a request in that has images to judge.

        Raises:
            Problem: there is no room for it.
        """
        try:
            if not self.policies.names:
                raise Overloaded("the models are being loaded", _AGAIN)
            self.engine.admit()
        except Overloaded as full:
            raise Problem(503, "overloaded", str(full), retry_after=max(full.seconds, _AGAIN)) from full

    def served(self, name: str | None) -> Served:
        """What judges where a request names this.

        Raises:
            Problem: there is no such constitution.
        """
        served = self.policies.of(name)
        if served is None:
            raise unknown_constitution(name or "", self.policies.names)
        return served

    async def judge(self, client: str, images: Sequence[Given], constitution: str | None) -> list[Outcome]:
        """What comes of each image, in order.

        Raises:
            Problem: of the first that cannot be judged; the others are then of no use to whoever asks.
        """
        self.admit()
        served = self.served(constitution)
        try:
            async with asyncio.timeout(self.settings.limits.seconds), asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._one(client, image, served)) for image in images]
        except TimeoutError as late:
            raise self._late() from late
        except BaseExceptionGroup as several:
            found = next((one for one in several.exceptions if isinstance(one, Problem)), None)
            if found is None:
                raise
            raise found from None
        return [task.result() for task in tasks]

    async def stream(
        self, client: str, images: Sequence[Given], constitution: str | None
    ) -> AsyncIterator[tuple[int, Outcome | Problem]]:
        """What comes of each image, with its place, as it is known.

        Raises (before the first):
            Problem: nothing can be judged.
        """
        self.admit()
        served = self.served(constitution)

        async def placed(place: int, image: Given) -> tuple[int, Outcome | Problem]:
            try:
                async with asyncio.timeout(self.settings.limits.seconds):
                    return place, await self._one(client, image, served)
            except Problem as problem:
                return place, problem
            except TimeoutError:
                return place, self._late()

        tasks = [asyncio.create_task(placed(place, image)) for place, image in enumerate(images)]
        try:
            for done in asyncio.as_completed(tasks):
                yield await done
        finally:
            for task in tasks:
                task.cancel()

    async def _one(self, client: str, image: Given, served: Served) -> Outcome:
        data = image.data
        sha256 = hashlib.sha256(data).hexdigest()
        active = served.judging(sha256)
        try:
            judged, repeated = await self._once.get(
                (active.key, sha256), lambda: self.engine.judge(client, active.key, data, sha256)
            )
        except Lost as lost:
            detail = f"{image.name}: the process that judged it ended"
            raise Problem(503, "model-lost", detail, retry_after=_AGAIN) from lost
        except TimeUp as late:
            raise self._late() from late
        if judged.too_large:
            most = f"{self.settings.limits.pixels / 1e6:.3g} megapixels"
            raise Problem(413, "too-many-pixels", f"{image.name}: more than {most}", hint="shrink it")
        return Outcome(f"v_{secrets.token_hex(12)}", image.name, judged, active, served, repeated)

    def _late(self) -> Problem:
        seconds = self.settings.limits.seconds
        return Problem(503, "out-of-time", f"it took longer than {seconds:g} seconds", retry_after=_AGAIN)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self.settings.reload_seconds)
            try:
                await self.policies.look()
            except JudgeError as error:
                log.error("files could not be looked at: %s", error)
