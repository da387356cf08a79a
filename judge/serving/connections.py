"""Connections of a server: how long the head of a request may take.

uvicorn bounds how large a head is, and `bodies` what follows it; until the head is there nothing looks at the clock, so
a stranger could hold connections for ever with a byte now and then. Knows no address and no login.
"""

from __future__ import annotations

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD: Final = 20.0  # seconds from the connection's start, or a head's first byte, to its last


class Timed(H11Protocol):
    """uvicorn's connection, cut where the head of a request is not there in time."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection has come; nothing is sent yet."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HEAD, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Some bytes have come: of a head, or of what follows it."""
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
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._late is None and self.conn.trailing_data[0]:
            self._late = self.loop.call_later(HEAD, self.transport.abort)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
