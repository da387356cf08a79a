"""A decision that the page had no answer to: whether it was recorded. Knows no Gradio.

The page keeps what was decided and how long the log was when the item came, and says both when it asks again. It
keeps that by name: whoever signs in next in the same tab is told nothing of it.
"""

from __future__ import annotations

import sqlalchemy as sa

from judge.review.queue.messages import QueueRequest, Unanswered
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


def unanswered_of(asked: QueueRequest, person: str) -> Unanswered | None:
    """The decision of this person that the request is about: that it makes, or had no answer to; else None."""
    if asked.kind in ("start", "back"):
        return next((one for one in reversed(asked.unanswered) if one.who == person), None)
    if asked.kind != "decide" or asked.item is None or asked.head is None or asked.action is None:
        return None
    return Unanswered(who=person, item=asked.item, head=asked.head, action=asked.action, rules=asked.rules)


def same(entry: LogEntry, made: Unanswered) -> bool:
    """Whether a line of the log records what was decided here, and not something else, decided in another tab."""
    if entry.decision != made.action:
        return False
    return made.action != "violation" or set(entry.rules) == set(made.rules)
