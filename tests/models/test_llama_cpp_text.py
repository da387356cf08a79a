"""The server backend against a real llama.cpp server with a real, weak language model: how it is asked, replies, JSON,
and the compiler's prompts."""

from __future__ import annotations

import json

import pytest
import yaml
from pydantic import BaseModel, Field

from judge.assemble import load_llm
from judge.languages import ENGLISH
from judge.models.openai.discovery import agreed
from judge.models.openai.plan import LIMITS, ServerPlan, listed
from judge.models.openai.remote import Refused
from judge.models.openai.sampling import frequency, sample_body, texts_of
from judge.models.openai.server import load_server
from judge.ports import Turn
from tests.models import conformance as suite
from tests.models.llama_cpp import PATIENT, judge, llama_cpp, with_smollm2

QUESTION = (Turn("user", "Is fire hot? Answer with one word, Yes or No."),)
RULES = """\
constitution: steep
version: 1.0.0
rules:
  - {id: ladder, rule: "No ladder may lean at more than {most} degrees.", parameters: {most: 75}}
"""


class Rating(BaseModel):
    reason: str = Field(max_length=40)
    rating: int = Field(ge=1, le=10)


@pytest.fixture(scope="module")
def url():
    with_smollm2()
    with llama_cpp("smollm2", "--slots", "2") as address:
        yield address


@pytest.fixture(scope="module")
def served(url):
    mllm = load_server(url, limits=PATIENT, text_only=True)
    yield mllm
    mllm.close()


@pytest.fixture(scope="module")
def found(served):
    """The plan found on a question without an image, from the best one on, and the answer."""

    async def ask(plan):
        return await served._talk.complete(QUESTION, None, plan, plan.body)

    return served._talk.remote.run(agreed(ask, ServerPlan((1, 2), (3,))))


def test_it_passes_over_token_ids_and_lists_twenty_tokens(found):
    plan, completion = found
    assert plan == ServerPlan(limits=LIMITS[0]) and plan.top == 20
    assert len(listed(completion)) == 20
    yes, no = plan.chances(completion)
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


def test_it_compiles_as_a_language_model(url):
    llm = load_llm(url)
    assert llm.identity.device == "server"
    llm.close()


def test_the_command_compiles_with_it_and_takes_nothing_unchecked(url, tmp_path):
    """The model is weak. What it makes is taken, or it is said why not; which of them, no test can know."""
    file, lock = tmp_path / "steep.yaml", tmp_path / "steep.lock.yaml"
    file.write_text(RULES)
    done = judge("compile", str(file), "--llm", url, "--no-priors", "--rounds", "1")
    assert "Traceback" not in done.stderr + done.stdout
    if done.returncode == 3:  # an answer that the compiler could not read, twice
        assert "ladder: the LLM gave no usable answer" in done.stderr and not lock.exists()
        return
    assert done.returncode == 0, done.stderr
    (made,) = yaml.safe_load(lock.read_text())["rules"].values()
    assert 1 <= made["score"] <= 10
    assert made["made_by"] != "nothing" or "ladder: not taken: " in done.stderr
