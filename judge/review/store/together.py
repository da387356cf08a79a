"""One decision for items that show nearly the same picture: one each in the log, each with the line of the first.

What somebody else holds, or was decided since, is left out, and told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from judge.errors import UserError
from judge.review.store import deciding, near, reading
from judge.review.store.records import Decision, SecondReads, TakenBack, Together
from judge.review.store.tables import decisions, items, log_lines
from judge.verdict import Verdict

_TOLD = sa.func.json_extract(log_lines.c.extra, "$.like")


def decide(
    connection: sa.Connection,
    row: Any,
    verdict: Verdict,
    reviewer: str,
    decision: Decision,
    others: Sequence[int],
    second_reads: SecondReads,
    now: datetime,
) -> Together:
    """Record the decision on the item in hand (`row`), and the same on those of the others that still can be decided.

    Raises:
        UserError: the item in hand is no first read, it is skipped, or there are too many others.
    """
    if row.leased_as != "first" or decision.action == "skip":
        raise UserError("only a first read is decided together with others", hint="decide this one by itself")
    chosen = [one for one in dict.fromkeys(others) if one != row.id]
    if len(chosen) > near.MOST:
        raise UserError(f"more than {near.MOST} items cannot be decided together", hint="choose fewer")
    alike = near.still_near(connection, row.id, chosen)
    first = deciding.decide(connection, row, verdict, reviewer, decision, second_reads, now)
    same, made, left = decision.model_copy(update={"seconds": None}), [first], dict[int, str]()
    for other in chosen:
        one = connection.execute(sa.select(items).where(items.c.id == other)).first()
        why = _why_not(one, alike, now)
        if why is None and one is not None:
            said = reading.verdict(connection, other)
            try:
                deciding.check(same, said)
            except UserError as error:
                left[other] = error.message
                continue
            taken = {"leased_by": reviewer, "leased_until": now.timestamp(), "leased_as": "first"}
            held = connection.execute(items.update().where(items.c.id == other).values(taken).returning(items)).one()
            like = {"like": first.seq}
            made.append(deciding.decide(connection, held, said, reviewer, same, second_reads, now, like))
        else:
            left[other] = why or "is gone"
    return Together(entries=tuple(made), left_out=left)


def undo(
    connection: sa.Connection, reviewer: str, now: datetime, until: datetime, line: int | None, *, whole: bool
) -> TakenBack:
    """Take back a decision (None: the last one) as `deciding.undo` does, and where `whole`, all that were made with it.

    Those that cannot be taken back any more are left out, unless it is the only one.

    Raises:
        UserError: as for `deciding.undo`.
    """
    lines = _made_together(connection, reviewer, line) if whole or line is None else [line]
    if len(lines) < 2:
        item = deciding.undo(connection, reviewer, now, until, line)
        return TakenBack(item=item, items=() if item is None else (item,))
    held, left = list[int](), list[str]()
    for one in reversed(lines):  # the first one last, because what was taken back last is in hand then
        try:
            item = deciding.undo(connection, reviewer, now, until, one)
        except UserError as error:
            left.append(error.message)
            continue
        held += [item] if item is not None else []
    if not held:
        raise UserError(left[0], hint="escalate it to policy")
    return TakenBack(item=held[-1], items=tuple(reversed(held)), first=lines[0], left_out=tuple(left))


def _made_together(connection: sa.Connection, reviewer: str, line: int | None) -> list[int]:
    """The lines of the decisions that were made with this one and stand, itself among them, the first one first."""
    own = sa.select(decisions.c.seq, _TOLD.label("like")).join(log_lines, log_lines.c.seq == decisions.c.seq)
    own = own.where(decisions.c.who == reviewer, decisions.c.superseded_by.is_(None))
    last = own.where(decisions.c.seq == line) if line is not None else own.order_by(decisions.c.seq.desc()).limit(1)
    found = connection.execute(last).first()
    if found is None:
        return []
    first = found.like or found.seq
    near_by = own.where(decisions.c.seq.between(first, first + near.MOST))  # they were written one after the other
    rows = connection.execute(near_by.order_by(decisions.c.seq)).all()
    return [row.seq for row in rows if row.seq == first or row.like == first]


def _why_not(row: Any, alike: frozenset[int], now: datetime) -> str | None:
    if row is None:
        return "is gone"
    if row.leased_by is not None and row.leased_until > now.timestamp():
        return f"is held by {row.leased_by}"
    if row.state != "open":
        return "was decided already"
    return None if row.id in alike else "does not look the same"
