"""The server backend against a real HTTP server over the bundled model: the common suite, scores and replies."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading

import pytest
from PIL import Image

from judge.errors import ModelError, Unable
from judge.judging.escalation import Summary
from judge.models.openai import pictures as encoding
from judge.models.openai.plan import ServerPlan
from judge.models.openai.remote import ServerLimits
from judge.models.openai.server import load_server
from judge.models.openai.wire import json_forms
from judge.models.spellings import yes_no_tokens
from judge.ports import Ask
from tests.models import conformance as suite
from tests.models.conftest import anew
from tests.models.serving import QUICK, Manners, _form, serving

ALIKE = 1e-3


@pytest.fixture(scope="module", params=["full", "strict"])
def server(request, answering):
    """One server for the common suite, which asks the same again and again."""
    with serving(answering, Manners(strict=request.param == "strict", tokenizer=request.param == "full")) as server:
        yield server


class TestConformance(suite.MllmConformance):
    @pytest.fixture
    def subject(self, server, bundled, pictures):
        longest = max(len(token) for token in bundled._processor.tokenizer.get_vocab())
        return suite.MllmSubject(lambda: load_server(server.url, limits=QUICK), pictures, longest)


class TestScores:
    @pytest.mark.parametrize(
        ("manners", "way"),
        [
            ({}, "ids"),
            ({"ids": False}, "top"),
            ({"tokenizer": False}, "top"),
            ({"strict": True}, "top"),
            ({"strict": True, "tokenizer": False}, "top"),
        ],
    )
    def test_they_equal_those_of_the_model_in_this_process(self, serve, bundled, pictures, manners, way):
        server = serve(**manners)
        mllm = load_server(server.url, limits=QUICK)
        asks = suite.asks_of((*pictures, None, masked(pictures[0])), suite.STATEMENTS)
        assert suite.numbers(mllm, asks) == pytest.approx(suite.numbers(anew(bundled), asks), abs=ALIKE, rel=0)
        assert ("logprob_token_ids" in server.seen[-1]) == (way == "ids")
        assert ("top_logprobs" in server.seen[-1]) == (way == "top")
        mllm.close()

    def test_yes_and_no_are_every_token_that_spells_them(self, joined, bundled):
        yes, no = yes_no_tokens(bundled._processor.tokenizer)
        assert joined[1]._plan == ServerPlan(tuple(yes), tuple(no), once=True)

    def test_the_image_comes_first_the_question_last_and_nothing_is_added(self, joined, pictures):
        server, mllm = joined
        mllm.answer([Ask(pictures[0], "Is it true?", "a knife"), Ask(None, "Is it true?", "a knife")])
        by_kind = {type(body["messages"][0]["content"]): body for body in server.seen}
        (shown, asked) = by_kind[list]["messages"][0]["content"]
        assert (shown["type"], asked) == ("image_url", {"type": "text", "text": "Is it true? a knife"})
        assert by_kind[str]["messages"] == [{"role": "user", "content": "Is it true? a knife"}]
        assert all(body["temperature"] == 0 and body["max_completion_tokens"] == 1 for body in server.seen)

    def test_an_image_is_encoded_once_and_named_by_its_content(self, joined, pictures, monkeypatch):
        server, mllm = joined
        encoded, encode = [], encoding._encoded
        monkeypatch.setattr(encoding, "_encoded", lambda *of: (encoded.append(1), encode(*of))[1])
        mllm.answer(suite.asks_of(pictures[:1], suite.STATEMENTS))
        mllm.answer(suite.asks_of(pictures[:1], suite.STATEMENTS))
        assert len(encoded) == 1
        (name,) = {body["messages"][0]["content"][0]["uuid"] for body in server.seen}
        sent = server.seen[0]["messages"][0]["content"][0]["image_url"]["url"].removeprefix("data:image/png;base64,")
        assert name == hashlib.sha256(base64.b64decode(sent)).hexdigest()
        mllm.answer(suite.asks_of([pictures[0].copy(), masked(pictures[0])], ["x"]))
        names = [body["messages"][0]["content"][0]["uuid"] for body in server.seen[-2:]]
        assert name in names and len(set(names)) == 2

    def test_an_image_is_sent_once_and_goes_by_its_name_from_then_on(self, joined, bundled, pictures):
        server, mllm = joined
        server.seen.clear()
        asks = suite.asks_of(pictures[:2], suite.STATEMENTS)
        assert suite.numbers(mllm, asks) == pytest.approx(suite.numbers(anew(bundled), asks), abs=ALIKE, rel=0)
        assert mllm.reply([suite.talk(pictures[0], suite.QUESTIONS[0])], max_tokens=3)
        assert len(server.seen) == len(asks) + 1 and len(in_full(server)) == 2

    def test_an_image_that_the_server_forgot_is_sent_again(self, joined, bundled, pictures):
        server, mllm = joined
        server.manners.holds = 1
        asks = suite.asks_of(pictures[:3], suite.STATEMENTS[:2])
        for _ in range(2):
            assert suite.numbers(mllm, asks) == pytest.approx(suite.numbers(anew(bundled), asks), abs=ALIKE, rel=0)
        server.held.clear()
        mllm.answer(asks)
        assert mllm._plan.once

    @pytest.mark.parametrize("manners", [{"holds": 0}, {"sees_nothing": True}, {"refuses": ("uuid",)}, {"ids": False}])
    def test_no_name_stands_for_an_image_where_the_server_would_not_see_it(self, serve, pictures, manners):
        server = serve(**manners)
        mllm = load_server(server.url, limits=QUICK)
        server.seen.clear()
        mllm.answer(suite.asks_of(pictures[:1], suite.STATEMENTS))
        assert not mllm._plan.once and len(in_full(server)) == len(server.seen) == len(suite.STATEMENTS)
        mllm.close()

    def test_a_first_request_that_fails_leaves_the_others_to_send_the_image(self, joined, pictures):
        server, mllm = joined
        server.manners.fail[:] = [400]
        with pytest.raises(ModelError, match="overloaded"):
            mllm.answer(suite.asks_of(pictures[:1], suite.STATEMENTS))
        server.seen.clear()
        mllm.answer(suite.asks_of(pictures[:1], suite.STATEMENTS))
        assert in_full(server)

    def test_more_images_than_are_kept_get_their_own_answers(self, joined, bundled, pictures, monkeypatch):
        monkeypatch.setattr(encoding, "PICTURES", 2)
        images = [pictures[0].rotate(30 * turn) for turn in range(8)]
        asks = suite.asks_of(images, suite.STATEMENTS[:2])
        assert suite.numbers(joined[1], asks) == pytest.approx(suite.numbers(anew(bundled), asks), abs=ALIKE, rel=0)
        assert len(joined[1]._talk.pictures._kept) == 2

    @pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK"])
    def test_images_of_every_mode_are_sent(self, joined, pictures, mode):
        mllm, plain = joined[1], pictures[0].convert(mode).convert("RGB")
        asks = suite.asks_of([pictures[0].convert(mode), plain], ["a knife"])
        one, other = mllm.answer(asks)
        assert one == other

    def test_no_more_requests_at_once_than_allowed(self, serve, pictures):
        server = serve(delay=0.02)
        mllm = load_server(server.url, limits=ServerLimits(concurrency=3, timeout=60))
        mllm.answer(suite.asks_of(pictures, suite.STATEMENTS))
        assert server.most == 3
        mllm.close()

    def test_it_may_be_asked_from_asynchronous_code_and_from_several_threads(self, joined):
        async def within() -> list:
            return joined[1].answer(suite.asks_of([None], ["a knife"]))

        expected = asyncio.run(within())
        found = []
        threads = [
            threading.Thread(target=lambda: found.append(joined[1].answer(suite.asks_of([None], ["a knife"]))))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [expected] * 4


class TestReplies:
    def test_text_equals_that_of_the_model_in_this_process(self, joined, bundled, pictures):
        talks = [
            suite.talk(pictures[0], suite.QUESTIONS[0]), suite.talk(None, suite.QUESTIONS[0]),
            suite.talk(pictures[2], suite.QUESTIONS[0], "a person and a fire.", suite.QUESTIONS[1]),
        ]  # fmt: skip
        assert joined[1].reply(talks, max_tokens=8) == anew(bundled).reply(talks, max_tokens=8)

    @pytest.mark.parametrize("refuses", [True, False], ids=["refused", "passed over"])
    @pytest.mark.parametrize("form", ["regex", "response_format", "structured_outputs"])
    def test_json_is_asked_for_in_the_way_the_server_keeps_to(self, serve, form, refuses):
        server = serve(forms=(form,), refuses_forms=refuses)
        mllm = load_server(server.url, limits=QUICK)
        schema = suite.Report.model_json_schema()
        for _ in range(2):
            (reply,) = mllm.reply([suite.talk(None, suite.QUESTIONS[1])], max_tokens=suite.REPORT_TOKENS, schema=schema)
            suite.Report.model_validate_json(reply)
        tried = [body for body in server.seen if body["max_completion_tokens"] > 1]
        place = ["regex", "response_format", "structured_outputs"].index(form)
        assert len(tried) == 2 + place  # what was found out is not tried again
        assert _form(tried[-1]) == form
        mllm.close()

    @pytest.mark.parametrize("refuses", [True, False], ids=["refused", "passed over"])
    def test_a_server_without_json_is_a_model_error(self, serve, refuses):
        mllm = load_server(serve(forms=(), refuses_forms=refuses).url, limits=QUICK)
        with pytest.raises(ModelError, match=r"structured output|JSON Schema") as caught:
            mllm.reply([suite.talk(None, "hm")], max_tokens=8, schema=suite.Report.model_json_schema())
        assert not caught.value.retryable and "judge without reasoning" in caught.value.hint
        mllm.close()

    def test_a_server_that_refused_every_form_of_json_is_not_asked_for_it_again(self, serve):
        server = serve(forms=())
        mllm = load_server(server.url, limits=QUICK)
        schema = suite.Report.model_json_schema()
        asked = []
        for _ in range(3):
            with pytest.raises(Unable, match=r"no request for JSON.*structured output is not supported") as caught:
                mllm.reply([suite.talk(None, "hm")], max_tokens=8, schema=schema)
            assert not caught.value.retryable and "judge without reasoning" in caught.value.hint
            asked.append(server.requests)
        assert asked == asked[:1] * 3
        assert mllm.reply([suite.talk(None, "hm")], max_tokens=2)
        mllm.close()

    def test_a_conversation_that_is_refused_says_nothing_of_json(self, joined):
        server, mllm = joined
        schema = suite.Report.model_json_schema()
        talk = [suite.talk(None, suite.QUESTIONS[1])]
        server.manners.fail[:] = [400] * 4  # such as a text that is too long for the model
        with pytest.raises(ModelError, match="overloaded") as caught:
            mllm.reply(talk, max_tokens=suite.REPORT_TOKENS, schema=schema)
        assert not isinstance(caught.value, Unable)
        (reply,) = mllm.reply(talk, max_tokens=suite.REPORT_TOKENS, schema=schema)
        suite.Report.model_validate_json(reply)

    def test_a_schema_is_sent_without_the_notes_on_our_code(self):
        schema = {
            "description": "See `judge.models`.",
            "properties": {
                "description": {"type": "string", "description": "a note"},
                "a": {"anyOf": [{"description": "b"}]},
            },
        }
        sent = json_forms(schema, is_vllm=False)[1]["structured_outputs"]["json"]
        assert sent == {"properties": {"description": {"type": "string", "maxLength": 400}, "a": {"anyOf": [{}]}}}
        assert "description" in Summary.model_json_schema()
        assert "description" not in json.dumps(json_forms(Summary.model_json_schema(), is_vllm=True))

    def test_every_string_of_a_schema_is_bounded(self):
        schema = {
            "properties": {"a": {"type": "string"}, "b": {"type": "string", "maxLength": 9}, "c": {"enum": ["x"]}},
            "anyOf": [{"items": {"type": "string"}}],
        }
        theirs, own = json_forms(schema, is_vllm=False)
        bounded = own["structured_outputs"]["json"]
        assert theirs["response_format"]["json_schema"]["schema"] == bounded
        assert bounded["properties"]["a"]["maxLength"] == bounded["anyOf"][0]["items"]["maxLength"] == 400
        assert bounded["properties"]["b"]["maxLength"] == 9 and bounded["properties"]["c"] == {"enum": ["x"]}
        assert "maxLength" not in schema["properties"]["a"]


def in_full(server):
    """The requests that a server got with a picture in them, not its name alone."""
    parts = [body["messages"][0]["content"] for body in server.seen]
    return [part for part in parts if isinstance(part, list) and part[0]["image_url"] is not None]


def masked(image: Image.Image) -> Image.Image:
    """The image with its middle blanked, as regions are."""
    copy = image.copy()
    width, height = image.size
    copy.paste((127, 127, 127), (width // 4, height // 4, width * 3 // 4, height * 3 // 4))
    return copy
