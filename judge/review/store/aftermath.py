"""What is done about items beside deciding: notes among colleagues, and opening again what is decided."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from judge.errors import UserError
from judge.review.store import log, queue
from judge.review.store.records import MOST_WORDS, LogEntry, RecentDecision
from judge.review.store.tables import decisions, items, log_lines
from judge.review.store.unsettled import unsettled

_STANDS = sa.and_(decisions.c.superseded_by.is_(None), decisions.c.action != "skip", decisions.c.read != "gold")


def note(connection: sa.Connection, row: Any, who: str, text: str, now: datetime) -> LogEntry:
    """Record a note about an item; it changes nothing.

    Raises:
        UserError: the note is empty, or longer than a reason.
    """
    return log.append(connection, at=now, who=who, kind="note", item=row, reason=_words(text, "note"))


def reopen(connection: sa.Connection, row: Any, who: str, reason: str, now: datetime) -> LogEntry:
    """Open a decided item anew: its decisions are taken back, and it waits as it did when it came. So may an escalated
    one be that nobody is left to settle.

    What readers said of a gold item stays; it is gold no longer.

    Raises:
        UserError: it is not decided, somebody else can settle it, somebody else holds it, or no reason is given.
    """
    why = _words(reason, "reason")
    stuck = sa.select(items.c.id).where(items.c.id == row.id, unsettled(connection, who))
    if row.state == "escalated" and connection.execute(stuck).first() is None:
        raise UserError(f"item {row.id} is escalated", hint="who has not read it, with the role policy, settles it")
    if row.state not in ("decided", "escalated"):
        raise UserError(f"item {row.id} is not decided", hint="only what is decided can be opened again")
    if row.leased_by not in (None, who) and row.leased_until > now.timestamp():
        raise UserError(f"item {row.id} is held by {row.leased_by}", hint="wait until it is back")
    standing = sa.select(decisions.c.seq).where(decisions.c.item == row.id, _STANDS).order_by(decisions.c.seq)
    taken_back = list(connection.execute(standing).scalars())
    extra = {"before": row.state, "state": "open", "takes_back": taken_back}
    entry = log.append(connection, at=now, who=who, kind="reopened", item=row, reason=why, extra=extra)
    connection.execute(decisions.update().where(decisions.c.seq.in_(taken_back)).values(superseded_by=entry.seq))
    values = {"state": "open", "gold": False, "first_reader": None, **queue.UNLEASED}
    connection.execute(items.update().where(items.c.id == row.id).values(values))
    return entry


def recent(connection: sa.Connection, who: str, *, everybody: bool, most: int) -> tuple[RecentDecision, ...]:
    """The last decisions that stand, newest first: a person's own, or also everybody's on decided items. What nobody is
    left to settle stands before all others."""
    own = decisions.c.who == who
    seen = sa.or_(own, sa.and_(items.c.state == "decided", decisions.c.read != "gold")) if everybody else own
    stuck = unsettled(connection, who)
    wanted = (
        sa.select(
            decisions,
            log_lines.c.at,
            log_lines.c.reason,
            items.c.image,
            items.c.state,
            items.c.first_reader,
            queue.read_by(who).label("own_read"),
            stuck.label("stuck"),
        )
        .join(log_lines, log_lines.c.seq == decisions.c.seq)
        .join(items, items.c.id == decisions.c.item)
        .where(decisions.c.superseded_by.is_(None), seen)
        .order_by(sa.desc("stuck"), decisions.c.seq.desc())
        .limit(most)
    )
    return tuple(
        RecentDecision(
            seq=row.seq,
            at=row.at,
            who=row.who,
            item=row.item,
            image=row.image,
            action=row.action,
            rules=json.loads(row.rules),
            reason=row.reason,
            decided=row.state == "decided" and row.read not in ("gold", "second"),
            waits=row.state == "open" or (row.state == "second_read" and row.first_reader != who),
            stuck=bool(row.stuck),
            closed=row.state == "decided" or (row.state == "escalated" and not row.own_read),
        )
        for row in connection.execute(wanted)
    )


def _words(text: str, what: str) -> str:
    said = text.strip()
    if not said:
        raise UserError(f"the {what} is empty", hint="write a few words")
    if len(said) > MOST_WORDS:
        raise UserError(f"the {what} is longer than {MOST_WORDS} characters", hint="shorten it")
    return said
