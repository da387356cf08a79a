"""How many conversations are replied to at once: as many as fit into memory, and never more."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from PIL import Image

from judge.languages import language_of
from judge.models.transformers import replying
from judge.ports import Ask, Conversation, Turn
from tests.models.conftest import anew

MANY = 40
TOKENS = 3


class Seen:
    """Rows of every call that generates, and the prefixes that were waiting for it, made for it alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int | None = None) -> None:
        self.rows: list[int] = []
        self.made: list[int] = [0]
        for name, rows_of in (("continued", _starts), ("generated", _inputs)):
            monkeypatch.setattr(replying, name, self._counting(getattr(replying, name), rows_of, most))
        monkeypatch.setattr(replying, "prefill", self._prefilling(replying.prefill))

    def _counting(self, inner: Any, rows_of: Any, most: int | None) -> Any:
        def generate(*given: Any, **more: Any) -> Any:
            self.rows.append(rows_of(*given))
            self.made.append(0)
            if most is not None and self.rows[-1] > most:
                raise torch.OutOfMemoryError("tried to allocate")
            return inner(*given, **more)

        return generate

    def _prefilling(self, inner: Any) -> Any:
        def prefill(*given: Any) -> Any:
            self.made[-1] += 1
            return inner(*given)

        return prefill


def _starts(model: Any, starts: Any, *_: Any) -> int:
    return len(starts)


def _inputs(model: Any, inputs: Any, *_: Any) -> int:
    return len(inputs["input_ids"])


def asked(picture: Image.Image) -> Ask:
    return Ask(picture, language_of("en").instruction, "a knife is visible")


def talks(picture: Image.Image, count: int) -> list[Conversation]:
    return [
        Conversation(picture.rotate(index), (Turn("user", f"What is {index}?"),)) for index in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("family", ["llava", "qwen3_5"])
def test_as_many_as_there_are_where_memory_has_room(loaded, pictures, monkeypatch, family):
    mllm = anew(loaded(family))
    mllm.answer([asked(pictures[0])])
    every = talks(pictures[0], MANY)
    alone = [mllm.reply([talk], max_tokens=TOKENS)[0] for talk in every[::13]]
    seen = Seen(monkeypatch)
    assert mllm.reply(every, max_tokens=TOKENS)[::13] == alone
    assert seen.rows == [MANY]


@pytest.mark.parametrize("family", ["llava", "qwen3_5"])
def test_no_more_than_memory_has_room_for_nor_are_their_prefixes_made_before(loaded, pictures, monkeypatch, family):
    mllm = loaded(family)
    roomy = anew(mllm)
    roomy.answer([asked(pictures[0])])
    every = talks(pictures[0], 6)
    expected = roomy.reply(every, max_tokens=TOKENS)
    tight = type(mllm)(mllm._model, mllm._processor, mllm.identity, memory_gib=1e-6)
    tight.answer([asked(pictures[0])])
    seen = Seen(monkeypatch)
    assert tight.reply(every, max_tokens=TOKENS) == expected
    assert seen.rows == [1] * 6
    assert max(seen.made) <= 1


def test_out_of_memory_halves_what_there_was_not_what_there_could_have_been(loaded, pictures, monkeypatch):
    mllm = anew(loaded("llava"))
    mllm.answer([asked(pictures[0])])
    seen = Seen(monkeypatch, most=2)
    assert len(mllm.reply(talks(pictures[0], 4), max_tokens=TOKENS)) == 4
    assert seen.rows == [4, 2, 2]
