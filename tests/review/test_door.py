"""What the running server answers to whoever does not use the page: addresses, names, origins, sizes, headers."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx
import pytest

from judge.review.access import add_user
from judge.review.store import Role, Store
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
        assert client.post("/login", data={"username": "bob", "password": "correct horse"}).status_code == 200
        yield client


@pytest.fixture(scope="module")
def events(bob):
    """The number of every event that the page can send, with its inputs."""
    return [(one["id"], len(one["inputs"])) for one in bob.get("/config").json()["dependencies"]]


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


def test_what_is_too_large_or_of_unknown_length_is_refused(bob, address):
    host, port = httpx.URL(address).host, httpx.URL(address).port
    for header, status in (("Content-Length: 999999999", b" 413 "), ("Transfer-Encoding: chunked", b" 411 ")):
        with socket.create_connection((host, port), timeout=30) as raw:
            raw.sendall(f"POST /gradio_api/run/predict HTTP/1.1\r\nHost: {host}:{port}\r\n{header}\r\n\r\n".encode())
            assert status in raw.recv(200)


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
    number = next(one for one, inputs in reversed(events) if inputs == 0)  # the dashboard's
    assert "may not export" in json.loads(send(bob, number, 0, form="csv").json()["data"][0])["error"]
    with httpx.Client(base_url=address, timeout=60) as ann, Store.open(Path(folder)) as store:
        ann.post("/login", data={"username": "ann", "password": "correct horse"})
        reply = json.loads(send(ann, number, 0, form="jsonl").json()["data"][0])
        assert reply["file"]["name"] == "decisions.jsonl"
        assert (store.log(last=1)[0].who, store.log(last=1)[0].kind) == ("ann", "export")
        assert "No format" in json.loads(send(ann, number, 0, form="exe").json()["data"][0])["error"]


def test_a_role_taken_away_is_gone_at_the_next_event(folder, bob, events):
    from judge.review.access import remove_user

    with Store.open(Path(folder)) as store:
        remove_user(store, "bob", by="ann")
    for number, inputs in events:
        said = send(bob, number, inputs, kind="start").text
        assert ("cj-desk" not in said and "data:image" not in said and "no user" in said.lower()) or '"data":[]' in said


def test_without_sign_in_only_this_machines_names_are_answered(tmp_path):
    with serving(tmp_path) as address:
        port = httpx.URL(address).port
        for host in ("evil.example", f"evil.example:{port}", f"127.0.0.1.evil.example:{port}", "", "[::2]"):
            assert httpx.get(f"{address}/config", headers={"host": host}).status_code in (400, 403)
        assert httpx.get(f"{address}/config", headers={"host": f"localhost:{port}"}).status_code == 200
