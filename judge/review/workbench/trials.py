"""Images judged under a draft, or under two constitutions, in the background. Knows no page.

A page starts one job at a time and asks how far it is; starting another ends the one before. The model is shared with
uploads of the queue and with other pages, so a job has it for one batch at a time: some images, or frames of a clip.
What the model was asked about a picture it is not asked again, whichever draft asks.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from judge.caches.shared import SharedAnswers
from judge.constitution.told import checked_context
from judge.diff.changes import models_used
from judge.diff.policy import PolicyDiff, compare
from judge.diff.verdicts import VerdictDiff, compare_verdicts
from judge.errors import JudgeError, UserError
from judge.judging.clips.judging import Pace, judge_clip
from judge.judging.given import GivenContext
from judge.locks.loading import Policy
from judge.media.clips import is_clip
from judge.media.clips.sniffing import HEAD
from judge.review.store import Filters, ItemSummary, Order, Store
from judge.review.store.clips import Judged
from judge.review.uploads.watched import WatchedMllm
from judge.verdict import Verdict

if TYPE_CHECKING:
    from judge.constitution import Constitution
    from judge.judging.pipeline import Judge
    from judge.ports import Mllm
    from judge.serving.judges import Judges

log = logging.getLogger("judge")
JudgedBy: TypeAlias = "Constitution | Policy"  # a policy has calibrated bounds beside its chains
MOST = 96  # images of one job
_BATCH = 4  # images between two looks at whether somebody else wants the model, or the job was ended
_REMEMBERED = 200_000  # answers, some 300 bytes each

Choice = Literal["uncertain", "oldest", "violation", "needs_review", "decided"]
_CHOICES: dict[Choice, tuple[Filters, Order]] = {
    "uncertain": (Filters(), "uncertain"),
    "oldest": (Filters(), "oldest"),
    "violation": (Filters(verdict="violation"), "uncertain"),
    "needs_review": (Filters(verdict="needs_review"), "uncertain"),
    "decided": (Filters(state="decided"), "uncertain"),
}


@dataclass(frozen=True)
class TrialImage:
    """An image to judge. item: its number in the store; None for an upload, which goes nowhere else. context: what is
    told beside it."""

    name: str
    image: bytes = field(repr=False)
    item: int | None = None
    context: Mapping[str, str] = field(default_factory=dict)

    def told(self, constitution: Constitution) -> dict[str, str]:
        """What a constitution may be told of it: what it does not declare, none of its statements reads."""
        return {name: text for name, text in self.context.items() if name in constitution.context}


@dataclass(frozen=True)
class Tried:
    """An image or a clip, and what a draft makes of it."""

    picture: TrialImage
    verdict: Judged


@dataclass(frozen=True)
class PoliciesCompared:
    """Two constitutions: the changes in words, and on images what flipped; pairs by the image's place."""

    policy: PolicyDiff
    verdicts: VerdictDiff
    pictures: tuple[TrialImage, ...]
    pairs: tuple[tuple[Verdict, Verdict], ...]


@dataclass(frozen=True)
class CasesAsked:
    """What a draft makes of pictures of cases."""

    tried: tuple[Tried, ...]


class Job:
    """Work on some images in a thread of its own. asked: questions about frames of a clip. waits: others have the
    model."""

    def __init__(self, total: int, work: Callable[[Job], object]) -> None:
        self.total, self.done, self.asked, self.waits = total, 0, 0, False
        self.result: object = None
        self.error: JudgeError | None = None
        self._work, self._stopped = work, threading.Event()
        self._thread = threading.Thread(target=self._run, name="workbench", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether there is more to come."""
        return self._thread.is_alive()

    @property
    def cancelled(self) -> bool:
        """Whether it was stopped."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End it after the batch at hand; what it has found is lost."""
        self._stopped.set()

    def batches(self, pictures: Sequence[TrialImage]) -> Iterator[Sequence[TrialImage]]:
        """The images a few at a time, until the job is stopped."""
        for start in range(0, len(pictures), _BATCH):
            if self._stopped.is_set():
                raise UserError("stopped", hint="start again when you like")
            yield pictures[start : start + _BATCH]
            self.done = min(start + _BATCH, len(pictures))

    @contextmanager
    def turn(self, busy: AbstractContextManager[object]) -> Iterator[None]:
        """Wait for the model, and have it inside."""
        self.waits = True
        try:
            with busy:
                self.waits = False
                yield
        finally:
            self.waits = False

    def _run(self) -> None:
        try:
            self.result = self._work(self)
        except JudgeError as error:
            self.error = error
        except Exception as error:  # told on the page, which would wait for ever otherwise
            log.exception("a job of the workbench failed")
            self.error = JudgeError(
                f"this went wrong unexpectedly ({type(error).__name__})", hint="see the server's log"
            )


class Trials:
    """Makes jobs. One per app."""

    def __init__(self, store: Store, judges: Judges) -> None:
        self._store, self._judges = store, judges
        self._shared: dict[int, SharedAnswers] = {}

    def pictures(self, choice: Choice, count: int) -> tuple[TrialImage, ...]:
        """Images of the store whose files are kept.

        Raises:
            UserError: there are none, or more are wanted than one job takes.
        """
        if not 1 <= count <= MOST:
            raise UserError(f"{count} images are not between 1 and {MOST}", hint="choose fewer")
        filters, order = _CHOICES[choice]
        found: list[ItemSummary] = []
        offset = 0
        while len(found) < count and (rows := self._store.list(filters, limit=count, offset=offset, order=order)):
            found += [row for row in rows if row.has_image and row.clip_ms is None]
            offset += len(rows)
        if not found:
            raise UserError("the queue has no such image", hint="choose others, or add some: judge review add")
        return tuple(
            TrialImage(row.image, self._store.image(row.id), row.id, self._store.verdict(row.id).context or {})
            for row in found[:count]
        )

    def trial(self, constitution: JudgedBy, pictures: Sequence[TrialImage]) -> Job:
        """Judge images under a draft; the result is a tuple of `Tried`."""
        return Job(len(pictures), lambda job: self._tried(constitution, pictures, job))

    def asking(self, constitution: JudgedBy, pictures: Sequence[TrialImage]) -> Job:
        """Judge the pictures of cases under a draft; the result is a `CasesAsked`."""
        return Job(len(pictures), lambda job: CasesAsked(self._tried(constitution, pictures, job)))

    def _tried(self, constitution: JudgedBy, pictures: Sequence[TrialImage], job: Job) -> tuple[Tried, ...]:
        return tuple(
            Tried(picture, verdict)
            for batch in job.batches(pictures)
            for picture, verdict in zip(batch, self._either(constitution, batch, job), strict=True)
        )

    def comparison(self, old: JudgedBy, new: JudgedBy, pictures: Sequence[TrialImage]) -> Job:
        """Judge images under two constitutions; the result is a `PoliciesCompared`."""

        def work(job: Job) -> PoliciesCompared:
            pairs: list[tuple[Verdict, Verdict]] = []
            for batch in job.batches(pictures):
                pairs += zip(self._judged(old, batch, job), self._judged(new, batch, job), strict=True)
            chosen = self._judges.settings
            policy = compare(_plain(old), _plain(new), models_used(chosen.model, chosen.encoder, chosen.detector))
            return PoliciesCompared(policy, compare_verdicts(policy, pairs), tuple(pictures), tuple(pairs))

        return Job(len(pictures), work)

    def _either(self, constitution: JudgedBy, batch: Sequence[TrialImage], job: Job) -> Sequence[Judged]:
        """Verdicts on images, or on a clip, which is always given alone."""
        if not is_clip(batch[0].image[:HEAD]):
            return self._judged(constitution, batch, job)
        with job.turn(self._judges.busy):
            known = self._judges.of(constitution)
            watched = WatchedMllm(self._sharing(known.mllm))
            judge, plain = known.derive(model=watched), _plain(constitution)

        @contextmanager
        def some_frames() -> Iterator[None]:
            with job.turn(self._judges.busy), watched.by(job):
                yield

        given = GivenContext(checked_context(plain, batch[0].told(plain)), plain.readings)
        return [judge_clip(judge, one.image, one.name, given, Pace(some_frames)) for one in batch]

    def _judged(self, constitution: JudgedBy, batch: Sequence[TrialImage], job: Job) -> list[Verdict]:
        with self._judge(constitution, job) as judge:
            told = [one.told(judge.constitution) for one in batch]
            verdicts = list(judge.judge_many([one.image for one in batch], contexts=told))
        return [
            verdict.model_copy(update={"image": picture.name}) for verdict, picture in zip(verdicts, batch, strict=True)
        ]

    @contextmanager
    def _judge(self, constitution: JudgedBy, job: Job) -> Iterator[Judge]:
        with job.turn(self._judges.busy):
            known = self._judges.of(constitution)
            yield known.derive(model=self._sharing(known.mllm))

    def _sharing(self, mllm: Mllm) -> Mllm:
        """The same memory for the same model: judges of other languages have one of their own."""
        return self._shared.setdefault(id(mllm), SharedAnswers(mllm, _Bounded(), _Bounded()))


def _plain(judged: JudgedBy) -> Constitution:
    return judged.constitution if isinstance(judged, Policy) else judged


class Jobs:
    """The job of every page."""

    def __init__(self) -> None:
        self._by_page: dict[str, Job] = {}
        self._guard = threading.Lock()

    def start(self, page: str, job: Job) -> Job:
        """Put a job in place of the page's last one, which ends."""
        with self._guard:
            before = self._by_page.get(page)
            self._by_page[page] = job
        if before is not None:
            before.stop()
        return job

    def of(self, page: str) -> Job | None:
        """The page's job."""
        with self._guard:
            return self._by_page.get(page)

    def end(self, page: str) -> None:
        """Stop and forget it."""
        with self._guard:
            job = self._by_page.pop(page, None)
        if job is not None:
            job.stop()


class _Bounded(dict):  # type: ignore[type-arg]
    """A memory of answers that starts anew when it has grown large."""

    def update(self, more, /) -> None:  # type: ignore[no-untyped-def, override]
        if len(self) + len(more) > _REMEMBERED:
            self.clear()
        super().update(more)
