"""What a model answered, kept in one SQLite file, so that many methods (and processes) ask it only once.

A judge and its ablations ask mostly the same questions about the same pictures. Each entry is named by a digest of
all that it depends on: the model, the library versions, the words for yes and no, the picture's pixels, how many of
them the model is shown, the text, and the day where a server has the model. Knows nothing of methods.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from judge.caches.shared import AnswerKey, ReplyKey, SharedAnswers
from judge.caches.shelf_life import kept_for
from judge.errors import UserError
from judge.judging.pipeline import Judge
from judge.ports import Reply
from judge.verdict import Answer

Key = TypeVar("Key", bound=tuple[str, ...])
Value = TypeVar("Value")
_WAIT = 60.0  # seconds for another process to finish writing


class CachedAnswers:
    """A file of answers and replies.

    Raises:
        UserError: the file cannot be opened, or is no file of answers.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode = WAL")  # many may read while one writes
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.execute("CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, said TEXT) WITHOUT ROWID")
        except (OSError, sqlite3.Error) as error:
            raise UserError(
                f"cannot keep answers in {path} ({error})", hint="remove the file, or name another"
            ) from error

    def sharing(self, judge: Judge) -> SharedAnswers:
        """The judge's multimodal model, with what is in the file before it."""
        source = judge.provenance
        of = [
            judge.mllm.identity.model_dump(mode="json"),
            source.versions,
            source.prompts["answers"],
            source.max_pixels,
            kept_for([judge.mllm.identity]),
        ]
        return SharedAnswers(
            judge.mllm,
            _Shelf[AnswerKey, Answer](self._file, ["answer", of], Answer.model_dump_json, Answer.model_validate_json),
            _Shelf[ReplyKey, str](self._file, ["reply", of], _dumped, _loaded),
        )

    def close(self) -> None:
        """Close the file; what was kept stays."""
        self._file.close()


class _Shelf(Generic[Key, Value]):
    """A `Memory` in the file. Where another process holds it too long, or the file is damaged, nothing is known and
    nothing kept; an entry that is no answer is asked for again."""

    def __init__(
        self, file: sqlite3.Connection, of: object, write: Callable[[Value], str], read: Callable[[str], Value]
    ) -> None:
        self._file, self._write, self._read = file, write, read
        self._of = hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()

    def get(self, key: Key, /) -> Value | None:
        with contextlib.suppress(sqlite3.DatabaseError, ValueError, TypeError, KeyError, RecursionError):
            row = self._file.execute("SELECT said FROM kept WHERE name = ?", (self._name(key),)).fetchone()
            return None if row is None else self._read(row[0])
        return None

    def update(self, more: Mapping[Key, Value], /) -> None:
        rows = [(self._name(key), self._write(value)) for key, value in more.items()]
        with contextlib.suppress(sqlite3.DatabaseError):
            self._file.execute("BEGIN IMMEDIATE")
            with self._file:
                self._file.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)

    def clear(self) -> None:
        """Kept answers are for later runs too, and take no memory: nothing is dropped."""

    def _name(self, key: Key) -> str:
        return hashlib.sha256(json.dumps([self._of, *key]).encode()).hexdigest()


def _dumped(reply: str) -> str:
    return json.dumps({"cut": reply} if getattr(reply, "cut", False) else reply)


def _loaded(text: str) -> str:
    said = json.loads(text)
    return Reply(said["cut"], cut=True) if isinstance(said, dict) else str(said)
