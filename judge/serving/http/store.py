"""Verdicts that are kept, so that somebody can be told later why an image was blocked. Knows no request."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from judge.errors import UserError

if TYPE_CHECKING:
    from judge.serving.http.outcome import ImageOutcome

log = logging.getLogger("judge")
_TABLE = """
create table if not exists verdicts (
    id text primary key, at real not null, client text not null, sha256 text not null,
    constitution text not null, verdict text not null, body blob not null
) without rowid;
create index if not exists verdicts_by_time on verdicts (at);
"""
_HOUR = 3600.0
_DAY = 86400.0
_STARTING = 5.0  # seconds that the start waits for somebody else's write
_BUSY = 0.2  # seconds that a write waits for one
_LONGEST = 1.0  # seconds that a request waits for the file
_ENDING = 5.0  # seconds that the end of the server waits for the file
_REST = 5.0  # seconds that a file is left alone which could not be written


class Kept(NamedTuple):
    """A verdict as it is kept. at: seconds since 1970. client: whose request it was."""

    at: float
    client: str
    body: bytes


class StoreTrouble(Exception):
    """The file of verdicts cannot be read now."""


class _Worker:
    """One thread, which does what it is given in turn. Unlike an executor's it keeps no process from ending: where a
    disk hangs, it may never be done."""

    def __init__(self) -> None:
        self._given: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        Thread(target=self._work, name="verdicts", daemon=True).start()

    def do(self, call: Callable[..., Any], *given: Any) -> Future[Any]:
        """Have something done, unless that is cancelled before its turn."""
        future: Future[Any] = Future()
        self._given.put((future, lambda: call(*given)))
        return future

    def end(self) -> None:
        """Nothing more will be given to it."""
        self._given.put(None)

    def _work(self) -> None:
        while (one := self._given.get()) is not None:
            future, call = one
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)


class VerdictStore:
    """Verdicts in an SQLite file, of which one thread has the only connection."""

    def __init__(self, path: Path, days: float) -> None:
        """A file that somebody else holds is opened later. Raises UserError: the file cannot be used."""
        self._path, self._days, self._tidied, self._resting = path, days, 0.0, 0.0
        self._open: sqlite3.Connection | None = None
        self._worker = _Worker()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._worker.do(self._file, _STARTING).result()
        except (OSError, sqlite3.Error) as error:
            if _is_held(error):
                self._rest(error)
                return
            self._worker.end()
            raise UserError(f"verdicts cannot be kept in {path} ({error})") from error

    async def put(self, client: str, outcomes: Sequence[ImageOutcome]) -> bool:
        """Keep verdicts, and say whether the file has them. A file that cannot be written is left alone for a while:
        verdicts do not wait for it."""
        if time.monotonic() < self._resting:
            return False
        now = time.time()
        rows = [_row(one, now, client) for one in outcomes]
        try:
            async with asyncio.timeout(_LONGEST):
                return bool(await asyncio.wrap_future(self._worker.do(self._put, rows, now)))
        except (sqlite3.Error, OSError) as error:
            self._rest(error)
            return False

    async def get(self, identity: str) -> Kept | None:
        """The verdict of that id; None where none is kept.

        Raises:
            StoreTrouble: the file cannot be read now.
        """
        try:
            async with asyncio.timeout(_LONGEST):
                found: Kept | None = await asyncio.wrap_future(self._worker.do(self._get, identity))
                return found
        except (sqlite3.Error, OSError) as error:
            raise StoreTrouble from error

    def close(self) -> None:
        """Let go of the file, once it has what was put. One that does not answer is waited for some seconds only."""
        try:
            self._worker.do(self._let_go).result(_ENDING)
        except TimeoutError:
            log.error(
                "%s does not answer: it is not waited for any longer, and may lack the latest verdicts", self._path
            )
        self._worker.end()

    def _rest(self, error: Exception) -> None:
        if time.monotonic() >= self._resting:  # else another request has said it
            what = str(error) or "it does not answer"
            todo = "end what holds the file, or make room"
            log.error(
                "verdicts are given, but not kept in %s (%s): %s; tried again in %g s", self._path, what, todo, _REST
            )
        self._resting = time.monotonic() + _REST

    def _file(self, seconds: float = _BUSY) -> sqlite3.Connection:
        """The connection, which the worker's thread opens where it could not be before."""
        if self._open is None:
            self._open = _opened(self._path, seconds)
        return self._open

    def _let_go(self) -> None:
        if self._open is not None:
            self._open.close()

    def _put(self, rows: list[tuple[Any, ...]], now: float) -> bool:
        if time.monotonic() < self._resting:  # the one before in this queue found it so
            return False
        with self._file() as file:
            file.executemany("insert into verdicts values (?, ?, ?, ?, ?, ?, ?)", rows)
            if now - self._tidied > _HOUR:
                file.execute("delete from verdicts where at < ?", (now - self._days * _DAY,))
                self._tidied = now
        return True

    def _get(self, identity: str) -> Kept | None:
        row = self._file().execute("select at, client, body from verdicts where id = ?", (identity,)).fetchone()
        return Kept(*row) if row is not None else None


def _row(one: ImageOutcome, at: float, client: str) -> tuple[Any, ...]:
    return (one.id, at, client, one.sha256, one.active.name, one.judged.verdict, one.verdict)


def _is_held(error: Exception) -> bool:
    """Whether somebody else holds the file now, who may let go of it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _opened(path: Path, seconds: float) -> sqlite3.Connection:
    """A connection; a file that somebody else holds is waited for so long."""
    if not path.exists():
        path.touch(mode=0o600)
    file = sqlite3.connect(path, timeout=seconds)
    try:
        file.execute("pragma journal_mode = wal")
        file.execute("pragma synchronous = normal")
        file.executescript(_TABLE)
        file.execute(f"pragma busy_timeout = {_BUSY * 1000:.0f}")  # from here on requests wait for it
    except BaseException:
        file.close()
        raise
    return file
