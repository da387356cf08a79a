"""A request that says very much, or much that is wrong, is refused at once: others are served meanwhile."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest
from pydantic import ValidationError

from judge.serving.http import parsing, reading
from judge.serving.http.guardrail import GuardrailRequest
from judge.serving.http.moderations import ModerationRequest
from judge.serving.http.reading import JudgeRequest
from tests.serving.http.running import Scripted, serving

MANY = 3000
WRONG = {"data": 1, "x": 2}
GUARDRAIL = "/beta/litellm_basic_guardrail_api"


@pytest.fixture(scope="module")
def server():
    with serving({"limits": {"images": 3}}, process=Scripted()) as running:
        yield running


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JudgeRequest, {"images": [WRONG] * MANY}),
        (JudgeRequest, {"images": [1] * MANY}),
        (JudgeRequest, {str(one): one for one in range(MANY)}),
        (JudgeRequest, {"images": [{str(one): one for one in range(MANY)}]}),
        (JudgeRequest, {"image": {str(one): one for one in range(MANY)}}),
        (ModerationRequest, {"input": [WRONG] * MANY}),
        (ModerationRequest, {"input": [1] * MANY}),
        (GuardrailRequest, {"images": [1] * MANY}),
    ],
)
def test_mistakes_are_collected_up_to_a_bound(kind, body):
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(body)
    assert caught.value.error_count() <= 50


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/judge", {"images": [WRONG] * 4}, 413),
        ("/v1/judge", {"image": WRONG, "images": [WRONG] * 3}, 413),
        ("/v1/moderations", {"input": [{"type": "image_url", "x": 1}] * 4}, 413),
        ("/v1/moderations", {"input": [{"type": "text", "text": ""}] * 10_001}, 413),
        ("/v1/judge", {"images": [WRONG] * 3}, 422),
        ("/v1/judge", {"image": WRONG, "images": 3}, 422),
    ],
)
def test_too_many_are_refused_before_each_is_looked_at(server, path, body, status):
    answer = server.http.post(path, json=body)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("value", ["0", "{}", "[]", '"ab"', '{"a": 0}'])
def test_json_of_very_many_values_is_refused_before_it_is_read(server, monkeypatch, value):
    monkeypatch.setattr(parsing, "_read", None)
    body = '{"images": [' + ",".join([value] * 500_001) + "]}"
    for path in ("/v1/judge", "/v1/moderations"):
        answer = server.http.post(path, content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (413, "too-large")
    blocked = server.http.post(GUARDRAIL, content=body, headers={"content-type": "application/json"}).json()
    assert blocked["action"] == "BLOCKED" and "500,000 values" in blocked["blocked_reason"]


def test_space_within_base64_takes_no_memory_of_its_own():
    tracemalloc.start()
    try:
        given = asyncio.run(reading.from_text("AA " * 1_000_000, "a.png"))
        assert given.data == bytes(1_500_000) and tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert asyncio.run(reading.from_text("d\r\ng \t=\x0b\x0c=", "a.png")).data == b"v"


def test_a_guardrail_request_with_too_many_wrong_images_is_blocked_for_their_number(server):
    answer = server.http.post(GUARDRAIL, json={"images": [WRONG] * 4}).json()
    assert answer["action"] == "BLOCKED" and "3 images at most" in answer["blocked_reason"]


def test_unknown_keys_are_named(server):
    answer = server.http.post("/v1/judge", json={"image": "aGk=", **{f"key-{one}": one for one in range(900)}}).json()
    assert answer["detail"].startswith("key-0: ") and len(answer["errors"]) == 20
