"""Scripted fakes for logic that needs chosen probabilities. They raise when their script runs out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from judge.errors import ModelError, ScriptExhausted
from judge.ports import Ask, Box, Conversation, checked_answer
from judge.verdict import Answer, ModelIdentity

if TYPE_CHECKING:
    from PIL.Image import Image

Said = float | tuple[float, float] | ModelError


def _identity(role: Literal["mllm", "encoder", "detector"], script: object) -> ModelIdentity:
    """Another script is another model: what is cached of one must not answer for the other."""
    return ModelIdentity(role=role, name="scripted", digest=hashlib.sha256(repr(script).encode()).hexdigest())


class ScriptedMllm:
    """An `Mllm` that answers from a script.

    answers: per statement, what it says with an image, one entry a question in order of asking: M as a
        float (full label mass), or (p_yes, p_no), or a `ModelError` to raise.
    priors: per statement, the same without an image (one entry, given each time it is asked).
    told: per statement and text, what it says without an image where that text stands before the statement: of
        statements that read. What it says where they read nothing are `priors`.
    replies: what `reply` says, one entry a conversation in order; a `ModelError` is raised.
    """

    def __init__(
        self,
        answers: Mapping[str, Sequence[Said]] | None = None,
        priors: Mapping[str, Said] | None = None,
        replies: Sequence[str | ModelError] = (),
        told: Mapping[tuple[str, str], Said] | None = None,
    ) -> None:
        self._answers = {statement: list(said) for statement, said in (answers or {}).items()}
        self._priors = dict(priors or {})
        self._replies = list(replies)
        self._told = dict(told or {})
        self.asked: list[Ask] = []
        self.talked: list[Conversation] = []

    @property
    def identity(self) -> ModelIdentity:
        return _identity("mllm", self._priors)

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`.

        Raises:
            ScriptExhausted: a question the script does not hold.
        """
        return [self._one(ask) for ask in asks]

    def _one(self, ask: Ask) -> Answer:
        self.asked.append(ask)
        if ask.image is None:
            for (statement, text), said in self._told.items():
                if ask.statement == statement and text in ask.instruction:
                    return _said(said)
            if ask.statement not in self._priors:
                raise ScriptExhausted(f"no prior is scripted for '{ask.statement}'")
            return _said(self._priors[ask.statement])
        left = self._answers.get(ask.statement)
        if not left:
            raise ScriptExhausted(f"no answer is left in the script for '{ask.statement}'")
        return _said(left.pop(0))

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`.

        Raises:
            ScriptExhausted: more conversations than scripted replies.
        """
        texts = []
        for talk in conversations:
            self.talked.append(talk)
            if not self._replies:
                raise ScriptExhausted(f"no reply is left in the script for {talk.turns[-1].text!r}")
            reply = self._replies.pop(0)
            if isinstance(reply, ModelError):
                raise reply
            texts.append(reply)
        return texts


def _said(said: Said) -> Answer:
    if isinstance(said, ModelError):
        raise said
    return checked_answer(*said) if isinstance(said, tuple) else checked_answer(said, 1.0 - said)


class ScriptedEncoder:
    """An `Encoder` that gives each text the cosine the script holds for it, whatever the image."""

    def __init__(self, cosines: Mapping[str, float | ModelError]) -> None:
        self._cosines = dict(cosines)

    @property
    def identity(self) -> ModelIdentity:
        return _identity("encoder", self._cosines)

    def similarity(self, images: Sequence[Image], texts: Sequence[str]) -> list[list[float]]:
        """See `Encoder.similarity`."""
        return [[self._cosine(text) for text in texts] for _ in images]

    def _cosine(self, text: str) -> float:
        if text not in self._cosines:
            raise ScriptExhausted(f"no cosine is scripted for '{text}'")
        cosine = self._cosines[text]
        if isinstance(cosine, ModelError):
            raise cosine
        return cosine


class ScriptedDetector:
    """A `Detector` that finds each query at the box the script holds: (left, top, right, bottom, confidence)."""

    def __init__(self, boxes: Mapping[str, tuple[float, float, float, float, float] | ModelError]) -> None:
        self._boxes = dict(boxes)

    @property
    def identity(self) -> ModelIdentity:
        return _identity("detector", self._boxes)

    def detect(self, image: Image, queries: Sequence[str]) -> list[Box]:
        """See `Detector.detect`."""
        found = []
        for query in queries:
            if query not in self._boxes:
                raise ScriptExhausted(f"no box is scripted for '{query}'")
            box = self._boxes[query]
            if isinstance(box, ModelError):
                raise box
            found.append(Box(box[:4], box[4], query))
        return found
