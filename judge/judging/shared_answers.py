"""One model for several constitutions: what it was asked once about a picture it is not asked again.

Pictures are told apart by their pixels, because each judge decodes (and blanks, and crops) its own copies. Knows
nothing of rules.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from judge.models.protocols import Ask, Conversation, Mllm
from judge.verdict import Answer, ModelIdentity

if TYPE_CHECKING:
    from PIL.Image import Image


class SharedAnswers:
    """An `Mllm` in front of another that remembers answers and replies until `forget` is called."""

    def __init__(self, mllm: Mllm) -> None:
        self._mllm = mllm
        self._answers: dict[tuple[str, str, str], Answer] = {}
        self._replies: dict[tuple[str, str], str] = {}

    @property
    def identity(self) -> ModelIdentity:
        return self._mllm.identity

    def forget(self) -> None:
        """Drop what is remembered: between batches of images, so that it does not grow with their number."""
        self._answers.clear()
        self._replies.clear()

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`; only what is not known yet is asked, each question once."""
        names = _Names()
        keys = [(names.of(ask.image), ask.instruction, ask.statement) for ask in asks]
        new = {key: ask for key, ask in zip(keys, asks, strict=True) if key not in self._answers}
        if new:
            self._answers.update(zip(new, self._mllm.answer(list(new.values())), strict=True))
        return [self._answers[key] for key in keys]

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`; only conversations not known yet are continued."""
        names, form = _Names(), json.dumps([max_tokens, schema])
        said = [json.dumps([form, *([turn.role, turn.text] for turn in talk.turns)]) for talk in conversations]
        keys = [(names.of(talk.image), text) for talk, text in zip(conversations, said, strict=True)]
        new = {key: talk for key, talk in zip(keys, conversations, strict=True) if key not in self._replies}
        if new:
            replies = self._mllm.reply(list(new.values()), max_tokens=max_tokens, schema=schema)
            self._replies.update(zip(new, replies, strict=True))
        return [self._replies[key] for key in keys]


class _Names:
    """Digests of pictures, each object's computed once per call."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}

    def of(self, image: Image | None) -> str:
        if image is None:
            return ""
        if id(image) not in self._known:
            pixels = hashlib.sha256(f"{image.mode}|{image.size}|".encode() + image.tobytes())
            self._known[id(image)] = pixels.hexdigest()
        return self._known[id(image)]
