"""Chat templates come with checkpoints and are programs: one that never ends is refused, in any thread."""

from __future__ import annotations

import shutil
import sys
import threading
import time

import pytest

from judge.errors import ModelError, UserError
from judge.models import templates, thinking
from judge.models.text_llm import load_text_llm
from judge.models.transformers_mllm import load_mllm
from tests import tiny
from tests.models.conftest import FULL

LOOP = "{% for a in range(99999) %}{% for b in range(99999) %}{% set c = b %}{% endfor %}{% endfor %}"
ENDLESS = [
    (LOOP, "did not end within"), (LOOP.replace("{% set c = b %}", "{{ messages[0] }}"), "writes over"),
    ("{% macro again() %}{% for a in range(9) %}{{ again() }}{% endfor %}{% endmacro %}{{ again() }}", "RecursionError"),
    ("{% set c = 10 ** 10 ** 10 %}", "computes a power"),
    ("{% generation %}{% set c = 10 ** 10 ** 10 %}{% endgeneration %}", "computes a power"),
]  # fmt: skip


@pytest.fixture
def spoiled(tmp_path):
    """The folder of a tiny model, with something before what its template writes."""

    def spoil(source, first):
        folder = shutil.copytree(source, tmp_path / "spoiled")
        template = folder / "chat_template.jinja"
        template.write_text(first + template.read_text(encoding="utf-8"), encoding="utf-8")
        return str(folder)

    return spoil


@pytest.mark.parametrize(("first", "said"), ENDLESS)
def test_a_template_that_never_ends_is_refused_at_load(checkpoint, spoiled, monkeypatch, first, said):
    monkeypatch.setattr(templates, "SECONDS", 0.5)
    begun = time.thread_time()
    with pytest.raises(UserError, match=said) as caught:
        load_mllm(spoiled(checkpoint("llava"), first), FULL)
    assert "chat template" in caught.value.message and caught.value.hint
    assert time.thread_time() - begun < 10  # of which loading is most


def test_nor_does_one_for_text(tmp_path, spoiled, monkeypatch):
    monkeypatch.setattr(templates, "SECONDS", 0.5)
    with pytest.raises(UserError, match="did not end within"):
        load_text_llm(spoiled(tiny.build_text(tmp_path / "text"), LOOP), FULL)


def test_one_that_goes_on_only_later_fails_the_question_and_in_any_thread(loaded, monkeypatch):
    """At load it is shown one conversation, and may have waited for another."""
    chat = loaded("llava")._chat
    monkeypatch.setattr(templates, "SECONDS", 0.3)
    source = chat._processor.chat_template
    monkeypatch.setattr(
        chat._processor, "chat_template",
        "{% if 'later' in messages[0].content[0].text %}" + LOOP + "{% endif %}" + source,
    )  # fmt: skip
    raised = []

    def render(text):
        try:
            raised.append(chat.render([("user", text)], has_image=False))
        except ModelError as error:
            raised.append(error.message)

    for text in ("now", "later"):
        thread = threading.Thread(target=render, args=(text,))
        thread.start()
        thread.join()
    assert "now" in raised[0]
    assert "did not end within 0.3 s" in raised[1]


def test_whoever_traced_before_goes_on(loaded):
    seen = []

    def trace(*_):
        seen.append(1)

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        loaded("llava")._chat.render([("user", "?")], has_image=False)
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


def test_a_template_with_the_tag_of_transformers_is_read():
    template = "{% generation %}{{ enable_thinking }}{% endgeneration %}"
    assert thinking.read(template) is not None
    assert thinking.switches(template) == ["enable_thinking"]
    assert thinking.read("{% for") is None
