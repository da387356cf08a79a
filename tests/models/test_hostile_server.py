"""A server that answers without end, without bounds or without sense: an error of that request, soon, over real HTTP."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from judge.errors import ModelError, Unreachable
from judge.models.bounded import MOST
from judge.models.openai_server import load_server
from judge.models.remote import Limits, Remote
from tests.models import conformance as suite

QUICK = Limits(timeout=2.0, attempts=2, patience=10.0, wait=0.01)
NESTED = "[" * 200_000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextlib.contextmanager
def sending(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that takes any request and does `answer`; its address."""

    def talk(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(2**16)
            answer(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def whole(body: bytes, more: bytes = b"") -> Callable[[socket.socket], None]:
    head = HEAD + more + b"Content-Length: %d\r\n\r\n" % len(body)
    return lambda connection: connection.sendall(head + body)


def a_gibibyte(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % 2**30)
    for _ in range(2**10):
        connection.sendall(b" " * 2**20)


def chunks_without_end(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b" " * 2**16 + b"\r\n")


def drops_without_end(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1\r\n \r\n")
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (a_gibibyte, "more than 16 MiB"),
        (chunks_without_end, "more than 16 MiB"),
        (whole(gzip.compress(b" " * 2**27), b"Content-Encoding: gzip\r\n"), "packed"),
        (whole(NESTED.encode()), "no sense"),
    ],
)
def test_too_much_is_an_error_soon_and_in_little_memory(answer, said):
    with sending(answer) as address:
        remote = Remote(address, QUICK)
        tracemalloc.start()
        with pytest.raises(ModelError, match=said) as caught:
            remote.run(remote.models())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        remote.close()
    assert not isinstance(caught.value, Unreachable)  # it is there, so the next question is asked of it
    assert most < 4 * MOST


def test_a_server_that_drips_is_late():
    begun = time.perf_counter()
    with sending(drops_without_end) as address:
        remote = Remote(address, Limits(timeout=0.5, attempts=2, patience=10.0, wait=0.01))
        with pytest.raises(Unreachable, match="in time"):
            remote.run(remote.models())
        remote.close()
    assert time.perf_counter() - begun < 8


def test_a_run_goes_on_after_a_nested_answer(serve, pictures):
    server = serve()
    mllm = load_server(server.url, limits=QUICK)
    asks = suite.asks_of(pictures[:1], suite.STATEMENTS[:2])
    known = suite.numbers(mllm, asks)
    for raw in (NESTED, '{"choices": ' + NESTED):
        server.manners.raw = raw
        with pytest.raises(ModelError, match="no sense"):
            mllm.answer(asks)
    server.manners.raw = None
    assert suite.numbers(mllm, asks) == known
