"""The items of a store: added, leased, read and revealed."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from judge.errors import UserError
from judge.files import read_whole
from judge.review.store import adding, log, named, pictures, queue, reading
from judge.review.store.clips import Judged
from judge.review.store.records import (
    Choices,
    Filters,
    Item,
    ItemCounts,
    ItemSummary,
    Order,
    Source,
)
from judge.review.store.roles import Right, may
from judge.review.store.tables import clips, items
from judge.review.store.team_folder import TeamFolder
from judge.settings import MOST_IMAGE
from judge.verdict import Verdict

_TOGETHER = 500  # items per transaction when many are added


class ItemFolder(TeamFolder):
    """The items, their leases and their images in a data folder that is open."""

    def add(self, verdict: Judged, image: bytes | Path | None, source: Source, *, now: datetime | None = None) -> int:
        """Put a verdict in the queue; its item's id.

        What is known already is not added again: the same image (by digest) judged by the same constitution, models,
        prompts and thresholds. An image that the known item lacked is kept with it.

        Raises:
            UserError: `image`, the bytes or of a clip its file, is not what the verdict is about.
        """
        return next(self.add_many([(verdict, image)], source, now=now))

    def add_many(
        self, many: Iterable[tuple[Judged, bytes | Path | None]], source: Source, *, now: datetime | None = None
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
            queue.lease_one(connection, item, reviewer, role, moment, until(connection, moment))
            return reading.item(connection, item, reviewer, moment)

    def renew(self, item: int, reviewer: str, now: datetime | None = None) -> None:
        """Prolong a lease.

        Raises:
            UserError: it has ended.
        """
        moment = log.now_or(now)
        with self.writing() as connection:
            wanted = [items.c.id == item]
            if queue.renew_own(connection, reviewer, wanted, moment.timestamp(), until(connection, moment)) is None:
                raise not_held(item)

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
            row_of(connection, item)
            return reading.verdict(connection, item)

    def judged(self, item: int) -> Judged:
        """The same as it was given: of a clip with its ranges and frames.

        Raises:
            UserError: no such item.
        """
        with self.reading() as connection:
            row_of(connection, item)
            return reading.judged(connection, item)

    def image(self, item: int) -> bytes:
        """The original bytes, to make a shielded picture of. They go to nobody: see `reveal`.

        Raises:
            UserError: no such item, no image was kept for it, or its file is gone or damaged.
        """
        with self.reading() as connection:
            return self._image(connection, row_of(connection, item))

    def reveal(self, item: int, reviewer: str, now: datetime | None = None) -> bytes:
        """The original bytes, for the holder of the lease (or an admin). It is recorded.

        Raises:
            UserError: the reviewer does not hold it; or as `image`.
        """
        with self._revealing(item, reviewer, now) as (connection, row):
            return self._image(connection, row)

    def clip(self, item: int) -> Path:
        """The file of a clip, to make shielded frames of. What it shows goes to nobody: see `reveal_clip`.

        Raises:
            UserError: no such item, it is no clip, or its file was not kept.
        """
        with self.reading() as connection:
            return self._file_of(connection, row_of(connection, item), clip=True)

    def reveal_clip(self, item: int, reviewer: str, now: datetime | None = None) -> Path:
        """The file of a clip, for the holder of the lease (or an admin). It is recorded.

        Raises:
            UserError: the reviewer does not hold it; or as `clip`.
        """
        with self._revealing(item, reviewer, now) as (connection, row):
            return self._file_of(connection, row, clip=True)

    @contextmanager
    def _revealing(self, item: int, reviewer: str, now: datetime | None) -> Iterator[tuple[sa.Connection, Any]]:
        """What is read inside is recorded as revealed, unless that goes wrong."""
        moment = log.now_or(now)
        with self.writing() as connection:
            any_may = reading.has_users(connection) and may(reading.role(connection, reviewer), Right.REVEAL_ANY)
            row = row_of(connection, item)
            if not any_may and not holds(row, reviewer, moment):
                raise not_held(item)
            yield connection, row
            log.append(connection, at=moment, who=reviewer, kind="reveal", item=row)

    def _file_of(self, connection: sa.Connection, row: Any, *, clip: bool) -> Path:
        """Where the picture of an item is kept, or its clip, whichever is wanted."""
        found = connection.execute(sa.select(clips.c.item).where(clips.c.item == row.id)).first() is not None
        if found is not clip:
            raise UserError(f"item {row.id} is {'a clip' if found else 'a picture'}", hint="look at it in the queue")
        if not row.has_image:
            raise UserError(
                f"no {'clip' if clip else 'image'} was kept for item {row.id} ({row.image})",
                hint="add the verdict again with its file: judge review add FILE.jsonl --images DIR",
            )
        return pictures.path_of(self._images, row.image_sha256)

    def _image(self, connection: sa.Connection, row: Any) -> bytes:
        path = self._file_of(connection, row, clip=False)
        try:
            data = read_whole(path, MOST_IMAGE)
        except OSError as error:
            raise UserError(f"the image of item {row.id} is gone: {path} ({error.strerror})") from error
        if hashlib.sha256(data).hexdigest() != row.image_sha256:
            raise UserError(f"the image of item {row.id} was changed on disk: {path}", hint="put the original back")
        return data


def row_of(connection: sa.Connection, item: int) -> Any:
    """The row of an item.

    Raises:
        UserError: no such item.
    """
    row = connection.execute(sa.select(items).where(items.c.id == item)).first()
    if row is None:
        raise UserError(f"no item {item}")
    return row


def holds(row: Any, reviewer: str, now: datetime) -> bool:
    """Whether a reviewer holds the item of this row now."""
    return bool(row.leased_by == reviewer and row.leased_until > now.timestamp())


def until(connection: sa.Connection, now: datetime) -> datetime:
    """When a lease ends that begins now."""
    return now + timedelta(minutes=reading.settings(connection).lease_minutes)


def not_held(item: int) -> UserError:
    """What is said to who does not hold an item."""
    return UserError(f"you do not hold item {item} (any more)", hint="take it again")
