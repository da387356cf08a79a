"""Runs the app: a socket, uvicorn, and an orderly end. Knows no route.

The server listens before the models are loaded, so that whoever watches it can tell loading from dead. SIGTERM and
Ctrl-C let nobody in any more, finish what was accepted, and end it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from judge.errors import UserError
from judge.serving.bodies import Arrivals, Limit
from judge.serving.connections import timed
from judge.serving.http.app import create_app

if TYPE_CHECKING:
    from judge.serving.http.service import Service

log = logging.getLogger("judge")
_WAITING = 2048  # connections that are not taken yet
FINISHING = 30.0  # seconds beside those of a request, for answers to reach whoever asked


def listen(host: str, port: int) -> socket.socket:
    """A socket on an address. port 0: any that is free.

    Raises:
        UserError: it is taken, or not for us.
    """
    listening = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_WAITING)  # at once: until then another process may be given the same free port
    except OSError as error:
        if listening is not None:
            listening.close()
        hint = "choose another --port, or --host"
        raise UserError(f"cannot serve on {host}:{port} ({error.strerror or error})", hint=hint) from error
    return listening


def is_local(host: str) -> bool:
    """Whether only this machine can reach a server on `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(service: Service, listening: socket.socket) -> None:
    """Serve until told to end.

    Raises:
        JudgeError: what is to be served cannot be loaded.
        KeyboardInterrupt: it was ended by Ctrl-C.
    """
    server = server_of(service)
    asyncio.run(run(service, server, listening))
    if signal.SIGINT in server.told:
        raise KeyboardInterrupt


_REST = 4  # times what a body may have is thrown away of one that was refused: who sends too much is to read so


class Server(uvicorn.Server):
    """uvicorn's server, which on a signal refuses bodies that are not whole, finishes what was accepted and returns.
    told: signals that came."""

    def __init__(self, config: uvicorn.Config, arrivals: Arrivals) -> None:
        super().__init__(config)
        self.told: list[int] = []
        self._arrivals = arrivals

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in any more, and finish."""
        self._arrivals.end()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does, but that the signal is not raised once more at the end, which would leave no time to end in
        order."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal has come; a second Ctrl-C does not wait for anybody."""
        self.told.append(sig)
        super().handle_exit(sig, frame)


def server_of(service: Service) -> Server:
    """A server of the service's app, not started."""
    limits = service.settings.limits
    config = uvicorn.Config(
        create_app(service),
        http=timed(Limit(_REST * limits.request_bytes + 2**20, limits.body_seconds)),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(limits.seconds + FINISHING),
    )
    for library in ("uvicorn.error", "asyncio"):  # of requests that are none, and of who hangs up: as many as one likes
        logging.getLogger(library).setLevel(logging.ERROR)
    return Server(config, service.arrivals)


async def run(service: Service, server: Server, listening: socket.socket) -> None:
    """Listen, load, serve until the server is told to end, and end the service.

    Raises:
        JudgeError: what is to be served cannot be loaded.
    """
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    opening = asyncio.create_task(service.open())
    try:
        await asyncio.wait({opening, serving}, return_when=asyncio.FIRST_COMPLETED)
        if opening.done() and opening.exception() is None:
            log.warning("serving %s on %s", ", ".join(service.policies.names), address_of(listening))
        elif opening.done():
            server.should_exit = True
        await serving
        if opening.done():
            opening.result()
    finally:
        opening.cancel()
        await service.close()


def address_of(listening: socket.socket) -> str:
    """Where a socket is reached."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
