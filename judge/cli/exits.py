"""Exit codes, and how a run over many images comes to one."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from judge.errors import JudgeError

if TYPE_CHECKING:
    from judge.clip_verdict import ClipVerdict
    from judge.verdict import Verdict


class Exit(IntEnum):
    """What a command's exit code says."""

    NO_VIOLATION = 0
    VIOLATION = 1
    USER_MISTAKE = 2
    FAILURE = 3
    NEEDS_REVIEW = 4
    STOPPED = 130  # as shells say it of whatever Ctrl-C ends


class Stopped(JudgeError):
    """Somebody pressed Ctrl-C, and there is more to say of it than that."""


GRAVEST_FIRST = (Exit.VIOLATION, Exit.FAILURE, Exit.NEEDS_REVIEW, Exit.NO_VIOLATION)


def exit_of(verdict: Verdict | ClipVerdict) -> Exit:
    """The exit code of one verdict. A failure that another try may mend (a model, a server, a disk) comes before an
    open question; an image that cannot be judged is one: only a person can tell."""
    if verdict.verdict == "violation":
        return Exit.VIOLATION
    if verdict.failure is not None and (verdict.failure.kind == "model" or verdict.failure.retryable):
        return Exit.FAILURE
    return Exit.NEEDS_REVIEW if verdict.verdict == "needs_review" else Exit.NO_VIOLATION


def gravest(codes: Iterable[Exit]) -> Exit:
    """The gravest of all: violation, failure, needs review, no violation."""
    seen = set(codes)
    return next((code for code in GRAVEST_FIRST if code in seen), Exit.NO_VIOLATION)
