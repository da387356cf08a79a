"""A server as the judge's model: assembled by its address, missing extra, settings that do not fit."""

from __future__ import annotations

import sys

import pytest

from judge.assemble import load_judge
from judge.errors import UserError
from judge.models.openai_server import load_server
from judge.settings import Settings


def test_an_address_as_model_is_judged_with_like_the_model_itself(serve, drawing):
    own = load_judge("demo", dtype="float32", device="cpu", reason=False, encoder="none", detector="none").judge(
        drawing
    )
    theirs = load_judge("demo", model=serve().url, reason=False).judge(drawing)
    assert theirs.verdict == own.verdict
    assert {model.device for model in theirs.provenance.models} == {"server"}


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    for name in ("judge.models.openai_server", "judge.models.remote"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(UserError, match="openai") as caught:
        load_judge("demo", model="http://127.0.0.1:1/v1")
    assert "constitution-judge[remote]" in caught.value.hint


def test_quantizing_is_refused():
    with pytest.raises(UserError, match="quantized"):
        load_server("http://127.0.0.1:1/v1", Settings(quantize="4bit"))
