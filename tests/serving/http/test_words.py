"""What is wrong with a request is said in words that need no Python, whole, and of which image."""

from __future__ import annotations

import pytest

from tests.serving.http.running import Scripted, serving

JSON = {"content-type": "application/json"}


LONG = "String should have at most 1000 characters"


@pytest.fixture(scope="module")
def server():
    with serving({"fetch_urls": True}, process=Scripted()) as running:
        yield running


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"image": "aGkxM"}', "image 1: no base64 (it is cut off, or its padding with '=' is wrong)"),
        (b'{"image": "aGkxMg="}', "image 1: no base64 (it is cut off, or its padding with '=' is wrong)"),
        (b'{"image": "aG_x"}', "image 1: no base64 (it has characters that base64 has not)"),
        (b'{"image": "\xc3\xbc"}', "image 1: no base64 (it has characters that base64 has not)"),
        (b'{"x": ' + b"1" * 5000 + b"}", "a number in the JSON of the body has more than 40 digits"),
        (b'{"image": "\xff"}', "the body is no JSON (it is not in UTF-8)"),
        (b'{"image": "\\ud800"}', "the body is no JSON (it has half of a character, as \\ud800 is)"),
        (b'{"images": [{"data": "aGk=", "x": 1}]}', "images.0.x: is not read here"),
        (b'{"image": {"data": "aGk=", "name": "' + b"n" * 1001 + b'"}}', "image.name: " + LONG),
        (b'{"image": {"data": 5}}', "image.data: Input should be a valid string"),
        (b'{"images": [5]}', "images.0.str: Input should be a valid string"),
        (b'{"imagse": []}', "imagse: is not read here"),
        (b'{"image" 1}', "the body is no JSON (Expecting ':' delimiter: line 1 column 10 (char 9))"),
    ],
)
def test_a_mistake_is_said_whole(server, body, detail):
    answer = server.http.post("/v1/judge", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["detail"]) == (422, detail)


def test_an_address_that_is_refused_is_said_with_its_image(server):
    images = ["aGk=", {"url": "http://127.0.0.1/", "name": "b.png"}]
    answer = server.http.post("/v1/judge", json={"images": images}).json()
    assert answer["type"][-11:] == "url-refused" and answer["detail"].startswith("b.png: ")
