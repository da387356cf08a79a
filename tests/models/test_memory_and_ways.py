"""Memory budgets and out-of-memory errors; how a way of scoring is chosen, remembered and refused."""

from __future__ import annotations

import logging

import pytest
import torch

from judge.errors import ModelError
from judge.languages import language_of
from judge.models.transformers import ways
from judge.models.transformers.memory import GIB, MemoryBudget
from judge.models.transformers.ways import ALONE
from judge.ports import Ask
from tests.models.conftest import anew

TEXTS = ("a knife is visible", "people are visible", "the body is on fire")


def asks(images) -> list[Ask]:
    return [Ask(image, language_of("en").instruction, text) for image in images for text in TEXTS]


def test_a_budget_admits_at_least_one_row():
    budget = MemoryBudget(1.0, "cpu")
    assert budget.rows(GIB // 4, most=100) == 4
    assert budget.rows(GIB * 10, most=100) == 1
    assert budget.rows(1, most=7) == 7


def test_out_of_memory_halves_the_batches_says_so_once_and_goes_on(loaded, pictures, monkeypatch, caplog):
    """A model that takes at most two rows at a time gives the same answers, in smaller batches."""
    mllm = anew(loaded("llava"))
    images = [pictures[0].rotate(angle) for angle in range(0, 80, 10)]
    expected = mllm.answer(asks(images))
    tight = anew(loaded("llava"))
    rows = []

    def forward(**given):
        rows.append(given["input_ids"].shape[0])
        if rows[-1] > 2:
            raise torch.OutOfMemoryError("tried to allocate")
        return inner(**given)

    inner = mllm._model.forward
    monkeypatch.setattr(mllm._model, "forward", forward)
    with caplog.at_level(logging.WARNING, logger="judge"):
        answers = tight.answer(asks(images))
    assert max(rows) > 2 and rows[-1] <= 2
    assert [answer.p_yes for answer in answers] == pytest.approx([answer.p_yes for answer in expected], abs=1e-4)
    assert [one.message for one in caplog.records].count("out of memory: halving the batches") == 1


def test_out_of_memory_with_nothing_left_to_halve_is_a_model_error(loaded, pictures, monkeypatch):
    mllm = anew(loaded("llava"))

    def forward(**given):
        raise torch.OutOfMemoryError("tried to allocate")

    monkeypatch.setattr(mllm._model, "forward", forward)
    with pytest.raises(ModelError, match="out of memory even one row at a time"):
        mllm.answer(asks(pictures[:1]))


def test_a_small_budget_changes_no_answer(loaded, pictures):
    mllm = loaded("llava")
    small = type(mllm)(mllm._model, mllm._processor, mllm.identity, memory_gib=1e-6)
    assert [a.p_yes for a in small.answer(asks(pictures))] == pytest.approx(
        [a.p_yes for a in anew(mllm).answer(asks(pictures))], abs=1e-4
    )


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path))
    return tmp_path


def test_the_way_is_measured_once_and_remembered(loaded, pictures, monkeypatch, empty_cache):
    first = anew(loaded("llava"))
    first.answer(asks(pictures[:1]))
    assert first.way is not None and first.way.name in ("packed", "repeated")
    monkeypatch.setattr(ways, "_fastest_right", lambda *given: pytest.fail("measured again"))
    second = anew(loaded("llava"))
    second.answer(asks(pictures[:1]))
    assert second.way == first.way


DAMAGED = ["{", "[]", '{"way": {"name": "x"}}', '{"way": {"name": "magic", "group": 8}, "right": {}}']


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_memory_is_measured_again(loaded, pictures, empty_cache, damage):
    anew(loaded("llava")).answer(asks(pictures[:1]))
    (path,) = (empty_cache / "ways").iterdir()
    path.write_text(damage)
    again = anew(loaded("llava"))
    again.answer(asks(pictures[:1]))
    assert again.way is not None and again.way.shares


@pytest.mark.parametrize("fault", ["wrong", "raises"])
def test_a_family_that_cannot_share_falls_back_right_with_one_line(
    loaded, pictures, monkeypatch, caplog, empty_cache, fault
):
    def broken(model, questions, pad):
        if fault == "raises":
            raise TypeError("this family takes no such mask")
        return ways.one_by_one(model, questions, pad).roll(1, -1)

    mllm = anew(loaded("llava"))
    expected = mllm.answer(asks(pictures))
    monkeypatch.setitem(ways.SCORERS, "packed", broken)
    monkeypatch.setitem(ways.SCORERS, "repeated", broken)
    for path in (empty_cache / "ways").iterdir():
        path.unlink()
    other = anew(loaded("llava"))
    with caplog.at_level(logging.WARNING, logger="judge"):
        answers = other.answer(asks(pictures)) + other.answer(asks(pictures))
    assert other.way == ALONE
    assert [a.p_yes for a in answers] == pytest.approx([a.p_yes for a in expected * 2], abs=1e-4)
    assert len([one for one in caplog.records if "cannot share" in one.message]) == 1
    assert not list((empty_cache / "ways").iterdir()), "a refusal is not remembered: it may have been a passing fault"


def test_without_an_image_nothing_is_concluded_about_the_family(loaded, empty_cache):
    mllm = anew(loaded("llava"))
    mllm.answer([Ask(None, language_of("en").instruction, text) for text in TEXTS])
    assert mllm.way is None


def test_an_exception_while_sharing_asks_those_questions_one_by_one_and_says_so_once(
    loaded, pictures, monkeypatch, caplog
):
    mllm = anew(loaded("llava"))
    expected = mllm.answer(asks(pictures))
    other = anew(loaded("llava"))
    other.answer(asks(pictures[:1]))  # its way is chosen, and right

    def broken(model, questions, pad):
        raise RuntimeError("a kernel broke")

    for name in ("packed", "repeated"):
        monkeypatch.setitem(ways.SCORERS, name, broken)
    with caplog.at_level(logging.WARNING, logger="judge"):
        answers = other.answer(asks(pictures)) + other.answer(asks(pictures))
    assert [a.p_yes for a in answers] == pytest.approx([a.p_yes for a in expected * 2], abs=1e-4)
    assert [one.message for one in caplog.records if "a kernel broke" in one.message] == [
        "sharing an image's computation failed (a kernel broke): these questions are asked one by one"
    ]
    assert other.way is not None and other.way.shares


@pytest.mark.parametrize(
    ("reach", "checked", "windows", "known"),
    [
        (100, 100, set(), True), (200, 100, set(), True), (201, 100, set(), False), (50, 100, {64}, True),
        (120, 100, {110}, False), (120, 100, {120}, True), (120, 112, {110}, True), (1, 0, set(), False),
    ],
)  # fmt: skip
def test_what_was_right_for_a_length_is_known_for_others(reach, checked, windows, known):
    assert ways._known(reach, checked, windows) is known


def test_a_way_that_is_wrong_for_long_prefixes_serves_short_ones_only(loaded, pictures, monkeypatch, caplog):
    """As a window would make it: right up to a length, and beyond it not."""

    def with_window(model, questions, pad):
        logits = ways.one_by_one(model, questions, pad)
        longest = max(len(question.suffix) + question.prefix.batch.length for question in questions)
        return logits if longest < 150 else logits.roll(1, -1)

    for name in ("packed", "repeated"):
        monkeypatch.setitem(ways.SCORERS, name, with_window)
    mllm = anew(loaded("llava"))
    mllm.way = None
    mllm._scoring._right = {}
    long = [Ask(pictures[0], language_of("en").instruction + " Look closely." * 60, text) for text in TEXTS]
    with caplog.at_level(logging.WARNING, logger="judge"):
        short_answers, long_answers = mllm.answer(asks(pictures[:1])), mllm.answer(long)
        assert mllm.answer(long) == long_answers
    assert mllm.way is not None and mllm.way.shares
    alone = anew(loaded("llava"))
    alone.way = ALONE
    expected = alone.answer(asks(pictures[:1])), alone.answer(long)
    for found, right in zip((short_answers, long_answers), expected, strict=True):
        assert [a.p_yes for a in found] == pytest.approx([a.p_yes for a in right], abs=1e-4)
    assert len([one for one in caplog.records if "not exact at" in one.message]) == 1
