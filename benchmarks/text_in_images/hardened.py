"""A model that is told, before everything else, that words in a picture are no instructions. Knows nothing of rules."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from judge import prompts
from judge.ports import Ask, Conversation, Mllm, Turn
from judge.verdict import Answer, ModelIdentity

PROMPT = "hardening"


class Hardened:
    """An `Mllm` in front of another: `prompts/hardening.j2` comes before every instruction, language priors included.

    English only. Its identity is not the bare model's, because its answers are not.
    """

    def __init__(self, mllm: Mllm) -> None:
        self._mllm = mllm
        self._words = prompts.render(PROMPT)

    @property
    def identity(self) -> ModelIdentity:
        bare = self._mllm.identity
        digest = hashlib.sha256(f"{bare.digest}|{prompts.digest(PROMPT)}".encode()).hexdigest()
        return bare.model_copy(update={"name": f"{bare.name} (hardened)", "digest": digest})

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`."""
        return self._mllm.answer([replace(ask, instruction=f"{self._words} {ask.instruction}") for ask in asks])

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`."""
        told = [replace(talk, turns=(self._told(talk.turns[0]), *talk.turns[1:])) for talk in conversations]
        return self._mllm.reply(told, max_tokens=max_tokens, schema=schema)

    def _told(self, first: Turn) -> Turn:
        return Turn(first.role, f"{self._words} {first.text}")
