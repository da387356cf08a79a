"""What a batch has come to: counts, and how fast it goes. Knows no terminal."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from judge.serving.batch.schema import Judged

_RECENT = 200  # images that the rate is taken of
_ENOUGH = 1.0  # seconds: in fewer, a few images that need no judging look like a hundred thousand a second


@dataclass
class BatchTally:
    """Counts of one call.

    before: images that had a row already. judged: anew, wholly or by some rules; taken_over: all of whose outcomes are
    an earlier run's; copies: with bytes that were judged before. Verdicts are of all rows of this call;
    errors are of those from before as well: what could not be judged stays so until it is tried again.
    """

    total: int | None = None
    before: int = 0
    judged: int = 0
    taken_over: int = 0
    copies: int = 0
    errors: int = 0
    gone: int = 0  # rows of images that are no longer in the input
    without_evidence: int = 0  # images with a row from before that lacks the evidence which is asked for now
    not_audited: int = 0  # images with a row from before that the audit would take, and did not
    verdicts: Counter[str] = field(default_factory=Counter)
    audited: int = 0  # images that were also judged without the relevance scan
    missed: int = 0  # of these, with a violation that it pruned
    moved: dict[str, float] = field(default_factory=dict)  # see `drift`
    reasoned: int = 0  # images in which something was reasoned about
    begun: float = field(default_factory=time.monotonic)
    judging: float = 0.0  # seconds from the first image to the last, models being loaded
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))

    @property
    def done(self) -> int:
        """Images that got a row in this call."""
        return self.judged + self.taken_over + self.copies

    @property
    def seconds(self) -> float:
        """Since the call began."""
        return time.monotonic() - self.begun

    @property
    def rate(self) -> float | None:
        """Images a second, of late, or of the whole call where these came all at once; None before there was time."""
        spent = self._recent[-1] - self._recent[0] if self._recent else 0.0
        if spent >= _ENOUGH:
            return (len(self._recent) - 1) / spent
        seconds = self.seconds
        return self.done / seconds if self.done and seconds >= _ENOUGH else None

    @property
    def left(self) -> float | None:
        """Seconds that are left at this rate; None where nobody has counted."""
        if self.total is None or self.rate is None:
            return None
        return max(0, self.total - self.before - self.done) / self.rate

    def start(self) -> None:
        """Models are loaded, the first image is about to be read."""
        self.begun = time.monotonic()

    def stop(self) -> None:
        """All is written."""
        self.judging = self.seconds

    def add(self, judged: Judged) -> None:
        """Count the rows of one image."""
        image = judged.image
        if image["copy_of"] is not None:
            self.copies += 1
        elif image["reused"] and not image["seconds"]:
            self.taken_over += 1
        else:
            self.judged += 1
        self.verdicts[image["verdict"]] += 1
        self.errors += judged.is_error
        self.audited += image["audited"] and image["copy_of"] is None
        self.missed += bool(image["missed"]) and image["copy_of"] is None
        self.reasoned += any(row["rationale"] is not None for row in judged.statements)
        self._recent.append(time.monotonic())

    def as_json(self) -> dict[str, Any]:
        """For programs. `per_second` is of the whole call, as `seconds` is; what is left goes by the rate of late."""
        seconds = self.seconds
        return {
            "total": self.total,
            "before": self.before,
            "judged": self.judged,
            "taken_over": self.taken_over,
            "copies": self.copies,
            "errors": self.errors,
            "gone": self.gone,
            "without_evidence": self.without_evidence,
            "not_audited": self.not_audited,
            "verdicts": dict(self.verdicts),
            "reasoned": self.reasoned,
            "audited": self.audited,
            "missed": self.missed,
            "moved": self.moved,
            "seconds": round(seconds, 3),
            "per_second": round(self.done / seconds, 3) if self.done and seconds > 0 else None,
            "seconds_left": round(self.left, 1) if self.left is not None else None,
        }
