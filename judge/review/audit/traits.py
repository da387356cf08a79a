"""What items are chosen by, and how their pictures look in short, against the lines that tell it. Changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from judge.media import prints
from judge.review.audit import exact
from judge.review.store import log
from judge.review.store.records import LogEntry
from judge.review.store.tables import item_buckets, item_prints, item_traits, items, log_lines


def chosen_by(connection: sa.Connection) -> Iterator[str]:
    """Where severity or language of an item are other than the log tells, or nobody vouches for them."""
    told = _told(connection, "traits")
    kept = {row["item"]: row for row in connection.execute(sa.select(*exact.stored(item_traits))).mappings()}
    known = set(connection.execute(sa.select(items.c.id)).scalars())
    for item in sorted(kept.keys() | known):
        if item not in known:
            yield f"table {item_traits.name} holds rows of item {item}, which is not among the items"
        elif item not in kept:
            yield f"item {item} has no severity and language"
        elif item not in told:
            yield f"item {item} has a severity and a language, but the log does not tell them"
        else:
            yield from exact.sentences(f"item {item}", kept[item], told[item])


def looks(connection: sa.Connection) -> Iterator[str]:
    """Where how a picture looks is other than the log tells, or would be found elsewhere than it says."""
    told = _told(connection, "print")
    kept = {row["item"]: dict(row) for row in connection.execute(sa.select(*exact.stored(item_prints))).mappings()}
    digests = {row.id: row.constitution_digest for row in connection.execute(sa.select(items))}
    found: dict[int, set[Any]] = {}
    for item, bucket in connection.execute(sa.select(item_buckets.c.item, item_buckets.c.bucket)):
        found.setdefault(item, set()).add(bucket)
    for item in sorted(kept.keys() | told.keys() | found.keys(), key=repr):
        if item not in told or item not in digests:
            yield f"how the picture of item {item} looks stands in the store, but not in the log"
            continue
        if item not in kept:
            yield f"how the picture of item {item} looks is gone"
            continue
        row = kept[item]
        fields = hashlib.sha256(row["fields"]).hexdigest() if isinstance(row["fields"], bytes) else row["fields"]
        hash_ = told[item]["hash"]
        wanted = set() if hash_ is None else set(prints.buckets(hash_, digests[item]))
        if not exact.same([row["hash"], fields], [hash_, told[item]["fields"]]):
            yield f"item {item}: how its picture looks is not what the log tells"
        elif found.get(item, set()) != wanted:
            yield f"item {item}: what its picture is compared with is not what follows from the log"


def decided_together(connection: sa.Connection) -> Iterator[str]:
    """Where a line says that it was decided with another one, and does not say the same as that."""
    known = {line.seq: line for line in log.entries(connection, log_lines.c.decision.is_not(None))}
    for line in known.values():
        if "like" in line.extra and not _follows(line, known.get(line.extra["like"])):
            yield f"line {line.seq} of the log decides as line {line.extra['like']} does, which is not so"


def _follows(line: LogEntry, first: LogEntry | None) -> bool:
    same = ("who", "kind", "at", "decision", "rules", "reason", "constitution")
    if first is None or "like" in first.extra or first.seq >= line.seq or first.item == line.item:
        return False
    return all(getattr(first, name) == getattr(line, name) for name in same)


def _told(connection: sa.Connection, what: str) -> dict[int, Any]:
    """By item what the log tells: its own line, else one that was written later for many."""
    own, later = dict[int, Any](), dict[int, Any]()
    kinds = log_lines.c.kind.in_(("added", "image_added", "traits_added"))
    wanted = sa.select(log_lines.c.kind, log_lines.c.item, log_lines.c.extra).where(kinds).order_by(log_lines.c.seq)
    for kind, item, extra in connection.execute(wanted):
        said = json.loads(extra)
        if kind == "traits_added":
            later |= {
                int(one): found for one, found in said.get("traits" if what == "traits" else "prints", {}).items()
            }
        elif item is not None and what in said:
            own[item] = said[what]
    return later | own
