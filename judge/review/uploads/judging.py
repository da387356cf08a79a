"""Uploads judged in the background: pictures one after the other, and clips, which let them go first. Knows no page.

1. `put` takes a file, looks whether it is a picture or a clip at all, and comes back at once; 2. a thread judges it and
puts its verdict in the queue; a clip has the models for a few frames at a time, so that no picture waits for all of it;
3. `of` says how far a person's uploads are, `forget` cancels one: the model is asked no more about it, and nothing of
it is kept. Uploads belong to the person, not to the page: a reload loses none. What waits is on disk, too (`waiting`):
after a restart `resume` goes on with it, or tells why not.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from weakref import WeakKeyDictionary

from judge import media
from judge.chain import chain_of
from judge.clip_verdict import ClipVerdict
from judge.constitution.told import checked_context
from judge.errors import ImageError, JudgeError, ModelError, UserError
from judge.judging.clips.judging import Pace, judge_clip
from judge.judging.given import GivenContext
from judge.media.clips import is_clip
from judge.media.clips.sniffing import HEAD
from judge.review.queue.stage import SHIELD_SIDE
from judge.review.shield import shielded
from judge.review.store import Store
from judge.review.store.clips import Judged
from judge.review.uploads.waiting import Left, Record, WaitingUploads
from judge.review.uploads.watched import Cancelled, WatchedMllm

if TYPE_CHECKING:
    from judge.constitution import Constitution
    from judge.judging.pipeline import Judge
    from judge.serving.judges import Judges

log = logging.getLogger("judge")
MOST: Final = 12  # uploads of a person that wait or are judged
MOST_BYTES: Final = 2**28  # of everybody's that wait
KEPT: Final = 12  # of a person's that are done, to be told of
State = Literal["waiting", "loading", "judging", "done", "failed"]


@dataclass(eq=False)
class Upload:
    """One file on its way. thumb: its shielded picture. clip: it is one. asked, most: questions put to the model, and
    how many there will be at the most before anything is looked at more closely. item: in the queue, once it is
    judged. context: what is told beside it."""

    who: str
    name: str
    source: str
    image: bytes = field(repr=False)
    thumb: bytes = field(repr=False)
    clip: bool = False
    context: Mapping[str, str] = field(default_factory=dict, repr=False)
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    state: State = "waiting"
    cancelled: bool = False
    asked: int = 0
    most: int = 0
    item: int | None = None
    verdict: Judged | None = field(default=None, repr=False)
    error: JudgeError | None = None

    @property
    def open(self) -> bool:
        """Whether it is still to be judged."""
        return self.state in ("waiting", "loading", "judging")


class Uploads:
    """Everybody's uploads. One per app; safe from many threads."""

    def __init__(self, store: Store, judges: Judges) -> None:
        self._store, self._judges = store, judges
        self._all: list[Upload] = []
        self._guard = threading.Lock()
        self._pictures = ThreadPoolExecutor(max_workers=1, thread_name_prefix="uploads")
        self._clips = ThreadPoolExecutor(max_workers=1, thread_name_prefix="uploaded-clips")
        self._watched: WeakKeyDictionary[Judge, tuple[Judge, WatchedMllm]] = WeakKeyDictionary()
        self._waiting = WaitingUploads(store.folder)
        self._stopping = False

    def put(self, who: str, name: str, image: bytes, source: str, context: Mapping[str, str] | None = None) -> Upload:
        """Take a file to be judged by the constitution of this name or path. context: what is told beside it.

        Raises:
            UserError: it is no picture and no clip, or too much waits already.
        """
        one = Upload(who, name, source, image, _thumb(image), clip=is_clip(image[:HEAD]), context=context or {})
        with self._guard:
            waiting = [other for other in self._all if other.open]
            if sum(1 for other in waiting if other.who == who) >= MOST:
                raise UserError(f"{MOST} uploads of yours wait already", hint="wait until one is judged, or cancel one")
            if sum(len(other.image) for other in waiting) + len(image) > MOST_BYTES:
                raise UserError("the uploads that wait are too large together", hint="try again when some are judged")
            self._keep(one)
            self._all.append(one)
            done = [other for other in self._all if other.who == who and not other.open]
            for other in done[: max(len(done) - KEPT, 0)]:
                self._all.remove(other)
        self._begin(one)
        return one

    def resume(self, known: Callable[[str], bool]) -> None:
        """Go on with what waited when the app stopped. known: whether a constitution is one of those to choose from.

        What cannot be judged any more is told as failed, with the cause.
        """
        for left in self._waiting.left():
            one = self._left(left, known)
            with self._guard:
                self._all.append(one)
            if one.open:
                self._begin(one)
            else:
                self._waiting.drop(one.id)

    def close(self) -> None:
        """Stop judging; what is not judged waits for the next start."""
        self._stopping = True
        with self._guard:
            for one in self._all:
                one.cancelled = True
        for each in (self._pictures, self._clips):
            each.shutdown(wait=True, cancel_futures=True)
        self._waiting.close()

    def of(self, who: str) -> tuple[Upload, ...]:
        """A person's uploads, oldest first."""
        with self._guard:
            return tuple(one for one in self._all if one.who == who)

    def ahead(self, one: Upload) -> int:
        """How many are judged before this one."""
        with self._guard:
            before = [other for other in self._all if other.open and other.clip == one.clip]
            return next((at for at, other in enumerate(before) if other is one), 0)

    def forget(self, who: str, number: str) -> Upload | None:
        """Cancel an upload that is not judged yet, or tell of it no more; None where the person has no such one."""
        with self._guard:
            one = next((one for one in self._all if one.id == number and one.who == who), None)
            if one is not None:
                one.cancelled = True
                one.image = b"" if one.state == "waiting" else one.image
                self._all.remove(one)
                self._waiting.drop(one.id)
        return one

    def _keep(self, one: Upload) -> None:
        sha256 = hashlib.sha256(one.image).hexdigest()
        record = Record(
            id=one.id,
            who=one.who,
            name=one.name,
            source=one.source,
            at=time.time(),
            sha256=sha256,
            context=dict(one.context),
        )
        self._waiting.keep(record, one.image)

    def _left(self, left: Left, known: Callable[[str], bool]) -> Upload:
        """An upload of another run, as it waits now, or as it failed."""
        record, lost, thumb = left.record, left.lost, b""
        with self._guard:
            waits = sum(len(other.image) for other in self._all if other.open) + len(left.image)
        lost = lost or ("" if waits <= MOST_BYTES else "too much waited when the server stopped")
        lost = lost or ("" if known(record.source) else "its constitution is not in the list any more")
        thumb = shielded(b"" if left.lost else left.image, SHIELD_SIDE)  # a grey square of what cannot be decoded
        image = b"" if lost else left.image
        clip, told = is_clip(image[:HEAD]), record.context
        one = Upload(record.who, record.name, record.source, image, thumb, clip=clip, context=told, id=record.id)
        if lost:
            one.state, one.error = "failed", UserError(lost, hint="give it again")
        return one

    def _judge(self, one: Upload) -> None:
        try:
            with self._judges.busy:
                if one.cancelled or self._stopping:
                    return
                one.state = "loading"
                judge, watched = self._judge_of(one.source)
                one.state = "judging"
                if not one.clip:
                    one.most = statements(judge.constitution)
                    with watched.by(one):
                        verdict: Judged = judge.judge(one.image, name=one.name, context=one.context)
            if one.clip:  # how many frames there will be is not known
                told = checked_context(judge.constitution, one.context)
                given = GivenContext(told, judge.constitution.readings)
                verdict = judge_clip(judge, one.image, one.name, given, Pace(lambda: self._turn(watched, one)))
            self._finish(one, verdict)
        except Cancelled:
            log.debug("an upload was cancelled")
        except JudgeError as error:
            one.error = error
        except Exception as error:  # told on the page, which would wait for ever otherwise
            log.exception("an upload could not be judged")
            one.error = ModelError(
                f"this went wrong unexpectedly ({type(error).__name__})", hint="see the server's log"
            )
        finally:
            one.image = b""
            if one.open:
                one.state = "failed"
            if not self._stopping or one.state == "done":
                self._waiting.drop(one.id)

    @contextmanager
    def _turn(self, watched: WatchedMllm, one: Upload) -> Iterator[None]:
        """The models are this clip's for some frames."""
        with self._judges.busy, watched.by(one):
            yield

    def _begin(self, one: Upload) -> None:
        (self._clips if one.clip else self._pictures).submit(self._judge, one)

    def _finish(self, one: Upload, verdict: Judged) -> None:
        failure = verdict.failure
        seen = isinstance(verdict, ClipVerdict) and bool(verdict.frames)  # of a clip a part may have been judged
        if failure is not None and failure.kind == "image" and not seen:
            raise UserError(failure.message, hint=failure.hint)
        with self._guard:  # from here on it is too late to cancel: a verdict is in the log, or it is not
            if one.cancelled:
                return
            one.item, one.verdict = self._store.add(verdict, one.image, "upload"), verdict
            one.state = "done"

    def _judge_of(self, source: str) -> tuple[Judge, WatchedMllm]:
        """The judge of a constitution, with its model watched; kept, because it remembers its language priors."""
        known = self._judges.of(source)
        if known not in self._watched:
            watched = WatchedMllm(known.mllm)
            self._watched[known] = known.derive(model=watched), watched
        return self._watched[known]


def _thumb(image: bytes) -> bytes:
    """The shielded picture of an upload; of a clip, which is decoded only when its turn comes, a grey square.

    Raises:
        UserError: it is no picture and no clip.
    """
    try:
        decoded = None if is_clip(image[:HEAD]) else media.decode(image)
    except ImageError as error:
        raise UserError(error.message, hint=error.hint) from error
    return shielded(image if decoded is not None else b"", SHIELD_SIDE, decoded=decoded)


def statements(constitution: Constitution) -> int:
    """How many statements there are to ask, each once."""
    return len({text for rule in constitution.rules for text in chain_of(rule).statements})
