"""Of the parts of a chat only those that are known to be text pass unseen: all else is judged, or blocks."""

from __future__ import annotations

import base64

import pytest

from tests.conftest import ROOT
from tests.serving.http.running import Scripted, serving
from tests.serving.http.test_compatible import guarded

PNG = min((ROOT / "examples/images").glob("*.png")).read_bytes()
CLIP = b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp42" + b"v" * 100
TEXT = {"type": "text", "text": "What is this?"}


@pytest.fixture(scope="module")
def server():
    script = Scripted(clips_at_once=True)
    with serving({"once_seconds": 0}, process=script) as running:
        running.script = script
        yield running


def b64(data):
    return base64.b64encode(data).decode()


def png(label="image/png"):
    return f"data:{label};base64,{b64(PNG)}"


def said(*parts, **more):
    return [{"role": "user", "content": [TEXT, *parts], **more}]


HOLDING = [
    (CLIP, said({"type": "video_url", "video_url": {"url": "data:video/mp4;base64," + b64(CLIP)}})),
    (PNG, said({"type": "video_url", "video_url": {"url": png("video/mp4")}})),
    (PNG, said({"image": {"format": "png", "source": {"bytes": b64(PNG)}}})),
    (CLIP, said({"video": {"format": "mp4", "source": {"bytes": b64(CLIP)}}})),
    (PNG, [{"role": "user", "content": "x", "images": [b64(PNG)]}]),
    (PNG, [{"role": "user", "content": "x", "experimental_attachments": [{"name": "a", "url": png()}]}]),
    (PNG, said({"type": "media", "url": png()})),
    (PNG, said({"type": "foo", "data": b64(PNG)})),
    (PNG, said({"type": "foo", "deep": [{"a": {"b": [b64(PNG)]}}]})),
    (PNG, said(png())),
    (PNG, said(b64(PNG))),
    (PNG, said({"type": "text", "text": "x", "image": b64(PNG)})),
    (PNG, said({"type": "text", "text": "x", "title": b64(PNG)})),
    (PNG, said({"type": "tool_use", "id": "1", "name": "see", "input": {"screen": png()}})),
    (PNG, said({"toolResult": {"toolUseId": "1", "content": [{"image": {"source": {"bytes": b64(PNG)}}}]}})),
    (PNG, said({"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE"}, "image": b64(PNG)})),
    (PNG, said({"type": "input_audio", "input_audio": {"data": b64(PNG), "format": "wav"}})),
    (PNG, [{"role": "user", "content": [[{"type": "image", "data": b64(PNG)}]]}]),
]


@pytest.mark.parametrize(("data", "messages"), HOLDING, ids=range(len(HOLDING)))
def test_a_picture_under_any_key_of_any_part_is_judged(server, data, messages):
    server.script.parcels, server.script.clip_orders = [], []
    assert guarded(server, structured_messages=messages) == ("NONE", None)
    assert [*server.script.parcels, *([one.data] for one in server.script.clip_orders)] == [[data]]


UNSEEN = [
    ({"type": "foo"}, "'foo'"),
    ({"type": "foo", "text": "hello"}, "'foo'"),
    ({"type": "foo", "id": "file_1"}, "'foo'"),
    ({"type": ["text"], "text": "hello"}, "no kind"),
    ({"name": "x"}, "no kind"),
    ({"type": "video_url", "video_url": {"url": "http://example.com/a.mp4"}}, "fetches no addresses"),
    ({"type": "video_url", "video_url": {"file_id": "file_1"}}, "'video_url'"),
    ({"type": "text", "text": "x", "image_url": {"url": "https://example.com/a.png"}}, "fetches no addresses"),
    ({"type": "text", "text": "x", "picture": "s3://a/b.png"}, "'picture'"),
    ({"type": "foo", "thumbnail": png(), "file_id": "file_1"}, "'file_id'"),
    ({"type": "document", "source": {"type": "url", "url": "gs://a/b"}}, "'document'"),
    ({"image": {"source": {"s3Location": {"uri": "s3://a/b.png"}}}}, "'uri'"),
    ({"type": "foo" * 400}, "'foofoo"),
]


@pytest.mark.parametrize(("part", "why"), UNSEEN, ids=range(len(UNSEEN)))
def test_a_part_that_is_not_known_to_be_text_and_shows_nothing_blocks_and_says_what_it_was(server, part, why):
    action, reason = guarded(server, structured_messages=said(part))
    assert action == "BLOCKED" and why in reason and len(reason) < 400, reason
    assert guarded(server, b"n", structured_messages=said(part))[0] == "BLOCKED"


def test_a_key_of_a_message_that_is_not_known_blocks_where_it_shows_nothing(server):
    action, reason = guarded(server, structured_messages=[{"role": "user", "content": "x", "images": ["file_1"]}])
    assert action == "BLOCKED" and "'images'" in reason


CALL = {"id": "1", "type": "function", "function": {"name": "see", "arguments": '{"url": "http://a/b.png"}'}}
TEXTS = [
    said({"type": "input_text", "text": "x"}, {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}),
    said({"text": "x"}, "a bare text", {"type": "refusal", "refusal": "no"}),
    [{"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning_content": "hm", "name": "a"}],
    [{"role": "tool", "content": "done", "tool_call_id": "1"}],
    said({"type": "tool_use", "id": "1", "name": "see", "input": {"url": "http://a/b.png"}}),
    said({"type": "tool_result", "tool_use_id": "1", "content": "done", "is_error": False}),
    said({"type": "thinking", "thinking": "hm", "signature": "aGk="}, {"type": "redacted_thinking", "data": "aGk="}),
    said({"type": "input_audio", "input_audio": {"data": b64(b"RIFF\0\0\0\0WAVEfmt "), "format": "wav"}}),
    said({"functionCall": {"name": "see", "args": {"a": "b"}}}, {"toolUse": {"toolUseId": "1", "name": "see", "input": {}}}),
    [{"type": "function_call", "call_id": "1", "name": "see", "arguments": "{}"}, {"type": "function_call_output", "call_id": "1", "output": "x"}],
    [{"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "aGk="}],
    said({"type": "text", "text": "it begins with data:image/png;base64, and so on", "index": 3}),
]  # fmt: skip


@pytest.mark.parametrize("messages", TEXTS, ids=range(len(TEXTS)))
def test_what_is_known_to_be_text_is_let_be(server, messages):
    assert guarded(server, structured_messages=messages) == ("NONE", None)


def test_messages_that_are_nested_as_deep_as_they_may_are_answered(server):
    deep = TEXT
    for _ in range(400):
        deep = {"type": "foo", "content": [deep]}
    assert guarded(server, structured_messages=said(deep))[0] == "NONE"
