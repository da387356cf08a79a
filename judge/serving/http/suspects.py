"""Images at which a process died. Knows no queue.

Nobody knows which of a batch it was, so each is judged alone from then on, and one at which two died is judged no more.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from judge.causes import Cause
from judge.serving.http.worker import JudgedImage, judged

if TYPE_CHECKING:
    from judge.verdict import Provenance

TRIES = 2  # of an image that ends processes
_REMEMBERED = 10_000  # images that ended a process


class Suspects:
    """How many processes died at each image, by its subject: its bytes and what is told beside it."""

    def __init__(self) -> None:
        self._deaths: OrderedDict[str, int] = OrderedDict()

    def alone(self, subject: str) -> bool:
        """Whether nothing else is to be risked with it."""
        return subject in self._deaths

    def hopeless(self, subject: str) -> bool:
        """Whether it is to be judged no more."""
        return self._deaths.get(subject, 0) >= TRIES

    def blame(self, subject: str) -> None:
        """A process died while it judged this, or another one beside it."""
        self._deaths[subject] = self._deaths.pop(subject, 0) + 1
        while len(self._deaths) > _REMEMBERED:
            self._deaths.popitem(last=False)

    def clear(self, subject: str) -> None:
        """It was judged, and nobody died."""
        self._deaths.pop(subject, None)


def left_to_a_person(provenance: Provenance, told: Mapping[str, str]) -> JudgedImage:
    """The verdict on an image that no process survives, with what was told beside it. It is not tried again."""
    from judge.judging import record
    from judge.verdict import Failure

    failure = Failure(kind="model", message="the process that judged it died, twice", retryable=False)
    return judged(record.not_judged("", failure, Cause.MODEL_ERROR, provenance, {}, told))
