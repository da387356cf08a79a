"""Which images a run has rows of: a SQLite file beside its tables, so that memory does not grow with their number.

It is made from the shards and follows them: what is missing or behind is read from them again. One that is damaged, or
tells of shards that the run has not (it came from another run, or with a backup), is made anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from judge.errors import JudgeError
from judge.serving.batch.schema import Row, subject_of
from judge.serving.batch.shards import Shard, Shards

_TABLES = """
CREATE TABLE IF NOT EXISTS covered (key TEXT PRIMARY KEY, subject TEXT, context TEXT NOT NULL, shard INTEGER NOT NULL,
  error INTEGER NOT NULL, retryable INTEGER NOT NULL, safe INTEGER NOT NULL, evidence INTEGER NOT NULL,
  audited INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_subject ON covered (subject);
CREATE INDEX IF NOT EXISTS by_shard ON covered (shard);
CREATE TABLE IF NOT EXISTS told (subject TEXT PRIMARY KEY, shard INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shards (number INTEGER PRIMARY KEY, files TEXT NOT NULL);
CREATE TEMP TABLE seen (key TEXT NOT NULL, subject TEXT NOT NULL, name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE INDEX temp.seen_keys ON seen (key);
"""
_COLUMNS = ("key", "sha256", "context_digest", "error", "retryable", "verdict", "evidence", "audited")


@dataclass(frozen=True)
class Covered:
    """An image that a run has a row of. subject: its bytes and what was told beside it, None where there were no bytes.
    context: the digest of what was told. shard: where the row is. safe: no violation, and nothing for a person.
    evidence: the row holds it."""

    key: str
    subject: str | None
    context: str
    shard: int
    error: bool
    retryable: bool
    safe: bool
    evidence: bool
    audited: bool


class Index:
    """What `shards` cover.

    Raises:
        JudgeError: the file cannot be written, or a shard cannot be read.
    """

    def __init__(self, shards: Shards) -> None:
        self._shards, self._path = shards, shards.folder / "index.sqlite"
        try:
            self._open()
        except sqlite3.DatabaseError:  # damaged, or of another kind: it is made anew
            self._db.close()
            for path in (self._path, *self._path.parent.glob(f"{self._path.name}-*")):
                path.unlink(missing_ok=True)
            try:
                self._open()
            except sqlite3.Error as error:
                raise JudgeError(f"{self._path} cannot be written ({error})") from error

    def _open(self) -> None:
        self._db = sqlite3.connect(self._path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")  # what a crash takes is read from the shards again
        self._db.executescript(_TABLES)
        self._db.execute("SELECT subject, context FROM covered LIMIT 0")  # else it is of an earlier version
        known = {(int(number), str(files)) for number, files in self._db.execute("SELECT number, files FROM shards")}
        live = {(one.number, _files(one)): one.rows for one in self._shards.live}
        if not known <= live.keys() or self.count != sum(live[one] for one in known):
            raise sqlite3.DatabaseError("it tells of other shards")  # then no row of it is to be believed
        self.follow()

    def follow(self) -> None:
        """Take in shards that were added, and take out those that no longer count."""
        live = {one.number: one for one in self._shards.live}
        known = {number for (number,) in self._db.execute("SELECT number FROM shards")}
        for number in known - live.keys():
            with self._db:
                self._db.execute("BEGIN")
                self._db.execute("DELETE FROM covered WHERE shard = ?", (number,))
                self._db.execute("DELETE FROM told WHERE shard = ?", (number,))
                self._db.execute("DELETE FROM shards WHERE number = ?", (number,))
        for number in sorted(live.keys() - known):
            images = self._shards.rows(live[number], "images", _COLUMNS)
            self._take_in(
                live[number], images, self._shards.rows(live[number], "statements", ["sha256", "context_digest"])
            )

    def add(self, shard: Shard, images: Sequence[Row], statements: Sequence[Row]) -> None:
        """Take in what changed with a shard whose rows are at hand.

        Raises:
            JudgeError: the disk is full, or cannot be written to; the shard stands.
        """
        try:
            self._take_in(shard, images, statements)
            self.follow()
        except sqlite3.Error as error:
            raise JudgeError(
                f"{self._path} cannot be written ({error})",
                hint="nothing that was written is lost: make room and run the same command again",
            ) from error

    def _take_in(self, shard: Shard, images: Sequence[Row], statements: Sequence[Row]) -> None:
        rows = (
            (
                one["key"],
                subject_of(one),
                one["context_digest"],
                shard.number,
                one["error"] is not None,
                bool(one["retryable"]),
                one["verdict"] == "no_violation",
                one["evidence"] is not None,
                one["audited"],
            )
            for one in images
        )
        told = {subject_of(one) for one in statements}
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO covered VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self._db.executemany("INSERT OR REPLACE INTO told VALUES (?, ?)", ((one, shard.number) for one in told))
            self._db.execute("INSERT OR REPLACE INTO shards VALUES (?, ?)", (shard.number, _files(shard)))

    def of_key(self, key: str) -> Covered | None:
        """The row of an image, by its key."""
        return self._one("SELECT * FROM covered WHERE key = ?", key)

    def of_subject(self, subject: str) -> Iterator[Covered]:
        """The rows of images that are this subject."""
        rows = self._db.execute("SELECT * FROM covered WHERE subject = ?", (subject,))
        return map(_covered, rows)

    def named(self, key: str, subject: str | None) -> str | None:
        """The key that the next image of a source goes by: its own, or one made of it where another image of the same
        source has that, or the same one with another context. None: it is the same again. subject: None where there
        are no bytes."""
        before = self._db.execute("SELECT subject FROM temp.seen WHERE key = ?", (key,)).fetchall()
        if subject is not None and (subject,) in before:
            return None
        name, number = key, 1
        while self._db.execute("SELECT 1 FROM temp.seen WHERE name = ?", (name,)).fetchone() is not None:
            number += 1
            name = f"{key}#{number}"
        self._db.execute("INSERT INTO temp.seen VALUES (?, ?, ?)", (key, subject or f"none {name}", name))
        return name

    @property
    def unseen(self) -> int:
        """How many rows are of images that were not met in this call."""
        query = "SELECT count(*) FROM covered WHERE key NOT IN (SELECT name FROM temp.seen)"
        return int(self._db.execute(query).fetchone()[0])

    def told_in(self, subject: str) -> int | None:
        """The shard that holds the statements about a subject."""
        row = self._db.execute("SELECT shard FROM told WHERE subject = ?", (subject,)).fetchone()
        return None if row is None else int(row[0])

    def keys_of(self, subject: str) -> set[str]:
        """Keys of all images that are this subject."""
        return {key for (key,) in self._db.execute("SELECT key FROM covered WHERE subject = ?", (subject,))}

    @property
    def count(self) -> int:
        """How many images have a row."""
        return int(self._db.execute("SELECT count(*) FROM covered").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _one(self, query: str, value: str) -> Covered | None:
        row = self._db.execute(query, (value,)).fetchone()
        return None if row is None else _covered(row)


def _files(shard: Shard) -> str:
    """What no other shard of any run has: the digests of its files."""
    return json.dumps(dict(shard.files), sort_keys=True)


def _covered(row: tuple[str, str | None, str, int, int, int, int, int, int]) -> Covered:
    key, subject, context, shard, *flags = row
    return Covered(key, subject, context, shard, *map(bool, flags))
