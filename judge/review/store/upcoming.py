"""What a reviewer would be given next, without giving it. Changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from judge.review.store import queue, reading
from judge.review.store.records import Filters, Order
from judge.review.store.tables import items

if TYPE_CHECKING:
    from judge.review.store.store import Store


def upcoming(store: Store, reviewer: str, filters: Filters, order: Order, most: int) -> tuple[int, ...]:
    """The first items that wait for the reviewer. Gold items and shares of named queues are not foreseen."""
    with store.reading() as connection:
        role, shown = reading.role(connection, reviewer), reading.settings(connection).second_reads.verdict_shown
        now = datetime.now(UTC).timestamp()
        waiting = queue.waiting_for(reviewer, role, filters, now, verdict_shown=shown)
        wanted = sa.select(items.c.id).where(*waiting, ~items.c.id.in_(queue.skips_of(reviewer)))
        return tuple(connection.execute(wanted.order_by(*queue.ordered(order)).limit(most)).scalars())
