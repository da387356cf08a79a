"""Images that LiteLLM gives only within the messages of a chat are judged, or block: none passes unseen."""

from __future__ import annotations

import base64

import pytest

from tests.conftest import ROOT
from tests.serving.http.running import Scripted, serving
from tests.serving.http.test_compatible import guarded, uri


@pytest.fixture(scope="module")
def server():
    script = Scripted()
    with serving({"limits": {"images": 3}, "once_seconds": 0}, process=script) as running:
        running.script = script
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
    lambda data: {"inlineData": {"mimeType": "image/png", "data": text(data)}},
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
    assert guarded(server, structured_messages=[{"role": "assistant", "content": ""}]) == ("NONE", None)


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user"}, {"role": "user", "content": None}, {"role": "assistant", "content": None}, {"role": "user", "content": [None]},
        {"role": "user", "content": [{}]}, {"role": "user", "content": {}}, {"role": "user", "content": [3]}, None, {},
        {"role": "user", "parts": [{"fileData": {"mimeType": "image/png", "fileUri": "gs://a/b.png"}}]},
    ],
)  # fmt: skip
def test_a_message_or_a_part_of_which_nothing_is_there_blocks(server, message):
    action, why = guarded(server, structured_messages=[message])
    assert action == "BLOCKED" and "could not be judged" in why


def test_an_assistant_that_calls_a_tool_need_say_nothing(server):
    call = {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "a", "arguments": "{}"}}]}
    parts = {"role": "user", "parts": [{"text": "hello"}]}
    assert guarded(server, structured_messages=[call, {**call, "content": None}, parts]) == ("NONE", None)


@pytest.mark.parametrize("label", ["application/pdf", "text/plain"])
def test_a_picture_that_is_said_to_be_something_else_is_judged(server, label):
    data = next(iter(sorted((ROOT / "examples/images").glob("*.png")))).read_bytes()
    for part in (
        {"type": "file", "file": {"file_data": f"data:{label};BASE64,{text(data)}"}},
        {"type": "document", "source": {"type": "base64", "media_type": label, "data": text(data)}},
        {"inlineData": {"mimeType": label, "data": text(data)}},
    ):
        before = len(server.script.parcels)
        assert guarded(server, structured_messages=said(part)) == ("NONE", None)
        assert server.script.parcels[before:] == [[data]], part


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
    pdf = text(b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n")
    file = {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{pdf}", "filename": "a.pdf"}}
    tool = {"type": "tool_use", "id": "1", "name": "draw", "input": {"image_url": "of a cat"}}
    assert guarded(server, structured_messages=said(document, file, tool)) == ("NONE", None)
    assert guarded(server, structured_messages=None) == ("NONE", None)
