"""Escalated items that nobody can settle: everybody with the role for it is one of their readers. Changes nothing."""

from __future__ import annotations

import sqlalchemy as sa

from judge.review.store import queue
from judge.review.store.roles import Right, Role, may
from judge.review.store.tables import items, users


def unsettled(connection: sa.Connection, who: str) -> queue.Clause:
    """The condition on `items`. who: is asking, and everybody that there is in a store without users."""
    roles = connection.execute(sa.select(users.c.name, users.c.role)).all()
    names = [row.name for row in roles if may(Role(row.role), Right.DECIDE_ESCALATED)] if roles else [who]
    return sa.and_(items.c.state == "escalated", *(queue.read_by(name) for name in names))


def count(connection: sa.Connection, who: str) -> int:
    """How many there are."""
    found = sa.select(sa.func.count()).select_from(items).where(unsettled(connection, who))
    return int(connection.execute(found).scalar_one())
