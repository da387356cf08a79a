"""What named queues choose by beside what stands in the item: how grave it is, and the language it was judged in.

Both follow from the verdict. They are worked out once, when an item is added, or when a store of an older schema is
opened, and a line of the log tells them either way: a later version may work them out otherwise.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Any, get_args

import sqlalchemy as sa

from judge.languages import asked_in
from judge.review.store import log
from judge.review.store.records import Severity
from judge.review.store.tables import item_traits, items, verdicts
from judge.verdict import RuleOutcome, Verdict

UNKNOWN = ""  # the language of a verdict whose prompts are of another version
BY = "upgrade"  # who adds the traits of a store that was made before there were any
_TOGETHER = 500  # items per line of the log
_GRAVITY = {severity: place for place, severity in enumerate(get_args(Severity))}
_FOUND = (RuleOutcome.VIOLATED, RuleOutcome.UNDECIDED)
_NEW = item_traits.insert()


def traits_of(verdict: Verdict) -> dict[str, Any]:
    """The traits as they are stored. severity: of the gravest enforced rule that is violated or undecided; None where
    there is none."""
    found = {one.severity for one in verdict.findings if one.enforced and one.outcome in _FOUND}
    gravest = max(found & _GRAVITY.keys(), key=lambda one: _GRAVITY[one], default=None)
    return {"severity": gravest, "language": asked_in(verdict.provenance.prompts) or UNKNOWN}


def insert(connection: sa.Connection, item: int, verdict: Verdict) -> dict[str, Any]:
    """Keep the traits of a new item; what its line of the log says of them."""
    found = traits_of(verdict)
    connection.execute(_NEW, {"item": item, **found})
    return found


def upgrade(connection: sa.Connection) -> None:
    """Give a store of an older schema what it lacks, within the transaction that makes the tables."""
    now, last = datetime.now(UTC), 0
    wanted = sa.select(items.c.id, verdicts.c.json).outerjoin(verdicts, verdicts.c.item == items.c.id)
    while rows := connection.execute(wanted.where(items.c.id > last).order_by(items.c.id).limit(_TOGETHER)).all():
        found = {int(row.id): _traits_of(row.json) for row in rows}
        connection.execute(_NEW, [{"item": item, **one} for item, one in found.items()])
        told = {str(item): one for item, one in found.items()}
        log.append(connection, at=now, who=BY, kind="traits_added", extra={"traits": told})
        last = max(found)


def _traits_of(packed: Any) -> dict[str, Any]:
    try:
        return traits_of(Verdict.model_validate_json(zlib.decompress(packed)))
    except (TypeError, ValueError, zlib.error):  # a damaged one, of which an audit tells
        return {"severity": None, "language": UNKNOWN}
