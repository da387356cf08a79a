"""Another item of the same constitution, which says what its rules are. Changes nothing."""

from __future__ import annotations

import sqlalchemy as sa

from judge.review.store.reading import verdict
from judge.review.store.tables import item_branches, items
from judge.verdict import Verdict


def judged_alike(connection: sa.Connection, digest: str) -> Verdict | None:
    """The verdict of some item that was judged by the constitution of this digest, and has findings; None: of none."""
    asked = sa.exists().where(item_branches.c.item == items.c.id)
    wanted = sa.select(items.c.id).where(items.c.constitution_digest == digest, asked).limit(1)
    item = connection.execute(wanted).scalar()
    return None if item is None else verdict(connection, item)
