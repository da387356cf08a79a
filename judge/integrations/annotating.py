"""What is said of an image inside of another program: what pipelines write beside it, and scorers go by. Knows no host.

An annotation says what a verdict says: `verdict`, `violations`, `reasons`, `causes`. What cannot be judged is
`needs_review`, so that nothing is let through, or dropped, because it could not be looked at.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from anyio import to_thread

from judge.causes import Cause
from judge.errors import UserError
from judge.settings import Settings
from judge.verdict import Finding, RuleOutcome, Verdict, VerdictWord

if TYPE_CHECKING:
    from PIL.Image import Image

    from judge.judging.pipeline import Judge

_ONE_AT_A_TIME = threading.Lock()
KEY = "judge"  # under which metadata has the annotation
_GRAVEST: tuple[VerdictWord, ...] = ("violation", "needs_review", "no_violation")
_GRAVEST_OF_A_RULE = (RuleOutcome.VIOLATED, RuleOutcome.UNDECIDED, RuleOutcome.NOT_VIOLATED, RuleOutcome.PRUNED)


@dataclass(frozen=True)
class OfRule:
    """What came of one rule over all of an image: the gravest of its views. reason: why it is undecided, in words."""

    rule: str
    text: str
    outcome: RuleOutcome
    enforced: bool
    reason: str = ""


@dataclass(frozen=True)
class Annotation:
    """What the judge says. violations: ids of rules. reasons, causes: of a review, in words and for programs. rules:
    every rule that was judged, in the constitution's order; none where nothing could be looked at."""

    verdict: VerdictWord
    violations: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    rules: tuple[OfRule, ...] = ()

    @property
    def because(self) -> str:
        """Why, in one line: the violated rules with their texts, or the reasons of a review."""
        if self.verdict == "no_violation":
            return "no rule is violated"
        if self.verdict == "needs_review":
            return "; ".join(self.reasons) or "it was not decided"
        said = {one.rule: one.text for one in self.rules}
        return "violates " + "; ".join(f"{rule}: {said[rule]}" if rule in said else rule for rule in self.violations)

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
        """An annotation for each image, in order. Of several threads one judges at a time: they share models and cores.

        Raises:
            JudgeError: the constitution or the models cannot be used at all.
        """
        with _ONE_AT_A_TIME:
            return annotated(images, self.judge.judge_many)

    async def in_a_thread(self, images: Sequence[str | Path | bytes | Image | NoImage]) -> list[Annotation]:
        """The same where a host waits for many things at once, and must not be held up.

        Raises:
            JudgeError: the constitution or the models cannot be used at all.
        """
        return await to_thread.run_sync(self, images)


def annotated(
    images: Sequence[Any | NoImage], judge_many: Callable[[Iterator[Any]], Iterator[Verdict]]
) -> list[Annotation]:
    """An annotation for each image, in order. judge_many: gives the verdicts on those that are there."""
    verdicts = judge_many(one for one in images if not isinstance(one, NoImage))
    return [_absent(one) if isinstance(one, NoImage) else _annotation(next(verdicts)) for one in images]


def together(annotations: Iterable[Annotation]) -> Annotation:
    """Of something with several images: the gravest verdict, and all that is said of any."""
    found = list(annotations)
    rules: dict[str, OfRule] = {}
    for one in (rule for annotation in found for rule in annotation.rules):
        rules[one.rule] = _graver(rules.get(one.rule, one), one)
    return Annotation(
        next(word for word in _GRAVEST if any(one.verdict == word for one in found)),
        tuple(dict.fromkeys(rule for one in found for rule in one.violations)),
        tuple(dict.fromkeys(reason for one in found for reason in one.reasons)),
        tuple(dict.fromkeys(cause for one in found for cause in one.causes)),
        tuple(rules.values()),
    )


def of_bytes(data: object) -> bytes | NoImage:
    """What a pipeline holds as the bytes of a file."""
    return bytes(data) if isinstance(data, (bytes, bytearray, memoryview)) else NoImage("its bytes are none")


def of_reference(text: str) -> bytes | Path | NoImage:
    """What a host names an image by: a data URI, `file://...`, or a path. Addresses are never fetched."""
    scheme = text[:5].lower()
    if scheme == "data:":
        return _of_data(text)
    if scheme == "file:":
        named = urlsplit(text)
        return (
            NoImage("its file is on another machine")
            if named.netloc not in ("", "localhost")
            else Path(url2pathname(named.path))
        )
    if "://" in text[:64] or text.startswith("//"):
        return NoImage("it is an address, and addresses are never fetched")
    return Path(text) if text.strip() else NoImage("it has no name")


def missing(host: str, install: str) -> UserError:
    """For a host that cannot be imported."""
    return UserError(f"this works inside of {host}, which is not installed here", hint=install)


@lru_cache(maxsize=2)
def _loaded(constitution: str, settings: Settings) -> Judge:
    from judge.assemble import load_judge

    return load_judge(constitution, settings)


def _annotation(verdict: Verdict) -> Annotation:
    rules: dict[str, OfRule] = {}
    for finding in verdict.findings:
        said = _of_rule(finding)
        rules[said.rule] = _graver(rules.get(said.rule, said), said)
    return Annotation(
        verdict.verdict, verdict.violations, verdict.reasons, tuple(map(str, verdict.causes)), tuple(rules.values())
    )


def _of_rule(finding: Finding) -> OfRule:
    return OfRule(finding.rule, finding.text, finding.outcome, finding.enforced, finding.reason or "")


def _graver(one: OfRule, other: OfRule) -> OfRule:
    return min(one, other, key=lambda rule: _GRAVEST_OF_A_RULE.index(rule.outcome))


def _of_data(address: str) -> bytes | NoImage:
    about, comma, data = address.partition(",")
    if not comma:
        return NoImage("its data URI is none")
    if not about.lower().endswith(";base64"):
        return unquote_to_bytes(data)
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return NoImage("its data URI is not in base64")


def _absent(image: NoImage) -> Annotation:
    return Annotation("needs_review", reasons=(image.reason,), causes=(str(Cause.UNREADABLE),))
