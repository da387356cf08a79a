"""A decision that the page had no answer to: whether it was recorded. Knows no Gradio.

The page keeps which item it was and how long the log was when that item came, and says both when it asks again.
"""

from __future__ import annotations

import sqlalchemy as sa

from judge.review.store import LogEntry, Store
from judge.review.store.tables import log_lines

_DECIDES = frozenset({"decision", "second_read", "gold", "gold_marked"})


def head(store: Store) -> int:
    """The number of the log's last line."""
    with store.reading() as connection:
        return int(connection.execute(sa.select(sa.func.max(log_lines.c.seq))).scalar() or 0)


def recorded_since(store: Store, person: str, item: int, line: int) -> LogEntry | None:
    """What the person decided on the item after this line of the log, where it stands; else None."""
    found = None
    for entry in store.log(item=item, who=person):
        if entry.seq > line and entry.kind in _DECIDES:
            found = entry
        elif found is not None and entry.kind == "undo" and entry.supersedes == found.seq:
            found = None
    return found
