"""A person's breaks: begun and ended by lines of the log, sessions, and when one is to be reminded of a break.

Whoever takes a break holds nothing meanwhile: what they held goes back to the queue at once. A break lasts until the
next line of the person but for a sign-in, so that it outlives a reload and a restart.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from judge.errors import UserError
from judge.review.store import log, queue
from judge.review.store.records import Breaks, Preferences, Reminder, Session
from judge.review.store.tables import decisions, items, log_lines

_LOOKED_AT = 5000  # a person's lines, the last ones: more are no day's


def begin(connection: sa.Connection, who: str, now: datetime) -> int | None:
    """Begin a break; the item that went back, if one was held.

    Raises:
        UserError: they are on a break already.
    """
    if since(connection, who) is not None:
        raise UserError("you are on a break already", hint="come back first")
    held = connection.execute(
        sa.select(items.c.id).where(items.c.leased_by == who, items.c.leased_until > now.timestamp())
    ).scalar()
    queue.release(connection, who)
    log.append(connection, at=now, who=who, kind="break_begun", extra={} if held is None else {"gave_back": held})
    return held


def end(connection: sa.Connection, who: str, now: datetime) -> None:
    """End a break; where there is none, nothing happens: it was ended on another page."""
    last = _last(connection, who)
    if last is not None and last.kind == "break_begun":
        log.append(connection, at=now, who=who, kind="break_ended", extra={"begun": last.seq})


def since(connection: sa.Connection, who: str) -> datetime | None:
    """When the break of a person began; None where they are on none."""
    last = _last(connection, who)
    return datetime.fromisoformat(last.at) if last is not None and last.kind == "break_begun" else None


@dataclass(frozen=True)
class Began:
    """When a person's session began, as their lines of the log tell up to `line`, which is of `last`. pause: how long
    one is that ends a session."""

    line: int
    last: datetime
    started: datetime
    pause: timedelta


def session(
    connection: sa.Connection, reviewer: str, breaks: Breaks, now: datetime, known: MutableMapping[str, Began]
) -> Session:
    """The reviewer's session: back from now over their lines of the log to the last pause as long as a break. known: by
    reviewer, what was found before; only lines that came since are read."""
    pause = timedelta(minutes=breaks.for_minutes)
    found = _began(connection, reviewer, pause, known.get(reviewer))
    if found is None or now - found.last >= pause:
        return Session(started=None)
    known[reviewer] = found
    if breaks.every_minutes is None:
        return Session(started=found.started)
    due = found.started + timedelta(minutes=breaks.every_minutes)
    return Session(started=found.started, break_at=due, break_due=now >= due, back_at=found.last + pause)


def _began(connection: sa.Connection, reviewer: str, pause: timedelta, known: Began | None) -> Began | None:
    found = known if known is not None and known.pause == pause else None
    own = sa.select(log_lines.c.seq, log_lines.c.at).where(log_lines.c.who == reviewer)
    own = own.where(log_lines.c.seq > (0 if found is None else found.line))
    lines = connection.execute(own.order_by(log_lines.c.seq.desc()).limit(_LOOKED_AT)).all()
    for row in reversed(lines):
        at = datetime.fromisoformat(row.at)
        goes_on = found is not None and at - found.last < pause
        found = Began(row.seq, at, found.started if found is not None and goes_on else at, pause)
    return found


def reminder(
    connection: sa.Connection, who: str, chosen: Preferences, started: datetime | None, now: datetime
) -> Reminder | None:
    """What a person is reminded of by their own wish; None where it is not time. started: of their session."""
    if started is None or (chosen.break_minutes is None and chosen.break_items is None):
        return None
    lines = sa.select(log_lines.c.seq, log_lines.c.at, log_lines.c.kind).where(log_lines.c.who == who)
    recent = lines.order_by(log_lines.c.seq.desc()).limit(_LOOKED_AT).subquery()
    ended = sa.select(recent).where(recent.c.kind == "break_ended").order_by(recent.c.seq.desc()).limit(1)
    row = connection.execute(ended).first()
    begun = started if row is None else max(started, datetime.fromisoformat(row.at))
    made = sa.select(sa.func.count()).select_from(decisions.join(log_lines, log_lines.c.seq == decisions.c.seq))
    made = made.where(decisions.c.who == who, decisions.c.superseded_by.is_(None), decisions.c.action != "skip")
    made = made.where(decisions.c.seq > (0 if row is None else row.seq), log_lines.c.at >= log.stamp(begun))
    minutes, count = int((now - begun).total_seconds() // 60), connection.execute(made).scalar_one()
    late = chosen.break_minutes is not None and minutes >= chosen.break_minutes
    many = chosen.break_items is not None and count >= chosen.break_items
    return Reminder(minutes=minutes, items=count) if late or many else None


def _last(connection: sa.Connection, who: str) -> Any:
    """The last line of a person that is no sign-in."""
    wanted = sa.select(log_lines.c.seq, log_lines.c.kind, log_lines.c.at)
    wanted = wanted.where(log_lines.c.who == who, log_lines.c.kind != "login")
    return connection.execute(wanted.order_by(log_lines.c.seq.desc()).limit(1)).first()
