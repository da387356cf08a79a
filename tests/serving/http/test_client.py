"""`judge.Client` and `judge check --server`: against a real server, and against one that fails now and then."""

from __future__ import annotations

import threading

import httpx2
import pytest
from typer.testing import CliRunner

from judge import Client
from judge.cli.verbs import app
from judge.errors import ModelError, UserError
from tests.serving.http.conftest import DRAWINGS
from tests.serving.http.running import Scripted, serving

VIOLATING = next(one for one in DRAWINGS if one.name == "body-on-fire-violating.png")


def test_options_of_models_are_not_for_a_server():
    found = CliRunner().invoke(app, ["check", "--server", "http://127.0.0.1:9", str(VIOLATING), "--model", "x/y"])
    assert isinstance(found.exception, UserError) and "leave out --model" in found.exception.hint


def answering(*answers, attempts=4):
    """A client whose server gives these answers, one after the other, and the requests that came."""
    left, came = list(answers), []

    def handle(request):
        came.append(request)
        status, headers, body = left.pop(0)
        if status == 0:
            raise httpx2.ConnectError("broken")
        return httpx2.Response(status, headers=headers, json=body)

    return Client("http://server", transport=httpx2.MockTransport(handle), attempts=attempts), came


BUSY = (503, {"retry-after": "0"}, {"type": "urn:x:overloaded", "detail": "too much waits"})
DONE = (200, {}, {"constitutions": []})


def test_what_may_succeed_later_is_tried_again_and_nothing_else():
    client, came = answering(BUSY, (0, {}, {}), (429, {"retry-after": "0"}, {"type": "t", "detail": "slow down"}), DONE)
    assert client.constitutions() == [] and len(came) == 4
    client, came = answering(*[BUSY] * 4)
    with pytest.raises(ModelError, match="too much waits") as caught:
        client.constitutions()
    assert caught.value.retryable and len(came) == 4
    client, came = answering((500, {}, {"type": "t", "detail": "a mistake"}), DONE)
    with pytest.raises(ModelError, match="a mistake"):
        client.constitutions()
    client, came = answering((401, {}, {"type": "t", "detail": "a key is needed", "hint": "send one"}), DONE)
    with pytest.raises(UserError, match="a key is needed") as caught_key:
        client.constitutions()
    assert len(came) == 1
    assert "JUDGE_API_KEY" in caught_key.value.hint


def test_tries_of_one_request_have_one_idempotency_key_and_the_key_is_sent():
    client, came = answering(BUSY, BUSY, DONE, attempts=3)
    with pytest.raises(KeyError):  # the answer is none to this question
        client.judge(b"x")
    assert len({one.headers["idempotency-key"] for one in came}) == 1 and len(came) == 3
    with Client(
        "http://server",
        key="k",
        transport=httpx2.MockTransport(
            lambda request: httpx2.Response(200, json={"constitutions": [request.headers["authorization"]]})
        ),
    ) as keyed:
        assert keyed.constitutions() == ["Bearer k"]


def test_an_address_that_is_none_and_a_server_that_is_not_there():
    with pytest.raises(UserError, match="no address"):
        Client("server:8080")
    with pytest.raises(UserError, match="no address") as caught:
        Client("http://server:8080/v1/")
    assert "/v1" in caught.value.hint
    with Client("http://127.0.0.1:9", attempts=1) as client, pytest.raises(ModelError, match="cannot be reached"):
        client.judge(b"x")


def test_a_full_server_is_waited_for():
    with serving({"limits": {"waiting": 1}, "once_seconds": 0}, process=Scripted(0.1)) as busy:
        threads = [
            threading.Thread(target=lambda n=n: busy.http.post("/v1/judge", json={"image": f"Ym{n}="}))
            for n in "abcdefgh"
        ]
        for thread in threads:
            thread.start()
        with Client(busy.url) as client:
            assert client._asked("POST", "/v1/judge", json={"image": "dg==", "detail": "summary"}).json()["verdicts"]
        for thread in threads:
            thread.join()
