"""The running server and those who talk nonsense to it, or talk very slowly: cut off, and a line at most on the screen."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from judge.review.store import Store
from judge.serving.connections import HEAD
from tests.review.browsing import serving

EVENT = "/gradio_api/run/predict"


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    return tmp_path_factory.mktemp("said") / "stderr"


@pytest.fixture(scope="module")
def address(tmp_path_factory, said):
    with Store.open(tmp_path_factory.mktemp("connections")) as store:
        folder = store.folder
    with said.open("wb") as file, serving(folder, stderr=file) as served:
        httpx.get(served).raise_for_status()
        yield served


def connected(address):
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=2 * HEAD)


def lines(said, known):
    time.sleep(0.5)
    return said.read_text()[known:].splitlines()


def ended(connection, begun, *, within):
    """Seconds until the server hangs up, while a byte of a header is sent every second."""
    connection.settimeout(1.0)
    while time.monotonic() - begun < within:
        try:
            connection.sendall(b"x")
            if connection.recv(1000) == b"":
                return time.monotonic() - begun
        except TimeoutError:
            continue
        except OSError:
            return time.monotonic() - begun
    return None


def seconds_to_the_end(address, before):
    """How long a head lasts that never ends, on a connection with nothing, half a head or a whole request before it."""
    with connected(address) as connection:
        begun = time.monotonic()
        if before == "silent":
            with suppress(ConnectionError):
                assert connection.recv(1000) == b""
            return time.monotonic() - begun
        if before == "second":
            connection.sendall(b"GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(2**16).startswith(b"HTTP/1.1 ")
            begun = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        return ended(connection, begun, within=2 * HEAD)


@pytest.mark.timeout(120)
def test_a_head_that_never_ends_is_cut_off(address):
    kinds = ("silent", "begun", "second")
    with ThreadPoolExecutor(len(kinds)) as together:  # each takes as long as a head may
        spent = dict(zip(kinds, together.map(lambda before: seconds_to_the_end(address, before), kinds), strict=True))
    assert {kind: one for kind, one in spent.items() if one is None or not HEAD - 1 < one < 2 * HEAD} == {}


def test_who_is_quick_enough_keeps_the_connection(address):
    with httpx.Client(base_url=address) as client:
        for _ in range(3):
            assert client.get("/config").status_code == 200
            time.sleep(1)


def test_requests_that_are_none_are_answered_in_silence(address, said):
    known = len(said.read_text())
    for raw in (
        b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 100_000, b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n"
                b"Connection: Upgrade\r\nHost: x\r\n\r\n"):  # fmt: skip
        with connected(address) as connection, suppress(ConnectionError):
            connection.sendall(raw)
            assert connection.recv(2**16).startswith(b"HTTP/1.1 4")
    assert lines(said, known) == []


def test_bad_events_are_a_line_each_and_no_traceback(address, said):
    known = len(said.read_text())
    events = httpx.get(f"{address}/config").json()["dependencies"]
    bodies = [{"data": [], "session_hash": "s"}, {"data": [None], "fn_index": 10**6, "session_hash": "s"}]
    for event in events:
        wrong = {"fn_index": event["id"], "session_hash": "s"}
        bodies.append({"data": [[{"a": 1}]] * len(event["inputs"]), "event_data": [1, 2], **wrong})
        bodies.append({"data": ["\n"] * (len(event["inputs"]) + 3), "event_data": {"serial": "x"}, **wrong})
    refused = sum(httpx.post(f"{address}{EVENT}", json=body, timeout=60).status_code >= 400 for body in bodies)
    found = lines(said, known)
    assert refused > 2 and 2 < len(found) <= len(bodies)
    assert all(line.startswith("judge: a request could not be answered (") for line in found)
