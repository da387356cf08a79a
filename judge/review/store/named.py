"""Named queues: filters and an order under a name, and the share of what is given next that comes from each."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from judge.review.store import queue
from judge.review.store.records import Filters, NamedQueue, Order, ReviewSettings
from judge.review.store.roles import Role
from judge.review.store.tables import decisions


def filters_of(one: NamedQueue) -> Filters:
    """What a queue holds, of all that waits."""
    return Filters(
        verdict=one.verdict,
        rule=one.rule,
        source=one.source,
        constitution=one.constitution,
        severity=one.severity,
        language=one.language,
        min_score=one.min_score,
        max_score=one.max_score,
    )


def lease_next(
    connection: sa.Connection,
    reviewer: str,
    role: Role,
    filters: Filters,
    order: Order,
    chosen: ReviewSettings,
    now: datetime,
    until: datetime,
) -> int | None:
    """As `queue.lease_next`; whoever asks for all that waits is given their shares of the named queues.

    Where nothing of the queue that was drawn waits, the next of all is given.
    """
    shown = chosen.second_reads.verdict_shown

    def of(wanted: Filters, by: Order) -> int | None:
        return queue.lease_next(connection, reviewer, role, wanted, by, chosen.gold, now, until, verdict_shown=shown)

    if filters == Filters() and any(one.share for one in chosen.queues):
        held = queue.renew_own(connection, reviewer, [], now.timestamp(), until)
        one = drawn(connection, reviewer, chosen.queues) if held is None else None
        found = of(filters_of(one), one.order) if one is not None else held
        if found is not None:
            return found
    return of(filters, order)


def drawn(connection: sa.Connection, reviewer: str, queues: tuple[NamedQueue, ...]) -> NamedQueue | None:
    """The queue that the next item comes from, by the reviewer's name and how many decisions they have made: asking
    again draws the same. None: from all."""
    made = connection.execute(sa.select(sa.func.count()).where(decisions.c.who == reviewer)).scalar_one()
    share = 0.0
    for one in queues:
        share += one.share
        if queue.drawn(f"queue|{reviewer}|{made}", share):
            return one
    return None
