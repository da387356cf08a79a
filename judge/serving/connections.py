"""Connections of a server: how long the head of a request may take, and what is left of a body that was refused.

uvicorn bounds how large a head is, and `bodies` what follows it; until the head is there, and once the request has been
answered, nothing looks at the clock, so a stranger could hold connections for ever with a byte now and then. Knows no
address and no login.
"""

from __future__ import annotations

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from judge.serving.bodies import Limit

HEAD: Final = 20.0  # seconds from the connection's start, or a head's first byte, to its last


class Timed(H11Protocol):
    """uvicorn's connection, cut where the head of a request is not there in time, and where the body of one that was
    answered before it came is larger or slower than a body may be. Until then it is read for nothing: most clients look
    for the answer when they have sent all."""

    rest = Limit(2**27, 60.0)
    """What may still come of such a body."""
    _late: asyncio.TimerHandle | None = None
    _left: int | None = None  # bytes of it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection has come; nothing is sent yet."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HEAD, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Some bytes have come: of a head, or of what follows it."""
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                self.transport.abort()
                return
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """The next request may begin, and may have come in part."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        super().connection_lost(exc)
        self._stop()

    def _watch(self) -> None:
        if self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE:
            if self._left is None:
                self._left = self.rest.most
                self._late = self.loop.call_later(self.rest.seconds, self.transport.abort)
            return
        if self.conn.their_state is not h11.IDLE or self._left is not None:
            self._left = None
            self._stop()
        elif self._late is None and self.conn.trailing_data[0]:
            self._late = self.loop.call_later(HEAD, self.transport.abort)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def timed(rest: Limit) -> type[Timed]:
    """Connections on which so much may still come of a body that was refused."""
    return type("Timed", (Timed,), {"rest": rest})
