"""Bounds on bodies, on a real server: what is counted, what is too slow, and what the app behind gets to see."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress

import httpx
import pytest
import uvicorn

from judge.serving.bodies import Limit, bounded

LIMIT = Limit(1000, 1.0)


class Reader:
    """An app that reads its body whole and tells its length; on `/first` it answers before it reads."""

    def __init__(self):
        self.read = 0

    async def __call__(self, scope, receive, send):
        start = {"type": "http.response.start", "status": 200, "headers": []}
        if scope["path"] == "/first":
            await send(start)
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RuntimeError("the sender is gone")
            self.read += len(message["body"])
            if not message.get("more_body"):
                break
        if scope["path"] != "/first":
            await send(start)
        await send({"type": "http.response.body", "body": str(self.read).encode()})


@contextmanager
def served(reader):
    async def app(scope, receive, send):
        await bounded(reader, scope, receive, send, LIMIT)

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def talk(port, *parts, path="/", pause=0.0):
    """Send a request part by part; all that comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        raw.sendall(f"POST {path} HTTP/1.1\r\nHost: here\r\n".encode())
        with suppress(ConnectionError):
            for part in parts:
                raw.sendall(part)
                time.sleep(pause)
        reply = b""
        with suppress(ConnectionError):  # what came before it is kept
            while more := raw.recv(1000):
                reply += more
        return reply


def test_a_body_within_the_limit_arrives_whole_said_or_in_pieces():
    with served(Reader()) as port:
        assert httpx.post(f"http://127.0.0.1:{port}/", content=b"x" * 1000).text == "1000"
        assert httpx.post(f"http://127.0.0.1:{port}/", content=iter([b"x"] * 10)).text == "1010"
        assert httpx.get(f"http://127.0.0.1:{port}/").text == "1010"


def test_one_byte_more_is_refused_and_the_connection_ends():
    reader = Reader()
    with served(reader) as port:
        reply = talk(port, b"Transfer-Encoding: chunked\r\n\r\n", *[b"64\r\n" + b"x" * 100 + b"\r\n"] * 11, pause=0.01)
        assert reply.startswith(b"HTTP/1.1 413 ") and b"connection: close" in reply
        assert reader.read <= LIMIT.most


@pytest.mark.parametrize("said", [b"Content-Length: 100\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n2\r\n"])
def test_a_body_that_never_ends_or_drips_is_given_up(said):
    with served(Reader()) as port:
        began = time.monotonic()
        assert talk(port, said).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began > 0.5
        assert talk(port, b"Content-Length: 100\r\n\r\n", *[b"x"] * 30, pause=0.05).startswith(b"HTTP/1.1 408 ")


def test_what_was_answered_already_is_cut_off_without_a_second_answer():
    with served(Reader()) as port:
        reply = talk(port, b"Content-Length: 5000\r\n\r\n", b"x" * 5000, path="/first")
        assert reply.startswith(b"HTTP/1.1 200 ") and b"413" not in reply


def test_a_mistake_of_the_app_is_still_a_mistake():
    async def broken(scope, receive, send):
        raise ValueError("mine")

    with served(broken) as port:
        assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 500
