"""Who is signed in, in a file of its own beside the store, so that a restart of the server signs nobody out.

A session belongs to a password: it ends when the password is changed or the user removed, wherever that is done, and a
week after it began. The file keeps digests of the tokens that browsers have, so whoever reads it can sign in by none.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from judge.review.access.logins import vouched
from judge.review.store.store import Store
from judge.review.store.tables import users

FILE: Final = "sessions.sqlite"
LONGEST: Final = 7 * 86400.0  # seconds from sign-in to the end
_MOST = 20  # of one person at a time; the oldest ends first
_TABLES = """
CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, name TEXT, password TEXT, since REAL);
CREATE TABLE IF NOT EXISTS server (id TEXT);
"""
_OLDEST = """
DELETE FROM sessions
WHERE name = ? AND token NOT IN (SELECT token FROM sessions WHERE name = ? ORDER BY since DESC LIMIT ?)
"""


class Sessions:
    """The sessions of a store. Safe from many threads and servers."""

    def __init__(self, store: Store) -> None:
        self._store, self._file = store, store.folder / FILE
        self._guard = threading.Lock()
        self._connection = _opened(self._file)
        with self._writing() as connection:
            row = connection.execute("SELECT id FROM server").fetchone()
            self._id = row[0] if row else secrets.token_hex(8)
            if row is None:
                connection.execute("INSERT INTO server VALUES (?)", (self._id,))

    @property
    def cookie(self) -> str:
        """The name of the cookie that holds a token: servers of other stores at this machine have others."""
        return f"judge-session-{self._id}"

    def begin(self, name: str) -> str:
        """Sign a user in; the token that their browser keeps."""
        token, now = secrets.token_urlsafe(32), time.time()
        with self._writing() as connection:
            connection.execute("DELETE FROM sessions WHERE since < ?", (now - LONGEST,))
            row = (_digest(token), name, self._password(name) or "", now)
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", row)
            connection.execute(_OLDEST, (name, name, _MOST))
        return token

    def user(self, token: str | None) -> str | None:
        """Whose session the token is; None where it is none (any more)."""
        if not token:
            return None
        with self._guard:
            read = "SELECT name, password, since FROM sessions WHERE token = ?"
            row = self._connection.execute(read, (_digest(token),)).fetchone()
        if row is None:
            return None
        name, password, since = row
        if time.time() - since < LONGEST and self._password(name) == password:
            return str(name)
        self.end(token)
        return None

    def end(self, token: str) -> None:
        """Sign out."""
        with self._writing() as connection:
            connection.execute("DELETE FROM sessions WHERE token = ?", (_digest(token),))

    def close(self) -> None:
        """Let the file go."""
        with self._guard:
            self._connection.close()

    def _password(self, name: str) -> str | None:
        """A digest of the user's salted hash, as the store has it now; None where there is no such user."""
        with self._store.reading() as connection:
            found = connection.execute(sa.select(users.c.password).where(users.c.name == name)).scalar_one_or_none()
        return None if found is None else vouched(found)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._guard, self._connection:
            yield self._connection


def _opened(file: Path) -> sqlite3.Connection:
    """A connection to the file, readable by its owner only. One that is damaged is begun anew: everybody signs in."""
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        return _prepared(file)
    except sqlite3.DatabaseError:
        file.unlink()
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        return _prepared(file)


def _prepared(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=20, check_same_thread=False)
    try:
        connection.executescript(_TABLES)
    except BaseException:
        connection.close()
        raise
    return connection


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
