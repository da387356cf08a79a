"""The server backend against a real HTTP server over the bundled model: the common suite, fallbacks and failures."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import json
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from PIL import Image

from judge.errors import ModelError, Unable, Unreachable, UserError
from judge.judging.escalation import Summary
from judge.judging.pipeline import Judge
from judge.models import pictures as encoding
from judge.models.openai_server import load_server
from judge.models.protocols import Ask
from judge.models.remote import Limits, address
from judge.models.server_way import Way
from judge.models.spellings import yes_no_tokens
from judge.models.wire import json_forms
from tests.judging.scenes import constitution
from tests.models import conformance as suite
from tests.models.conftest import anew
from tests.models.serving import Manners, _form, serving

QUICK = Limits(attempts=3, wait=0.01, timeout=60)
ALIKE = 1e-3


@pytest.fixture
def joined(serve):
    """A server of good manners and the backend that speaks to it."""
    server = serve()
    mllm = load_server(server.url, limits=QUICK)
    server.seen.clear()
    server.requests = server.most = 0
    yield server, mllm
    mllm.close()


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
        assert joined[1]._way == Way(tuple(yes), tuple(no))

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
        mllm = load_server(server.url, limits=Limits(concurrency=3, timeout=60))
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


class TestStart:
    def test_nothing_listens(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with pytest.raises(Unreachable, match="cannot be reached") as caught:
            load_server(f"http://127.0.0.1:{port}", limits=QUICK)
        assert "running" in caught.value.hint

    def test_something_else_listens(self, serve):
        with pytest.raises(UserError, match="404") as caught:
            load_server(serve().url.replace("/v1", "/other"), limits=QUICK)
        assert "/v1" in caught.value.hint

    @pytest.mark.parametrize("raw", ["<html>", "{", "[]", '{"data": 5}', "null"])
    def test_answers_that_make_no_sense(self, serve, raw):
        with pytest.raises(ModelError, match="no sense"):
            load_server(serve(raw=raw).url, limits=QUICK)

    @pytest.mark.parametrize(
        "url",
        ["http://", "http://:8000", "ftp://host/v1", "http://host:port/v1", "http://[::1/v1", "http://me:pw@host/v1"],
    )
    def test_what_is_no_address(self, url):
        with pytest.raises(UserError) as caught:
            load_server(url)
        assert caught.value.hint and "pw" not in str(caught.value)

    def test_addresses(self):
        assert address("http://host:8000") == ("http://host:8000/v1", None)
        assert address("http://host:8000/#a/b") == ("http://host:8000/v1", "a/b")
        assert address("https://host/proxy/v1/#m") == ("https://host/proxy/v1", "m")

    def test_the_model_is_the_only_one_or_the_one_named(self, serve):
        server = serve(models=("one", "two"))
        with pytest.raises(UserError, match="2 models: one, two") as caught:
            load_server(server.url, limits=QUICK)
        assert f"{server.url}#" in caught.value.hint
        with pytest.raises(UserError, match="no model 'three'") as caught:
            load_server(f"{server.url}#three", limits=QUICK)
        assert "one, two" in caught.value.hint
        mllm = load_server(f"{server.url}#two", limits=QUICK)
        assert mllm.identity.name == "two" and server.seen[-1]["model"] == "two"
        mllm.close()
        with pytest.raises(UserError, match="0 models: none"):
            load_server(serve(models=()).url, limits=QUICK)

    def test_another_model_address_or_build_is_another_identity(self, serve):
        server, other = (serve(models=("one", "two")) for _ in range(2))
        loaded = [load_server(f"{server.url}#{name}", limits=QUICK) for name in ("one", "one", "two")]
        loaded.append(load_server(f"{other.url}#one", limits=QUICK))
        server.manners.named = [("one", "build 1")]
        loaded.append(load_server(f"{server.url}#one", limits=QUICK))
        server.manners.named = [("one", f"build {number}") for number in range(40)]  # several machines: none is named
        loaded.append(load_server(f"{server.url}#one", limits=QUICK))
        one, same, two, elsewhere, built, mixed = (mllm.identity for mllm in loaded)
        assert one == same == mixed
        assert len({known.digest for known in (one, two, elsewhere, built)}) == 4
        assert {known.name for known in (one, elsewhere, built)} == {"one"}
        assert (one.role, one.dtype, one.device) == ("mllm", "server", "server")
        for mllm in loaded:
            mllm.close()

    @pytest.mark.parametrize("manners", [{"logprobs": False}, {"refuses_logprobs": True}])
    def test_no_log_probabilities(self, serve, manners):
        with pytest.raises(UserError, match="no log-probabilities") as caught:
            load_server(serve(**manners).url, limits=QUICK)
        assert "vLLM" in caught.value.hint

    def test_no_images(self, serve):
        with pytest.raises(UserError, match="not a multimodal model") as caught:
            load_server(serve(images=False).url, limits=QUICK)
        assert "multimodal" in caught.value.hint

    def test_the_api_key_comes_from_the_environment(self, serve, monkeypatch):
        server = serve(key="s3cret")
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        with pytest.raises(UserError, match="401") as caught:
            load_server(server.url, limits=QUICK)
        assert "OPENAI_API_KEY" in caught.value.hint and server.keys == {"Bearer none"}
        monkeypatch.setenv("OPENAI_API_KEY", "s3cret")
        load_server(server.url, limits=QUICK).close()

    def test_a_server_that_stumbles_at_first(self, serve):
        server = serve(fail=[503, 429])
        load_server(server.url, limits=QUICK).close()
        assert not server.manners.fail

    def test_a_server_that_is_out_of_order_is_no_mistake_of_the_user(self, serve):
        with pytest.raises(ModelError, match="503: it is overloaded") as caught:
            load_server(serve(fail=[503] * 9).url, limits=QUICK)
        assert caught.value.retryable

    def test_failed_starts_leave_no_thread(self, serve):
        before = {thread for thread in threading.enumerate() if thread.name == "judge-server"}
        with pytest.raises(UserError):
            load_server(serve(logprobs=False).url, limits=QUICK)
        assert {thread for thread in threading.enumerate() if thread.name == "judge-server"} <= before

    def test_a_backend_that_is_forgotten_ends_its_thread(self, serve):
        gc.collect()
        before = threading.active_count()
        mllm = load_server(serve().url, limits=QUICK)
        during = threading.active_count()
        del mllm
        gc.collect()
        assert threading.active_count() < during and before < during


class TestUse:
    """Failures after a good start."""

    @pytest.mark.parametrize("fail", [[503], [500, 429], [0]], ids=str)
    def test_a_stumble_is_retried(self, joined, fail):
        server, mllm = joined
        server.manners.fail[:] = fail
        mllm.answer(suite.asks_of([None], ["a knife"]))
        assert server.requests == len(fail) + 1

    def test_the_server_may_say_when_to_come_again(self, joined):
        server, mllm = joined
        server.manners.fail[:], server.manners.retry_after = [429, 503], "0"
        mllm.answer(suite.asks_of([None], ["a knife"]))
        assert server.requests == 3

    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize("after", ["3600", "3600.4", "date"])
    def test_a_server_that_wants_a_long_wait_is_not_waited_for(self, joined, pictures, status, after):
        server, mllm = joined
        if after == "date":
            after = format_datetime(datetime.now(UTC) + timedelta(seconds=3600), usegmt=True)
        server.manners.fail[:], server.manners.retry_after = [status] * 9, after
        begun = time.perf_counter()
        with pytest.raises(Unreachable, match=r"asks to wait 3(600|599) s \(status") as caught:
            mllm.answer(suite.asks_of([None], ["a knife"]))
        assert caught.value.retryable and server.requests == 1
        rules = constitution(*(f"id: r{index}, rule: rr {index}, preconditions: [a{index}]" for index in range(9)))
        server.requests, server.manners.fail[:] = 0, [status] * 99
        verdict = Judge(rules, mllm).judge(pictures[0])
        assert verdict.verdict == "needs_review" and verdict.failure.retryable
        assert "asks to wait" in verdict.failure.message and server.requests <= 9 + 1  # those under way at once
        assert time.perf_counter() - begun < 10

    def test_a_date_that_has_passed_or_makes_no_sense_is_no_wait(self, joined):
        server, mllm = joined
        for after in ("Wed, 21 Oct 2015 07:28:00 GMT", "soon", "-5", "nan", "9" * 400):
            server.manners.fail[:], server.manners.retry_after = [429], after
            mllm.answer(suite.asks_of([None], ["a knife"]))

    @pytest.mark.parametrize(
        ("choice", "said"),
        [
            ('"message": {"content": null, "refusal": "I cannot\\nhelp."}', "refused to answer: 'I cannot help.'"),
            ('"finish_reason": "content_filter", "message": {"content": ""}', "content filter held"),
        ],
    )
    def test_an_answer_that_was_declined_is_told_as_such(self, joined, serve, choice, said):
        server, mllm = joined
        server.manners.raw = f'{{"model": "bundled", "choices": [{{{choice}}}]}}'
        for call in (
            lambda: mllm.answer(suite.asks_of([None], ["a knife"])),
            lambda: mllm.reply([suite.talk(None, "hm")], max_tokens=2, schema=suite.Report.model_json_schema()),
        ):
            server.requests = 0
            with pytest.raises(ModelError, match=said):
                call()
            assert server.requests == 1

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_lasting_failure_is_a_model_error_that_may_pass(self, joined, status):
        server, mllm = joined
        server.manners.fail[:] = [status] * 3
        with pytest.raises(ModelError, match=f"{status}: it is overloaded") as caught:
            mllm.answer(suite.asks_of([None], ["a knife"]))
        assert caught.value.retryable and server.requests == 3
        assert mllm.answer(suite.asks_of([None], ["a knife"]))

    @pytest.mark.parametrize("status", [400, 404, 413])
    def test_a_refusal_is_not_repeated(self, joined, status):
        server, mllm = joined
        server.manners.fail[:] = [status]
        with pytest.raises(ModelError, match=str(status)) as caught:
            mllm.reply([suite.talk(None, "hm")], max_tokens=2)
        assert not caught.value.retryable and server.requests == 1

    def test_one_failure_fails_the_call_and_not_the_next(self, joined, pictures):
        server, mllm = joined
        server.manners.fail[:] = [400]
        with pytest.raises(ModelError):
            mllm.answer(suite.asks_of(pictures, suite.STATEMENTS))
        assert len(mllm.answer(suite.asks_of(pictures, suite.STATEMENTS))) == len(pictures) * len(suite.STATEMENTS)

    @pytest.mark.parametrize("raw", ["<html>", "{", '{"choices": []}', '{"choices": [{"message": 5}]}', "null"])
    def test_answers_that_make_no_sense(self, joined, raw):
        server, mllm = joined
        server.manners.raw = raw
        for ask in (
            lambda: mllm.answer(suite.asks_of([None], ["a knife"])),
            lambda: mllm.reply([suite.talk(None, "hm")], max_tokens=2),
        ):
            with pytest.raises(ModelError, match="no sense"):
                ask()

    def test_a_connection_cut_in_mid_answer_is_told_from_a_server_that_is_gone(self, joined):
        server, mllm = joined
        server.manners.fail[:] = [0] * 3
        with pytest.raises(Unreachable, match="cut the connection in the middle of an answer") as caught:
            mllm.answer(suite.asks_of([None], ["a knife"]))
        assert caught.value.retryable and server.requests == 3

    @pytest.mark.parametrize(
        ("raw", "said"),
        [
            ('{"choices": [{"mess', "breaks off, at character 14"),
            ('{"choices": []}', "choices: List should have at least 1 item"),
            ('{"choices": [{"message": 5}]}', r"choices\.0\.message: Input should be"),
        ],
    )
    def test_an_answer_that_makes_no_sense_is_told_by_what_is_wrong(self, joined, raw, said):
        server, mllm = joined
        server.manners.raw = raw
        with pytest.raises(ModelError, match=said):
            mllm.answer(suite.asks_of([None], ["a knife"]))

    def test_log_probabilities_of_other_tokens(self, joined):
        server, mllm = joined
        listed = '[{"token": "token_id:1", "logprob": -0.1}, {"token": "token_id:2", "logprob": -3}]'
        logprobs = f'{{"content": [{{"token": "token_id:1", "logprob": -0.1, "top_logprobs": {listed}}}]}}'
        server.manners.raw = (
            f'{{"model": "bundled", "choices": [{{"message": {{"content": "x"}}, "logprobs": {logprobs}}}]}}'
        )
        with pytest.raises(ModelError, match=r"of other tokens: 'token_id:1' \(0\.90\), 'token_id:2'"):
            mllm.answer(suite.asks_of([None], ["a knife"]))

    @pytest.mark.parametrize("number", ["NaN", "Infinity"])
    def test_probabilities_that_are_none(self, joined, number):
        server, mllm = joined
        listed = ", ".join(
            f'{{"token": "token_id:{index}", "logprob": {number}}}' for index in (*mllm._way.yes, *mllm._way.no)
        )
        logprobs = f'{{"content": [{{"token": "x", "logprob": {number}, "top_logprobs": [{listed}]}}]}}'
        server.manners.raw = (
            f'{{"model": "bundled", "choices": [{{"message": {{"content": "x"}}, "logprobs": {logprobs}}}]}}'
        )
        with pytest.raises(ModelError, match="no probabilities"):
            mllm.answer(suite.asks_of([None], ["a knife"]))

    @pytest.mark.parametrize("manners", [{"logprobs": False}, {"ids": False}], ids=str)
    def test_an_answer_without_what_was_asked_for(self, joined, manners):
        server, mllm = joined
        server.manners.__dict__.update(manners)
        with pytest.raises(ModelError, match="left out") as caught:
            mllm.answer(suite.asks_of([None], ["a knife"]))
        assert caught.value.retryable

    def test_a_server_too_slow_is_asked_patiently_once(self, serve):
        """After all tries were in vain, later questions are tried once each until one gets through."""
        server = serve()
        mllm = load_server(server.url, limits=Limits(attempts=3, wait=0.01, timeout=0.5))
        server.manners.delay, server.requests = 2.0, 0
        for requests in (3, 4, 5):
            with pytest.raises(ModelError, match="did not answer in time") as caught:
                mllm.answer(suite.asks_of([None], ["a knife"]))
            assert caught.value.retryable and server.requests == requests
        server.manners.delay = 0.0
        mllm.answer(suite.asks_of([None], ["a knife"]))
        server.manners.fail[:] = [0]
        mllm.answer(suite.asks_of([None], ["a knife"]))
        mllm.close()


def masked(image: Image.Image) -> Image.Image:
    """The image with its middle blanked, as regions are."""
    copy = image.copy()
    width, height = image.size
    copy.paste((127, 127, 127), (width // 4, height // 4, width * 3 // 4, height * 3 // 4))
    return copy
