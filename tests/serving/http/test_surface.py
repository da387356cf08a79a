"""Everything beside verdicts, of a real server: problems, limits, keys, what it says of itself. The judge is scripted."""

from __future__ import annotations

import base64
import json
import threading
import time

import httpx
import pytest

from judge.serving.http.keys import add_key, remove_key
from tests.serving.http.running import Scripted, serving

PROBLEM = "urn:constitution-judge:problem:"


@pytest.fixture(scope="module")
def script():
    return Scripted()


@pytest.fixture(scope="module")
def server(script, tmp_path_factory):
    given = {
        "store": str(tmp_path_factory.mktemp("store") / "verdicts.db"),
        "limits": {"request_bytes": 200_000, "images": 3},
        "once_seconds": 0,
    }
    with serving(given, process=script) as running:
        yield running


def post(server, *contents, **more):
    files = [("image", (f"{place}.png", data)) for place, data in enumerate(contents)]
    return server.http.post("/v1/judge", files=files, **more)


def problem(answer, status, slug):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["status"]) == (PROBLEM + slug, status)
    assert body["title"] and body["detail"] and body["retryable"] == ("retry-after" in answer.headers)
    return body


@pytest.mark.parametrize(
    ("method", "path", "content", "kind", "status", "slug"),
    [
        ("GET", "/nowhere", b"", "", 404, "not-found"),
        ("GET", "/v1/judge", b"", "", 405, "method-not-allowed"),
        ("POST", "/v1/judge", b"{", "application/json", 422, "invalid-request"),
        ("POST", "/v1/judge", b"\xff\xfe", "application/json", 422, "invalid-request"),
        ("POST", "/v1/judge", b"[]", "application/json", 422, "invalid-request"),
        ("POST", "/v1/judge", b"{}", "application/json", 422, "invalid-request"),
        ("POST", "/v1/judge", b'{"image": "!!!"}', "application/json", 422, "invalid-request"),
        ("POST", "/v1/judge", b'{"image": "data:text/plain,hi"}', "application/json", 422, "invalid-request"),
        ("POST", "/v1/judge", b'{"image": "aGk=", "surprise": 1}', "application/json", 422, "invalid-request"),
        ("POST", "/v1/judge", b'{"image": "aGk=", "detail": "none"}', "application/json", 422, "invalid-request"),
        (
            "POST",
            "/v1/judge",
            b'{"image": "aGk=", "constitution": "x"}',
            "application/json",
            404,
            "unknown-constitution",
        ),
        ("POST", "/v1/judge", b'{"image": "http://example.com/a.png"}', "application/json", 422, "urls-not-fetched"),
        (
            "POST",
            "/v1/judge",
            b'{"image": {"data": "aGk=", "name": "\\ud800"}}',
            "application/json",
            422,
            "invalid-request",
        ),
        (
            "POST",
            "/v1/judge",
            b'{"image": "aGk=", "constitution": "\\uDFFF"}',
            "application/json",
            422,
            "invalid-request",
        ),
        ("POST", "/v1/judge", b"[" * 100_000, "application/json", 422, "invalid-request"),
        ("POST", "/v1/judge", b"hi", "text/plain", 415, "unsupported-media-type"),
        ("POST", "/v1/judge", b"hi", "multipart/form-data", 422, "invalid-request"),
        (
            "POST",
            "/v1/judge",
            b'{"images": ["aGk=", "aGk=", "aGk=", "aGk="]}',
            "application/json",
            413,
            "too-many-images",
        ),
        ("POST", "/v1/judge", b" " * 200_001, "application/json", 413, "too-large"),
        ("POST", "/v1/moderations", b'{"input": "text"}', "application/json", 422, "text-not-judged"),
        ("POST", "/v1/moderations", b'{"input": []}', "application/json", 422, "invalid-request"),
        ("GET", "/v1/verdicts/v_none", b"", "", 404, "unknown-verdict"),
    ],
)
def test_every_mistake_is_a_problem(server, method, path, content, kind, status, slug):
    problem(server.http.request(method, path, content=content, headers={"content-type": kind}), status, slug)


def test_a_body_that_lies_about_its_length_is_cut_off(server):
    def pieces():
        for _ in range(10):
            yield b"x" * 50_000

    headers = {"content-type": "application/json"}
    problem(httpx.post(f"{server.url}/v1/judge", content=pieces(), headers=headers), 413, "too-large")


def test_several_forms_of_one_request_have_one_answer(server):
    text = base64.b64encode(b"v1").decode()
    (one,) = post(server, b"v1", data={"detail": "summary"}).json()["verdicts"]
    (two,) = server.http.post("/v1/judge", json={"image": {"data": text, "name": "0.png"}, "detail": "summary"}).json()[
        "verdicts"
    ]
    assert one == two and one["verdict"] == "violation"


def test_a_verdict_that_was_given_can_be_asked_for(server):
    answer = post(server, b"n1", b"v2").json()
    for identity, verdict in zip(answer["ids"], answer["verdicts"], strict=True):
        kept = server.http.get(f"/v1/verdicts/{identity}")
        assert kept.json() == verdict and kept.headers["x-judged-at"]


def test_a_request_that_comes_twice_under_one_key_is_answered_once(server, script):
    headers = {"idempotency-key": "one"}
    first, second = post(server, b"n3", headers=headers), post(server, b"n3", headers=headers)
    assert first.json() == second.json() and second.headers["idempotent-replayed"] == "true"
    assert sum(b"n3" in parcel for parcel in script.parcels) == 1
    problem(post(server, b"n4", headers=headers), 422, "idempotency-key-reused")
    problem(post(server, b"n3", headers=headers, data={"stream": "true"}), 422, "invalid-request")


def test_what_is_served_is_told(server):
    (demo,) = server.http.get("/v1/constitutions").json()["constitutions"]
    assert demo["name"] == "demo" and not demo["stale"] and demo["trouble"] is None
    assert len(demo["digest"]) == 64 and demo["loaded_at"].endswith("+00:00")
    assert {"id", "rule", "category", "severity", "status"} == set(demo["rules"][0])


def metric(server, name):
    found = {}
    for line in server.http.get("/metrics").text.splitlines():
        if line.startswith(name):
            label, _, value = line.rpartition(" ")
            found[label] = float(value)
    return found


def test_what_is_done_is_counted(server):
    before = metric(server, 'judge_verdicts_total{constitution="demo",verdict="violation"}')
    post(server, b"v5", b"n6")
    after = metric(server, 'judge_verdicts_total{constitution="demo",verdict="violation"}')
    assert sum(after.values()) == sum(before.values()) + 1
    for name in (
        "judge_requests_total", "judge_request_seconds_count", 'judge_stage_seconds_count{stage="queue"}', "judge_batch_images_count",
        'judge_rule_outcomes_total{constitution="demo",outcome="violated",rule="body-on-fire"}', "judge_queue_images",
        "judge_processes_ready", 'judge_errors_total{type="invalid-request"}', "judge_escalations_total",
    ):  # fmt: skip
        assert metric(server, name), name


def test_pages_of_other_addresses_are_not_answered(server):
    own = server.url.removeprefix("http://")
    assert post(server, b"n", headers={"origin": server.url}).status_code == 200
    problem(post(server, b"n", headers={"origin": "http://elsewhere.example"}), 403, "forbidden")
    problem(post(server, b"n", headers={"origin": "null"}), 403, "forbidden")
    problem(post(server, b"n", headers={"origin": "http://[nonsense"}), 403, "forbidden")
    server.service.local_only = True
    try:
        assert post(server, b"n").status_code == 200
        assert server.http.get("/healthz", headers={"host": "localhost:1"}).status_code == 200
        for host in ("elsewhere.example", f"elsewhere.example@{own}", "[nonsense"):
            problem(server.http.get("/v1/constitutions", headers={"host": host}), 403, "forbidden")
    finally:
        server.service.local_only = False


def test_a_slow_body_is_not_waited_for():
    with serving({"limits": {"body_seconds": 0.3}}, process=Scripted()) as running:

        def slowly():
            yield b'{"image": "aGk='
            time.sleep(1.5)
            yield b'"}'

        headers = {"content-type": "application/json"}
        answer = running.http.post("/v1/judge", content=slowly(), headers=headers)
        problem(answer, 408, "too-slow")


def test_a_request_that_takes_too_long_is_ended_and_may_be_tried_again():
    with serving({"limits": {"seconds": 0.2}}, process=Scripted(1.0)) as running:
        problem(post(running, b"n"), 503, "out-of-time")
        line = json.loads(post(running, b"m", data={"stream": "true"}).text)
        assert line["problem"]["type"] == PROBLEM + "out-of-time"


def test_hundreds_of_clients_are_answered_or_told_to_come_again():
    script = Scripted(0.02)
    with serving({"once_seconds": 0}, process=script) as running:
        statuses, wrong = [], []

        def client(number):
            with httpx.Client(base_url=running.url, timeout=60) as http:
                for turn in range(2):
                    data = b"v%d-%d" % (number, turn) if number % 2 else b"n%d-%d" % (number, turn)
                    answer = http.post("/v1/judge", files={"image": ("x", data)}, data={"detail": "summary"})
                    statuses.append(answer.status_code)
                    if answer.status_code == 200:
                        (verdict,) = answer.json()["verdicts"]
                        if verdict["verdict"] != ("violation" if number % 2 else "no_violation"):
                            wrong.append(verdict)
                    else:
                        problem(answer, 503, "overloaded")

        threads = [threading.Thread(target=client, args=(number,)) for number in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(statuses) == 400 and set(statuses) <= {200, 503} and not wrong
        assert statuses.count(200) > 20
        assert max(len(parcel) for parcel in script.parcels) == 8, "and those that wait are judged together"


def test_ending_finishes_what_was_accepted():
    with serving(process=Scripted(1.0)) as running:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(post(running, b"v")))
        thread.start()
        time.sleep(0.4)
        running.server.should_exit = True
        thread.join(30)
        assert [one.status_code for one in answers] == [200]
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{running.url}/healthz")


def test_keys_say_who_may_do_what_and_how_fast(tmp_path):
    path = tmp_path / "keys.json"
    keys = {
        "sender": add_key(path, "sender", ("judge",), rate=0.5, burst=2),
        "reader": add_key(path, "reader", ("read",)),
        "other": add_key(path, "other", ("judge", "read")),
        "boss": add_key(path, "boss", ("admin",)),
    }
    assert not any(key in path.read_text() for key in keys.values()) and path.stat().st_mode & 0o077 == 0

    def bearer(name):
        return {"authorization": f"Bearer {keys[name]}"}

    with serving({"keys": str(path), "store": str(tmp_path / "verdicts.db")}, process=Scripted()) as running:
        problem(post(running, b"n"), 401, "unauthorized")
        problem(post(running, b"n", headers={"authorization": "Bearer cj_0_wrong"}), 401, "unauthorized")
        problem(post(running, b"n", headers={"authorization": f"Bearer {keys['sender'][:-1]}x"}), 401, "unauthorized")
        problem(post(running, b"n", headers=bearer("reader")), 403, "forbidden")
        problem(running.http.get("/metrics", headers=bearer("sender")), 403, "forbidden")
        problem(running.http.get("/v1/constitutions"), 401, "unauthorized")
        assert running.http.get("/metrics", headers=bearer("reader")).status_code == 200
        assert running.http.get("/healthz").status_code == 200
        (identity,) = post(running, b"n", headers={"x-api-key": keys["sender"]}).json()["ids"]
        problem(running.http.get(f"/v1/verdicts/{identity}", headers=bearer("other")), 404, "unknown-verdict")
        assert running.http.get(f"/v1/verdicts/{identity}", headers=bearer("boss")).status_code == 200
        assert post(running, b"a", b"b", headers=bearer("sender")).status_code == 200
        problem(post(running, b"n", headers=bearer("sender")), 429, "rate-limited")
        assert post(running, *[b"%d" % n for n in range(20)], headers=bearer("boss")).status_code == 200
        remove_key(path, "other")
        problem(post(running, b"n", headers=bearer("other")), 401, "unauthorized")
        path.write_text("broken")
        assert running.http.get("/metrics", headers=bearer("reader")).status_code == 200, "keys stay as they were"
