"""The server backend against a real llama.cpp server with a real, weak language model; run when one is named.

tools/serve_smollm2_llama_cpp.sh 8080                                                             # in one terminal
JUDGE_LLAMA_CPP_URL=http://127.0.0.1:8080/v1 python -m pytest tests/models/test_llama_cpp.py      # in another

It sees no images, so what is tried is how it is asked, what it answers, and how it says no.
"""

from __future__ import annotations

import json
import os

import pytest
from pydantic import BaseModel, Field

from judge.assemble import load_llm
from judge.errors import UserError
from judge.languages import ENGLISH
from judge.models.openai.discovery import agreed
from judge.models.openai.plan import LIMITS, ServerPlan, listed
from judge.models.openai.remote import Refused, ServerLimits
from judge.models.openai.sampling import frequency, sample_body, texts_of
from judge.models.openai.server import load_server
from judge.ports import Turn
from tests.models import conformance as suite

URL = os.environ.get("JUDGE_LLAMA_CPP_URL")
pytestmark = [pytest.mark.llama_cpp, pytest.mark.skipif(not URL, reason="JUDGE_LLAMA_CPP_URL names no server")]
QUICK = ServerLimits(attempts=2, wait=0.1, timeout=120)
QUESTION = (Turn("user", "Is fire hot? Answer with one word, Yes or No."),)


class Rating(BaseModel):
    reason: str = Field(max_length=40)
    rating: int = Field(ge=1, le=10)


@pytest.fixture(scope="module")
def served():
    mllm = load_server(str(URL), limits=QUICK, text_only=True)
    yield mllm
    mllm.close()


@pytest.fixture(scope="module")
def found(served):
    """The way found on a question without an image, from the best one on, and the answer."""

    async def ask(way):
        return await served._talk.complete(QUESTION, None, way, way.body)

    return served._talk.remote.run(agreed(ask, ServerPlan((1, 2), (3,))))


def test_it_passes_over_token_ids_and_lists_twenty_tokens(found):
    way, completion = found
    assert way == ServerPlan(limits=LIMITS[0]) and way.top == 20
    assert len(listed(completion)) == 20
    yes, no = way.chances(completion)
    assert 0.2 < yes + no <= 1.0


def test_several_answers_come_at_once(served, found):
    body = sample_body(found[0], 2)  # as many as it has slots
    texts = texts_of(served._talk.remote.run(served._talk.complete(QUESTION, None, found[0], body)))
    assert len(texts) == 2 and frequency(texts, ENGLISH).samples == 2


def test_more_answers_than_it_has_slots_are_refused_in_words_that_are_understood(served, found):
    with pytest.raises(Refused, match="'n': Value must be between 1"):
        served._talk.remote.run(served._talk.complete(QUESTION, None, found[0], sample_body(found[0], 8)))


def test_replies_are_greedy_and_bounded(served):
    talks = [suite.talk(None, "Name three colours."), suite.talk(None, "What is the capital of France?")]
    first = served.reply(talks, max_tokens=12)
    assert served.reply(talks, max_tokens=12) == first and all(first)
    assert [reply.cut for reply in served.reply(talks, max_tokens=2)] == [True, True]


def test_json_keeps_to_its_schema(served):
    talk = suite.talk(None, "How objective is the rule 'no fire may be shown', from 1 to 10?")
    (reply,) = served.reply([talk], max_tokens=120, schema=Rating.model_json_schema())
    assert 1 <= Rating.model_validate(json.loads(reply)).rating <= 10


def test_it_compiles_as_a_language_model():
    llm = load_llm(str(URL))
    assert llm.identity.device == "server"
    llm.close()


def test_it_is_refused_as_a_judge_because_it_sees_nothing():
    with pytest.raises(UserError, match=r"declines questions about an image: .*image input is not supported") as caught:
        load_server(str(URL), limits=QUICK)
    assert "--mmproj" in caught.value.hint
