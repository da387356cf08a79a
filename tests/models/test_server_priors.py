"""Language priors of servers: two that call different models by one name, and one whose model was exchanged."""

from __future__ import annotations

from contextlib import ExitStack
from math import log
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from judge.judging.pipeline import Judge
from judge.models.openai.server import load_server
from judge.probing import kept
from judge.settings import Settings, cache_dir
from judge.verdict import Verdict
from tests.judging.scenes import constitution, png
from tests.models.serving import running

RULES = constitution("id: fire, rule: no fire, preconditions: [fire is visible]")
SETTINGS = Settings(escalate=())


class Scripted:
    """A server whose model is named `same` and says yes with probability `shown` to pictures and `blind` without.

    It counts questions without a picture.
    """

    def __init__(self, shown: float, blind: float) -> None:
        self.shown, self.blind, self.unseen = shown, blind, 0
        self.app = Starlette(
            routes=[
                Route("/v1/models", self._models),
                Route("/v1/chat/completions", self._complete, methods=["POST"]),
            ]
        )

    async def _models(self, _: Any) -> JSONResponse:
        return JSONResponse({"data": [{"id": "same"}]})

    async def _complete(self, request: Any) -> JSONResponse:
        said = (await request.json())["messages"][0]["content"]
        self.unseen += isinstance(said, str)
        yes = self.blind if isinstance(said, str) else self.shown
        listed = [{"token": "Yes", "logprob": log(yes)}, {"token": "No", "logprob": log(1 - yes)}]
        logprobs = {"content": [{**listed[0], "top_logprobs": listed}]}
        choice = {"message": {"content": "Yes"}, "finish_reason": "length", "logprobs": logprobs}
        return JSONResponse({"model": "same", "choices": [choice]})


@pytest.fixture
def scripted(tmp_path, monkeypatch):
    """Starts a scripted server; all of a test have one cache. Gives the server and its address."""
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path))
    with ExitStack() as stack:

        def start(shown: float, blind: float) -> tuple[Scripted, str]:
            server = Scripted(shown, blind)
            return server, f"http://127.0.0.1:{stack.enter_context(running(server.app))}/v1"

        yield start


def judged(url: str) -> Verdict:
    """As another process would: everything is opened anew."""
    mllm = load_server(url, SETTINGS)
    try:
        return Judge(RULES, mllm, settings=SETTINGS).judge(png())
    finally:
        mllm.close()


def test_priors_of_one_server_do_not_decide_what_another_of_the_same_name_sees(scripted):
    _, sure = scripted(0.9, 0.9)
    _, other = scripted(0.6, 0.5)
    first, second = judged(sure), judged(other)
    assert first.provenance.models[0].name == second.provenance.models[0].name == "same"
    assert second.findings[0].preconditions[0].alternatives[0].prior.probability == pytest.approx(0.5)
    assert second.verdict == "needs_review"  # with the prior of the other it would be "no_violation"


def test_a_model_exchanged_behind_one_address_is_asked_for_its_own_priors(scripted):
    server, url = scripted(0.9, 0.9)
    judged(url)
    server.shown, server.blind = 0.6, 0.5
    assert judged(url).verdict == "needs_review"
    assert not (cache_dir() / "priors").exists()


def test_priors_are_asked_for_once_by_a_judge(scripted):
    server, url = scripted(0.6, 0.5)
    mllm = load_server(url, SETTINGS)
    judge = Judge(RULES, mllm, settings=SETTINGS)
    before = server.unseen
    assert [one.verdict for one in judge.judge_many([png(), png(), png()])] == ["needs_review"] * 3
    judge.judge(png())
    assert server.unseen == before + 1
    mllm.close()


def test_a_probe_of_one_server_is_none_of_another(scripted):
    loaded = [load_server(scripted(0.6, 0.5)[1], SETTINGS) for _ in range(2)]
    one, other = (mllm.identity for mllm in loaded)
    assert kept.first_time(one) and not kept.first_time(one)
    assert kept.first_time(other)
    for mllm in loaded:
        mllm.close()
