"""Who says no more, and when the server does: whole requests are answered, others end at once."""

from __future__ import annotations

import contextlib
import json
import socket
import time

import pytest

from tests.serving.http.running import Scripted, serving

BODY = b'{"image": "bg==", "detail": "summary"}'
HEAD = b"POST /v1/judge HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture(scope="module")
def server():
    with serving({"once_seconds": 0}, process=Scripted(seconds=0.2)) as running:
        yield running


def connected(server):
    return socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=20)


def rest(raw):
    found = b""
    with contextlib.suppress(ConnectionError):
        while more := raw.recv(65536):
            found += more
    return found


@pytest.mark.parametrize("times", [1, 3])
def test_whoever_says_no_more_than_whole_requests_gets_every_answer_and_the_end(server, times):
    with connected(server) as raw:
        raw.sendall((HEAD % len(BODY) + BODY) * times)
        raw.shutdown(socket.SHUT_WR)
        begun = time.monotonic()
        reply = rest(raw)
        assert reply.count(b"HTTP/1.1 200") == reply.count(b'"verdict":') == times, reply
        assert time.monotonic() - begun < 10
    assert server.service.under_way == 0


@pytest.mark.parametrize("sent", [b"", HEAD % 50 + b"{", HEAD[:40], HEAD % len(BODY) + BODY + HEAD % 50 + b"{"])
def test_what_is_not_whole_when_its_sender_says_no_more_ends_at_once(server, sent):
    with connected(server) as raw:
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        begun = time.monotonic()
        assert rest(raw).count(b"HTTP/1.1 ") == (1 if BODY in sent else 0)
        assert time.monotonic() - begun < 5


def test_a_stream_to_who_says_no_more_is_whole(server):
    body = json.dumps({"images": ["bm4=", "bm8=", "dg=="], "stream": True, "detail": "summary"}).encode()
    with connected(server) as raw:
        raw.sendall(HEAD % len(body) + body)
        raw.shutdown(socket.SHUT_WR)
        assert rest(raw).count(b'"verdict": {') == 3


@pytest.mark.parametrize("failure", ["block", "pass"])
def test_at_the_end_what_has_not_come_is_refused_at_once_and_what_was_accepted_is_finished(failure):
    script = Scripted(seconds=1.0)
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(serving({"once_seconds": 0, "guardrail": {"failure": failure}}, process=script))
        accepted, begun, dripping, guarded = (stack.enter_context(connected(running)) for _ in range(4))
        begun.sendall(HEAD % 5000 + b"{")
        dripping.sendall(HEAD.partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
        guarded.sendall((HEAD % 5000).replace(b"/v1/judge", b"/beta/litellm_basic_guardrail_api") + b"{")
        deadline = time.monotonic() + 10
        while running.service.under_way < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        accepted.sendall(HEAD % len(BODY) + BODY)
        while not script.parcels and time.monotonic() < deadline:
            time.sleep(0.01)
        ended = time.monotonic()
        running.server.should_exit = True
        for raw in (begun, dripping, guarded):
            reply = rest(raw)
            assert reply.startswith(b"HTTP/1.1 503 ") and b"connection: close" in reply.lower()
            assert b"retry-after" in reply and b"problem:ending" in reply
        assert (b'"NONE"' in reply) is (failure == "pass")
        assert time.monotonic() - ended < 1.0 + 2.0
        assert b'"no_violation"' in rest(accepted)
    assert time.monotonic() - ended < 10
