"""Whoever hangs up is not judged for any longer, however the connection ends; whoever only says no more is."""

from __future__ import annotations

import base64
import json
import socket
import struct
import time

import pytest

from judge.serving import connections
from tests.serving.http.running import Scripted, clip_named, serving
from tests.serving.http.test_parting import HEAD, connected, rest

ADDRESSES = {
    "/v1/judge": lambda text: {"image": text},
    "/v1/moderations": lambda text: {
        "input": [{"type": "image_url", "image_url": {"url": f"data:video/mp4;base64,{text}"}}]
    },
    "/beta/litellm_basic_guardrail_api": lambda text: {"images": [text]},
}


@pytest.fixture(scope="module")
def script():
    return Scripted()


@pytest.fixture(scope="module")
def server(script):
    with serving({"once_seconds": 0}, process=script) as running:
        yield running


def sent(server, script, name, path="/v1/judge", more=b""):
    body = json.dumps(ADDRESSES[path](base64.b64encode(clip_named(name)).decode())).encode()
    raw = connected(server)
    head = (HEAD % len(body)).replace(b"/v1/judge", path.encode()).replace(b"\r\n\r\n", b"\r\n" + more + b"\r\n")
    raw.sendall(head + body)
    eventually(lambda: clip_named(name) in script.clips)
    return raw


def eventually(true):
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_clip_is_dropped_when_whoever_sent_it_resets_the_connection(server, script, path):
    raw = sent(server, script, "reset " + path, path)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()
    eventually(lambda: clip_named("reset " + path) in script.dropped)
    eventually(lambda: server.service.under_way == 0)


def test_a_clip_is_dropped_when_whoever_sent_it_closes_the_connection(server, script, monkeypatch):
    monkeypatch.setattr(connections, "_THERE", 0.05)
    sent(server, script, "closed").close()
    eventually(lambda: clip_named("closed") in script.dropped)


def test_whoever_says_no_more_and_stays_has_an_answer(server, script, monkeypatch):
    monkeypatch.setattr(connections, "_THERE", 0.01)
    with sent(server, script, "stays") as raw:
        raw.shutdown(socket.SHUT_WR)
        assert raw.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        server.loop.call_soon_threadsafe(script.clips[clip_named("stays")].set_result, "judged")
        assert b"HTTP/1.1 200" in rest(raw)
    assert clip_named("stays") not in script.dropped


def test_with_an_idempotency_key_it_is_judged_to_the_end(server, script):
    raw = sent(server, script, "again", more=b"Idempotency-Key: k1\r\n")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()
    eventually(lambda: server.service.under_way == 0)
    assert clip_named("again") not in script.dropped
    server.loop.call_soon_threadsafe(script.clips[clip_named("again")].set_result, "judged")
    body = json.dumps({"image": base64.b64encode(clip_named("again")).decode()}).encode()
    headers = {"content-type": "application/json", "idempotency-key": "k1"}
    answer = server.http.post("/v1/judge", content=body, headers=headers)
    assert answer.headers["idempotent-replayed"] == "true"
