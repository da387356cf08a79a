"""The server's connections: how long the head of a request may take, and what is said of requests that fail.

The server bounds how large a head is, and `bodies` what follows it; until the head is there nothing looks at the clock,
so a stranger could hold connections for ever with a byte now and then. Knows no address and no login.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from uvicorn import Server

log = logging.getLogger("judge")
HEAD: Final = 20.0  # seconds from the connection's start, or a head's first byte, to its last
_SAID: Final = 200  # characters of an error that are passed on


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


def guard(server: Server) -> None:
    """Time the heads of a running server's requests from the next connection on, and keep what it and Gradio say of bad
    requests to a line each: a stranger can send as many as there are, and tracebacks are of no use to whom reviews."""
    import gradio.routes

    server.config.http_protocol_class = Timed
    logging.getLogger("uvicorn.error").addFilter(_in_a_line)
    gradio.routes.traceback = _Traceback  # it prints them itself


class _Traceback:
    """Stands for the module in Gradio's own."""

    @staticmethod
    def print_exc(*_: Any, **__: Any) -> None:
        _tell(sys.exc_info()[1])


def _in_a_line(record: logging.LogRecord) -> bool:
    """Whether the server's own line is written: not of requests that are none, nor a traceback."""
    if record.exc_info:
        _tell(record.exc_info[1])
    return record.levelno >= logging.ERROR and not record.exc_info


def _tell(error: BaseException | None) -> None:
    said = " ".join(str(error).split())
    text = "".join(one if one.isprintable() else "?" for one in said[:_SAID])
    log.error("a request could not be answered (%s: %s)", type(error).__name__, text)
    log.debug("where it failed", exc_info=error)
