"""What each reviewer did, and what waits how long: counted by the database. Knows no page.

Names can be left out: where the team's settings say so, reviewers are called by letters, in an order that tells
nothing of who joined when.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import sqlalchemy as sa

from judge.evaluation.measures.figures import Estimate
from judge.evaluation.measures.shares import share
from judge.review.dashboard.agreement import pairs_of, same
from judge.review.store import DecisionRow, log, reading
from judge.review.store.tables import decisions, items, log_lines
from judge.settings import Frozen

AGES: tuple[tuple[str, timedelta], ...] = (  # how long an item has waited: less than this
    ("under an hour", timedelta(hours=1)),
    ("1 to 4 hours", timedelta(hours=4)),
    ("4 to 24 hours", timedelta(days=1)),
    ("1 to 3 days", timedelta(days=3)),
    ("3 to 7 days", timedelta(days=7)),
    ("over a week", timedelta(days=36500)),
)
ESCALATED = {  # by what became of them
    "waits_second": "Waits for a second reader",
    "waits_policy": "Waits for policy",
    "violation": "Decided: violation",
    "no_violation": "Decided: no violation",
}


class Reviewer(Frozen):
    """What somebody did. decided: their decisions that stand, gold items and skips aside. seconds: the median that they
    looked. overridden: of what they decided where the judge had said something, the share in which they said the other.
    agrees: of the items that were read twice, one read theirs, the share in which both said the same."""

    name: str
    decided: int
    second_reads: int
    escalated: int
    seconds: float | None
    overridden: Estimate
    agrees: Estimate
    pairs: int


class Waiting(Frozen):
    """How many items wait for how long, by what for."""

    age: str
    open: int = 0
    second_read: int = 0
    escalated: int = 0


def reviewers(
    connection: sa.Connection, arrived: Any, twice: Sequence[DecisionRow], known: Mapping[str, str]
) -> tuple[Reviewer, ...]:
    """Everybody who decided something, who decided most first. known: what to call whom, where not by their name."""
    seconds_of = sa.func.json_extract(log_lines.c.extra, "$.seconds")
    wanted = (
        sa.select(decisions.c.who, decisions.c.read, decisions.c.action, items.c.verdict, seconds_of.label("seconds"))
        .join(items, items.c.id == decisions.c.item)
        .join(log_lines, log_lines.c.seq == decisions.c.seq)
        .where(decisions.c.superseded_by.is_(None), decisions.c.read.in_(("first", "second", "policy")), arrived)
        .where(decisions.c.action != "skip")
    )
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(wanted):
        rows[row.who].append(row)
    agreed: dict[str, list[bool]] = defaultdict(list)
    for first, second in pairs_of(twice):
        for who in (first.who, second.who):
            agreed[who].append(same(first, second))
    found = (_reviewer(known.get(who, who), each, agreed[who]) for who, each in rows.items())
    return tuple(sorted(found, key=lambda one: (-one.decided, one.name)))


def called(connection: sa.Connection) -> dict[str, str]:
    """What to call everybody who ever decided, where the team's settings leave names out: a letter each, in the order
    of a hash that no other store has. The same whatever range is looked at."""
    if not reading.settings(connection).anonymous:
        return {}
    names = connection.execute(sa.select(decisions.c.who).distinct()).scalars()
    salt = connection.execute(sa.select(log_lines.c.hash).order_by(log_lines.c.seq).limit(1)).scalar()
    ordered = sorted(names, key=lambda name: hashlib.sha256(f"{salt}\n{name}".encode()).hexdigest())
    return {name: f"Reviewer {_letters(place)}" for place, name in enumerate(ordered)}


def ageing(connection: sa.Connection, now: datetime) -> tuple[Waiting, ...]:
    """What waits, by how long it has, the shortest first."""
    bucket = sa.case(
        *((items.c.added > log.stamp(now - least), place) for place, (_, least) in enumerate(AGES[:-1])),
        else_=len(AGES) - 1,
    )
    wanted = sa.select(bucket.label("age"), items.c.state, sa.func.count()).where(items.c.state != "decided")
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for age, state, count in connection.execute(wanted.group_by("age", items.c.state)):
        found[age][state] = count
    return tuple(Waiting(age=name, **found[place]) for place, (name, _) in enumerate(AGES)) if found else ()


def escalations(connection: sa.Connection, arrived: Any) -> dict[str, int]:
    """Items that somebody escalated, by what became of them (`ESCALATED`)."""
    found = dict.fromkeys(ESCALATED, 0)
    for _, fate in connection.execute(escalated(arrived)):
        found[fate] += 1
    return found if any(found.values()) else {}


def escalated(arrived: Any) -> Any:
    """Ids of the items that somebody escalated, each with its fate."""
    standing = decisions.c.superseded_by.is_(None)
    asked = sa.select(decisions.c.item).where(standing, decisions.c.action == "escalate", decisions.c.read != "gold")
    made = decisions.alias("made")
    last = (
        sa.select(made.c.action)
        .where(made.c.item == items.c.id, made.c.superseded_by.is_(None), made.c.read != "gold")
        .where(made.c.action.in_(("violation", "no_violation")))
        .order_by(made.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    fate = sa.case(
        (items.c.state == "decided", last),
        (items.c.state == "escalated", "waits_policy"),
        else_="waits_second",
    )
    return sa.select(items.c.id, fate.label("fate")).where(items.c.id.in_(asked), arrived)


def _reviewer(name: str, rows: Sequence[Any], agreed: Sequence[bool]) -> Reviewer:
    looked = [row.seconds for row in rows if row.seconds is not None]
    said = [row for row in rows if row.verdict != "needs_review" and row.action in ("violation", "no_violation")]
    other = sum(row.verdict != row.action for row in said)
    return Reviewer(
        name=name,
        decided=len(rows),
        second_reads=sum(row.read == "second" for row in rows),
        escalated=sum(row.action == "escalate" for row in rows),
        seconds=median(looked) if looked else None,
        overridden=share(other, len(said)),
        agrees=share(sum(agreed), len(agreed)),
        pairs=len(agreed),
    )


def _letters(place: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    return ("" if place < 26 else _letters(place // 26 - 1)) + chr(ord("A") + place % 26)
