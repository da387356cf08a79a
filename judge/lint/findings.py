"""What a check is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from judge.lint.span import Span
from judge.lint.subject import Subject


class Severity(StrEnum):
    """How bad it is. `error`: the constitution does not say what was meant; `info`: worth a look."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Hit:
    """What a check reports: where, what is wrong, and what to do."""

    span: Span
    message: str
    hint: str


@dataclass(frozen=True)
class Check:
    """One thing to look for. `summary` is one sentence; docs/lint/NAME.md has the rest.

    `find` is None for what is found on the way to the checks: mistakes of loading, and of silencing.
    `english`: it goes by English words, and is silent on a constitution in another language.
    """

    name: str
    severity: Severity
    summary: str
    find: Callable[[Subject], Iterable[Hit]] | None = None
    english: bool = False


@dataclass(frozen=True)
class LintFinding:
    """A hit of a check in a file; `silenced` is the reason given in place, if one was."""

    check: Check
    file: str
    span: Span
    message: str
    hint: str
    source: str = ""
    silenced: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it makes the command fail."""
        return self.silenced is None and self.check.severity is not Severity.INFO
