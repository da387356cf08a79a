"""What items are chosen by, and how their pictures look in short, against the lines that added it. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from judge.review.audit import exact
from judge.review.store import log
from judge.review.store.tables import item_traits, items, log_lines


def chosen_by(connection: sa.Connection) -> Iterator[str]:
    """Where severity or language of an item are other than the log tells, or nobody vouches for them."""
    told: dict[int, dict[str, Any]] = {}
    for line in log.entries(connection, log_lines.c.kind.in_(("added", "traits_added"))):
        if line.kind == "added" and line.item is not None and "traits" in line.extra:
            told[line.item] = line.extra["traits"]
        elif line.kind == "traits_added":  # of a store that was made before there were any: never in place of others
            told = {int(item): one for item, one in line.extra.get("traits", {}).items()} | told
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
