"""What runs inside a process that judges for the server: models, loaded once, and a judge for each policy.

It obeys one order at a time and answers each, in order: `LoadPolicy` makes a judge, `Parcel` has images judged. Clips
have a connection of their own, and are judged beside, in turn with the images: see `clipping`.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from judge.serving.child import settle

if TYPE_CHECKING:
    import ctypes
    from multiprocessing.connection import Connection

    from judge.judging.pipeline import Judge
    from judge.locks.loading import Policy
    from judge.settings import Settings
    from judge.verdict import Provenance, Verdict

ClipEnds = tuple["Connection", "Connection"]  # orders and answers; numbers of clips that are given up
NAMELESS = b'{"image":""'  # how the JSON of a verdict begins whose image has no name yet
NAMELESS_CLIP = b'{"clip":""'  # and of one on a clip
_POLICIES = 256  # judges that are kept; they share the models, so each is small


@dataclass(frozen=True)
class LoadPolicy:
    """Make a judge of a policy. key: what parcels call it. keep: keys of others that are still wanted."""

    key: str
    policy: Policy
    keep: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Parcel:
    """Judge images together. pixels: most that the header of one may announce. contexts: what is told beside each;
    empty where nothing is told of any. offence: places of those of which offence is asked, too."""

    key: str
    images: tuple[bytes, ...]
    pixels: int
    contexts: tuple[Mapping[str, str], ...] = ()
    offence: frozenset[int] = frozenset()


@dataclass(frozen=True)
class ClipOrder:
    """Judge a clip. seconds: that it may take. context: what is told beside it. number: what it is given up by."""

    key: str
    data: bytes
    seconds: float
    context: Mapping[str, str] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True)
class Loaded:
    """A judge was made. said: warnings for people."""

    provenance: Provenance
    said: tuple[str, ...]


@dataclass(frozen=True)
class OrderRefused:
    """An order that cannot be obeyed, and why. mistake: of the user's, so that another try will not help."""

    message: str
    hint: str
    mistake: bool


@dataclass(frozen=True)
class JudgedImage:
    """What came of one image: the verdict as JSON, whose image has no name, and what the server itself goes by.

    outcomes: of each rule, its gravest over all views. shadows: rules that are not enforced. scores: per rule, how
    likely it is violated. escalated: statements by what they were escalated to. keep: whether the same bytes will come
    out the same. too_large: its header announces more pixels than it may, so it was not judged.
    """

    body: bytes = b""
    verdict: str = "needs_review"
    violations: tuple[str, ...] = ()
    shadow_violations: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    failure: str | None = None
    retryable: bool = False
    outcomes: dict[str, str] = field(default_factory=dict)
    shadows: frozenset[str] = frozenset()
    scores: dict[str, float] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    escalated: dict[str, int] = field(default_factory=dict)
    sha256: str = ""
    keep: bool = False
    too_large: bool = False

    def named(self, name: str) -> bytes:
        """The verdict as JSON, of an image that goes by `name`."""
        from pydantic_core import to_json

        begin = NAMELESS_CLIP if self.body.startswith(NAMELESS_CLIP) else NAMELESS
        return begin[:-2] + to_json(name) + self.body[len(begin) :]


def run(
    connection: Connection, clips: ClipEnds, alive: ctypes.c_double, settings: Settings, threads: int | None
) -> None:
    """Obey orders until there is nobody any more who gives any. clips: where those for clips come. alive: is told every
    second that this process lives."""
    said = settle(threads)
    threading.Thread(target=_live, args=(alive,), name="alive", daemon=True).start()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a supervisor may tell all processes: what was accepted is finished
    from judge.errors import JudgeError, UserError
    from judge.serving.http.clipping import ClipWork
    from judge.serving.judges import Judges

    judges, by_key = Judges(settings, _POLICIES), dict[str, "Judge"]()
    ClipWork(*clips, by_key.get, judges.busy).start()
    while True:
        try:
            order = connection.recv()
        except (EOFError, OSError):
            return
        answer: Loaded | OrderRefused | list[JudgedImage]
        try:
            if isinstance(order, LoadPolicy):
                del said[:]
                for gone in by_key.keys() - order.keep:
                    del by_key[gone]
                by_key[order.key] = judges.of(order.policy)
                answer = Loaded(by_key[order.key].provenance, tuple(dict.fromkeys(said)))
            else:
                with judges.busy:
                    answer = judge_all(by_key[order.key], order)
        except JudgeError as error:
            answer = OrderRefused(error.message, error.hint, isinstance(error, UserError))
        connection.send(answer)


def _live(alive: ctypes.c_double) -> None:
    while True:
        alive.value = time.monotonic()
        time.sleep(1)


def judge_all(judge: Judge, parcel: Parcel) -> list[JudgedImage]:
    """What came of each image of a parcel, in order."""
    fits = [_fits(data, parcel.pixels) for data in parcel.images]
    told = parcel.contexts or ({},) * len(parcel.images)
    found = [JudgedImage(too_large=True)] * len(parcel.images)
    for offence in (False, True):
        places = [place for place, fit in enumerate(fits) if fit and (place in parcel.offence) is offence]
        if not places:  # a model that has nothing to say of offence is not asked for any
            continue
        verdicts = judge.judge_many(
            (parcel.images[place] for place in places), contexts=[told[place] for place in places], offence=offence
        )
        for place, verdict in zip(places, verdicts, strict=True):
            found[place] = judged(verdict)
    return found


def judged(verdict: Verdict) -> JudgedImage:
    """A verdict as the server goes by it."""
    from judge.caches.verdicts import model_failed
    from judge.judging.scoring import rule_scores

    order = ("pruned", "not_violated", "undecided", "violated")
    outcomes: dict[str, str] = {}
    for finding in verdict.findings:
        outcomes[finding.rule] = max(outcomes.get(finding.rule, "pruned"), str(finding.outcome), key=order.index)
    body = verdict.model_copy(update={"image": ""}).model_dump_json().encode()
    assert body.startswith(NAMELESS)
    return JudgedImage(
        body=body,
        verdict=str(verdict.verdict),
        violations=verdict.violations,
        shadow_violations=verdict.shadow_violations,
        reasons=verdict.reasons,
        causes=tuple(map(str, verdict.causes)),
        failure=verdict.failure.kind if verdict.failure is not None else None,
        retryable=verdict.failure is not None and verdict.failure.retryable,
        outcomes=outcomes,
        shadows=frozenset(finding.rule for finding in verdict.findings if not finding.enforced),
        scores=rule_scores(verdict),
        timings=verdict.timings,
        escalated=_escalated(verdict),
        sha256=verdict.image_facts.sha256 or "",
        keep=verdict.failure is None and not model_failed(verdict),
    )


def _escalated(verdict: Verdict) -> dict[str, int]:
    counts = {"region": 0, "reasoning": 0, "debate": 0, "committee": 0}
    for finding in verdict.findings:
        for condition in (*finding.preconditions, *finding.exceptions):
            counts["region"] += sum(one.region is not None for one in condition.alternatives)
            for step in (step for one in condition.alternatives for step, _ in one.steps):
                counts[step] += 1
    return counts


def _fits(data: bytes, pixels: int) -> bool:
    """Whether a picture's header announces no more pixels than that. What is no picture at all is for the judge."""
    from PIL.Image import DecompressionBombError

    from judge.media.formats import open_image

    try:
        with open_image(data) as opened:
            return bool(opened.width * opened.height <= pixels)
    except DecompressionBombError:
        return False
    except Exception:
        return True
