"""Chat templates come with checkpoints and are programs: one that never ends is refused, in any thread."""

from __future__ import annotations

import shutil
import sys
import threading
import time

import pytest

from judge import thinking
from judge.errors import ModelError, UserError
from judge.models.transformers import templates
from judge.models.transformers.mllm import load_mllm
from judge.models.transformers.text_llm import load_text_llm
from tests import tiny
from tests.conftest import ROOT
from tests.forking import judge
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


def changing(chat, monkeypatch, before, now):
    source = chat._processor.chat_template
    assert before in source
    monkeypatch.setattr(chat._processor, "chat_template", source.replace(before, now))


def text_place(chat):
    """What the template writes for the text of a part of a message."""
    return next(one for one in ("content['text']", "c.text", "c['text']") if one in chat._processor.chat_template)


@pytest.mark.parametrize(
    ("turns", "where"),
    [
        ([("user", "is there a fire?")], "loop.last"),
        ([("user", "think about a fire"), ("assistant", "it burns."), ("user", "is it so? fire")], "true"),
        ([("user", "think"), ("assistant", "a fire burns."), ("user", "is it so?")], "true"),
        ([("user", "look"), ("assistant", "it burns."), ("user", "is a fire there?")], "true"),
    ],
)
def test_a_template_that_alters_what_is_said_in_any_turn_fails_that_call(loaded, monkeypatch, turns, where):
    """At load it was shown another text."""
    chat = loaded("llava")._chat
    place = text_place(chat)
    before = chat.render(turns, has_image=True)
    assert all(text in before for _, text in turns)
    changing(chat, monkeypatch, place, f"({place}|replace('fire', 'snow'))")
    with pytest.raises(ModelError, match="alters the text of a message"):
        chat.render(turns, has_image=True)
    assert "frost" in chat.render([("user", "is there frost?")], has_image=True)


def test_nor_may_it_change_the_order_or_leave_a_turn_out(loaded, monkeypatch):
    chat = loaded("llava")._chat
    turns = [("user", "the first thing"), ("assistant", "well"), ("user", "the second thing")]
    changing(chat, monkeypatch, "in messages", "in messages|reverse")
    with pytest.raises(ModelError, match="alters the text of a message"):
        chat.render(turns, has_image=False)


def test_the_instruction_before_a_statement_stands_unaltered_too(loaded, monkeypatch):
    chat = loaded("llava")._chat
    place = text_place(chat)
    changing(chat, monkeypatch, place, f"({place}|replace('not', ''))")
    with pytest.raises(ModelError, match="alters the text of a message"):
        chat.split("Say No where it is not so.", has_image=True)


def test_spaces_at_the_ends_of_a_message_may_go(loaded, monkeypatch):
    chat = loaded("llava")._chat
    place = text_place(chat)
    changing(chat, monkeypatch, place, f"({place}|trim)")
    assert "a fire" in chat.render([("user", " a fire\n")], has_image=False)


WORDY = "{% for a in range(100000) %}word {% endfor %}"


def test_a_template_that_adds_a_book_to_every_message_is_refused_at_load(checkpoint, spoiled):
    begun = time.thread_time()
    with pytest.raises(UserError, match="beside what is said") as caught:
        load_mllm(spoiled(checkpoint("llava"), WORDY), FULL)
    assert "chat template" in caught.value.message and caught.value.hint
    assert time.thread_time() - begun < 10


def test_one_that_adds_it_only_later_fails_that_call(loaded, monkeypatch):
    chat = loaded("llava")._chat
    source = chat._processor.chat_template
    later = "{% if messages|length > 1 %}" + WORDY + "{% endif %}" + source
    monkeypatch.setattr(chat._processor, "chat_template", later)
    with pytest.raises(ModelError, match="beside what is said"):
        chat.render([("user", "a"), ("assistant", "b"), ("user", "c")], has_image=False)
    assert chat.render([("user", "word " * 9_000)], has_image=False)  # long is what was said, not what was added


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


def mute(folder):
    """A template that ends where the question ends, whatever it is told."""
    path = folder / "chat_template.jinja"
    source = path.read_text(encoding="utf-8")
    assert "add_generation_prompt" in source
    path.write_text(source.replace("add_generation_prompt", "false"), encoding="utf-8")


@pytest.mark.parametrize("family", ["llava", "qwen3_vl", "smolvlm"])
def test_a_template_that_does_not_begin_the_answer_is_refused(checkpoint, tmp_path, family):
    folder = shutil.copytree(checkpoint(family), tmp_path / "mute")
    mute(folder)
    with pytest.raises(UserError, match="does not begin the answer") as caught:
        load_mllm(str(folder), FULL)
    assert "chat_template.jinja" in caught.value.hint


def test_nor_is_one_for_text(tmp_path):
    folder = tiny.build_text(tmp_path / "text")
    mute(folder)
    with pytest.raises(UserError, match="does not begin the answer"):
        load_text_llm(str(folder), FULL)


MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {% for c in m.content %}"
    "{{ '<image>' if c.type == 'image' else c.text }}{% endfor %} [/INST]{% else %} {{ m.content[0].text }}{{ eos_token }}"
    "{% endif %}{% endfor %}"
)


def test_one_that_writes_nothing_before_an_answer_is_sound(checkpoint, tmp_path):
    """Mistral's do not."""
    folder = shutil.copytree(checkpoint("llava"), tmp_path / "mistral")
    (folder / "chat_template.jinja").write_text(MISTRAL, encoding="utf-8")
    load_mllm(str(folder), FULL)


def test_what_a_template_says_when_it_fails_reaches_no_terminal_raw(checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint("llava"), tmp_path / "loud")
    said = r"{{ raise_exception('only \u001b[31m\u0007\u009b2J one turn') }}"
    (folder / "chat_template.jinja").write_text(said.encode().decode("unicode_escape"), encoding="utf-8")
    done = judge("check", ROOT / "examples/images/drugs-borderline.png", "--model", folder)
    assert done.returncode == 2
    assert r"only \x1b[31m\x07\x9b2J one turn" in done.stderr and done.stderr.replace("\n", "").isprintable()
