"""What came of a run over many images: counts, the gravest exit code, and an image that is worth a look."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from judge.cli.exits import Exit, exit_of, gravest

if TYPE_CHECKING:
    from judge.clip_verdict import ClipVerdict
    from judge.verdict import Verdict

WORDS = ("violation", "needs_review", "no_violation")  # in the order in which somebody wants to see them


class VerdictTally:
    """Counts verdicts.

    code: the gravest exit code so far. count: how many images. telling: the name of the first image with the gravest
    verdict, None before the first.
    """

    def __init__(self) -> None:
        self.telling: str | None = None
        self._gravest = len(WORDS)
        self._codes: set[Exit] = set()
        self._words: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._safe: Counter[str] = Counter()
        self._clips = False

    @property
    def code(self) -> Exit:
        """The gravest exit code so far."""
        return gravest(self._codes)

    @property
    def count(self) -> int:
        """How many images."""
        return self._words.total()

    def add(self, verdict: Verdict | ClipVerdict) -> None:
        """Count one verdict."""
        self._codes.add(exit_of(verdict))
        self._words[verdict.verdict] += 1
        self._clips = self._clips or hasattr(verdict, "clip")
        if verdict.failure is not None:
            self._failed[_why_failed(verdict)] += 1
        elif verdict.verdict == "no_violation":
            self._safe[_why_safe(verdict)] += 1
        rank = WORDS.index(verdict.verdict)
        if rank < self._gravest:
            self._gravest, self.telling = rank, verdict.image

    def tell(self, seconds: float) -> None:
        """How many of each, on stderr, so that nothing hides behind the gravest. seconds: that it took."""
        if self.count < 2:
            return
        parts = []
        for word in WORDS:
            if self._words[word]:
                more = self._safe if word == "no_violation" else Counter()
                parts.append(f"{self._words[word]} {word}" + _in_brackets(more))
        told = ", ".join(parts) + _in_brackets(self._failed)
        print(
            f"judge: {self.count} {'images and clips' if self._clips else 'images'} in {seconds:.1f} s: {told}",
            file=sys.stderr,
        )


def _why_failed(verdict: Verdict | ClipVerdict) -> str:
    if exit_of(verdict) is not Exit.FAILURE:
        return "could not be read"
    unread = verdict.failure is not None and verdict.failure.kind == "image"
    return "failed: a file, try again" if unread else "failed: a model or a disk, try again"


def _why_safe(verdict: Verdict | ClipVerdict) -> str:
    from judge.clip_verdict import ClipVerdict
    from judge.judging.nearest import nearest

    if isinstance(verdict, ClipVerdict):
        return "for not long enough" if any(rule.ranges for rule in verdict.rules) else "near no rule"
    found = nearest(verdict.findings)
    if found is None:
        return "near no rule"
    return "by an exception" if found.lifted else "for want of one more fact"


def _in_brackets(counts: Counter[str]) -> str:
    return f" ({', '.join(f'{count} {what}' for what, count in counts.most_common())})" if counts else ""
