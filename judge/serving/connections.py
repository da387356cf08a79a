"""Connections of a server: how long the head of a request may take, and what is left of a body that was refused.

uvicorn bounds how large a head is, and `bodies` what follows it; until the head is there, and once the request has been
answered, nothing looks at the clock, so a stranger could hold connections for ever with a byte now and then. Knows no
address and no login.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

from judge.serving.bodies import Limit

HEAD: Final = 20.0  # seconds from the connection's start, or a head's first byte, to its last
_PARTING = 2.0  # seconds that whoever sends on has to read its answer when the server ends, or what came is no HTTP
_THERE = 1.0  # seconds between looks whether a sender that says no more has gone


class _Parting:
    """A transport which, told to close while a body is on its way, first lets the sender read the answer."""

    def __init__(self, transport: asyncio.Transport, part: Callable[[asyncio.Transport], bool]) -> None:
        self._transport, self._part = transport, part
        self.parting = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self.parting or self._transport.is_closing()

    def close(self) -> None:
        if self.parting or self._transport.is_closing():
            self._transport.close()
        else:
            self.parting = self._part(self._transport)
            if not self.parting:
                self._transport.close()


class _Framed(h11.Connection):
    """Takes no request that gives its length in two ways, or in one that its version has not: a proxy in front may go
    by the other, and take what stands in a body for another's request (RFC 9112, 6.1)."""

    too_large = False
    """Whether a head has come that is larger than one may be."""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as error:
            self.too_large = error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise
        if isinstance(event, h11.Request):
            names = {name for name, _ in event.headers}
            if b"transfer-encoding" in names and (b"content-length" in names or event.http_version < b"1.1"):
                raise h11.RemoteProtocolError("two lengths of one body", error_status_hint=400)
        return event


class Timed(H11Protocol):
    """uvicorn's connection, cut where the head of a request is not there in time, and where the body of one that was
    answered before it came is larger or slower than a body may be. Until then it is read for nothing: most clients look
    for the answer when they have sent all."""

    rest = Limit(2**27, 60.0)
    """What may still come of such a body."""
    _late: asyncio.TimerHandle | None = None
    _left: int | None = None  # bytes of it
    _ending = False

    def __init__(self, config: Config, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        most = config.h11_max_incomplete_event_size
        self.conn = self._framed = _Framed(h11.SERVER, *(() if most is None else (most,)))

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection has come; nothing is sent yet."""
        super().connection_made(transport)
        self._parts = _Parting(transport, self.part)
        self.transport = cast("asyncio.Transport", self._parts)
        self._late = self.loop.call_later(HEAD, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Some bytes have come: of a head, or of what follows it."""
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                self.transport.abort()
                return
        if self._parts.parting:
            return
        super().data_received(data)
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or a head that is too large, and end."""
        if not self._framed.too_large:
            super().send_400_response(msg)
            return
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        said = b"The head of a request is larger than the server takes."
        headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
        parts = (h11.Response(status_code=status, headers=headers, reason=status.phrase.encode()), h11.Data(data=said))
        self.transport.write(b"".join(self.conn.send(one) or b"" for one in (*parts, h11.EndOfMessage())))
        self.transport.close()

    def on_response_complete(self) -> None:
        """The next request may begin, and may have come in part."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        super().connection_lost(exc)
        self._stop()

    def shutdown(self) -> None:
        """The server ends: finish what was accepted."""
        super().shutdown()
        self._ending = True
        if self._left is not None:
            self._stop()
            self._late = self.loop.call_later(_PARTING, self.transport.abort)

    def part(self, transport: asyncio.Transport) -> bool:
        """Say that nothing more is sent; False where all has come, so that the connection can just be closed.

        Closed while a body is on its way, the system would answer that with a reset, and the sender lose the answer.
        """
        if self.conn.their_state not in (h11.SEND_BODY, h11.ERROR) or not transport.can_write_eof():
            return False
        try:
            transport.write_eof()
        except OSError:  # the sender has gone
            return False
        self.flow.resume_reading()
        self._bound_the_rest()
        return True

    def _bound_the_rest(self) -> None:
        if self._left is None:
            self._left = self.rest.most
            hurried = self._ending or self.conn.their_state is h11.ERROR  # of what is no HTTP nobody knows the end
            seconds = min(self.rest.seconds, _PARTING) if hurried else self.rest.seconds
            self._late = self.loop.call_later(seconds, self.transport.abort)

    def _watch(self) -> None:
        if self._parts.parting:
            return
        if self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE:
            self._bound_the_rest()
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


class _Answering(Timed):
    """Answers whole requests of a sender that says no more, as it may who has read to the end of a file. A sender that
    has gone looks the same, until something is sent to it: so it is told to go on (100), which every sender passes
    over, and of one that has gone the connection ends. What is not whole then never will be."""

    _said_all = False
    _asking: asyncio.TimerHandle | None = None

    def eof_received(self) -> bool:  # type: ignore[override]
        """The sender says no more. Whether the connection is kept for an answer."""
        self._said_all = True
        kept = not self._parts.parting and self._owes()
        if kept:
            self._asking = self.loop.call_later(_THERE, self._ask_whether_there)
        return kept

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        if self._asking is not None:
            self._asking.cancel()
        super().connection_lost(exc)

    def _ask_whether_there(self) -> None:
        newer = self.conn.their_http_version not in (None, b"1.0")
        if newer and self._owes() and self.conn.our_state is h11.SEND_RESPONSE:
            told = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
            self.transport.write(self.conn.send(told) or b"")
        if not self.transport.is_closing():
            self._asking = self.loop.call_later(_THERE, self._ask_whether_there)

    def on_response_complete(self) -> None:
        """The next request may have come already."""
        super().on_response_complete()
        if self._said_all and not self._owes():
            self.transport.close()

    def _owes(self) -> bool:
        """Whether a request that is whole waits for its answer."""
        cycle = self.cycle  # None before the first, whatever uvicorn's types say
        return bool(cycle) and not cycle.response_complete and self.conn.their_state is not h11.SEND_BODY


def timed(rest: Limit) -> type[Timed]:
    """Connections on which so much may still come of a body that was refused."""
    return type("Timed", (_Answering,), {"rest": rest})
