"""Large bodies of JSON: what they say is what `json` reads of them, and nothing in them keeps the server busy for long."""

from __future__ import annotations

import base64
import json
import os
import random
import threading
import time

import pytest

from judge.serving.http import parsing
from judge.serving.http.parsing import decoded
from judge.serving.http.problems import ApiProblem
from tests.serving.http.running import Scripted, serving

LONG = "x" * 300
SAID = [
    {"image": base64.b64encode(os.urandom(5000)).decode(), "detail": "full"},
    {"images": [LONG, {"data": LONG, "name": 'a"b\\'}, [LONG, [LONG]], None, 1, -2.5e3, True, ""]},
    {"a": LONG + '"' + LONG, "b": LONG + "\\", "c": "\\" * 300, "d": "\\" * 301 + '"', "e": LONG + "\n" + LONG},
    {"a": LONG + "\u00e9", "b": "\U0001f600" * 300, "c": LONG + "\\n", "d": "\\/" + LONG, "e": LONG + "/\r\n"},
    [LONG], LONG, "", [], {"": LONG},
]  # fmt: skip


@pytest.mark.parametrize("piece", [1, 2, 7, 2**20])
@pytest.mark.parametrize("said", SAID, ids=range(len(SAID)))
def test_a_large_body_says_what_json_reads_of_it(monkeypatch, said, piece):
    monkeypatch.setattr(parsing, "_PIECE", piece)
    for written in (json.dumps(said), json.dumps(said, indent=2), json.dumps(said, ensure_ascii=False)):
        for body in (written, written.replace("/", "\\/")):
            assert parsing._of_large(body.encode()) == json.loads(body)


@pytest.mark.parametrize(
    "body", [b'"' + b"x" * 300, b'{"a": "' + b"x\n" * 300 + b'"}', b'["' + LONG.encode() + b'" 1]']
)
def test_a_large_body_that_is_no_json_is_none(body):
    with pytest.raises(json.JSONDecodeError):
        parsing._of_large(body)


def test_a_key_that_stands_twice_is_found_in_a_large_body_and_a_long_one_refused():
    with pytest.raises(ApiProblem, match="'a' stands twice"):
        parsing._of_large(f'{{"a": "{LONG}", "a": "{LONG}"}}'.encode())
    with pytest.raises(ApiProblem, match="a key has more than"):
        parsing._of_large(json.dumps({LONG: 1}).encode())


@pytest.mark.parametrize("piece", [7, 64, 2**20])
def test_base64_in_pieces_is_what_it_is_as_a_whole(monkeypatch, piece):
    monkeypatch.setattr(parsing, "_PIECE", piece)
    chance = random.Random(4)
    for length in (0, 1, 2, 3, 62, 63, 64, 200):
        data = chance.randbytes(length)
        assert decoded(base64.b64encode(data).decode()) == decoded(base64.encodebytes(data).decode()) == data
    for text, why in (
        ("QQ==QQ==", "padding"),
        ("QQ=" + "=" * 9, "padding"),
        ("QQQ", "padding"),
        ("Q" * 99 + "_", "has not"),
    ):
        with pytest.raises(ValueError, match=why):
            decoded(text)


N = 2**19
DULL = [
    (b'{"image":[' + b",".join([b"9" * 4299] * (N // 1000)) + b"]}", 422, "digits"),
    (b'{"image":-' + b"9" * 50 + b".5e3}", 422, "digits"),
    (b'{"image":"' + "\U0001f600".encode() * 9 * N + b'"}', 413, "beside its images"),
    (b'{"image":' + b" " * 34 * N + b"1}", 413, "beside its images"),
    (b'{"image":"' + b'\\"' * 17 * N + b'"}', 413, "beside its images"),
    (b'{"image":"' + b"_" * 3 * N + b'"}', 422, "characters that base64 has not"),
    ('{"image":"bg=="}'.encode("utf-16"), 422, "UTF-8"),
]  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with serving(process=Scripted()) as running:
        yield running


@pytest.mark.parametrize(("body", "status", "why"), DULL, ids=range(len(DULL)))
def test_what_would_take_long_to_read_is_refused_and_why(server, body, status, why):
    answer = server.http.post("/v1/judge", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status and why in answer.json()["detail"], answer.text[:300]


def test_a_large_image_in_base64_is_judged_in_whatever_way_it_is_written(server):
    data = b"v" + os.urandom(2 * N)
    for text in (base64.b64encode(data), base64.encodebytes(data)):
        written = json.dumps({"image": text.decode(), "detail": "summary"})
        for body in (written, written.replace("/", "\\/")):
            answer = server.http.post("/v1/judge", content=body, headers={"content-type": "application/json"})
            assert [one["verdict"] for one in answer.json()["verdicts"]] == ["violation"], answer.text[:300]


@pytest.mark.parametrize("dull", [b'"' + b"\\u0041" * 5 * N + b'"', b"[" + b",".join([b"9" * 4299] * 3000) + b"]"])
def test_no_text_of_a_body_takes_the_processor_for_long(dull):
    """As a bound on one thread's time, which does not depend on what else runs."""
    found = []

    def read():
        begun = time.thread_time()
        try:
            parsing._of_large(b'{"image":' + dull + b"}")
        except ApiProblem as problem:
            found.append(problem.slug)
        found.append(time.thread_time() - begun)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found[-1] < 0.5
