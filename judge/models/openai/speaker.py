"""Whether the model that a server speaks with is still the one that it began with."""

from __future__ import annotations

from judge.errors import ModelError
from judge.models.openai.wire import Completion


class Speaker:
    """Remembers who answered first.

    `model` is compared always. `system_fingerprint`, the server's word for its build and weights, is compared unless it
    changed before `settled` was called: behind one address there may be several machines that differ in it.
    """

    def __init__(self) -> None:
        self._first: Completion | None = None
        self._settled, self._one_print = False, True

    @property
    def model(self) -> str | None:
        """The name under which the server's first answer came."""
        return self._first.model if self._first is not None else None

    @property
    def has_print(self) -> bool:
        """Whether the server's answers carry a fingerprint."""
        return self._first is not None and self._first.system_fingerprint is not None

    @property
    def build(self) -> str | None:
        """The fingerprint, where all answers before `settled` carried the same; from then on it stays."""
        return self._first.system_fingerprint if self._first is not None and self._one_print else None

    def settled(self) -> None:
        """What was found out at the start holds from now on."""
        self._settled = True

    def check(self, completion: Completion) -> Completion:
        """The completion, where the same model gave it.

        Raises:
            ModelError: another one did.
        """
        if self._first is None:
            self._first = completion
        first = self._first
        if completion.model != first.model:
            raise self._changed("another model", first.model, completion.model)
        if completion.system_fingerprint != first.system_fingerprint:
            if self._settled and self._one_print:
                theirs = (first.system_fingerprint, completion.system_fingerprint)
                raise self._changed("another build of its model", *theirs)
            self._one_print = False
        return completion

    @staticmethod
    def _changed(what: str, before: str | None, now: str | None) -> ModelError:
        return ModelError(
            f"the server answers with {what} than at the start: {now or 'unnamed'}, before {before or 'unnamed'}",
            hint="start again, so that all of an image is judged by one model",
            retryable=True,
        )
