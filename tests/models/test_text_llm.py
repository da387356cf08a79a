"""The text-only adapter on a tiny real model: the reply half of the conformance suite, and its refusals."""

from __future__ import annotations

import pytest
import transformers

from judge.assemble import load_llm
from judge.errors import ModelError, UserError
from judge.models.openai.server import load_server
from judge.models.transformers.internals import is_multimodal
from judge.models.transformers.mllm import TransformersMllm
from judge.models.transformers.text_llm import TextLlm
from tests import tiny
from tests.models import conformance as suite
from tests.models.serving import Answering, Manners, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.build_text(tmp_path_factory.mktemp("text") / "llm")


@pytest.fixture(scope="module")
def llm(folder):
    return load_llm(str(folder), device="cpu", dtype="float32")


class TestReplies:
    """The parts of `MllmConformance` about `reply`, without images."""

    @pytest.fixture
    def subject(self, llm):
        longest = max(map(len, llm._tokenizer.get_vocab()))
        return suite.MllmSubject(
            lambda: TextLlm(llm._model, llm._tokenizer, llm.identity), images=(None, None, None), longest=longest
        )

    _long = suite.MllmConformance._long
    test_one_reply_a_conversation = suite.MllmConformance.test_one_reply_a_conversation_in_order
    test_deterministic = suite.MllmConformance.test_replies_are_deterministic
    test_bounded = suite.MllmConformance.test_a_reply_is_bounded
    test_json_of_the_schema = suite.MllmConformance.test_a_reply_under_a_schema_is_json_of_it
    test_identity = suite.MllmConformance.test_it_says_what_it_is

    def test_nothing_asked_nothing_said(self, llm):
        assert llm.reply([], max_tokens=3) == []


def test_an_image_is_refused(llm, drawing):
    with pytest.raises(ModelError, match="cannot look at an image"):
        llm.reply([suite.talk(drawing, "What is this?")], max_tokens=3)


def test_a_model_that_raises_is_a_retryable_model_error(llm, monkeypatch):
    def fail(**_):
        raise RuntimeError("no luck\nat all")

    monkeypatch.setattr(llm._model, "generate", fail)
    with pytest.raises(ModelError, match="the language model failed: RuntimeError: no luck") as raised:
        llm.reply([suite.talk(None, "Hello")], max_tokens=3)
    assert raised.value.retryable


def test_the_kind_of_model_decides_the_adapter(llm, checkpoint):
    assert isinstance(llm, TextLlm)
    assert isinstance(load_llm(str(checkpoint("llava")), device="cpu"), TransformersMllm)
    assert is_multimodal(transformers.Qwen3VLConfig()) and not is_multimodal(transformers.LlamaConfig())


def test_a_folder_without_a_model_is_the_users_mistake(tmp_path):
    with pytest.raises(UserError, match="cannot load"):
        load_llm(str(tmp_path))


def test_a_server_of_a_text_model_needs_neither_images_nor_log_probabilities(bundled):
    with serving(Answering(bundled), Manners(images=False, logprobs=False, ids=False)) as server:
        with pytest.raises(UserError):
            load_server(server.url)
        served = load_llm(server.url)
        (reply,) = served.reply(
            [suite.talk(None, "Rate this.")], max_tokens=200, schema=suite.Report.model_json_schema()
        )
        suite.Report.model_validate_json(reply)
        served.close()
