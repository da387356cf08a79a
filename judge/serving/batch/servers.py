"""The same model behind several servers: each is given as much as it gets done, and one that dies loses nothing.

A server from which an image comes back because nothing answers any more is asked whether it still listens; where it
does not, or where it happens again at once, it is dropped and its work goes to the others. It is taken back when it
listens again. When none is left for `PATIENCE` seconds the batch ends, to go on later; no image gets a row for that.
"""

from __future__ import annotations

import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from judge.causes import Cause
from judge.errors import ModelError, UserError
from judge.serving.batch.pool import Done, Judging
from judge.serving.batch.worker import JudgeFacts, Task

log = logging.getLogger("judge")
PATIENCE, _AGAIN, _LISTENS, _POLL = 60.0, 5.0, 5.0, 0.02  # seconds: until a batch ends, between looks, for a connection
_PORTS = {"http": 80, "https": 443}


@dataclass
class _Server:
    """One address. pool: what judges with it, None while it is dropped. bad: parcels in a row that came back."""

    url: str
    pool: Judging | None
    facts: JudgeFacts | None = None
    bad: int = 0
    looked: float = field(default_factory=time.monotonic)


class Servers:
    """Judges at several servers that have the same model. start: makes what judges at one address.

    Raises (when it is asked what judges):
        UserError: the servers have different models.
        ModelError: none of them can be used.
    """

    def __init__(self, urls: Sequence[str], start: Callable[[str], Judging]) -> None:
        self._start = start
        self._servers = [_Server(url, start(url)) for url in urls]
        self._back: deque[Task] = deque()  # tasks of servers that were dropped
        self._alone: float | None = None  # since when no server is left

    @property
    def busy(self) -> int:
        return sum(one.pool.busy for one in self._servers if one.pool is not None) + bool(self._back)

    @property
    def room(self) -> int:
        """None is free for new work while there is old work that came back."""
        return 0 if self._back else sum(max(0, one.pool.room) for one in self._servers if one.pool is not None)

    def describe(self) -> JudgeFacts:
        """What judges. A server that cannot be used is left out, and it is said."""
        failed: list[str] = []
        for one in self._servers:
            assert one.pool is not None, "asked once, at the start"
            try:
                one.facts = one.pool.describe()
            except ModelError as error:
                failed.append(f"{one.url}: {error.message}")
                self._drop(one)
        known = [one for one in self._servers if one.facts is not None]
        if not known:
            raise ModelError("; ".join(failed), hint="start them and run the same command again", retryable=True)
        for said in failed:
            log.warning("left out: %s", said)
        names = {_name(one): one.url for one in known}
        if len(names) > 1:
            said = ", ".join(f"{name} at {url}" for name, url in names.items())
            raise UserError(f"the servers have different models: {said}", hint="name servers of one model")
        first = known[0].facts
        assert first is not None
        return first

    def give(self, tasks: Sequence[Task]) -> None:
        """Have tasks judged together by whom has most room: so each gets as much as it gets done."""
        free = [one for one in self._servers if one.pool is not None and one.pool.room > 0]
        best = max(free, key=lambda one: one.pool.room if one.pool is not None else 0)
        assert best.pool is not None
        best.pool.give(tasks)

    def done(self, timeout: float | None = None) -> Iterator[Done]:
        """What has been judged by now, by whomever; what came back is given to others.

        Raises:
            ModelError: for `PATIENCE` seconds no server has been left.
        """
        self._look_again()
        self._hand_on()
        working = [(one, one.pool) for one in self._servers if one.pool is not None and one.pool.busy]
        if not working:
            self._wait_alone()
        found = False
        for one, pool in working:
            for task, judged in pool.done(0.0):
                found = True
                if judged is not None and Cause.UNREACHABLE in judged.image["causes"]:
                    self._back.append(task)
                    one.bad += 1
                    continue
                one.bad = 0
                yield task, judged
            if one.bad and (one.bad > 1 or not listens(one.url)):
                self._drop(one)
        if not found:
            time.sleep(_POLL)

    def held(self) -> list[Task]:
        """Tasks that are not done."""
        pools = [one.pool for one in self._servers if one.pool is not None]
        return [*self._back, *(task for pool in pools for task in pool.held())]

    def stop(self) -> None:
        """End all work."""
        for one in self._servers:
            if one.pool is not None:
                one.pool.stop()

    def _drop(self, one: _Server) -> None:
        if one.pool is None:
            return
        if one.facts is not None:
            log.warning("%s answers no more and is left out until it does", one.url)
        self._back.extend(one.pool.held())
        one.pool.stop()
        one.pool, one.bad, one.looked = None, 0, time.monotonic()

    def _look_again(self) -> None:
        """Take back servers that listen again, each with fresh processes that know nothing of its absence."""
        for one in self._servers:
            if one.pool is None and time.monotonic() - one.looked > _AGAIN:
                one.looked = time.monotonic()
                if listens(one.url):
                    one.pool, one.bad = self._start(one.url), 0
                    log.warning("%s answers again", one.url)
        if any(one.pool is not None for one in self._servers):
            self._alone = None

    def _hand_on(self) -> None:
        """Give what came back to others, image by image: one of them may be what brought the server down."""
        while self._back and any(one.pool is not None and one.pool.room > 0 for one in self._servers):
            self.give([self._back.popleft()])

    def _wait_alone(self) -> None:
        if any(one.pool is not None for one in self._servers):
            return
        self._alone = self._alone or time.monotonic()
        if time.monotonic() - self._alone > PATIENCE:
            raise ModelError(
                f"no server answers any more: {', '.join(one.url for one in self._servers)}",
                hint="what was judged is kept: start them and run the same command again",
                retryable=True,
            )
        time.sleep(0.2)


def listens(url: str) -> bool:
    """Whether something takes connections at an address."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or _PORTS[parts.scheme]), _LISTENS).close()
    except OSError:
        return False
    return True


def _name(one: _Server) -> str:
    assert one.facts is not None
    return next(model.name for model in one.facts.provenance.models if model.role == "mllm")
