"""Who goes on sending what was refused already: it is read for nothing, within the limits of a body, and then cut."""

from __future__ import annotations

import contextlib
import json
import socket
import time

import pytest

from judge.serving.http.keys import add_key
from tests.serving.http.running import Scripted, serving

SECONDS, MOST = 0.6, 100_000  # of which four times, and a MiB, are thrown away


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    keys = tmp_path_factory.mktemp("keys") / "keys.json"
    key = add_key(keys, "sender", ("judge",), rate=0.001, burst=1)
    other = add_key(keys, "other", ("judge",))
    limits = {"body_seconds": SECONDS, "request_bytes": MOST}
    with serving({"keys": str(keys), "limits": limits, "once_seconds": 0}, process=Scripted()) as running:
        running.bearers = {429: key, 413: other, 401: None}
        answer = running.http.post("/v1/judge", files={"image": b"n"}, headers={"authorization": f"Bearer {key}"})
        assert answer.status_code == 200
        yield running


@contextlib.contextmanager
def refused(server, length, status):
    """A connection on which the head of a request was refused, of which the body is still to come."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as raw:
        head = f"POST /v1/judge HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        if key := server.bearers[status]:
            head += f"Authorization: Bearer {key}\r\n"
        raw.sendall(f"{head}{length}\r\n\r\n".encode())
        assert answered(raw) == status
        yield raw


def answered(raw):
    """The status of the next answer, read whole."""
    top, _, body = raw.recv(65536).partition(b"\r\n\r\n")
    length = next(line for line in top.lower().split(b"\r\n") if line.startswith(b"content-length"))
    while len(body) < int(length.split()[1]):
        body += raw.recv(65536)
    assert json.loads(body)["status"] == int(top.split()[1])
    return int(top.split()[1])


def until_cut(raw, piece, pause=0.02):
    """Seconds until the server ends a connection on which a piece is sent again and again."""
    begun = time.monotonic()
    raw.settimeout(pause)
    while time.monotonic() - begun < 20:
        try:
            raw.sendall(piece)
            if not raw.recv(1000):
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - begun


@pytest.mark.parametrize("length", ["Content-Length: 90000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("status", [429, 401])
def test_a_body_that_drips_after_a_refusal_is_cut_off_when_its_time_is_up(server, length, status):
    with refused(server, length, status) as raw:
        seconds = until_cut(raw, b"1\r\nx\r\n" if "chunked" in length else b"x")
        assert SECONDS / 2 < seconds < 10
    assert server.service.under_way == 0


def test_one_that_pours_is_cut_off_after_the_bytes_of_a_body(server):
    with refused(server, "Transfer-Encoding: chunked", 429) as raw:
        piece = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
        assert until_cut(raw, piece, pause=0.001) < SECONDS, "before its time is up"


def test_one_that_says_it_is_too_large_is_cut_off_at_once(server):
    with refused(server, f"Content-Length: {MOST + 1}", 413) as raw:
        assert until_cut(raw, b"x") < SECONDS


def test_who_sends_all_before_reading_gets_the_answer(server):
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(20):
        with socket.create_connection((host, int(port)), timeout=20) as raw:
            head = f"POST /v1/judge HTTP/1.1\r\nHost: {host}\r\nContent-Length: {3 * MOST}\r\n"
            raw.sendall(f"{head}Authorization: Bearer {server.bearers[413]}\r\n\r\n".encode())
            for _ in range(5):
                time.sleep(0.002)
                raw.sendall(b"x" * (3 * MOST // 5))
            assert answered(raw) == 413


def test_a_body_that_comes_after_its_refusal_costs_no_connection(server):
    with refused(server, "Content-Length: 5", 429) as raw:
        raw.sendall(b"12345")
        time.sleep(2 * SECONDS)
        raw.sendall(b"GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert answered(raw) == 404


def test_a_head_that_is_too_large_is_told_so_before_the_end(server):
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as raw:
        raw.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(20_000))
        )
        raw.sendall(b"\r\n")
        reply = b"".join(iter(lambda: raw.recv(65536), b""))
    assert reply.startswith(b"HTTP/1.1 431 ") and b"head of a request" in reply


def test_a_body_that_turns_out_too_large_is_told_the_limit(server):
    pieces = (b"x" * 30_000 for _ in range(5))
    answer = server.http.post("/v1/judge", content=pieces, headers={"authorization": f"Bearer {server.bearers[413]}"})
    assert answer.status_code == 413 and f"{MOST:,} bytes" in answer.json()["detail"]
