"""One process that judges, as the server holds it: started, given an order at a time, ended. Knows no request."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import multiprocessing.connection
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, cast, overload

from judge.serving.http import worker
from judge.serving.http.worker import ClipEnds, ClipOrder, JudgedImage, Loaded, LoadPolicy, OrderRefused, Parcel

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from judge.settings import Settings


class Died(Exception):
    """The process ended, or was ended because an order took too long."""


class OrderTaker(Protocol):
    """What obeys orders, one at a time, and beside them a clip."""

    @property
    def pid(self) -> int | None: ...

    @property
    def silence(self) -> float | None: ...

    @overload
    async def ask(self, order: LoadPolicy, seconds: float) -> Loaded | OrderRefused: ...
    @overload
    async def ask(self, order: Parcel, seconds: float) -> list[JudgedImage] | OrderRefused: ...

    async def ask_clip(self, order: ClipOrder, seconds: float) -> JudgedImage | OrderRefused | None: ...

    def drop_clip(self) -> None: ...

    def kill(self) -> None: ...

    def end(self) -> None: ...


class ModelProcess:
    """A process with models in it. Nothing is loaded before the first order."""

    def __init__(self, settings: Settings, threads: int | None) -> None:
        self._settings, self._threads = settings, threads
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._clips: ClipEnds | None = None
        self._clip = 0  # number of the latest
        self._alive: ctypes.c_double | None = None
        self._talk = ThreadPoolExecutor(1, thread_name_prefix="model-process")
        self._clip_talk = ThreadPoolExecutor(1, thread_name_prefix="model-process-clips")

    @property
    def pid(self) -> int | None:
        """Of the process, where there is one."""
        return self._process.pid if self._process is not None else None

    @property
    def silence(self) -> float | None:
        """Seconds since it gave a sign of life; None where it has ended, or was not started."""
        process, alive = self._process, self._alive
        if process is None or alive is None or not process.is_alive():
            return None
        return max(0.0, time.monotonic() - alive.value)

    @overload
    async def ask(self, order: LoadPolicy, seconds: float) -> Loaded | OrderRefused: ...
    @overload
    async def ask(self, order: Parcel, seconds: float) -> list[JudgedImage] | OrderRefused: ...

    async def ask(self, order: LoadPolicy | Parcel, seconds: float) -> object:
        """The answer to an order; the process is started where there is none.

        Raises:
            Died: it ended before it answered, or was ended after so many seconds.
        """
        loop = asyncio.get_running_loop()
        late = loop.call_later(seconds, self._kill)
        try:
            return await loop.run_in_executor(self._talk, self._exchange, order)
        finally:
            late.cancel()

    async def ask_clip(self, order: ClipOrder, seconds: float) -> JudgedImage | OrderRefused | None:
        """What came of a clip; None where it was dropped, or its policy is not loaded.

        Raises:
            Died: there is no process, it ended before it answered, or was ended after so many seconds.
        """
        process, ends = self._process, self._clips
        if process is None or ends is None:
            raise Died
        self._clip += 1
        order = replace(order, number=self._clip)
        loop = asyncio.get_running_loop()
        late = loop.call_later(seconds, process.kill)
        try:
            return cast(
                "JudgedImage | OrderRefused | None",
                await loop.run_in_executor(self._clip_talk, _exchanged, ends[0], process, order),
            )
        except (EOFError, OSError) as error:  # it is seen, and started anew, by whoever gives the next order
            raise Died from error
        finally:
            late.cancel()

    def drop_clip(self) -> None:
        """Nobody waits any more for the clip that it is at."""
        if self._clips is not None:
            with suppress(OSError):
                self._clips[1].send(self._clip)

    def kill(self) -> None:
        """End a process that has no order; the next order starts another one."""
        self._kill()
        self._forget()

    def end(self) -> None:
        """End the process for good; what it was at is lost."""
        self.kill()
        self._talk.shutdown(wait=False)
        self._clip_talk.shutdown(wait=False)

    def _exchange(self, order: LoadPolicy | Parcel) -> object:
        if self._process is None:
            self._start()
        process, connection = self._process, self._connection
        assert process is not None and connection is not None
        try:
            return _exchanged(connection, process, order)
        except (EOFError, OSError) as error:
            self._kill()
            self._forget()
            raise Died from error

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # a model's threads do not survive a fork
        ours, theirs = context.Pipe()
        our_clips, their_clips = zip(context.Pipe(), context.Pipe(), strict=True)
        alive = context.RawValue(ctypes.c_double, time.monotonic())  # a clock that all processes share
        process = context.Process(
            target=worker.run,
            args=(theirs, their_clips, alive, self._settings, self._threads),
            name="judge",
            daemon=True,
        )
        try:
            process.start()
        except OSError as error:  # no memory, too many processes: later there may be room
            ours.close()
            for one in our_clips:
                one.close()
            raise Died from error
        finally:
            for one in (theirs, *their_clips):  # so that the end of the process ends the pipes
                one.close()
        self._clips = our_clips
        self._process, self._connection, self._alive = process, ours, alive

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _forget(self) -> None:
        process, connection = self._process, self._connection
        self._process = self._connection = self._clips = None  # the clips' own ends with whoever waits at it
        if connection is not None:
            connection.close()
        if process is not None:
            process.join(5)


def _exchanged(connection: Connection, process: SpawnProcess, order: LoadPolicy | Parcel | ClipOrder) -> object:
    """The answer to an order. Raises EOFError or OSError where the process ends before."""
    connection.send(order)
    multiprocessing.connection.wait([connection, process.sentinel])
    return connection.recv()
