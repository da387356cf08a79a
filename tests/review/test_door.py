"""What the running server answers to whoever does not use the page: addresses, names, origins, sizes, headers."""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from judge.review.access.door import EVENTS, OTHERS
from judge.review.access.logins import add_user, remove_user, set_password
from judge.review.audit import audit
from judge.review.heads import read
from judge.review.store import Filters, Role, Store
from tests.review.browsing import serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("door")) as store:
        add_user(store, "ann", Role.ADMIN, "correct horse", by="test")
        add_user(store, "bob", Role.REVIEWER, "correct horse", by="ann")
        yield store.folder


@pytest.fixture(scope="module")
def address(folder):
    with serving(folder) as served:
        yield served


@pytest.fixture(scope="module")
def bob(address):
    with httpx.Client(base_url=address, timeout=60) as client:
        assert client.post("/login", data={"username": "bob", "password": "correct horse"}).status_code == 303
        yield client


@pytest.fixture(scope="module")
def events(bob):
    """The number of every event that the page can send, with its inputs."""
    return [(one["id"], len(one["inputs"])) for one in bob.get("/config").json()["dependencies"]]


def act_of(client, mark):
    """The event of the part of the page whose frame has this in it: its number, with its inputs."""
    page = client.get("/config").json()
    part = next(one["id"] for one in page["components"] if mark in str(one["props"].get("html_template", "")))
    return next(
        (one["id"], len(one["inputs"]))
        for one in page["dependencies"]
        if [part, "act"] in [list(to) for to in one["targets"]]
    )


def send(client, number, inputs, **asked):
    body = {"data": [None] * inputs, "fn_index": number, "session_hash": "s", "event_data": {"serial": 1, **asked}}
    return client.post("/gradio_api/run/predict", json=body)


def test_no_event_is_run_for_whoever_has_not_signed_in(address, events):
    assert len(events) >= 4
    with httpx.Client(base_url=address) as stranger:
        for number, inputs in events:
            assert send(stranger, number, inputs, kind="start").status_code == 401
    assert httpx.get(f"{address}/config").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd", "/file=/etc/passwd", "/gradio_api/proxy=http://127.0.0.1/", "/gradio_api/info",
        "/gradio_api/queue/data?session_hash=s", "/gradio_api/upload_progress?upload_id=x", "/openapi.json", "/docs",
        "/monitoring", "/gradio_api/deep_link", "/gradio_api/dev/reload", "/assets/../../etc/passwd", "/runs",
    ],
)  # fmt: skip
def test_what_the_page_does_not_use_is_not_there(bob, path):
    assert bob.get(path).status_code == 404


def test_nothing_can_be_put_on_the_disk(bob):
    assert bob.post("/gradio_api/upload", files={"files": ("a.png", b"x")}).status_code == 404
    for path in ("/gradio_api/queue/join", "/gradio_api/component_server", "/gradio_api/cancel", "/gradio_api/reset"):
        assert bob.post(path, json={}).status_code == 404


def test_what_says_that_it_is_too_large_is_refused_at_once(bob, address):
    for path, most in (("/gradio_api/run/predict", EVENTS.most), ("/login", OTHERS.most)):
        reply, sent = pushed(address, path, f"Content-Length: {most + 1}\r\n{cookies(bob)}", [])
        assert (b" 413 " in reply, sent) == (True, 0)


@pytest.mark.parametrize(
    ("said", "status"),
    [("", b" 413 "), ("Content-Length: 5\r\n", b" 400 ")],  # of two lengths: refused unread (RFC 9112, 6.1)
    ids=["of no length", "that says 5 bytes"],
)
def test_a_strangers_body_in_pieces_is_counted_and_cut_off(address, said, status):
    pieces = (b"100000\r\n" + b"x" * 2**20 + b"\r\n" for _ in range(50))
    kind = "Content-Type: application/x-www-form-urlencoded\r\n"
    reply, sent = pushed(address, "/login", f"{kind}{said}Transfer-Encoding: chunked\r\n", pieces)
    assert status in reply.split(b"\r\n")[0]
    assert sent < 16 * 2**20  # no more than the two kernels keep for a server that has stopped reading


def test_what_is_answered_unread_is_not_taken_either(address):
    pieces = (b"100000\r\n" + b"x" * 2**20 + b"\r\n" for _ in range(50))
    reply, sent = pushed(address, "/config", "Transfer-Encoding: chunked\r\n", pieces)
    assert b" 401 " in reply and sent < 16 * 2**20


def test_a_stranger_cannot_send_events_at_all(address):
    pieces = (b"100000\r\n" + b"x" * 2**20 + b"\r\n" for _ in range(50))
    reply, sent = pushed(address, "/gradio_api/run/predict", "Transfer-Encoding: chunked\r\n", pieces)
    assert b" 401 " in reply and sent < 16 * 2**20


def test_an_event_in_pieces_is_counted_too(bob, address):
    pieces = (b"100000\r\n" + b"x" * 2**20 + b"\r\n" for _ in range(EVENTS.most // 2**20 + 50))
    reply, sent = pushed(address, "/gradio_api/run/predict", f"Transfer-Encoding: chunked\r\n{cookies(bob)}", pieces)
    assert b" 413 " in reply and sent < EVENTS.most + 16 * 2**20


def test_a_session_ends_by_a_post_of_its_own_page_only(bob, address):
    assert bob.get("/logout").status_code == bob.head("/logout").status_code == bob.get("/logout/").status_code == 405
    assert bob.post("/logout").status_code == 403
    for origin in ("https://evil.example", "null"):
        assert bob.post("/logout", headers={"origin": origin}).status_code == 403
    assert bob.get("/config").status_code == 200
    with httpx.Client(base_url=address, timeout=60) as other:
        other.post("/login", data={"username": "ann", "password": "correct horse"})
        assert other.post("/logout", headers={"origin": address}).is_redirect
        assert other.get("/config").status_code == 401
    assert bob.get("/config").status_code == 200


def test_nobody_else_can_close_a_persons_page(folder, bob, address, events):
    with Store.open(Path(folder)) as store, httpx.Client(base_url=address, timeout=60) as ann:
        ann.post("/login", data={"username": "ann", "password": "correct horse"})
        send(bob, *act_of(bob, 'id="cj-desk"'), kind="start")
        assert held(store) == ["bob"]
        assert httpx.get(f"{address}/gradio_api/heartbeat/s").status_code == 401
        look_and_leave(ann, "s")
        for number, inputs in events:
            if inputs == 0:
                body = {"data": [], "fn_index": number, "session_hash": "s"}
                assert ann.post("/gradio_api/run/predict", json=body).status_code in (200, 500)
        time.sleep(1)
        assert held(store) == ["bob"]
        look_and_leave(bob, "s")
        for _ in range(100):
            if held(store) == []:
                break
            time.sleep(0.1)
        assert held(store) == []


def held(store):
    return [one.lease.reviewer for one in store.list(Filters(state="leased"), limit=1000)]


def look_and_leave(client, page):
    with client.stream("GET", f"/gradio_api/heartbeat/{page}") as beats:
        assert beats.status_code == 200 and next(beats.iter_bytes())


def cookies(client):
    return f"Cookie: {'; '.join(f'{one.name}={one.value}' for one in client.cookies.jar)}\r\n"


def pushed(address, path, headers, pieces):
    """Send a body in pieces until the server hangs up or all is sent: what it replied, and how many bytes it took."""
    host, port, sent, reply = httpx.URL(address).host, httpx.URL(address).port, 0, b""
    with socket.create_connection((host, port), timeout=30) as raw:
        raw.sendall(f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{headers}\r\n".encode())
        with suppress(ConnectionError):
            for piece in pieces:
                if select.select([raw], [], [], 0)[0]:
                    break
                raw.sendall(piece)
                sent += len(piece)
        with suppress(ConnectionError):
            while more := raw.recv(2**16):
                reply += more
    return reply, sent


def test_pages_of_other_addresses_cannot_ask(bob, events):
    number, inputs = events[0]
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        bob.headers["origin"] = origin
        assert send(bob, number, inputs, kind="start").status_code == 403
    del bob.headers["origin"]
    assert send(bob, number, inputs, kind="start").status_code == 200


def test_the_browser_is_told_to_ask_nobody_else(bob):
    answer = bob.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_a_reviewer_exports_nothing_and_an_admin_is_recorded(folder, address, bob, events):
    number, _ = act_of(bob, 'id="db-')
    assert "may not export" in json.loads(send(bob, number, 0, form="csv").json()["data"][0])["error"]
    with httpx.Client(base_url=address, timeout=60) as ann, Store.open(Path(folder)) as store:
        ann.post("/login", data={"username": "ann", "password": "correct horse"})
        reply = json.loads(send(ann, number, 0, form="jsonl").json()["data"][0])
        assert reply["file"]["name"] == "decisions.jsonl"
        assert (store.log(last=1)[0].who, store.log(last=1)[0].kind) == ("ann", "export")
        assert "No format" in json.loads(send(ann, number, 0, form="exe").json()["data"][0])["error"]


def test_a_session_ends_with_its_password_and_with_its_user(folder, bob, events):
    start = act_of(bob, 'id="cj-desk"')
    with Store.open(Path(folder)) as store:
        set_password(store, "bob", "another horse", by="ann")
        for number, inputs in events:
            assert send(bob, number, inputs, kind="start").status_code == 401
        assert "Your session has ended" in bob.get("/").text
        assert bob.post("/login", data={"username": "bob", "password": "another horse"}).status_code == 303
        assert send(bob, *start, kind="start").status_code == 200
        remove_user(store, "bob", by="ann")
        assert send(bob, *start, kind="start").status_code == 401


def test_without_sign_in_only_this_machines_names_are_answered(tmp_path):
    with serving(tmp_path) as address:
        port = httpx.URL(address).port
        for host in ("evil.example", f"evil.example:{port}", f"127.0.0.1.evil.example:{port}", "", "[::2]"):
            assert httpx.get(f"{address}/config", headers={"host": host}).status_code in (400, 403)
        assert httpx.get(f"{address}/config", headers={"host": f"localhost:{port}"}).status_code == 200


def test_the_command_keeps_heads_from_its_start_to_its_end(tmp_path):
    file, data = tmp_path / "heads", tmp_path / "data"
    command = [sys.executable, "-m", "judge", "review", "--data", str(data), "--head-file", str(file)]
    with serving(data, command=command):
        (first,) = read(file)
        with Store.open(data) as store:
            assert first == (len(store.log()), store.log()[-1].hash)
            store.record("ann", "login")
    assert [one.lines for one in read(file)] == [first.lines, first.lines + 1]
    with Store.open(data) as store:
        assert audit(store, heads=read(file)).problems == ()
