"""The transformers adapter on five families: the common suite, and equality with plain forward passes."""

from __future__ import annotations

import copy
import json
import shutil
from typing import Any

import pytest
import torch

from judge.errors import ModelError
from judge.models.transformers import kept
from judge.models.transformers.mllm import TransformersMllm, load_mllm
from judge.models.transformers.ways import ScoringPlan
from judge.ports import Ask
from tests import tiny
from tests.models import conformance as suite
from tests.models.conftest import FULL, anew
from tests.models.plain import Plain


@pytest.fixture(scope="module", params=["bundled", *tiny.MLLMS])
def adapter(request: pytest.FixtureRequest, loaded: Any) -> TransformersMllm:
    return request.getfixturevalue("bundled") if request.param == "bundled" else loaded(request.param)


class TestFamilies(suite.MllmConformance):
    @pytest.fixture
    def subject(self, adapter, pictures):
        longest = max(len(token) for token in adapter._processor.tokenizer.get_vocab())
        return suite.MllmSubject(lambda: anew(adapter), pictures, longest)

    def test_answers_equal_one_plain_forward_pass_each(self, adapter, pictures):
        asks = suite.asks_of((*pictures, None), suite.STATEMENTS)
        expected = Plain(adapter._model, adapter._processor).numbers(asks)
        assert suite.numbers(anew(adapter), asks) == suite.near(expected)
        assert sum(0.001 < number < 0.999 for number in expected) > 5  # else equality would say little

    @pytest.mark.parametrize("name", ["packed", "repeated"])
    @pytest.mark.parametrize("group", [3, 32])
    def test_every_way_of_sharing_gives_the_same_answers(self, adapter, pictures, name, group):
        """Which way is used depends on the machine's speed, so each is tried here."""
        mllm, asks = anew(adapter), suite.asks_of(pictures, suite.STATEMENTS)
        mllm._scoring.way = ScoringPlan(name, group, plain=True)
        assert suite.numbers(mllm, asks) == suite.near(Plain(adapter._model, adapter._processor).numbers(asks))

    def test_image_and_statement_sway_the_answer(self, adapter, pictures):
        answers = anew(adapter).answer(suite.asks_of((*pictures, None), suite.STATEMENTS))
        rows = [
            answers[start : start + len(suite.STATEMENTS)] for start in range(0, len(answers), len(suite.STATEMENTS))
        ]
        for one, other in (rows[:2], rows[2:4], rows[3:5]):
            assert max(abs(a.p_yes - b.p_yes) + abs(a.p_no - b.p_no) for a, b in zip(one, other, strict=True)) > 1e-3

    def test_replies_equal_greedy_plain_forward_passes(self, adapter, pictures):
        plain = Plain(adapter._model, adapter._processor)
        talks = [
            (pictures[0], suite.QUESTIONS[0]), (None, suite.QUESTIONS[0]),
            (pictures[2], suite.QUESTIONS[0], "a person and a fire.", suite.QUESTIONS[1]),
        ]  # fmt: skip
        said = anew(adapter).reply([suite.talk(*one) for one in talks], max_tokens=6)
        assert said == [plain.greedy(6, *one) for one in talks]

    def test_replies_after_answers_equal_greedy_plain_forward_passes(self, adapter, pictures):
        """Once images are kept, conversations about them go on from there, several together."""
        plain, mllm = Plain(adapter._model, adapter._processor), anew(adapter)
        mllm.answer(suite.asks_of(pictures, suite.STATEMENTS[:3]))
        think = suite.INSTRUCTION.replace("Answer with one word, Yes or No", "Think") + " a knife is visible"
        talks = [
            *((picture, think) for picture in pictures),
            (pictures[2], think, "a person and a fire.", suite.QUESTIONS[1]),
            (pictures[0], suite.QUESTIONS[0]),
            (None, think),
        ]
        said = mllm.reply([suite.talk(*one) for one in talks], max_tokens=8)
        assert said == [plain.greedy(8, *one) for one in talks]
        assert len(set(said)) > 1

    def test_replies_under_a_schema_after_answers_are_json_of_it(self, adapter, pictures):
        mllm = anew(adapter)
        mllm.answer(suite.asks_of(pictures, suite.STATEMENTS[:2]))
        talks = [
            suite.talk(picture, *texts) for picture in pictures for texts in (suite.QUESTIONS[:1], suite.QUESTIONS[1:])
        ]
        schema = suite.Report.model_json_schema()
        together = mllm.reply(talks, max_tokens=suite.REPORT_TOKENS, schema=schema)
        for reply in together:
            suite.Report.model_validate_json(reply)
        alone = [anew(adapter).reply([talk], max_tokens=suite.REPORT_TOKENS, schema=schema)[0] for talk in talks[:2]]
        assert together[:2] == alone

    def test_answers_and_replies_leave_no_trace_on_each_other(self, adapter, pictures):
        """M-RoPE models keep an offset of the last image they saw."""
        asks, talks = suite.asks_of((None,), suite.STATEMENTS), [suite.talk(None, suite.QUESTIONS[0])]
        first = anew(adapter)
        expected = suite.numbers(first, asks), first.reply(talks, max_tokens=6)
        mllm = anew(adapter)
        mllm.answer(suite.asks_of(pictures, suite.STATEMENTS[:2]))
        mllm.reply([suite.talk(pictures[3], suite.QUESTIONS[0])], max_tokens=3)
        assert suite.numbers(mllm, asks) == suite.near(expected[0])
        assert mllm.reply(talks, max_tokens=6) == expected[1]


def test_more_images_than_are_kept_get_their_own_answers(loaded, pictures, monkeypatch):
    """Caches are keyed by the image object: an evicted one must not lend its answers to another."""
    monkeypatch.setattr(kept, "MOST", 3)
    images = [pictures[0].rotate(15 * turn) for turn in range(20)]
    mllm, asks = anew(loaded("llava")), suite.asks_of(images, suite.STATEMENTS[:2])
    alone = [number for ask in asks for number in suite.numbers(anew(mllm), [ask])]
    assert suite.numbers(mllm, asks) == suite.near(alone)
    assert suite.numbers(mllm, asks) == suite.near(alone)
    assert len({round(number, 3) for number in alone}) > 20


def test_later_questions_about_an_image_compute_it_no_more(loaded, pictures, monkeypatch):
    mllm, seen = anew(loaded("llava")), []
    mllm.answer(suite.asks_of(pictures[2:3], suite.STATEMENTS))  # what a first call finds out about a model is done
    encode = mllm._model.model.get_image_features
    monkeypatch.setattr(
        mllm._model.model, "get_image_features", lambda *args, **more: (seen.append(1), encode(*args, **more))[1]
    )
    for statement in suite.STATEMENTS:
        mllm.answer(suite.asks_of(pictures[:2], [statement]))
    assert len(seen) == 1  # two images of one size: one batch, once


def test_another_instruction_is_not_answered_from_the_same_cache(loaded, pictures):
    asks = [Ask(pictures[0], instruction, "a knife") for instruction in ("Is this true?", "Is this false, or not?")]
    one, other = anew(loaded("llava")).answer(asks)
    assert one.p_no != pytest.approx(other.p_no, abs=1e-3)
    assert [one.p_no, other.p_no] == suite.near([anew(loaded("llava")).answer([ask])[0].p_no for ask in asks])


@pytest.mark.parametrize("error", [RuntimeError("a kernel broke"), torch.OutOfMemoryError()], ids=["bug", "memory"])
def test_a_model_that_raises_is_a_model_error(loaded, pictures, monkeypatch, error):
    mllm = anew(loaded("llava"))

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(mllm._model.lm_head, "forward", fail)
    for doing in (
        lambda: mllm.answer(suite.asks_of(pictures[:1], ["a"])),
        lambda: mllm.reply([suite.talk(pictures[0], "hm")], max_tokens=2),
    ):
        with pytest.raises(ModelError, match=r"a kernel broke|out of memory") as caught:
            doing()
        assert caught.value.retryable


def test_logits_that_are_no_numbers_are_a_model_error(checkpoint, pictures, monkeypatch, tmp_path):
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path))  # nothing found out about this one may serve the sound one
    mllm = load_mllm(str(checkpoint("llava")), FULL)
    with torch.no_grad():
        mllm._model.lm_head.weight[5] = float("nan")
    with pytest.raises(ModelError, match="no probabilities") as caught:
        mllm.answer(suite.asks_of(pictures[:1], ["a knife"]))
    assert "float32" in caught.value.hint


def test_a_template_that_alters_the_text_is_refused(loaded, pictures):
    sound = loaded("llava")
    processor = copy.copy(sound._processor)
    processor.chat_template = "{% for m in messages %}{{ m.content[-1].text | replace('statement', '') }}{% endfor %}"
    mllm = TransformersMllm(sound._model, processor, sound.identity)
    with pytest.raises(ModelError, match="chat template"):
        mllm.answer(suite.asks_of([None], ["a knife"]))


def test_a_tokenizer_that_marks_every_beginning_sees_the_same_words(checkpoint, tmp_path):
    """Llama 2's tokenizer puts a space mark before whatever it is given first, so before a statement given apart."""
    folder = shutil.copytree(checkpoint("llava"), tmp_path / "llama2")
    text = (folder / "tokenizer.json").read_text(encoding="utf-8").replace("\u0120", "\u2581")
    entries = json.loads(text)
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    entries["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"}, replace]}
    entries["pre_tokenizer"], entries["decoder"] = None, {"type": "Metaspace", "replacement": "\u2581"}
    entries["decoder"] |= {"prepend_scheme": "always", "split": True}
    entries["model"]["unk_token"] = "<unk>"
    (folder / "tokenizer.json").write_text(json.dumps(entries), encoding="utf-8")
    mllm = load_mllm(str(folder), FULL)
    asks = suite.asks_of((None,), suite.STATEMENTS)
    assert suite.numbers(mllm, asks) == suite.near(Plain(mllm._model, mllm._processor).numbers(asks))
