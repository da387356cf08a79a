"""Servers that are not at hand, as their documentation and their users report them: what each refuses, and in which
words, what it passes over and what it answers, replayed by a real HTTP server.

A file of `dialogues/` is one server. refuses: the first of these whose condition a request meets is the answer. heeds:
the names under which it takes the most tokens. thinks_unless: what keeps its model from thinking first. lists: how many
tokens it gives log-probabilities of. found: how it is asked in the end. refused: why it is not judged with (unless
answers are sampled). sources: where all this stands.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from judge.errors import UserError
from judge.models.openai.remote import ServerLimits
from judge.models.openai.server import load_server
from judge.ports import Ask
from judge.settings import Settings
from tests.models.serving import running

FILES = sorted((Path(__file__).parent / "dialogues").glob("*.json"))
DIALOGUES = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in FILES}
JUDGED = [name for name, told in DIALOGUES.items() if "refused" not in told]
SAMPLED = [name for name, told in DIALOGUES.items() if "refused" in told and "found" in told]
QUICK = ServerLimits(attempts=2, wait=0.01, timeout=60)
ANSWER = {"Yes": 0.7, "No": 0.2, " yes": 0.05, "Maybe": 0.03, "The": 0.02}
THOUGHT = {"Okay": 0.6, "The": 0.3, "Let": 0.1}
ASK = Ask(Image.new("RGB", (40, 30), "red"), "Is this statement true?", "a knife")


class Replay:
    """The server of a dialogue. `taken`: the requests it did not refuse; `asked`: all."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self.asked: list[dict[str, Any]] = []
        self.taken: list[dict[str, Any]] = []
        self.app = Starlette(routes=[
            Route("/v1/models", self._models), Route("/v1/chat/completions", self._complete, methods=["POST"]),
        ])  # fmt: skip

    async def _models(self, _: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [{"id": self._told["model"], "object": "model"}]})

    async def _complete(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.asked.append(body)
        for refusal in self._told["refuses"]:
            if _meets(body, refusal["when"]):
                return JSONResponse(refusal["body"], refusal["status"])
        self.taken.append(body)
        silent = self._told.get("thinks_unless")
        thinks = silent is not None and any(body.get(name) != value for name, value in silent.items())
        most = min((body[name] for name in self._told["heeds"] if name in body), default=10_000)
        content = ("" if most < 500 else "Yes") if thinks else "Yes"
        choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": content}, "logprobs": None}
        choice["finish_reason"] = "length" if most == 1 else "stop"
        if body.get("logprobs") and self._told["lists"]:
            tokens = list((THOUGHT if thinks else ANSWER).items())[: body["top_logprobs"]]
            entries = [{"token": token, "logprob": math.log(p)} for token, p in tokens]
            choice["logprobs"] = {"content": [{**entries[0], "top_logprobs": entries}]}
        model, printed = self._told.get("answers_as", self._told["model"]), self._told.get("fingerprint")
        choices = [{**choice, "index": index} for index in range(body.get("n", 1))]
        return JSONResponse({"model": model, "system_fingerprint": printed, "choices": choices})


def _meets(body: dict[str, Any], when: dict[str, Any]) -> bool:
    """Whether a request is such as a refusal is of."""
    parts = [part for one in body["messages"] if isinstance(one["content"], list) for part in one["content"]]
    said = {**body, **{name: value for part in parts for name, value in part.items()}}
    return (
        all(name in said for name in when.get("has", ()))
        and all(said.get(name, 0) > most for name, most in when.get("over", {}).items())
        and all(name in said and said[name] == value for name, value in when.get("is", {}).items())
        and ("unless" not in when or any(said.get(name) != value for name, value in when["unless"].items()))
        and (not when.get("image") or "image_url" in said)
    )


@pytest.fixture
def replayed():
    """Starts the server of a dialogue and gives it with its address."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(name: str) -> tuple[Replay, str]:
            replay = Replay(DIALOGUES[name])
            return replay, f"http://127.0.0.1:{stack.enter_context(running(replay.app))}/v1"

        yield start


def _as_found(way: Any, found: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value := getattr(way, name), tuple) else value for name in found}


@pytest.mark.parametrize("name", JUDGED)
def test_a_server_is_asked_in_the_way_that_it_takes(replayed, name):
    replay, url = replayed(name)
    mllm = load_server(url, limits=QUICK)
    assert _as_found(mllm._plan, DIALOGUES[name]["found"]) == DIALOGUES[name]["found"]
    assert len(replay.asked) <= 20
    before = len(replay.asked)
    (answer,) = mllm.answer([ASK])
    assert (answer.p_yes, answer.p_no) == pytest.approx((0.75, 0.2))
    assert mllm.reply([], max_tokens=5) == [] and len(replay.asked) == before + 1
    mllm.close()


@pytest.mark.parametrize("name", [name for name in DIALOGUES if name not in JUDGED])
def test_a_server_that_cannot_be_judged_with_is_refused_with_the_reason(replayed, name):
    with pytest.raises(UserError, match=DIALOGUES[name]["refused"]):
        load_server(replayed(name)[1], limits=QUICK)


@pytest.mark.parametrize("name", SAMPLED)
def test_a_server_without_log_probabilities_is_sampled_where_that_is_wanted(replayed, name):
    replay, url = replayed(name)
    mllm = load_server(url, Settings(without_logprobs="sample:4"), QUICK)
    assert _as_found(mllm._plan, DIALOGUES[name]["found"]) == DIALOGUES[name]["found"]
    assert len(replay.asked) <= 30
    (answer,) = mllm.answer([ASK])
    assert (answer.p_yes, answer.answered_by, answer.samples) == (1.0, "samples", 4)
    mllm.close()


@pytest.mark.parametrize("name", DIALOGUES)
def test_no_request_that_is_taken_is_without_a_limit(replayed, name):
    replay, url = replayed(name)
    try:
        load_server(url, Settings(without_logprobs="sample:2"), QUICK).close()
    except UserError:
        assert not replay.taken
    assert all(set(DIALOGUES[name]["heeds"]) & set(body) for body in replay.taken)


@pytest.mark.parametrize("name", DIALOGUES)
def test_every_dialogue_says_where_it_stands(name):
    assert DIALOGUES[name]["sources"] and DIALOGUES[name]["server"]
