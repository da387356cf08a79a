"""What pipelines that curate data write beside an image. Knows no pipeline.

An annotation says what a verdict says: `verdict`, `violations`, `reasons`, `causes`. What cannot be judged is
`needs_review`, so that nothing is let through, or dropped, because it could not be looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from judge.causes import Cause
from judge.settings import Settings
from judge.verdict import Verdict, VerdictWord

if TYPE_CHECKING:
    from PIL.Image import Image

    from judge.judging.pipeline import Judge

KEY = "judge"  # under which metadata has the annotation
_GRAVEST: tuple[VerdictWord, ...] = ("violation", "needs_review", "no_violation")


@dataclass(frozen=True)
class Annotation:
    """What the judge says. violations: ids of rules. reasons, causes: of a review, in words and for programs."""

    verdict: VerdictWord
    violations: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()

    def texts(self) -> dict[str, str]:
        """For metadata. All are texts, empty ones too: what writes tables takes the kinds of columns from the first
        rows, and of an empty list it would not know of what it is one."""
        return {
            "verdict": self.verdict,
            "violations": ",".join(self.violations),
            "reasons": "; ".join(self.reasons),
            "causes": ",".join(self.causes),
        }


@dataclass(frozen=True)
class NoImage:
    """Stands for an image that is not there, and says why."""

    reason: str


class Annotator:
    """Judges images for a pipeline. Models are loaded with the first image, once per process and settings, so one that
    has judged nothing yet can be sent to other processes. judge: one that is loaded already, in place of
    `constitution` and `settings`."""

    def __init__(
        self, constitution: str | Path = "demo", settings: Settings | None = None, judge: Judge | None = None
    ) -> None:
        self._constitution, self._settings, self._judge = str(constitution), settings or Settings(), judge

    @property
    def judge(self) -> Judge:
        """Raises:
        JudgeError: the constitution or the models cannot be used.
        """
        return self._judge or _loaded(self._constitution, self._settings)

    @property
    def batch(self) -> int:
        """How many images are judged together."""
        return (self._judge.settings if self._judge is not None else self._settings).batch

    def __call__(self, images: Sequence[str | Path | bytes | Image | NoImage]) -> list[Annotation]:
        """An annotation for each image, in order.

        Raises:
            JudgeError: the constitution or the models cannot be used at all.
        """
        verdicts = self.judge.judge_many(one for one in images if not isinstance(one, NoImage))
        return [_absent(one) if isinstance(one, NoImage) else _annotation(next(verdicts)) for one in images]


def together(annotations: Iterable[Annotation]) -> Annotation:
    """Of something with several images: the gravest verdict, and all that is said of any."""
    found = list(annotations)
    return Annotation(
        next(word for word in _GRAVEST if any(one.verdict == word for one in found)),
        tuple(dict.fromkeys(rule for one in found for rule in one.violations)),
        tuple(dict.fromkeys(reason for one in found for reason in one.reasons)),
        tuple(dict.fromkeys(cause for one in found for cause in one.causes)),
    )


def of_bytes(data: object) -> bytes | NoImage:
    """What a pipeline holds as the bytes of a file."""
    return bytes(data) if isinstance(data, (bytes, bytearray, memoryview)) else NoImage("its bytes are none")


@lru_cache(maxsize=2)
def _loaded(constitution: str, settings: Settings) -> Judge:
    from judge.assemble import load_judge

    return load_judge(constitution, settings)


def _annotation(verdict: Verdict) -> Annotation:
    return Annotation(verdict.verdict, verdict.violations, verdict.reasons, tuple(map(str, verdict.causes)))


def _absent(image: NoImage) -> Annotation:
    return Annotation("needs_review", reasons=(image.reason,), causes=(str(Cause.UNREADABLE),))
