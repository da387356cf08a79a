"""What the routes have in common: images that were read become verdicts. Knows no form of a request or an answer."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from judge.constitution.told import checked_context, context_digest, subject
from judge.errors import UserError
from judge.judging.offence import check_speaks
from judge.serving.bodies import Arrivals
from judge.serving.http.admission import Coming, Overloaded
from judge.serving.http.bounds import EngineBounds
from judge.serving.http.engine import Engine, Lost
from judge.serving.http.idempotency import IdempotentAnswers
from judge.serving.http.intake import Intake
from judge.serving.http.keys import Keys
from judge.serving.http.lane import BEING_LOADED
from judge.serving.http.metrics import Metrics
from judge.serving.http.once import Once
from judge.serving.http.outcome import Asker, ImageOutcome
from judge.serving.http.parsing import LARGE
from judge.serving.http.policies import Active, Policies, ServedPolicy
from judge.serving.http.problems import ApiProblem, unknown_constitution
from judge.serving.http.process import ModelProcess, OrderTaker
from judge.serving.http.queue import TimeUp
from judge.serving.http.shadowing import CLIENT, Shadows
from judge.serving.http.store import VerdictStore

if TYPE_CHECKING:
    from judge.serving.devices import Processes
    from judge.serving.http.keys import ApiKey, Bucket
    from judge.serving.http.reading import Given
    from judge.serving.http.settings import ServerSettings
    from judge.serving.http.worker import JudgedImage
    from judge.settings import Settings

log = logging.getLogger("judge")
_KEPT_BYTES = 64 * 2**20  # of verdicts that are kept because an image may come again
_AGAIN = 1.0  # seconds after which a request may be tried again


class Service:
    """A server's judge. It belongs to one event loop; `open` it first."""

    def __init__(
        self,
        settings: ServerSettings,
        judging: Settings,
        processes: Processes,
        process: Callable[[Settings, int | None], OrderTaker] = ModelProcess,
    ) -> None:
        limits = settings.limits
        self.settings, self.under_way, self._model = settings, 0, judging.model
        self.local_only = False
        """Whether it answers by the names of this machine only: nothing else protects it from pages of others."""
        self.metrics = Metrics()
        self.keys = Keys(settings.keys) if settings.keys is not None else None
        self.store = VerdictStore(settings.store, settings.store_days) if settings.store is not None else None
        bounds = EngineBounds(
            waiting=limits.waiting,
            batch=judging.batch,
            window=settings.window_ms / 1000,
            seconds=limits.seconds,
            pixels=limits.pixels,
            clip_frames=limits.clip_frames,
        )
        self.engine = Engine(judging, processes, bounds, self.metrics, process)
        self.policies = Policies(settings.constitutions, self.engine)
        self.watchers: list[Callable[[str, ImageOutcome], None]] = [lambda _, outcome: self.metrics.judged(outcome)]
        """Are told of every verdict, and of whose request it was."""
        self.answers = IdempotentAnswers()
        self.arrivals = Arrivals()
        """Bodies that are on their way."""
        self.reading = asyncio.Lock()
        """Held while a large body is read as JSON."""
        self._intake = Intake(settings, judging.limits.file_bytes)
        self._shadows = Shadows(self.engine, self.metrics)
        self._once: Once[JudgedImage] = Once(
            settings.once_seconds, _KEPT_BYTES, lambda one: len(one.body), lambda one: one.keep
        )
        self._looking: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str:
        """Why an image would not be judged now; empty where it would."""
        return self.engine.trouble or ("" if self.policies.names else BEING_LOADED)

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
        if self.store is not None:
            self.store.close()

    def bucket(self, key: ApiKey | None) -> Bucket | None:
        """What bounds how fast a key may be used, if anything."""
        return self.keys.bucket(key) if self.keys is not None and key is not None else None

    def page(self) -> bytes:
        """What was counted, for `/metrics`."""
        self.metrics.waiting.set(self.engine.waiting)
        self.metrics.ready.set(self.engine.ready)
        self.metrics.under_way.set(self.under_way)
        return self.metrics.page()

    def admit(self) -> None:
        """Let a request in that has images to judge.

        Raises:
            ApiProblem: there is no room for it.
        """
        try:
            self.engine.admit()
            if why := self.trouble:
                raise Overloaded(why, _AGAIN)
        except Overloaded as full:
            raise ApiProblem(503, "overloaded", str(full), retry_after=max(full.seconds, _AGAIN)) from full

    def served(self, name: str | None) -> ServedPolicy:
        """What judges where a request names this.

        Raises:
            ApiProblem: there is no such constitution.
        """
        served = self.policies.of(name)
        if served is None:
            raise unknown_constitution(name or "", self.policies.names)
        return served

    async def judge(
        self, client: Asker, images: Sequence[Given], constitution: str | None, offence: bool = False
    ) -> list[ImageOutcome]:
        """What comes of each image, in order. offence: see `Judge.judge`.

        Raises:
            ApiProblem: of the first that cannot be judged; the others are then of no use to whoever asks.
        """
        self.admit()
        served = self.served(constitution)
        _check_contexts(images, served)
        self._check_offence(offence)
        client.count(len(images))
        try:
            with self.engine.coming(len(images)) as coming:
                async with asyncio.timeout(self.settings.limits.seconds), asyncio.TaskGroup() as group:
                    ones = (self._one(client.name, image, served, coming, offence) for image in images)
                    tasks = [group.create_task(one) for one in ones]
        except TimeoutError as late:
            raise self._late() from late
        except BaseExceptionGroup as several:
            found = next((one for one in several.exceptions if isinstance(one, ApiProblem)), None)
            if found is None:
                raise
            raise found from None
        outcomes = [task.result() for task in tasks]
        return await self._kept(client, outcomes)

    async def stream(
        self, client: Asker, images: Sequence[Given], constitution: str | None, offence: bool = False
    ) -> AsyncIterator[tuple[int, ImageOutcome | ApiProblem]]:
        """What comes of each image, with its place, as it is known. offence: see `Judge.judge`.

        Raises (before the first):
            ApiProblem: nothing can be judged.
        """
        self.admit()
        served = self.served(constitution)
        _check_contexts(images, served)
        self._check_offence(offence)
        client.count(len(images))

        async def placed(place: int, image: Given, coming: Coming) -> tuple[int, ImageOutcome | ApiProblem]:
            try:
                async with asyncio.timeout(self.settings.limits.seconds):
                    outcome = await self._one(client.name, image, served, coming, offence)
            except ApiProblem as problem:
                return place, problem
            except TimeoutError:
                return place, self._late()
            return place, (await self._kept(client, [outcome]))[0]

        with self.engine.coming(len(images)) as coming:
            tasks = [asyncio.create_task(placed(place, image, coming)) for place, image in enumerate(images)]
            try:
                for done in asyncio.as_completed(tasks):
                    yield await done
            finally:
                for task in tasks:
                    task.cancel()

    async def _kept(self, client: Asker, outcomes: list[ImageOutcome]) -> list[ImageOutcome]:
        """Outcomes, once the store has them, or with a word that it has not."""
        if self.store is None or await self.store.put(client.name, outcomes):
            return outcomes
        self.metrics.problem("verdict-not-kept")
        return [replace(one, kept=False) for one in outcomes]

    async def _one(
        self, client: str, image: Given, served: ServedPolicy, coming: Coming, offence: bool
    ) -> ImageOutcome:
        data = await self._intake.bytes_of(image, clips=not offence)
        hashed = await asyncio.to_thread(hashlib.sha256, data) if len(data) > LARGE else hashlib.sha256(data)
        sha256 = hashed.hexdigest()
        thing = subject(sha256, context_digest(image.context))
        active = served.judging(thing)
        coming.arrived()  # nothing else runs from here until it is in the queue
        try:
            judged, repeated = await self._judged(client, active, data, thing, image.context, offence, coming)
        except Lost as lost:
            detail = f"{image.name}: the process that judged it ended"
            raise ApiProblem(503, "model-lost", detail, retry_after=max(_AGAIN, self.engine.until_ready)) from lost
        except TimeUp as late:
            raise self._late() from late
        except Overloaded as full:
            detail = f"{image.name}: {full}"
            raise ApiProblem(503, "overloaded", detail, retry_after=max(full.seconds, _AGAIN)) from full
        if judged.too_large:
            most = f"{self.settings.limits.pixels / 1e6:.3g} megapixels"
            raise ApiProblem(413, "too-many-pixels", f"{image.name}: more than {most}", hint="shrink it")
        outcome = ImageOutcome(f"v_{secrets.token_hex(12)}", image.name, sha256, judged, active, served, repeated)
        for watcher in self.watchers:
            watcher(client, outcome)
        shadow, main = served.shadow, served.main.now
        if shadow is not None and not repeated:
            if active is main:
                self._shadows.begin(main.name, judged, lambda: self._by(shadow.now, data, thing, image.context))
            else:  # the canary's verdict is none to compare with
                self.metrics.unshadowed(main.name)
        return outcome

    async def _by(self, active: Active, data: bytes, thing: str, told: Mapping[str, str]) -> JudgedImage:
        return (await self._judged(CLIENT, active, data, thing, told))[0]

    async def _judged(
        self,
        client: str,
        active: Active,
        data: bytes,
        thing: str,
        told: Mapping[str, str],
        offence: bool = False,
        request: object = None,
    ) -> tuple[JudgedImage, bool]:
        asked = f"{thing}|offence" if offence else thing  # a process may die of the one and not of the other

        def judge() -> Awaitable[JudgedImage]:
            return self.engine.judge(client, active.key, data, asked, told, offence=offence, request=request)

        return await self._once.get((active.key, asked), judge)

    def _check_offence(self, offence: bool) -> None:
        """Refuse to ask a model of offence that has nothing to say of it, before anything is judged."""
        if not offence:
            return
        try:
            check_speaks(self._model)
        except UserError as error:
            hint = "leave `offence` out, or have the server judge with a model that converses"
            raise ApiProblem(422, "invalid-request", error.message, hint=hint) from error

    def _late(self) -> ApiProblem:
        seconds = self.settings.limits.seconds
        return ApiProblem(503, "out-of-time", f"it took longer than {seconds:g} seconds", retry_after=_AGAIN)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self.settings.reload_seconds)
            try:
                for name, done in await self.policies.look():
                    self.metrics.reloaded(name, done=done)
            except Exception:  # a mistake of ours: the next look is not kept from being taken
                log.exception("unexpected error, please report it")


def _check_contexts(images: Sequence[Given], served: ServedPolicy) -> None:
    """Refuse a request of which a context does not fit, before anything of it is judged."""
    constitution = served.main.now.policy.constitution
    for image in images:
        try:
            checked_context(constitution, image.context)
        except UserError as error:
            raise ApiProblem(422, "invalid-request", f"{image.name}: {error.message}", hint=error.hint) from error
