"""One process that judges, as the server holds it: started, given an order at a time, ended. Knows no request."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import multiprocessing.connection
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, overload

from judge.serving.http import worker
from judge.serving.http.worker import JudgedImage, Loaded, LoadPolicy, OrderRefused, Parcel

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from judge.settings import Settings


class Died(Exception):
    """The process ended, or was ended because an order took too long."""


class OrderTaker(Protocol):
    """What obeys orders, one at a time."""

    @property
    def pid(self) -> int | None: ...

    @property
    def silence(self) -> float | None: ...

    @overload
    async def ask(self, order: LoadPolicy, seconds: float) -> Loaded | OrderRefused: ...
    @overload
    async def ask(self, order: Parcel, seconds: float) -> list[JudgedImage] | OrderRefused: ...

    def kill(self) -> None: ...

    def end(self) -> None: ...


class ModelProcess:
    """A process with models in it. Nothing is loaded before the first order."""

    def __init__(self, settings: Settings, threads: int | None) -> None:
        self._settings, self._threads = settings, threads
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._alive: ctypes.c_double | None = None
        self._talk = ThreadPoolExecutor(1, thread_name_prefix="model-process")

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

    def kill(self) -> None:
        """End a process that has no order; the next order starts another one."""
        self._kill()
        self._forget()

    def end(self) -> None:
        """End the process for good; what it was at is lost."""
        self.kill()
        self._talk.shutdown(wait=False)

    def _exchange(self, order: LoadPolicy | Parcel) -> object:
        if self._process is None:
            self._start()
        process, connection = self._process, self._connection
        assert process is not None and connection is not None
        try:
            connection.send(order)
            multiprocessing.connection.wait([connection, process.sentinel])
            return connection.recv()
        except (EOFError, OSError) as error:
            self._kill()
            self._forget()
            raise Died from error

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # a model's threads do not survive a fork
        ours, theirs = context.Pipe()
        alive = context.RawValue(ctypes.c_double, time.monotonic())  # a clock that all processes share
        process = context.Process(
            target=worker.run, args=(theirs, alive, self._settings, self._threads), name="judge", daemon=True
        )
        try:
            process.start()
        except OSError as error:  # no memory, too many processes: later there may be room
            ours.close()
            raise Died from error
        finally:
            theirs.close()  # so that the end of the process ends the pipe
        self._process, self._connection, self._alive = process, ours, alive

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _forget(self) -> None:
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is not None:
            process.join(5)
