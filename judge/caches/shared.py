"""One model for several constitutions: what it was asked once about a picture it is not asked again.

Pictures are told apart by their pixels, because each judge decodes (and blanks, and crops) its own copies. Knows
nothing of rules.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from judge.ports import Ask, Conversation, Mllm
from judge.verdict import Answer, ModelIdentity

if TYPE_CHECKING:
    from PIL.Image import Image

AnswerKey = tuple[str, str, str]  # digest of the picture (empty: none), instruction, statement
ReplyKey = tuple[str, str]  # digest of the picture, the conversation so far
Key = TypeVar("Key")
Value = TypeVar("Value")
KeyIn = TypeVar("KeyIn", contravariant=True)


class Memory(Protocol[KeyIn, Value]):
    """Where answers are remembered. A dict is one."""

    def get(self, key: KeyIn, /) -> Value | None: ...

    def update(self, more: Mapping[Any, Value], /) -> None: ...

    def clear(self) -> None: ...


class SharedAnswers:
    """An `Mllm` in front of another that remembers answers and replies until `forget` is called.

    answers, replies: where to remember them; default: in memory.
    """

    def __init__(
        self,
        mllm: Mllm,
        answers: Memory[AnswerKey, Answer] | None = None,
        replies: Memory[ReplyKey, str] | None = None,
    ) -> None:
        self._mllm = mllm
        self._answers: Memory[AnswerKey, Answer] = {} if answers is None else answers
        self._replies: Memory[ReplyKey, str] = {} if replies is None else replies
        self.reused = 0  # answers about an image, and replies, that were known from an earlier call

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
        known = _known(self._answers, keys)
        self.reused += sum(1 for image, _, _ in known if image)
        new = {key: ask for key, ask in zip(keys, asks, strict=True) if key not in known}
        if new:
            fresh = dict(zip(new, self._mllm.answer(list(new.values())), strict=True))
            self._answers.update(fresh)
            known.update(fresh)
        return [known[key] for key in keys]

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`; only conversations not known yet are continued."""
        names, form = _Names(), json.dumps([max_tokens, schema])
        said = [json.dumps([form, *_said(talk)]) for talk in conversations]
        keys = [(names.of(talk.image), text) for talk, text in zip(conversations, said, strict=True)]
        known = _known(self._replies, keys)
        self.reused += len(known)
        new = {key: talk for key, talk in zip(keys, conversations, strict=True) if key not in known}
        if new:
            replies = self._mllm.reply(list(new.values()), max_tokens=max_tokens, schema=schema)
            fresh = dict(zip(new, replies, strict=True))
            self._replies.update(fresh)
            known.update(fresh)
        return [known[key] for key in keys]


def _said(talk: Conversation) -> list[object]:
    """Its turns, and whether the model thinks in its own way; nothing where not, as it was written before there was."""
    return [*([turn.role, turn.text] for turn in talk.turns), *["thinking"] * talk.thinking]


def _known(held: Memory[Key, Value], keys: Sequence[Key]) -> dict[Key, Value]:
    """What is held of `keys`, each looked up once."""
    found = ((key, held.get(key)) for key in dict.fromkeys(keys))
    return {key: value for key, value in found if value is not None}


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
