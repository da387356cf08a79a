"""A server as the judge's model: assembled by its address, missing extra, settings that do not fit."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from judge.assemble import load_judge
from judge.constitution import load_constitution
from judge.errors import UserError
from judge.judging.escalation import tried_out
from judge.languages import language_of
from judge.models.openai.remote import ServerLimits
from judge.models.openai.server import load_server
from judge.settings import Settings


def test_an_address_as_model_is_judged_with_like_the_model_itself(serve, drawing):
    demo = load_constitution("demo")
    few = demo.model_copy(update={"rules": demo.rules[:4]})
    own = load_judge(few, dtype="float32", device="cpu", escalate=(), encoder="none", detector="none").judge(drawing)
    theirs = load_judge(few, model=serve().url, escalate=()).judge(drawing)
    assert (theirs.verdict, theirs.violations) == (own.verdict, own.violations)
    assert [one.outcome for one in theirs.findings] == [one.outcome for one in own.findings]
    assert len({one.outcome for one in own.findings}) > 1  # else equality would say little
    assert {model.device for model in theirs.provenance.models} == {"server"}


FORMS = ("regex", "response_format", "structured_outputs")


@pytest.mark.parametrize(
    ("manners", "said"),
    [
        ({"forms": ()}, "the server takes no request for JSON: "), ({}, None), ({"forms": FORMS[2:]}, None),
        ({"forms": (), "refuses_forms": False}, "does not keep its replies to a JSON Schema"),
    ],
)  # fmt: skip
def test_a_server_whose_replies_keep_to_no_schema_is_told_of_before_the_first_image(serve, caplog, manners, said):
    server = serve(**manners)
    with caplog.at_level(logging.WARNING, "judge"):
        load_judge("demo", model=server.url)
    warned = [one.getMessage() for one in caplog.records if "will end in review" in one.getMessage()]
    assert len(warned) == (said is not None)
    assert said is None or (said in warned[0] and "hint: serve the model with structured outputs" in warned[0])
    assert "image_url" not in json.dumps(server.seen[-1]) and server.seen[-1]["max_completion_tokens"] > 1


def test_nor_is_it_tried_where_nothing_is_reasoned(serve):
    server = serve(forms=())
    load_judge("demo", model=server.url, escalate=())
    assert all(body["max_completion_tokens"] == 1 for body in server.seen)


def test_a_server_that_stumbles_over_it_is_not_called_unable(serve, caplog):
    """It may do so later: a failure of the moment is no property of the server."""
    server = serve()
    mllm = load_server(server.url, limits=ServerLimits(attempts=1))
    server.manners.fail[:] = [503]
    assert tried_out(mllm, language_of("en")) is None and not server.manners.fail
    assert tried_out(mllm, language_of("en")) is None
    mllm.close()


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    for name in ("judge.models.openai.server", "judge.models.openai.remote"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(UserError, match="openai") as caught:
        load_judge("demo", model="http://127.0.0.1:1/v1")
    assert "constitution-judge[remote]" in caught.value.hint


def test_quantizing_is_refused():
    with pytest.raises(UserError, match="quantized"):
        load_server("http://127.0.0.1:1/v1", Settings(quantize="4bit"))


@pytest.mark.parametrize(
    "url", ["http://localhost:9/v1?key=secret", "http://localhost:9?secret#name", "ftp://x?secret"]
)
def test_a_query_in_an_address_is_refused_and_not_said(url):
    with pytest.raises(UserError, match="query") as caught:
        load_server(url)
    assert "secret" not in str(caught.value) and "OPENAI_API_KEY" in caught.value.hint


def test_sampling_is_refused_of_a_model_that_is_not_behind_a_server():
    with pytest.raises(UserError, match="behind a server") as caught:
        load_judge("demo", model="bundled", without_logprobs="sample:8")
    assert "leave it out" in caught.value.hint
