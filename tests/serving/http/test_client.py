"""`judge.Client` and `judge check --server`: against a real server, and against one that fails now and then."""

from __future__ import annotations

import json
import threading

import httpx2
import pytest
from typer.testing import CliRunner

from judge import Client
from judge.cli.verbs import app
from judge.errors import ModelError, UserError
from judge.verdict import Verdict
from tests.serving.http.conftest import DRAWINGS
from tests.serving.http.running import PROVENANCE, Scripted, serving

VIOLATING = next(one for one in DRAWINGS if one.name == "body-on-fire-violating.png")


def test_options_of_models_are_not_for_a_server():
    found = CliRunner().invoke(app, ["check", "--server", "http://127.0.0.1:9", str(VIOLATING), "--model", "x/y"])
    assert isinstance(found.exception, UserError) and found.exception.hint == "leave out --model"


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
    assert type(caught.value) is ModelError and caught.value.retryable and len(came) == 4
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
    with pytest.raises(UserError, match="no address") as caught:
        Client("https://server/judge/v1/judge")
    assert "https://server/judge" in caught.value.hint and "v1" not in caught.value.hint
    for url in ("http://", "https:///path", "http://?a=b"):
        with pytest.raises(UserError, match="no address"):
            Client(url)
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
            assert client._connection.ask("POST", "/v1/judge", json={"image": "dg==", "detail": "summary"}).json()[
                "verdicts"
            ]
        for thread in threads:
            thread.join()


def test_tries_are_quiet_and_what_they_end_with_is_public(caplog, capfd):
    client, came = answering(BUSY, (0, {}, {}), DONE)
    with caplog.at_level("DEBUG", "stamina"):
        assert client.constitutions() == [] and len(came) == 3
    assert [one for one in caplog.records if one.name == "stamina"] == [] and capfd.readouterr() == ("", "")
    client, _ = answering((0, {}, {}), attempts=1)
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        client.constitutions()
    assert type(caught.value) is ModelError and caught.value.retryable


def test_a_key_is_one_line_of_plain_characters(monkeypatch):
    for key in ("ü", "a b", "a\nb", "\x00"):
        with pytest.raises(UserError, match="the key has a character that no key has"):
            Client("http://server", key=key)
    monkeypatch.setenv("JUDGE_API_KEY", " k\r\n")
    client, came = answering(DONE)
    client.constitutions()
    assert came[0].headers["authorization"] == "Bearer k"
    monkeypatch.setenv("JUDGE_API_KEY", "ü")
    found = CliRunner().invoke(app, ["check", str(VIOLATING), "--server", "http://127.0.0.1:9"])
    assert isinstance(found.exception, UserError) and "JUDGE_API_KEY" in found.exception.hint


@pytest.mark.parametrize("one", ["a/path.png", b"bytes", VIOLATING])
def test_one_image_is_not_many(one):
    client, came = answering()
    for ask in (client.judge_many, client.judge_all):
        with pytest.raises(UserError, match="one image, where several belong"):
            ask(one)
    assert came == []


@pytest.fixture(scope="module")
def small():
    """A server that takes three images and 20,000 bytes of a request."""
    with serving({"limits": {"images": 3, "request_bytes": 20_000}}, process=Scripted()) as running:
        yield running


def test_requests_become_as_small_as_the_server_takes(small):
    images = [b"v%d" % number if number % 3 else b"n%d" % number for number in range(40)]
    sent = []
    with Client(small.url) as client:
        client._connection.http.event_hooks["request"].append(lambda request: sent.append(request.url.path))
        verdicts = [one.verdict for one in client.judge_many(images)]
    assert verdicts == ["violation" if number % 3 else "no_violation" for number in range(40)]
    assert len(sent) == 3 + 20  # what was too many is asked once, and remembered
    with Client(small.url) as client:
        whole = [one.verdict for one in client.judge_many([b"n" + bytes(9_000), b"v" + bytes(9_000), b"v"] * 3)]
    assert whole == ["no_violation", "violation", "violation"] * 3


def test_an_image_that_the_server_refuses_for_its_size_stops_no_other(small, tmp_path):
    for name, data in (("a.png", b"violating"), ("fat.png", bytes(30_000)), ("z.png", b"violating too")):
        (tmp_path / name).write_bytes(data)
    with Client(small.url) as client:
        verdicts = list(client.judge_many(sorted(tmp_path.iterdir())))
        assert client.judge(tmp_path / "fat.png").verdict == "needs_review"
        with pytest.raises(UserError, match="more than the server takes"):
            client.judge_clip(tmp_path / "fat.png")
    assert [one.verdict for one in verdicts] == ["violation", "needs_review", "violation"]
    fat = verdicts[1]
    assert fat.image == str(tmp_path / "fat.png") and fat.causes == ("unreadable",)
    assert (fat.failure.kind, fat.failure.retryable) == ("image", False)
    assert "20,000 bytes" in fat.failure.message and fat.failure.hint
    assert fat.provenance == verdicts[0].provenance
    command = ["check", "--json", "--server", small.url]
    found = CliRunner().invoke(app, [*command, str(tmp_path)])
    assert [json.loads(line)["verdict"] for line in found.stdout.splitlines()] == [one.verdict for one in verdicts]
    assert found.exit_code == 1
    assert CliRunner().invoke(app, [*command, str(tmp_path / "fat.png")]).exit_code == 4


def test_a_server_that_refuses_everything_for_its_size_is_not_asked_for_ever():
    client, came = answering(*[(413, {}, {})] * 9)
    with pytest.raises(UserError, match="status 413") as caught:
        client.judge(b"x")
    assert type(caught.value) is UserError and len(came) == 2


def test_of_halves_what_came_before_a_failure_is_given_first():
    verdict = Verdict(image="<bytes>", verdict="no_violation", provenance=PROVENANCE).model_dump(mode="json")
    judged = (200, {}, {"ids": ["v_1"], "verdicts": [verdict]})
    client, came = answering((413, {}, {}), judged, (500, {}, {"type": "t", "detail": "a mistake"}))  # as of a proxy
    verdicts = client.judge_many([b"a", b"b"])
    assert next(verdicts).verdict == "no_violation"
    with pytest.raises(ModelError, match="a mistake"):
        next(verdicts)
    assert len(came) == 3


@pytest.mark.parametrize("one", [None, 3, ["a.png"]])
def test_what_is_no_image_of_a_list_is_said(one):
    client, came = answering()
    with pytest.raises(UserError, match="no image"):
        list(client.judge_many([one]))
    assert came == []


@pytest.mark.parametrize("image", ["http://127.0.0.1:9/x.png", "HTTPS://example.com/x.png"])
def test_an_address_in_place_of_a_file_is_called_one(image):
    with serving(process=Scripted()) as running, Client(running.url) as client:
        verdict = client.judge(image)
    assert verdict.failure.message == "an address, not a file" and "download" in verdict.failure.hint
    assert not verdict.failure.retryable


def test_no_name_is_no_image():
    with Client("http://127.0.0.1:9") as client, pytest.raises(UserError, match="no name"):
        client.judge("")
