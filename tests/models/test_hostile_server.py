"""A server that answers without end, without bounds or without sense: an error of that request, soon, over real HTTP."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest

from judge.errors import ModelError, Unreachable, UserError
from judge.models.openai.bounded import MOST
from judge.models.openai.remote import Remote, ServerLimits
from judge.models.openai.server import load_server
from tests.models import conformance as suite

QUICK = ServerLimits(timeout=2.0, attempts=2, patience=10.0, wait=0.01)
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


def packed(connection: socket.socket) -> None:
    packing = zlib.compressobj(wbits=31)  # of gzip, and bit by bit: this process's memory is what is measured
    body = b"".join([*(packing.compress(b" " * 2**20) for _ in range(2**7)), packing.flush()])
    whole(body, b"Content-Encoding: gzip\r\n")(connection)


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
        (packed, "packed"),
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


def reset(connection: socket.socket) -> None:
    """Half an answer, and the connection torn down rather than closed, as where a process is killed."""
    connection.sendall(HEAD + b'Content-Length: 100\r\n\r\n{"data"')
    time.sleep(0.2)  # else the half may be lost with the connection
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close(connection: socket.socket) -> None:
    connection.sendall(HEAD + b'Content-Length: 100\r\n\r\n{"data"')


@pytest.mark.parametrize("answer", [reset, close])
def test_a_connection_that_is_cut_is_told_from_one_that_never_was(answer):
    with sending(answer) as address:
        remote = Remote(address, QUICK)
        with pytest.raises(Unreachable, match="cut the connection in the middle of an answer"):
            remote.run(remote.models())
        remote.close()


def test_a_server_that_drips_is_late():
    with sending(drops_without_end) as address:
        remote = Remote(address, ServerLimits(timeout=0.5, attempts=2, patience=10.0, wait=0.01))
        with pytest.raises(Unreachable, match="in time"):
            remote.run(remote.models())
        remote.close()


def test_all_tries_of_a_request_together_have_an_end():
    """Each try drips until its own time is up, and another begins; none is left running when patience ends."""
    tries = []

    def drip(connection: socket.socket) -> None:
        tries.append(1)
        if len(tries) == 1:
            return whole(b'{"data": [{"id": "m"}]}')(connection)
        return drops_without_end(connection)

    with sending(drip) as address:
        remote = Remote(address, ServerLimits(timeout=2.0, attempts=50, patience=2.5, wait=0.01))
        remote.run(remote.models())
        begun = time.perf_counter()
        with pytest.raises(Unreachable, match="in time"):
            remote.run(remote.models())
        took = time.perf_counter() - begun
        remote.close()
    assert len(tries) == 3 and 2.4 < took < 50  # without patience 50 tries of 2 s


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


def listing(*names: str) -> Callable[[socket.socket], None]:
    return whole(json.dumps({"data": [{"id": name} for name in names]}).encode())


@pytest.mark.parametrize("wanted", ["", "#other"])
def test_a_server_of_very_many_models_is_said_in_a_line(wanted):
    names = ["one\x1b[2J", "a" * 10_000, *(f"model-{index}" for index in range(100_000))]
    with sending(listing(*names)) as address, pytest.raises(UserError) as caught:
        load_server(address + wanted, limits=QUICK)
    said = str(caught.value)
    assert "one\\x1b[2J, aaa" in said
    assert "model-7, ... and 99992 more" in said
    assert len(said) < 1000 and "model-8" not in said


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["/v1/models", "http://127.0.0.1:1/login", "::no address::"])
def test_a_server_that_redirects_is_not_followed_and_it_is_said_where_to(status, where):
    """Pictures would follow to a server that nobody named."""
    asked = []

    def moved(connection: socket.socket) -> None:
        asked.append(1)
        connection.sendall(f"HTTP/1.1 {status} Moved\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())

    with sending(moved) as address, pytest.raises(Unreachable) as caught:
        load_server(address, limits=QUICK)
    assert f"the server {address} redirects to {where}, which is not followed" in caught.value.message
    assert "name its address" in caught.value.hint
    assert len(asked) == 1


@pytest.mark.parametrize("wanted", ["", "#one"])
def test_a_server_without_a_model_says_so(wanted):
    with sending(listing()) as url, pytest.raises(UserError, match="serves no model") as caught:
        load_server(url + wanted)
    assert "load one" in caught.value.hint


@pytest.mark.parametrize("error", [{"message": "the picture is\nnot liked"}, "the picture is not liked"])
def test_an_error_under_the_status_of_success_is_said_in_the_servers_words(error):
    answer = whole(json.dumps({"error": error}).encode())
    with sending(answer) as url, pytest.raises(ModelError, match="error: the picture is not liked"):
        load_server(url)
