"""A model that can be watched and stopped: how many questions about a picture it was asked, and no more from now on.

What is under way then is not broken off; the next call is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from judge.errors import UserError

if TYPE_CHECKING:
    from judge.ports import Ask, Conversation, Mllm
    from judge.verdict import Answer, ModelIdentity


class Cancelled(UserError):
    """Somebody cancelled it. A `UserError`, because no judge takes one for the model's failure."""


class Watcher(Protocol):
    """Who is told of the questions, and says when to stop."""

    asked: int

    @property
    def cancelled(self) -> bool: ...


class WatchedMllm:
    """An `Mllm` in front of another. Only one watcher at a time: a machine judges one image at a time."""

    def __init__(self, mllm: Mllm) -> None:
        self._mllm = mllm
        self._watcher: Watcher | None = None

    @property
    def identity(self) -> ModelIdentity:
        return self._mllm.identity

    @contextmanager
    def by(self, watcher: Watcher) -> Iterator[None]:
        """Tell this one of what is asked inside."""
        self._watcher = watcher
        try:
            yield
        finally:
            self._watcher = None

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`.

        Raises:
            Cancelled: the watcher cancelled.
        """
        self._go_on()
        found = self._mllm.answer(asks)
        if self._watcher is not None:
            self._watcher.asked += sum(1 for one in asks if one.image is not None)
        return found

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`.

        Raises:
            Cancelled: the watcher cancelled.
        """
        self._go_on()
        return self._mllm.reply(conversations, max_tokens=max_tokens, schema=schema)

    def _go_on(self) -> None:
        if self._watcher is not None and self._watcher.cancelled:
            raise Cancelled("cancelled", hint="give the image again when you like")
