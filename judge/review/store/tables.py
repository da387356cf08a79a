"""The tables, their indexes and triggers, and connections to them. Knows no meaning of what they hold.

Every connection keeps foreign keys and waits for other writers. Writing transactions take the write lock at once
(BEGIN IMMEDIATE), so what one has read is still so when it writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from judge.errors import StoreError

SCHEMA_VERSION = 4
BUSY_SECONDS = 20
metadata = sa.MetaData()

settings = sa.Table("settings", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("json", sa.Text))

items = sa.Table(
    "items",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("identity", sa.Text, nullable=False, unique=True),
    sa.Column("image", sa.Text, nullable=False),
    sa.Column("image_sha256", sa.Text),
    sa.Column("has_image", sa.Boolean, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("added", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("violations", sa.Text, nullable=False),
    sa.Column("constitution", sa.Text, nullable=False),
    sa.Column("constitution_digest", sa.Text, nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("uncertainty", sa.Float, nullable=False),
    sa.Column("seconds", sa.Float),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("gold", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("first_reader", sa.Text),
    sa.Column("leased_by", sa.Text),
    sa.Column("leased_until", sa.Float),
    sa.Column("leased_as", sa.Text),
    sa.CheckConstraint("state IN ('open', 'second_read', 'escalated', 'decided')"),
    sa.CheckConstraint("(leased_by IS NULL) = (leased_until IS NULL) AND (leased_by IS NULL) = (leased_as IS NULL)"),
)
WAITING = sa.text("items.state <> 'decided'")  # as the partial indexes have it, so that SQLite uses them
sa.Index("items_oldest", items.c.added, items.c.id, sqlite_where=sa.text("state <> 'decided'"))
sa.Index("items_uncertain", items.c.uncertainty.desc(), items.c.id, sqlite_where=sa.text("state <> 'decided'"))
sa.Index("items_added", items.c.added, items.c.id)
sa.Index("items_close", items.c.uncertainty.desc(), items.c.id)
sa.Index("items_counted", items.c.state, items.c.verdict, items.c.leased_until)
sa.Index("items_source", items.c.source)
sa.Index("items_constitution", items.c.constitution)
sa.Index("items_lease", items.c.leased_by, sqlite_where=sa.text("leased_by IS NOT NULL"))
sa.Index("items_gold", items.c.id, sqlite_where=sa.text("gold"))

verdicts = sa.Table(  # apart from the items, which stay small and quick to search
    "verdicts",
    metadata,
    sa.Column("item", sa.ForeignKey("items.id"), primary_key=True),
    sa.Column("json", sa.LargeBinary, nullable=False),
)

clips = sa.Table(  # items that are clips, and how long they last
    "clips",
    metadata,
    sa.Column("item", sa.ForeignKey("items.id"), primary_key=True),
    sa.Column("duration_ms", sa.Integer, nullable=False),
)

item_rules = sa.Table(  # rules that are violated or undecided
    "item_rules",
    metadata,
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("item", sa.ForeignKey("items.id"), primary_key=True),
    sqlite_with_rowid=False,
)
sa.Index("item_rules_item", item_rules.c.item)

item_branches = sa.Table(  # how many statements each step of the method decided, for the dashboard
    "item_branches",
    metadata,
    sa.Column("item", sa.ForeignKey("items.id"), primary_key=True),
    sa.Column("branch", sa.Text, primary_key=True),
    sa.Column("statements", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

item_traits = sa.Table(  # what named queues choose by, beside what stands in the item
    "item_traits",
    metadata,
    sa.Column("item", sa.ForeignKey("items.id"), primary_key=True),
    sa.Column("severity", sa.Text),
    sa.Column("language", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("item_traits_severity", item_traits.c.severity, item_traits.c.item)
sa.Index("item_traits_language", item_traits.c.language, item_traits.c.item)

item_prints = sa.Table(  # how pictures look, in short; without a hash where they are not compared with others
    "item_prints",
    metadata,
    sa.Column("item", sa.ForeignKey("items.id"), primary_key=True),
    sa.Column("hash", sa.Text),
    sa.Column("fields", sa.LargeBinary),
)
item_buckets = sa.Table(  # which prints may be near each other, under one constitution
    "item_buckets",
    metadata,
    sa.Column("bucket", sa.Integer, primary_key=True),
    sa.Column("item", sa.ForeignKey("items.id"), primary_key=True),
    sqlite_with_rowid=False,
)
sa.Index("item_buckets_item", item_buckets.c.item)

log_lines = sa.Table(
    "log",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("item", sa.ForeignKey("items.id")),
    sa.Column("image", sa.Text),
    sa.Column("constitution", sa.Text),
    sa.Column("scores", sa.Text, nullable=False),
    sa.Column("decision", sa.Text),
    sa.Column("rules", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("supersedes", sa.Integer),
    sa.Column("extra", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
sa.Index("log_item", log_lines.c.item)
sa.Index("log_who", log_lines.c.who, log_lines.c.seq)

decisions = sa.Table(  # drawn from the log for quick questions; `judge audit` holds it against the log
    "decisions",
    metadata,
    sa.Column("seq", sa.ForeignKey("log.seq"), primary_key=True),
    sa.Column("item", sa.ForeignKey("items.id"), nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("read", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("rules", sa.Text, nullable=False),
    sa.Column("agrees", sa.Boolean),
    sa.Column("superseded_by", sa.ForeignKey("log.seq")),
)
sa.Index("decisions_item", decisions.c.item)
sa.Index("decisions_who", decisions.c.who, decisions.c.seq)

users = sa.Table(
    "users",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("added", sa.Text, nullable=False),
)
preferences = sa.Table(  # keys and levels that a person chose for themselves; nothing hangs on them
    "preferences",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("json", sa.Text, nullable=False),
)
attempts = sa.Table(  # failed logins in a row
    "attempts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last", sa.Float, nullable=False),
)

_NEW = sorted(one.name for one in (clips, item_traits, item_prints, item_buckets))
_SINCE = {2: sorted([*_NEW, preferences.name]), 3: _NEW}  # by schema, the tables that it had not

_TRIGGERS = (
    "CREATE TRIGGER log_keeps_lines BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
    "CREATE TRIGGER log_loses_nothing BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
    # INSERT OR REPLACE deletes without asking the trigger above
    "CREATE TRIGGER log_goes_on BEFORE INSERT ON log WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM log) "
    "OR NEW.previous <> coalesce((SELECT hash FROM log ORDER BY seq DESC LIMIT 1), NEW.previous) "
    "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
)


def connect(path: Path, upgrade: Callable[[sa.Connection], None], *, make: bool = True) -> sa.Engine:
    """An engine on the database file. make: whether an empty file becomes a store. upgrade: fills the tables that a
    store of an older schema lacked; all of it happens in one transaction.

    Raises:
        StoreError: no database of a review store, a damaged one, or one of another version.
    """
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    try:
        with engine.connect().execution_options(writing=True) as connection, connection.begin():
            _create(connection, path, upgrade, make=make)
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise unreadable(path, error.orig) from error
    except StoreError:
        engine.dispose()
        raise
    return engine


def unreadable(path: Path, why: object) -> StoreError:
    """What to say of a file that the database cannot work with."""
    return StoreError(
        f"cannot read the review store {path} ({why})", hint="put a backup in its place, or name another --data"
    )


def none_of_ours(path: Path, what: str) -> StoreError:
    """What to say of a file that is something else. what: it is."""
    return StoreError(f"{path} {what} no review store", hint="choose another folder with --data")


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver's guesses
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _create(connection: sa.Connection, path: Path, upgrade: Callable[[sa.Connection], None], *, make: bool) -> None:
    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    found = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the review store {path} was made by a newer version (schema {version}, this one knows {SCHEMA_VERSION})",
            hint="update constitution-judge",
        )
    if version == 1 and set(metadata.tables) - set(_SINCE[2]) <= found:
        raise StoreError(
            f"the review store {path} was made by an older version, whose log does not vouch for items and passwords",
            hint="export its decisions with that version, then begin a new store with another --data",
        )
    missing = sorted(set(metadata.tables) - found)
    if missing and missing == _SINCE.get(version):
        metadata.create_all(connection)
        upgrade(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return
    if version == SCHEMA_VERSION and not missing:
        return
    if version == SCHEMA_VERSION:
        raise StoreError(
            f"the review store {path} has lost tables: {', '.join(missing)}", hint="put a backup in its place"
        )
    if found or version or not make:
        raise none_of_ours(path, "is a database, but" if found or version else "is empty:")
    create(connection)


def create(connection: sa.Connection) -> None:
    """Make everything that a store has, in an empty database."""
    metadata.create_all(connection)
    for trigger in _TRIGGERS:
        connection.exec_driver_sql(trigger)
    connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
