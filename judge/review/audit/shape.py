"""Tables, indexes, triggers and views against those that a store is made with, both ways. Changes nothing.

Triggers keep the log from being changed; a foreign one may change rows whenever the app writes, and a foreign view or
index has no business there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlalchemy as sa

from judge.review.store import tables

_ORDER = ("trigger", "table", "index", "view")
_OWN = re.compile(r"sqlite_stat[134]")  # SQLite's statistics, of whoever ran ANALYZE


def shaped(connection: sa.Connection) -> Iterator[str]:
    """Where what the database is made of differs from what the code makes."""
    engine = sa.create_engine("sqlite://")
    with engine.connect() as made:
        tables.create(made)
        wanted = _parts(made)
    engine.dispose()
    found = _parts(connection)
    for kind, name in sorted(wanted.keys() | found.keys(), key=lambda one: (_ORDER.index(one[0]), one[1])):
        if (kind, name) not in found:
            yield f"{kind} {name} is missing"
        elif (kind, name) not in wanted:
            yield f"{kind} {name} is none of a review store's: {found[kind, name][:200]}"
        elif _bare(found[kind, name]) != _bare(wanted[kind, name]):
            yield f"{kind} {name} was changed: {found[kind, name][:200]}"


def _parts(connection: sa.Connection) -> dict[tuple[str, str], str]:
    """What made each part, by its kind and name; on one line."""
    rows = connection.exec_driver_sql("SELECT type, name, coalesce(sql, '') FROM sqlite_master")
    found = {(str(kind), str(name)): " ".join(str(sql).split()) for kind, name, sql in rows}
    return {key: sql for key, sql in found.items() if not _OWN.fullmatch(key[1])}


def _bare(sql: str) -> str:
    """Without what another version of SQLAlchemy may write otherwise: spaces, and quotes around names."""
    return re.sub(r'[\s"]', "", sql)
