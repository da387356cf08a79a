"""Which waiting items show nearly the same picture as one: found by buckets of their prints, never by looking through
the queue."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from judge.errors import JudgeError, UserError
from judge.media import prints
from judge.media.prints import PicturePrint, print_of
from judge.review.store import log
from judge.review.store.records import NearItem
from judge.review.store.tables import item_buckets, item_prints, items
from judge.review.store.traits import BY

if TYPE_CHECKING:
    from judge.review.store.store import Store

MOST = 24  # shown, and decided together
_LOOKED_AT = 200  # of each bucket, the newest: what waits is seldom older
_COMPARED = 60  # of those whose hashes are near
_TOGETHER = 20  # pictures per line of the log, where they are looked at later
_PRINT, _BUCKETS = item_prints.insert(), item_buckets.insert()


def keep(connection: sa.Connection, item: int, digest: str, look: PicturePrint | None) -> dict[str, Any]:
    """Keep how an item's picture looks; what the log says of it. digest: of the constitution. look: None where it is
    compared with no other."""
    values = {"hash": None, "fields": None} if look is None else look._asdict()
    connection.execute(_PRINT, {"item": item, **values})
    if look is None:
        return {"hash": None, "fields": None}
    rows = [{"bucket": one, "item": item} for one in sorted(set(prints.buckets(look.hash, digest)))]
    connection.execute(_BUCKETS, rows)
    return {"hash": look.hash, "fields": hashlib.sha256(look.fields).hexdigest()}


def waiting(connection: sa.Connection, item: int, now: datetime, most: int = MOST) -> tuple[NearItem, ...]:
    """The items near this one that wait for a first read, by the same constitution; those that somebody holds as well.

    At most so many: of what came in last, where a great many are near.
    """
    own = _own(connection, item)
    if own is None:
        return ()
    row, look = own
    ids: set[int] = set()
    for bucket in prints.buckets(look.hash, row.constitution_digest):
        found = sa.select(item_buckets.c.item).where(item_buckets.c.bucket == bucket, item_buckets.c.item != item)
        ids |= set(connection.execute(found.order_by(item_buckets.c.item.desc()).limit(_LOOKED_AT)).scalars())
    return tuple(_of(one, now) for one in _near(connection, row, look, ids)[:most])


def still_near(connection: sa.Connection, item: int, others: Iterable[int]) -> frozenset[int]:
    """Which of these items are near this one, and of its constitution, whatever has become of them."""
    own = _own(connection, item)
    if own is None:
        return frozenset()
    row, look = own
    return frozenset(one.id for one in _near(connection, row, look, set(others), waiting_only=False))


def add_missing(store: Store, stop: threading.Event) -> None:
    """Look at the pictures of a store that was made before they were compared; each line of the log tells of some."""
    wanted = sa.select(items.c.id).outerjoin(item_prints).where(items.c.has_image, item_prints.c.item.is_(None))
    last = 0
    while not stop.is_set():
        with store.reading() as connection:
            found = wanted.where(items.c.id > last).order_by(items.c.id).limit(_TOGETHER)
            ids = list(connection.execute(found).scalars())
        if not ids:
            return
        last, looks = ids[-1], {one: _look(store, one) for one in ids}
        with store.writing() as connection:
            rows = connection.execute(wanted.add_columns(items.c.constitution_digest).where(items.c.id.in_(looks)))
            told = {str(one.id): keep(connection, one.id, one.constitution_digest, looks[one.id]) for one in rows.all()}
            if told:
                log.append(connection, at=datetime.now(UTC), who=BY, kind="traits_added", extra={"prints": told})


@contextmanager
def looking(store: Store) -> Iterator[None]:
    """Do so beside all else, as long as the store is used."""
    stop = threading.Event()

    def look() -> None:
        with suppress(JudgeError):  # a damaged store: whoever uses it is told
            add_missing(store, stop)

    thread = threading.Thread(target=look, name="looks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _look(store: Store, item: int) -> PicturePrint | None:
    try:
        return print_of(store.image(item))
    except UserError:  # its file is gone or another: an audit tells
        return None


def _own(connection: sa.Connection, item: int) -> tuple[Any, PicturePrint] | None:
    both = sa.select(items, item_prints.c.hash, item_prints.c.fields).join(item_prints)
    row = connection.execute(both.where(items.c.id == item)).first()
    return None if row is None or row.hash is None else (row, PicturePrint(row.hash, row.fields))


def _near(
    connection: sa.Connection, own: Any, look: PicturePrint, ids: set[int], *, waiting_only: bool = True
) -> list[Any]:
    """Those of the items that are near, in the order of their ids; hashes first, and fields of few."""
    conditions = [items.c.id.in_(ids), items.c.constitution_digest == own.constitution_digest]
    conditions += [items.c.state == "open"] if waiting_only else []
    hashed = sa.select(items.c.id, item_prints.c.hash).join(item_prints).where(*conditions)
    close = [
        item
        for item, found in connection.execute(hashed.order_by(items.c.id.desc()))
        if found is not None and prints.bits_apart(found, look.hash) <= prints.NEAR_BITS
    ]
    whole = sa.select(items, item_prints.c.hash, item_prints.c.fields).join(item_prints)
    rows = connection.execute(whole.where(items.c.id.in_(close[:_COMPARED])).order_by(items.c.id))
    return [one for one in rows if prints.near(look, PicturePrint(one.hash, one.fields))]


def _of(row: Any, now: datetime) -> NearItem:
    held = row.leased_by if row.leased_by is not None and row.leased_until > now.timestamp() else None
    return NearItem(id=row.id, image=row.image, verdict=row.verdict, held_by=held)
