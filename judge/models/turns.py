"""Models that take turns: one of them is in memory at a time, and who is asked next is loaded in its place.

For committees that the memory does not hold together. What each answers is what it would answer anyway; loading takes
its time at every change, so that many pictures judged together (`Settings.batch`) cost less. Knows no library but to
have it give memory back.
"""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from judge.errors import ModelError
from judge.ports import Ask, Conversation, Mllm
from judge.verdict import Answer, ModelIdentity

log = logging.getLogger("judge")


class Seat:
    """One place in memory: loads by name, and keeps the model that was asked last. load: gives a model, which nothing
    else may hold."""

    def __init__(self, load: Callable[[str], Mllm]) -> None:
        self._load = load
        self._now: tuple[str, Mllm] | None = None
        self._known: set[str] = set()

    def of(self, name: str) -> Mllm:
        """The model of that name, in memory until another one is asked for. It is not to be kept.

        Raises as `load` does.
        """
        if self._now is None or self._now[0] != name:
            self._leave()
            with _unsaid() if name in self._known else nullcontext():
                self._now = name, self._load(name)
            self._known.add(name)
        return self._now[1]

    def _leave(self) -> None:
        if self._now is None:
            return
        self._now = None
        gc.collect()  # models refer to themselves
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()


class InTurn:
    """See `judge.ports.Mllm`. A model among others that take turns; it is loaded once now, to know which it is.

    Raises as loading does.
    """

    def __init__(self, seat: Seat, name: str) -> None:
        self._seat, self._name = seat, name
        self.identity: ModelIdentity = seat.of(name).identity

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`."""
        return self._here().answer(asks)

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`."""
        return self._here().reply(conversations, max_tokens=max_tokens, schema=schema)

    def _here(self) -> Mllm:
        mllm = self._seat.of(self._name)
        if mllm.identity != self.identity:
            raise ModelError(
                f"{self._name} is another model than when judging began: its files have changed",
                hint="leave the files of a model alone while it judges, and judge again",
            )
        return mllm


@contextmanager
def _unsaid() -> Iterator[None]:
    """What loading a model warns of was said the first time."""
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
