"""What can go wrong, by who can mend it.

A policy or usage mistake (`UserError`: fix the YAML, the flag, the path) and a failure of a model, a
file or a machine (`ModelError`, `ImageError`) are different types, because the first is mended by the
person and the second by a retry, another file or another machine. This module knows nothing else of
the package.
"""

from __future__ import annotations

from typing import NamedTuple


class JudgeError(Exception):
    """Base of every error this package raises on purpose.

    `hint` says in one line what to do next; it may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class UserError(JudgeError):
    """A mistake in what the user wrote or asked for. CLI exit code 2."""


class StoreError(JudgeError):
    """The file of a review store is damaged, is none, or was made by another version. CLI exit code 3."""


class Problem(NamedTuple):
    """One mistake in a constitution: where (1-based line and column), what, and how to mend it."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: {self.message}"
        return f"{text} ({self.hint})" if self.hint else text


class ConstitutionError(UserError):
    """A constitution file that cannot be used; carries every mistake found, not the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        if not problems:
            raise ValueError("a ConstitutionError needs at least one problem")
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ImageError(JudgeError):
    """An image that cannot be read: not an image, truncated, too large, not a file. `retryable` says whether trying
    again can help: the disk did not give the file, or the memory was short; the image itself may be sound."""

    def __init__(self, message: str, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable


class ModelError(JudgeError):
    """A model that failed or answered nonsense. `retryable` says whether trying again can help."""

    def __init__(self, message: str, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable


class TriedInVain(ModelError):
    """All tries of one question were used up: others about the same picture would cost as much each."""


class Unreachable(TriedInVain):
    """No answer at all: nothing listens there, the connection broke, the time was up, or the server asks to come again
    much later. Nothing else that is asked of the same server is likely to fare better."""


class Unable(ModelError):
    """The model can never do what was asked of it, whatever it is about: asking again, in this run, is in vain."""


class NotShown(ModelError):
    """The model cannot be shown this picture, such as one much too long for its width. It is the picture's own failure:
    asking again is in vain, and other pictures are not affected."""


class ScriptExhausted(Exception):
    """A scripted fake was asked something its script does not hold: a mistake of the test.

    Deliberately not a `JudgeError`: nothing may turn it into a `needs_review`.
    """
