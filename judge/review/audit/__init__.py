"""Is the log whole, and does everything in the store agree with it? Changes nothing.

1. the file is a sound database, with the tables, indexes and triggers of a store and no others (`shape`); 2. every line
of the log: its number follows, it names the hash of the one before, its own hash is right, and heads that were kept
elsewhere are still there (`chain`); 3. items, verdicts and images are those that were added, none less and none more
(`items`); 4. decisions, states, users and settings are those that the log tells (`drawn`). After a broken line the rows
are not looked at, because nothing after it can be trusted.
"""

from __future__ import annotations

import sqlalchemy as sa

from judge.errors import StoreError
from judge.review.audit import breaks, drawn, items, shape, traits
from judge.review.audit.chain import Head, walk
from judge.review.store import log, tables
from judge.review.store.store import Store
from judge.settings import Frozen

__all__ = ["AuditReport", "Head", "audit", "unread"]


class AuditReport(Frozen):
    """What an audit found. head: the hash of the last line, to be kept elsewhere. problems: the first bad one first."""

    lines: int
    head: str
    items: int = 0
    problems: tuple[str, ...] = ()


def audit(store: Store, expected_head: str | None = None, heads: tuple[Head, ...] = ()) -> AuditReport:
    """Check a store against its log.

    expected_head: the hash of some line. heads: kept while the store was used; each must be the hash of its line.
    """
    try:
        with store.reading() as connection:
            return _audited(connection, store, expected_head, heads)
    except StoreError as error:  # a table is gone, the file is damaged, or a row is what nobody writes
        return unread(error.message)
    except Exception as error:  # whatever somebody wrote into the tables: it is a finding, and no end of the audit
        return unread(f"the store holds what no version writes ({type(error).__name__})")


def unread(why: str) -> AuditReport:
    """The report on a store that cannot be looked at."""
    return AuditReport(lines=0, head=log.GENESIS, problems=(" ".join(why.split()),))


def _audited(connection: sa.Connection, store: Store, expected: str | None, heads: tuple[Head, ...]) -> AuditReport:
    unsound = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    if unsound != "ok":
        return unread(f"the database is damaged: {unsound}")
    chain = walk(connection, expected, heads)
    if chain.broken is not None:
        return AuditReport(lines=chain.lines, head=chain.head, problems=(chain.broken, *shape.shaped(connection)))
    problems = (
        *chain.lost,
        *shape.shaped(connection),
        *items.listed(connection),
        *items.shown(connection),
        *items.images(connection, store.images),
        *traits.chosen_by(connection),
        *traits.looks(connection),
        *traits.decided_together(connection),
        *breaks.ended(connection),
        *drawn.decided(connection),
        *drawn.states(connection),
        *drawn.people(connection),
        *drawn.chosen(connection),
    )
    count = connection.execute(sa.select(sa.func.count()).select_from(tables.items)).scalar_one()
    return AuditReport(lines=chain.lines, head=chain.head, items=count, problems=problems)
