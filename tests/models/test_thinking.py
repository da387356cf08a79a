"""Models that think before they answer: rendered without, closed where the template opens a block even so, or let
think."""

from __future__ import annotations

import shutil

import pytest

from judge import thinking
from judge.errors import UserError
from judge.models.transformers.mllm import load_mllm
from judge.models.transformers.text_llm import load_text_llm
from judge.ports import Conversation, Reply, Turn
from judge.settings import Settings
from tests import tiny
from tests.models import conformance as suite
from tests.models.conftest import FULL

OPEN = "<|im_start|>assistant\n"
TAILS = [
    ("<think>\n", "\n</think>\n\n"), ("<think>", "\n\n</think>\n\n"), ("<think>\nWell, ", "\n\n</think>\n\n"),
    ("<reasoning>\n", "\n</reasoning>\n\n"), ("<seed:think>", "\n\n</seed:think>\n\n"), ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"), ("<|thinking|>", "<|/thinking|>"), ("<|channel>thought\n", "<channel|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"), ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
]  # fmt: skip


@pytest.mark.parametrize(("tail", "end"), TAILS)
def test_a_block_that_is_open_is_found_and_closed(tail, end):
    assert thinking.opened(OPEN + tail)
    assert thinking.closing(OPEN + tail, lambda _: True) == end
    assert thinking.opened(OPEN + tail + end) is None
    assert thinking.closing(OPEN + tail + end, lambda _: True) == ""


@pytest.mark.parametrize("tail", ["", "<think>\n\n</think>\n\n", "[THINK][/THINK]", "a <b>bold</b> word: "])
def test_none_is_found_where_none_is_open(tail):
    assert thinking.opened(OPEN + tail) is None
    assert thinking.closing(OPEN + tail, lambda _: False) == ""


def test_a_mark_that_is_no_token_is_not_spelled_out():
    assert thinking.closing(OPEN + "<|thinking|>", lambda _: False) is None
    assert thinking.closing(OPEN + "<think>", lambda _: False) == "\n\n</think>\n\n"


SWITCHED = [
    ("{{ x if enable_thinking is defined and enable_thinking is false }}", ["enable_thinking"]),
    ("{% if thinking %}a{% endif %}", ["thinking"]),
    ("{% set thinking = true %}{{ thinking }}{{ m.enable_thinking }}", []),
    ("{% generation %}{{ enable_thinking }}{% endgeneration %}", ["enable_thinking"]),
    ("{% for m in messages %}{% if m %}{% continue %}{% endif %}{% endfor %}{{ thinking }}", ["thinking"]),
]


@pytest.mark.parametrize(("template", "known"), SWITCHED)
def test_the_switches_that_a_template_knows(template, known):
    assert thinking.switches(template) == known


def test_marks_are_no_part_of_a_thought():
    assert thinking.without_marks("<think>\nA knife.\n</think>\n\nIt is sharp.") == "A knife.\n\nIt is sharp."
    assert thinking.without_marks("[THINK]A knife") == "A knife"
    assert thinking.without_marks("I think <b>so</b>.") == "I think <b>so</b>."


ALWAYS = "{{ '<think>\n' if add_generation_prompt else '' }}"
SWITCH = (
    "{{ ('<think>\n' if enable_thinking | default(true) else '<think>\n\n</think>\n\n') if add_generation_prompt }}"
)
CLOSED = "{{ '<think>\n\n</think>\n\n' if add_generation_prompt else '' }}"


@pytest.fixture
def written(checkpoint, tmp_path):
    """A checkpoint whose template writes more."""

    def make(more, name="thinks"):
        folder = shutil.copytree(checkpoint("qwen3_vl"), tmp_path / name)
        with (folder / "chat_template.jinja").open("a", encoding="utf-8") as file:
            file.write(more)
        return str(folder)

    return make


@pytest.mark.parametrize("more", [ALWAYS, SWITCH])
def test_answers_are_read_after_an_empty_block(written, pictures, more):
    mllm, wanted = load_mllm(written(more), FULL), load_mllm(written(CLOSED, "closed"), FULL)
    assert mllm.inside().tail("Look.").endswith("<think>\n\n</think>\n\n")
    asks = suite.asks_of((pictures[0], None), suite.STATEMENTS[:2])
    assert suite.numbers(mllm, asks) == suite.near(suite.numbers(wanted, asks))
    talks = [suite.talk(pictures[0], "Think."), suite.talk(None, "Think.", "A knife.", "So?")]
    assert mllm.reply(talks, max_tokens=6) == wanted.reply(talks, max_tokens=6)


@pytest.mark.parametrize("more", [ALWAYS, SWITCH])
def test_a_model_is_let_think_where_that_is_asked_for(written, pictures, more):
    mllm = load_mllm(written(more), Settings(**FULL.model_dump(exclude_unset=True), reason_with="thinking"))
    talk = Conversation(pictures[0], (Turn("user", "Think."),), thinking=True)
    assert mllm._replying.rendered(talk).endswith("assistant\n<think>\n")
    assert mllm.reply([talk], max_tokens=8) != mllm.reply([suite.talk(pictures[0], "Think.")], max_tokens=8)


def test_a_model_without_thinking_of_its_own_is_not_asked_for_it(checkpoint):
    with pytest.raises(UserError, match="no thinking of its own") as caught:
        load_mllm(str(checkpoint("llava")), Settings(device="cpu", reason_with="thinking"))
    assert "--reason-with" in caught.value.hint


def test_a_block_that_cannot_be_closed_is_refused_at_once(written):
    with pytest.raises(UserError, match=r"opens a block of thinking \(<\|thinking\|>\)") as caught:
        load_mllm(written("{{ '<|thinking|>' if add_generation_prompt else '' }}"), FULL)
    assert "instruct" in caught.value.hint


def test_a_template_that_fails_is_named(written):
    with pytest.raises(UserError, match=r"chat template fails: .*no such thing"):
        load_mllm(written("{{ raise_exception('no such thing') }}"), FULL)


@pytest.mark.parametrize(("tokens", "cut"), [(3, True), (400, False)])
def test_a_reply_says_whether_it_was_cut(loaded, pictures, tokens, cut):
    class Short(suite.Report):
        pass

    talk = suite.talk(pictures[0], suite.QUESTIONS[0])
    (said,) = loaded("llava").reply([talk], max_tokens=tokens, schema=Short.model_json_schema())
    assert isinstance(said, Reply) and said.cut is cut


def test_a_text_model_is_kept_from_thinking_too(tmp_path):
    folder = tiny.build_text(tmp_path / "text")
    path = folder / "chat_template.jinja"
    plain = path.read_text(encoding="utf-8")
    path.write_text(plain + ALWAYS, encoding="utf-8")
    opens = load_text_llm(str(folder), FULL)
    path.write_text(plain + CLOSED, encoding="utf-8")
    closed = load_text_llm(str(folder), FULL)
    talk = suite.talk(None, "Say something.")
    (said,), (wanted,) = opens.reply([talk], max_tokens=9), closed.reply([talk], max_tokens=9)
    assert said == wanted and isinstance(said, Reply) and said.cut is True
