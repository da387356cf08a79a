"""The store: a folder with `review.sqlite` (WAL) and the images. Safe from many threads and processes.

1. `add` puts a judged image into the queue; 2. `next` or `take` gives a reviewer an exclusive lease on one; 3. `reveal`
gives its original and records that; 4. `decide` records what the reviewer says and moves the item on (see
`deciding`), `undo` takes it back; 5. everything a person does is a line of the log (see `log`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa

from judge.errors import UserError
from judge.files import read_whole
from judge.review.store import adding, aftermath, deciding, log, named, pictures, queue, reading
from judge.review.store.data_folder import DataFolder
from judge.review.store.records import (
    Choices,
    DecidedItem,
    Decision,
    DecisionRow,
    Filters,
    Item,
    ItemCounts,
    ItemSummary,
    Kind,
    LogEntry,
    Order,
    Preferences,
    RecentDecision,
    ReviewSettings,
    Session,
    Source,
)
from judge.review.store.roles import Right, Role, may
from judge.review.store.tables import items, log_lines, preferences, settings
from judge.settings import MOST_IMAGE
from judge.verdict import Verdict

_TOGETHER = 500  # items per transaction when many are added


class Store(DataFolder):
    """Items, leases, decisions and the log of one data folder. Open one per process; threads may share it."""

    # Items

    def add(self, verdict: Verdict, image: bytes | None, source: Source, *, now: datetime | None = None) -> int:
        """Put a verdict in the queue; its item's id.

        What is known already is not added again: the same image (by digest) judged by the same constitution, models,
        prompts and thresholds. An image that the known item lacked is kept with it.

        Raises:
            UserError: `image` is not the image that the verdict is about.
        """
        return next(self.add_many([(verdict, image)], source, now=now))

    def add_many(
        self, many: Iterable[tuple[Verdict, bytes | None]], source: Source, *, now: datetime | None = None
    ) -> Iterator[int]:
        """Put many verdicts in the queue, hundreds per transaction; the ids in order."""
        remaining = iter(many)
        # each image is let go once it is kept: hundreds of them would not fit into memory
        while kept := [(one, adding.keep(self._images, one, image)) for one, image in islice(remaining, _TOGETHER)]:
            with self.writing() as connection:
                ids = [adding.insert(connection, *one, source, log.now_or(now)) for one in kept]
            yield from ids

    def next(
        self, reviewer: str, filters: Filters | None = None, order: Order = "oldest", now: datetime | None = None
    ) -> Item | None:
        """The next item for a reviewer, held by them alone until the lease ends; None where nothing waits.

        An item that the reviewer holds already and that matches is given again. Second reads and, at their share,
        gold items are mixed in. An item that does not match any more is given back.
        """
        moment = log.now_or(now)
        with self.writing() as connection:
            chosen, role = reading.settings(connection), reading.role(connection, reviewer)
            item = named.lease_next(
                connection,
                reviewer,
                role,
                filters or Filters(),
                order,
                chosen,
                moment,
                moment + timedelta(minutes=chosen.lease_minutes),
            )
            return None if item is None else reading.item(connection, item, reviewer, moment)

    def take(self, item: int, reviewer: str, now: datetime | None = None) -> Item:
        """Lease one item by its id.

        Raises:
            UserError: no such item, held by somebody else, or not for this reviewer.
        """
        moment = log.now_or(now)
        with self.writing() as connection:
            role = reading.role(connection, reviewer)
            queue.lease_one(connection, item, reviewer, role, moment, _until(connection, moment))
            return reading.item(connection, item, reviewer, moment)

    def renew(self, item: int, reviewer: str, now: datetime | None = None) -> None:
        """Prolong a lease.

        Raises:
            UserError: it has ended.
        """
        moment = log.now_or(now)
        with self.writing() as connection:
            wanted = [items.c.id == item]
            if queue.renew_own(connection, reviewer, wanted, moment.timestamp(), _until(connection, moment)) is None:
                raise _not_held(item)

    def release(self, item: int, reviewer: str) -> None:
        """Give an item back undecided. What the reviewer does not hold is left as it is."""
        with self.writing() as connection:
            queue.release(connection, reviewer, items.c.id == item)

    def item(self, item: int, reviewer: str, now: datetime | None = None) -> Item:
        """An item as this reviewer may see it, without a lease.

        Raises:
            UserError: no such item.
        """
        with self.reading() as connection:
            return reading.item(connection, item, reviewer, log.now_or(now))

    def list(
        self,
        filters: Filters | None = None,
        limit: int = 50,
        offset: int = 0,
        order: Order = "oldest",
        now: datetime | None = None,
    ) -> list[ItemSummary]:
        """Items that match, one line each."""
        with self.reading() as connection:
            return reading.summaries(connection, filters or Filters(), limit, offset, order, log.now_or(now))

    def count(self, filters: Filters | None = None, now: datetime | None = None) -> ItemCounts:
        """How many items match, whatever their state, by state and verdict."""
        with self.reading() as connection:
            return reading.counts(connection, filters or Filters(), log.now_or(now))

    @property
    def newest(self) -> int:
        """The id of the verdict that was added last; 0 where there is none."""
        with self.reading() as connection:
            return int(connection.execute(sa.select(sa.func.max(items.c.id))).scalar() or 0)

    def choices(self) -> Choices:
        """What the filters can be set to."""
        with self.reading() as connection:
            return reading.choices(connection)

    def read_blind(self, digests: Iterable[str]) -> frozenset[str]:
        """Which of these pictures must not be shown as examples, because somebody may be asked about them blind."""
        with self.reading() as connection:
            return reading.read_blind(connection, digests)

    def verdict(self, item: int) -> Verdict:
        """What the judge said of an item.

        Raises:
            UserError: no such item.
        """
        with self.reading() as connection:
            self._row(connection, item)
            return reading.verdict(connection, item)

    def image(self, item: int) -> bytes:
        """The original bytes, to make a shielded picture of. They go to nobody: see `reveal`.

        Raises:
            UserError: no such item, no image was kept for it, or its file is gone or damaged.
        """
        with self.reading() as connection:
            return self._image(self._row(connection, item))

    def reveal(self, item: int, reviewer: str, now: datetime | None = None) -> bytes:
        """The original bytes, for the holder of the lease (or an admin). It is recorded.

        Raises:
            UserError: the reviewer does not hold it; or as `image`.
        """
        moment = log.now_or(now)
        with self.writing() as connection:
            any_may = reading.has_users(connection) and may(reading.role(connection, reviewer), Right.REVEAL_ANY)
            row = self._row(connection, item)
            if not any_may and not _holds(row, reviewer, moment):
                raise _not_held(item)
            data = self._image(row)
            log.append(connection, at=moment, who=reviewer, kind="reveal", item=row)
            return data

    def _image(self, row: Any) -> bytes:
        if not row.has_image:
            raise UserError(
                f"no image was kept for item {row.id} ({row.image})",
                hint="add the verdict again with its image: judge review add FILE.jsonl --images DIR",
            )
        path = pictures.path_of(self._images, row.image_sha256)
        try:
            data = read_whole(path, MOST_IMAGE)
        except OSError as error:
            raise UserError(f"the image of item {row.id} is gone: {path} ({error.strerror})") from error
        if hashlib.sha256(data).hexdigest() != row.image_sha256:
            raise UserError(f"the image of item {row.id} was changed on disk: {path}", hint="put the original back")
        return data

    # Decisions

    def decide(self, item: int, reviewer: str, decision: Decision, now: datetime | None = None) -> LogEntry:
        """Record a decision on an item that the reviewer holds; the log's line.

        Raises:
            UserError: the lease has ended, or the decision lacks a reason or names an unknown rule.
        """
        moment = log.now_or(now)
        with self.writing() as connection:
            second_reads = reading.settings(connection).second_reads
            row = self._row(connection, item)
            if not _holds(row, reviewer, moment):
                raise _not_held(item)
            verdict = reading.verdict(connection, item)
            deciding.check(decision, verdict)
            return deciding.decide(connection, row, verdict, reviewer, decision, second_reads, moment)

    def undo(self, reviewer: str, now: datetime | None = None, *, line: int | None = None) -> Item | None:
        """Take back the reviewer's last decision, or the one of this line of the log; its item, which they hold again.
        None where there is none.

        Raises:
            UserError: somebody else has decided on the item since, or holds it; the line is no decision of theirs.
        """
        moment = log.now_or(now)
        with self.writing() as connection:
            item = deciding.undo(connection, reviewer, moment, _until(connection, moment), line)
            return None if item is None else reading.item(connection, item, reviewer, moment)

    def mark_gold(self, item: int, who: str, decision: Decision, now: datetime | None = None) -> LogEntry:
        """Say what is true of an item, so that others can be measured by it.

        Raises:
            UserError: the role of `who` may not, or the decision is none.
        """
        self.require(who, Right.MARK_GOLD)
        with self.writing() as connection:
            row = self._row(connection, item)
            verdict = reading.verdict(connection, item)
            deciding.check(decision, verdict)
            return deciding.mark_gold(connection, row, verdict, who, decision, log.now_or(now))

    def note(self, item: int, who: str, text: str, now: datetime | None = None) -> LogEntry:
        """See `aftermath.note`; for whoever holds the item or may decide anew. Who reads it blind does not see it."""
        moment = log.now_or(now)
        with self.writing() as connection:
            row = self._row(connection, item)
            if not _holds(row, who, moment) and not may(reading.role(connection, who), Right.DECIDE_ESCALATED):
                raise _not_held(item)
            return aftermath.note(connection, row, who, text, moment)

    def reopen(self, item: int, who: str, reason: str, now: datetime | None = None) -> LogEntry:
        """See `aftermath.reopen`; for whoever may decide anew."""
        self.require(who, Right.DECIDE_ESCALATED)
        with self.writing() as connection:
            return aftermath.reopen(connection, self._row(connection, item), who, reason, log.now_or(now))

    def recent(self, who: str, *, everybody: bool = False, most: int = 20) -> tuple[RecentDecision, ...]:
        """See `aftermath.recent`."""
        with self.reading() as connection:
            return aftermath.recent(connection, who, everybody=everybody, most=most)

    def decisions(self, *, superseded: bool = False) -> tuple[DecisionRow, ...]:
        """Every decision with what the judge said, oldest first; those taken back only where wanted."""
        with self.reading() as connection:
            return tuple(reading.decision_rows(connection, superseded=superseded))

    def decided(
        self, filters: Filters | None = None, newest: int | None = None, item: int | None = None
    ) -> Iterator[DecidedItem]:
        """The decided items that match, with the judge's verdict and what people came to.

        newest: only so many, the last decided first. item: only this one.
        """
        with self.reading() as connection:
            yield from reading.decided(connection, filters or Filters(), newest, item)

    def verdicts_of(self, images: Collection[str]) -> Mapping[str, Sequence[Verdict]]:
        """Every verdict on pictures, by their digests, the newest first."""
        with self.reading() as connection:
            return reading.verdicts_of(connection, images)

    # The log

    def record(self, who: str, kind: Kind, *, extra: dict[str, Any] | None = None, reason: str = "") -> LogEntry:
        """Add a line that is about no item: a login, a saved constitution, an export."""
        with self.writing() as connection:
            return log.append(connection, at=datetime.now(UTC), who=who, kind=kind, extra=extra, reason=reason)

    def log(
        self, *, item: int | None = None, who: str | None = None, kind: Kind | None = None, last: int | None = None
    ) -> tuple[LogEntry, ...]:
        """Lines of the log in their order: of an item, of a person, of a kind, only the last ones."""
        conditions = [] if item is None else [log_lines.c.item == item]
        conditions += [] if kind is None else [log_lines.c.kind == kind]
        conditions += [] if who is None else [log_lines.c.who == who]
        with self.reading() as connection:
            if last is not None:
                newest = sa.select(log_lines.c.seq).where(*conditions).order_by(log_lines.c.seq.desc()).limit(last)
                conditions = [log_lines.c.seq.in_(newest)]
            return tuple(log.entries(connection, *conditions))

    def session(self, reviewer: str, now: datetime | None = None) -> Session:
        """How long the reviewer has been at work, and whether a break is due."""
        with self.reading() as connection:
            breaks = reading.settings(connection).breaks
            return reading.session(connection, reviewer, breaks, log.now_or(now))

    # Settings and roles

    @property
    def settings(self) -> ReviewSettings:
        """How this team reviews."""
        with self.reading() as connection:
            return reading.settings(connection)

    def configure(self, chosen: ReviewSettings, who: str) -> None:
        """Change how this team reviews; recorded. Whoever asks has been checked for `Right.MANAGE`."""
        with self.writing() as connection:
            connection.execute(settings.delete())
            connection.execute(settings.insert().values(id=1, json=chosen.model_dump_json()))
            extra = chosen.model_dump(mode="json")
            log.append(connection, at=datetime.now(UTC), who=who, kind="settings_changed", extra=extra)

    def preferences(self, name: str) -> Preferences:
        """What a person chose for themselves."""
        with self.reading() as connection:
            kept = connection.execute(sa.select(preferences.c.json).where(preferences.c.name == name)).scalar()
            return Preferences() if kept is None else Preferences.model_validate_json(kept)

    def prefer(self, name: str, chosen: Preferences) -> None:
        """Keep what a person chose for themselves. It is not recorded: nothing hangs on it."""
        with self.writing() as connection:
            connection.execute(preferences.delete().where(preferences.c.name == name))
            connection.execute(preferences.insert().values(name=name, json=chosen.model_dump_json()))

    def has_users(self) -> bool:
        """Whether anybody was given a login. Without users there are no roles: everybody may everything."""
        with self.reading() as connection:
            return reading.has_users(connection)

    def role_of(self, name: str) -> Role:
        """The role of a user; `admin` for everybody in a store without users.

        Raises:
            UserError: there are users, and this is none of them.
        """
        with self.reading() as connection:
            return reading.role(connection, name)

    def require(self, who: str, right: Right) -> None:
        """Refuse who has not the right.

        Raises:
            UserError: the role of `who` may not.
        """
        role = self.role_of(who)
        if not may(role, right):
            needed = next(one for one in Role if may(one, right))
            raise UserError(
                f"{who} is a {role} and may not {right.replace('_', ' ')}", hint=f"ask somebody with the role {needed}"
            )

    def _row(self, connection: sa.Connection, item: int) -> Any:
        row = connection.execute(sa.select(items).where(items.c.id == item)).first()
        if row is None:
            raise UserError(f"no item {item}")
        return row


def _holds(row: Any, reviewer: str, now: datetime) -> bool:
    return bool(row.leased_by == reviewer and row.leased_until > now.timestamp())


def _until(connection: sa.Connection, now: datetime) -> datetime:
    return now + timedelta(minutes=reading.settings(connection).lease_minutes)


def _not_held(item: int) -> UserError:
    return UserError(f"you do not hold item {item} (any more)", hint="take it again")
