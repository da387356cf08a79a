"""The log: only appended to, each line chained to the one before. Knows no meaning of what it records.

The hash of a line is the SHA-256 of its canonical JSON (all fields but the hash, keys sorted, no spaces, UTF-8), in
which `previous` is the hash of the line before; the first line's is `GENESIS`. Whoever changes, removes or inserts a
line breaks the chain from there on. Cutting off the end breaks nothing: only a head hash kept elsewhere shows it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from judge.review.store.records import Action, Kind, LogEntry
from judge.review.store.tables import log_lines

GENESIS = hashlib.sha256(b"constitution-judge review log").hexdigest()
_JSON = ("scores", "rules", "extra")
_LAST = sa.select(log_lines.c.seq, log_lines.c.hash).order_by(log_lines.c.seq.desc()).limit(1)
_LINE = log_lines.insert()


def append(
    connection: sa.Connection,
    *,
    at: datetime,
    who: str,
    kind: Kind,
    item: Any = None,
    scores: dict[str, float] | None = None,
    decision: Action | None = None,
    rules: tuple[str, ...] = (),
    reason: str = "",
    supersedes: int | None = None,
    extra: dict[str, Any] | None = None,
) -> LogEntry:
    """Add a line within the caller's writing transaction; `item` is the item's row, where it is about one."""
    last = connection.execute(_LAST).first()
    row: dict[str, Any] = {
        "seq": last.seq + 1 if last else 1,
        "at": stamp(at),
        "who": who,
        "kind": kind,
        "item": item.id if item is not None else None,
        "image": item.image_sha256 if item is not None else None,
        "constitution": item.constitution_digest if item is not None else None,
        "scores": scores or {},
        "decision": decision,
        "rules": list(rules),
        "reason": reason,
        "supersedes": supersedes,
        "extra": extra or {},
        "previous": last.hash if last else GENESIS,
    }
    row["hash"] = digest(row)
    connection.execute(_LINE, stored(row))
    return LogEntry.model_validate(row)


def entries(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> Iterator[LogEntry]:
    """Lines in their order."""
    for row in connection.execute(sa.select(log_lines).where(*conditions).order_by(log_lines.c.seq)).mappings():
        yield LogEntry.model_validate(plain(row))


def stored(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a line as they stand in its row."""
    return {name: canonical(value) if name in _JSON else value for name, value in fields.items()}


def plain(row: sa.RowMapping) -> dict[str, Any]:
    """A row of the table as the fields that are hashed, and the hash: what `stored` made is taken back."""
    return {name: json.loads(value) if name in _JSON else value for name, value in row.items()}


def digest(row: dict[str, Any]) -> str:
    """The hash that the line should have."""
    return hashlib.sha256(canonical({k: v for k, v in row.items() if k != "hash"}).encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON in one way only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def stamp(at: datetime) -> str:
    """A moment as text that sorts as time does: ISO 8601, UTC, microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def now_or(now: datetime | None) -> datetime:
    """The given moment, or this one."""
    return now or datetime.now(UTC)
