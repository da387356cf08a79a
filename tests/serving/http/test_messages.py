"""Images that LiteLLM gives only within the messages of a chat are judged, or block: none passes unseen."""

from __future__ import annotations

import base64

import pytest

from tests.serving.http.running import Scripted, serving
from tests.serving.http.test_compatible import guarded, uri


@pytest.fixture(scope="module")
def server():
    with serving({"limits": {"images": 3}}, process=Scripted()) as running:
        yield running


def said(*parts):
    return [{"role": "system", "content": "look"}, {"role": "user", "content": [{"type": "text", "text": "?"}, *parts]}]


def text(data):
    return base64.b64encode(data).decode()


FORMS = [
    lambda data: {"type": "image_url", "image_url": {"url": uri(data)}},
    lambda data: {"type": "image_url", "image_url": uri(data)},
    lambda data: {"image_url": {"url": uri(data)}},
    lambda data: {"type": "input_image", "image_url": uri(data)},
    lambda data: {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": text(data)}},
    lambda data: {"type": "tool_result", "content": [{"type": "image", "source": {"data": text(data)}}]},
    lambda data: {"type": "document", "source": {"type": "content", "content": [FORMS[0](data)]}},
    lambda data: {"type": "file", "file": {"file_data": uri(data)}},
    lambda data: {"inline_data": {"mime_type": "image/png", "data": text(data)}},
]


@pytest.mark.parametrize("form", FORMS)
def test_an_image_that_stands_in_the_messages_only_is_judged(server, form):
    assert guarded(server, structured_messages=said(form(b"v")))[0] == "BLOCKED"
    assert "violates" in guarded(server, structured_messages=said(form(b"v")))[1]
    assert guarded(server, structured_messages=said(form(b"n"))) == ("NONE", None)
    assert "violates" in guarded(server, b"n", structured_messages=said(form(b"n"), form(b"v")))[1]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "input_image", "file_id": "file_1"},
        {"type": "file", "file": {"file_id": "file_1"}},
        {"type": "image_url", "image_url": 3},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ],
)
def test_an_image_that_cannot_be_seen_blocks(server, part):
    for images in ((), (b"n",)):
        action, why = guarded(server, *images, structured_messages=said(part))
        assert action == "BLOCKED" and "could not be judged" in why
    assert "violates" in guarded(server, b"v", structured_messages=said({"type": "image"}))[1]


def test_a_message_that_lost_its_content_on_the_way_blocks(server):
    """As LiteLLM sends what follows a text and is of a kind that it does not know."""
    for images in ((), (b"n",)):
        action, why = guarded(server, *images, structured_messages=[{"role": "user", "content": []}])
        assert action == "BLOCKED" and "without its content" in why
    for content in (None, ""):
        assert guarded(server, structured_messages=[{"role": "assistant", "content": content}]) == ("NONE", None)


def test_an_image_that_cannot_be_seen_blocks_where_failures_pass():
    unseen = said({"type": "image", "source": {"type": "file", "file_id": "file_1"}})
    with serving({"guardrail": {"failure": "pass"}}, process=Scripted()) as running:
        assert guarded(running, structured_messages=unseen)[0] == "BLOCKED"
        assert "violates" in guarded(running, b"v", structured_messages=unseen)[1]


def test_an_image_that_stands_in_both_is_one(server):
    parts = [FORMS[0](b"n%d" % number) for number in range(3)]
    images = [b"n%d" % number for number in range(3)]
    assert guarded(server, *images, structured_messages=said(*parts)) == ("NONE", None)
    action, why = guarded(server, *images, structured_messages=said(*parts, FORMS[0](b"v")))
    assert action == "BLOCKED" and "3 images at most" in why


def test_what_is_no_image_passes(server):
    document = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="}}
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64,aGk=", "filename": "a.pdf"}}
    tool = {"type": "tool_use", "id": "1", "name": "draw", "input": {"image_url": "of a cat"}}
    assert guarded(server, structured_messages=said(document, file, tool)) == ("NONE", None)
    assert guarded(server, structured_messages=None) == ("NONE", None)
