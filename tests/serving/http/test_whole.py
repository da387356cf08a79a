"""No image goes by unjudged because a request was read by halves, and a problem of the guardrail names an action."""

from __future__ import annotations

import base64
import json
import socket
import struct
import time

import pytest

from judge.serving.http.gate import GUARDRAIL
from judge.serving.http.keys import add_key
from tests.serving.http.running import Scripted, serving

GOOD, BAD = (base64.b64encode(one).decode() for one in (b"n", b"v"))


@pytest.fixture(scope="module")
def server():
    with serving({"limits": {"request_bytes": 200_000}}, process=Scripted()) as running:
        yield running


def part(data, name="image", end="\r\n"):
    return f'--b\r\ncontent-disposition: form-data; name="{name}"; filename="x"\r\n\r\n{data}{end}'


def form(server, body, pieces=0):
    data = body.encode()
    content = (data[at : at + pieces] for at in range(0, len(data), pieces)) if pieces else data
    return server.http.post("/v1/judge", content=content, headers={"content-type": "multipart/form-data; boundary=b"})


@pytest.mark.parametrize("pieces", [0, 1, 7])
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (part("n") + part("v", end=""), "cut off"),
        (part("n") + part("v"), "cut off"),
        (part("n") + part("v") + "--b", "cut off"),
        (part("n") + part("v") + "--b-", "cut off"),
        (part("n") + part("v")[:30], "cut off"),
        (part("n") + "--b--\r\n" + part("v") + "--b--\r\n", "behind its closing boundary"),
        ("--b--\r\n" + part("v") + "--b--\r\n", ""),
    ],
)
def test_an_upload_that_is_not_whole_is_refused(server, body, why, pieces):
    answer = form(server, body, pieces)
    assert answer.status_code == 422 and answer.json()["type"].endswith("invalid-request"), answer.text
    assert why in answer.json()["detail"]


@pytest.mark.parametrize("pieces", [0, 1, 7])
@pytest.mark.parametrize("end", ["--b--", "--b--\r\n", "--b--\r\n\r\n"])
def test_an_upload_that_is_whole_is_judged_whole(server, end, pieces):
    answer = form(server, part("n") + part("v--b--") + end, pieces)
    assert [one["verdict"] for one in answer.json()["verdicts"]] == ["no_violation", "violation"], answer.text


def test_a_text_where_a_file_belongs_and_a_field_twice_are_said(server):
    text = '--b\r\ncontent-disposition: form-data; name="{}"\r\n\r\nsummary\r\n'
    answer = form(server, text.format("image") + "--b--")
    assert answer.status_code == 422 and "is a text, and no file" in answer.json()["detail"]
    answer = form(server, part("n") + 2 * text.format("detail") + "--b--")
    assert answer.status_code == 422 and "'detail' stands twice" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        ("/v1/judge", f'{{"image": "{BAD}", "image": "{GOOD}"}}', "image"),
        ("/v1/judge", f'{{"images": [{{"data": "{BAD}", "data": "{GOOD}"}}]}}', "data"),
        (
            "/v1/moderations",
            f'{{"input": [{{"type": "image_url", "image_url": {{"url": "data:image/png;base64,{BAD}"}}, '
            f'"image_url": {{"url": "data:image/png;base64,{GOOD}"}}}}]}}',
            "image_url",
        ),
    ],
)
def test_a_key_that_stands_twice_in_json_is_refused(server, path, body, key):
    answer = server.http.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422 and f"'{key}' stands twice" in answer.json()["detail"], answer.text


def test_a_guardrail_request_with_images_twice_is_blocked(server):
    answer = server.http.post(GUARDRAIL, content=f'{{"images": ["{BAD}"], "images": ["{GOOD}"]}}').json()
    assert answer["action"] == "BLOCKED" and "stands twice" in answer["blocked_reason"]


def test_json_that_is_too_deep_is_said(server):
    answer = server.http.post("/v1/judge", content=b"[" * 100_000, headers={"content-type": "application/json"})
    assert answer.status_code == 422 and "nested too deeply" in answer.json()["detail"]


@pytest.mark.parametrize(("failure", "action"), [("block", "BLOCKED"), ("pass", "NONE")])
def test_every_problem_of_the_guardrail_names_an_action(tmp_path, monkeypatch, failure, action):
    path = tmp_path / "keys.json"
    sender = {"x-api-key": add_key(path, "sender", ("judge",), rate=0.001, burst=1)}
    boss = {"x-api-key": add_key(path, "boss", ("judge",))}
    given = {
        "keys": str(path), "guardrail": {"failure": failure},
        "limits": {"request_bytes": 2000, "body_seconds": 0.3, "requests": 5},
    }  # fmt: skip
    with serving(given, process=Scripted()) as running:

        def asked(status, expected, body, **headers):
            answer = running.http.post(GUARDRAIL, headers=headers, content=body)
            assert answer.status_code == status and answer.json()["action"] == expected, answer.text
            assert (answer.json()["blocked_reason"] is None) == (expected == "NONE")

        def slowly():
            yield b"{"
            time.sleep(0.6)
            yield b"}"

        one = json.dumps({"images": [GOOD]})
        asked(401, "BLOCKED", one)
        asked(401, "BLOCKED", one, **{"x-api-key": "wrong"})
        asked(403, "BLOCKED", one, origin="http://elsewhere.example")
        asked(413, "BLOCKED", b" " * 3000, **boss)
        asked(413, "BLOCKED", (b" " * 900 for _ in range(4)), **boss)
        asked(408, "BLOCKED", slowly(), **boss)
        asked(200, "NONE", json.dumps({"images": [GOOD, GOOD]}), **sender)
        asked(429, "BLOCKED", one, **sender)
        monkeypatch.setattr(running.service, "under_way", 100)
        asked(503, action, one, **boss)
        monkeypatch.setattr(running.service, "stream", None)
        monkeypatch.setattr(running.service, "under_way", 0)
        asked(500, "BLOCKED", one, **boss)
        for answer in (running.http.get(GUARDRAIL), running.http.post(GUARDRAIL + "/")):
            assert answer.json()["action"] == "BLOCKED" and answer.status_code in (404, 405)


def test_whoever_hangs_up_is_no_error_of_ours(server, caplog):
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as wire:
        wire.sendall(
            b"POST /v1/judge HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
        )
        time.sleep(0.1)
    deadline = time.monotonic() + 10
    while 'route="/v1/judge",status="499"' not in (page := server.http.get("/metrics").text):
        assert time.monotonic() < deadline, page
    assert "internal-error" not in page and not caplog.records


def test_whoever_hangs_up_in_a_stream_leaves_nothing_in_the_log(server, caplog):
    host, _, port = server.url.removeprefix("http://").partition(":")
    body = json.dumps({"images": [f"bm{letter}=" for letter in "abcdefghijklmnop"], "stream": True}).encode()
    head = b"POST /v1/judge HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    for _ in range(10):
        with socket.create_connection((host, int(port))) as wire:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.sendall(head % len(body) + body)
            wire.recv(1)
    deadline = time.monotonic() + 10
    while server.service.under_way:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert not caplog.records


def test_what_no_room_can_hold_is_too_large():
    with serving({"limits": {"held_bytes": 1024}}, process=Scripted()) as running:
        assert running.http.post("/v1/judge", files={"image": b"n" * 2000}).status_code == 413


@pytest.mark.parametrize(("keys", "status"), [(1001, 413), (1000, 422)])
def test_an_object_of_very_many_keys_is_refused_before_it_is_looked_at(server, keys, status):
    body = {"image": {str(number): 0 for number in range(keys)}}
    assert server.http.post("/v1/judge", json=body).status_code == status


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_body_with_two_lengths_is_refused_and_nothing_behind_it_is_taken_for_a_request(server, version):
    inside = "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    length = f"Content-Length: {len(inside)}\r\n" if version == "1.1" else ""
    head = f"POST /v1/judge HTTP/{version}\r\nHost: localhost\r\n{length}Transfer-Encoding: chunked\r\n\r\n"
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
        raw.sendall((head + inside).encode())
        raw.shutdown(socket.SHUT_WR)
        reply = b"".join(iter(lambda: raw.recv(1000), b""))
    assert reply.startswith(b"HTTP/1.1 400") and reply.count(b"HTTP/1.1") == 1


LONG = '"\u00e9' * 20_000


@pytest.mark.parametrize(
    "given",
    [
        {LONG: 1},
        {"image": {LONG: 1}},
        {"images": [{"data": GOOD, LONG: 1}]},
        {"image": GOOD, "detail": LONG},
        {"image": GOOD, "constitution": LONG},
        {"image": f"http://{LONG}"},
        {"image": {"data": "?", "name": LONG}},
        {"images": [{"data": "?", "name": LONG[:900]}]},
        {"model": LONG, "input": [{"type": "image_url", "image_url": {"url": GOOD}}]},
        {"input": [{"type": LONG}]},
        {"input": [{"type": "text", "text": "x", LONG: 1}]},
    ],
    ids=range(11),
)
def test_what_a_mistake_says_is_told_again_in_short(server, given):
    path = "/v1/moderations" if "input" in given else "/v1/judge"
    answer = server.http.post(path, json=given)
    assert 400 <= answer.status_code < 500 and len(answer.content) < 15_000, answer.status_code
    many = server.http.post("/v1/judge", json={"image": {f"{number}{LONG[:4000]}": 1 for number in range(9)}})
    assert many.status_code == 422 and len(many.content) < 15_000


def test_a_file_of_a_form_has_a_name_of_bounded_length(server):
    answer = server.http.post("/v1/judge", files={"image": ("x" * 150_000, b"n")})
    assert answer.status_code == 422 and len(answer.content) < 5000, answer.status_code
