"""A batch, from a source to tables.

1. find out what judges, and with it which run of the folder this is; 2. read each image, and pass over those that have
a row; 3. of equal bytes with the same context judge one; 4. take over what an earlier run found out under the same
rules; 5. have the rest judged, a few at a time; 6. write what is done, shard by shard.

Memory does not grow with the number of images: what waits is bounded by `HELD` bytes and the room of what judges.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from judge.causes import Cause
from judge.constitution.told import checked_context, context_digest, subject
from judge.errors import ImageError, UserError
from judge.judging import record
from judge.media.clips.sniffing import HEAD, is_clip
from judge.serving.batch.drift import Drift
from judge.serving.batch.index import Covered, Index
from judge.serving.batch.lending import Lending
from judge.serving.batch.policies import Earlier, put_together, to_judge
from judge.serving.batch.pool import Judging, shared
from judge.serving.batch.recalling import recalled
from judge.serving.batch.room import grounds_of_run, note_grounds
from judge.serving.batch.schema import Judged, KeepEvidence, Row, is_kept, rows_of, subject_of
from judge.serving.batch.shards import Shards
from judge.serving.batch.sources import Source, SourceItem
from judge.serving.batch.tally import BatchTally
from judge.serving.batch.worker import JudgeFacts, Task
from judge.verdict import Failure

if TYPE_CHECKING:
    from judge.constitution import Constitution
    from judge.verdict import Verdict

SHARD_ROWS, SHARD_SECONDS = 1000, 300.0  # after which a shard is written, whichever comes first
HELD = 256 * 2**20  # bytes of images that wait to be judged together
Watch = Callable[[BatchTally], None]


@dataclass
class _Waiting:
    """An image that is being judged: what is known of it, and other images with the same bytes and context."""

    item: SourceItem
    earlier: Earlier | None
    same: list[SourceItem] = field(default_factory=list)


class Run:
    """One call of a batch. earlier: shards of a run under another policy, whose outcomes may hold. audit: the share of
    images that are judged without the relevance scan as well."""

    def __init__(
        self,
        constitution: Constitution,
        described: JudgeFacts,
        judging: Judging,
        shards: Shards,
        earlier: Shards | None,
        *,
        batch: int,
        keep: KeepEvidence,
        retry_errors: bool = False,
        audit: float = 0.0,
        watch: Watch = lambda tally: None,
    ) -> None:
        self._constitution, self._described, self._judging = constitution, described, judging
        self._shards, self._index = shards, Index(shards)
        self._own = Lending(shards, self._index)
        self._indexes = [self._index, *([Index(earlier)] if earlier is not None else [])]
        self._lent = Lending(earlier, self._indexes[-1]) if earlier is not None else None
        self._lent_grounds = grounds_of_run(earlier.folder) if earlier is not None else {}
        note_grounds(shards.folder, described.grounds)
        self._batch, self._keep, self._retry, self._watch = batch, keep, retry_errors, watch
        self._audit = audit
        self._rows: list[Judged] = []
        self._fresh: dict[str, Judged] = {}  # judged, and not in a shard yet: by subject
        self._waiting: dict[str, _Waiting] = {}
        self._parcel: list[Task] = []
        self._stale: set[str] = set()  # keys whose row in a shard no longer counts
        self._written = time.monotonic()
        self._drift, self._learning = Drift(), True
        for shard in shards.live:
            if self._learning:
                self._learning = self._drift.learn(shards.rows(shard, "statements", ("rule", "with_image")))
        self.tally = BatchTally()

    def over(self, source: Source) -> BatchTally:
        """Judge what has no row yet. However this ends, what was judged is written.

        Raises:
            UserError, JudgeError: the source, the folder or the models cannot be used any further.
        """
        self.tally.start()
        if self.tally.total:  # so that nobody is left with nothing to do while another has the last ones
            self._batch = shared(self._batch, self.tally.total, self._judging)
        try:
            for item in source.items():
                self._take(item)
                self._watch(self.tally)
            while self._parcel or self._judging.busy:
                self._send()
                self._receive()
            self._write()
            self.tally.gone = self._index.unseen
        finally:
            with ExitStack() as indexes:  # closed however writing ends, so that nothing of them lies beside their files
                for one in self._indexes:
                    indexes.callback(one.close)
                self._write()
            self.tally.stop()
        return self.tally

    def _take(self, item: SourceItem) -> None:
        told = context_digest(item.context)
        try:
            data = item.read()
        except ImageError as error:
            item = replace(item, key=self._index.named(item.key, None) or item.key)
            covered = self._index.of_key(item.key)
            if covered is None or self._is_tried_again(covered) or covered.context != told:
                self._add(item, covered, self._unreadable(item, error))
            else:  # what was found out while it could be read stays
                self._pass_over(covered)
            return
        sha256 = hashlib.sha256(data).hexdigest()
        thing = subject(sha256, told)
        key = self._index.named(item.key, thing)
        if key is None:
            return  # the same image, named twice with the same context
        item = replace(item, key=key)
        covered = self._index.of_key(key)
        if covered is not None and covered.subject == thing and not self._is_tried_again(covered):
            self._pass_over(covered)
            return
        if covered is not None:
            self._stale.add(item.key)
        if thing in self._waiting:
            self._waiting[thing].same.append(item)
        elif (known := self._known(thing)) is not None:
            self._count_lack(
                sha256,
                safe=known.image["verdict"] == "no_violation",
                evidence=known.image["evidence"] is not None,
                audited=known.image["audited"] or known.is_error,
            )
            self._add(item, None, known.copied_to(item.key, item.name))
        else:
            self._look_into(item, thing, sha256, data)

    def _is_tried_again(self, covered: Covered) -> bool:
        return self._retry and covered.error

    def _is_audited(self, thing: str | None) -> bool:
        """By chance, and the same images whenever it is run: a subject begins with the digest of its bytes."""
        return thing is not None and int(thing[:8], 16) < self._audit * 2**32

    def _pass_over(self, covered: Covered) -> None:
        self.tally.before += 1
        self.tally.errors += covered.error
        self._count_lack(
            covered.subject, safe=covered.safe, evidence=covered.evidence, audited=covered.audited or covered.error
        )

    def _count_lack(self, thing: str | None, *, safe: bool, evidence: bool, audited: bool) -> None:
        """What this call asks for and a row from before has not: it comes with judging only."""
        self.tally.without_evidence += is_kept("no_violation" if safe else "", self._keep) and not evidence
        self.tally.not_audited += self._is_audited(thing) and not audited

    def _known(self, thing: str) -> Judged | None:
        """The rows of an image with the same bytes and context that was judged under this policy."""
        if thing in self._fresh:
            return self._fresh[thing]
        image = self._own.image(thing, self._stale)
        return None if image is None or image["retryable"] else Judged(image)

    def _look_into(self, item: SourceItem, thing: str, sha256: str, data: bytes) -> None:
        try:
            told = checked_context(self._constitution, item.context)
        except UserError as error:
            self._add(item, None, self._refused(item, error, sha256))
            return
        clip = is_clip(data[:HEAD])  # of a clip only all rules together say how long each holds
        earlier = None if clip else self._earlier(thing)
        rules = to_judge(earlier, self._described.digests)
        if earlier is not None and not rules:
            found = self._together(item, earlier, None)
            if not is_kept(found.image["verdict"], self._keep):
                self._add(item, None, found)
                return
            earlier = None
        self._waiting[thing] = _Waiting(item, earlier)
        some = rules if earlier is not None and len(rules) < len(self._described.digests) else None
        known = None
        if earlier is not None and some is not None:
            known = recalled(earlier, self._lent_grounds, self._described.grounds, some)
        audit = self._is_audited(thing) and not clip
        self._parcel.append(Task(item.key, item.name, sha256, data, some, audit, known, told))
        if len(self._parcel) >= self._batch or sum(len(one.data) for one in self._parcel) > HELD // 8:
            self._send()

    def _earlier(self, thing: str) -> Earlier | None:
        """What an earlier run found out, where it may be taken over: evidence, and what an audit tells, come with
        judging by all rules only."""
        if self._lent is None or self._is_audited(thing):
            return None
        found = self._lent.of(thing)
        return None if found is None or is_kept(found.image["verdict"], self._keep) else found

    def _send(self) -> None:
        while self._judging.room < 1:
            self._receive()
        if self._parcel:
            self._judging.give(self._parcel)
            self._parcel = []

    def _receive(self) -> None:
        for task, judged in self._judging.done(timeout=1.0):
            waiting = self._waiting.pop(task.subject)
            found = judged if judged is not None else self._ended(task)
            if waiting.earlier is not None and task.rules is not None:
                together = self._together(waiting.item, waiting.earlier, found)
                if not is_kept(together.image["verdict"], self._keep):
                    found = together
                elif judged is not None:
                    waiting.earlier, self._waiting[task.subject] = None, waiting
                    self._parcel.append(replace(task, rules=None, recalled=None))
                    continue
            self._add(waiting.item, None, found)
            for item in waiting.same:
                self._add(item, None, found.copied_to(item.key, item.name))
        self._watch(self.tally)
        if time.monotonic() - self._written > SHARD_SECONDS:
            self._write()

    def _together(self, item: SourceItem, earlier: Earlier, fresh: Judged | None) -> Judged:
        source = self._described.provenance
        digests: Row = {"constitution_digest": source.constitution_digest, "lock_digest": source.lock_digest}
        return put_together(item.key, item.name, self._constitution, self._described.digests, earlier, fresh, digests)

    def _unreadable(self, item: SourceItem, error: ImageError) -> Judged:
        try:
            told = checked_context(self._constitution, item.context)
        except UserError:  # it could not be judged for two reasons
            told = {}
        verdict = record.unreadable(item.name, error, self._described.provenance, {}, told)
        return self._unjudged(item, verdict, None)

    def _refused(self, item: SourceItem, error: UserError, sha256: str) -> Judged:
        verdict = record.context_refused(item.name, error, self._described.provenance, {})
        return self._unjudged(item, verdict, sha256)

    def _unjudged(self, item: SourceItem, verdict: Verdict, sha256: str | None) -> Judged:
        """The row of what nobody was asked about. The digest is of what the source tells, which need not fit."""
        found = rows_of(item.key, verdict, self._described.digests, self._keep, sha256)
        return Judged({**found.image, "context_digest": context_digest(item.context)})

    def _ended(self, task: Task) -> Judged:
        """The row of an image that no process survives."""
        failure = Failure(kind="model", message="the process that judged it died, twice", retryable=True)
        verdict = record.not_judged(task.name, failure, Cause.MODEL_ERROR, self._described.provenance, {}, task.context)
        return rows_of(task.key, verdict, self._described.digests, self._keep, task.sha256)

    def _add(self, item: SourceItem, covered: Covered | None, judged: Judged) -> None:
        if covered is not None:
            self._stale.add(item.key)
        self._rows.append(judged)
        thing = subject_of(judged.image)
        if judged.image["copy_of"] is None and thing is not None and not judged.image["retryable"]:
            self._fresh[thing] = Judged(judged.image)
        self.tally.add(judged)
        if len(self._rows) >= SHARD_ROWS:
            self._write()

    def _write(self) -> None:
        """Put what is done into a shard. A row that replaces an older one takes it out of its shard, with the same
        line of the manifest: that shard's other rows move into the new one."""
        self._written = time.monotonic()
        if not self._rows:
            return
        images, statements = [one.image for one in self._rows], [row for one in self._rows for row in one.statements]
        replaced = self._stale & {one["key"] for one in images}
        changed = {old.subject: old for key in replaced if (old := self._index.of_key(key)) is not None}
        numbers = {one.shard for key in replaced if (one := self._index.of_key(key)) is not None}
        for thing in filter(None, changed):
            numbers |= {one.shard for one in self._index.of_subject(thing)}
        told = {subject_of(row) for row in statements}
        wanted = {subject_of(one) for one in images} - told  # copies: what is said of them stands in an older shard
        kept_images, kept_statements = self._without(numbers, replaced, wanted)
        of_copies([*kept_images, *images], set(changed))
        shard = self._shards.add([*kept_images, *images], [*kept_statements, *statements], sorted(numbers))
        self._index.add(shard, [*kept_images, *images], [*kept_statements, *statements])
        if self._learning:
            self._learning = self._drift.learn(statements)
        else:
            self.tally.moved.update(self._drift.moved(statements))
        self._stale -= replaced
        self._rows, self._fresh = [], {}

    def _without(self, numbers: set[int], keys: set[str], wanted: set[str | None]) -> tuple[list[Row], list[Row]]:
        """The rows of some shards without those of `keys`. wanted: subjects that are spoken of all the same."""
        images: list[Row] = []
        statements: list[Row] = []
        for shard in self._shards.live:
            if shard.number in numbers:
                rows = self._shards.rows(shard, "images")
                held = {subject_of(one) for one in rows} - wanted
                gone = {one for one in held if one is not None and self._index.keys_of(one) <= keys}
                images += [one for one in rows if one["key"] not in keys]
                statements += [one for one in self._shards.rows(shard, "statements") if subject_of(one) not in gone]
        return images, statements


def of_copies(images: Sequence[Row], subjects: Collection[str | None]) -> None:
    """Of all rows of one subject (in `subjects`) have one that is no copy, and the others name it."""
    first: dict[str, Row] = {}
    for one in sorted(images, key=lambda row: row["copy_of"] is not None):
        thing = subject_of(one)
        if thing in subjects and thing is not None:
            original = first.setdefault(thing, one)
            one["copy_of"] = None if original is one else original["key"]
