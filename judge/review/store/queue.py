"""Which items a reviewer may be given, and taking a lease on one. Every lease is taken by one UPDATE.

A reviewer holds one lease at a time: taking another item gives the last one back.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from judge.errors import UserError
from judge.review.store.records import Filters, GoldReads, Order, Read
from judge.review.store.roles import Right, Role, may
from judge.review.store.tables import WAITING, decisions, item_rules, item_traits, items

Clause = sa.ColumnElement[bool]
READS: dict[str, Read] = {"open": "first", "second_read": "second"}  # by state; policy reads the rest


def matching(filters: Filters) -> list[Clause]:
    """The filters but for the state, as conditions on `items`."""
    found: list[Clause] = []
    if filters.verdict is not None:
        found.append(items.c.verdict == filters.verdict)
    if filters.min_score is not None:
        found.append(items.c.score >= filters.min_score)
    if filters.max_score is not None:
        found.append(items.c.score <= filters.max_score)
    if filters.source is not None:
        found.append(items.c.source == filters.source)
    if filters.constitution is not None:
        found.append(items.c.constitution == filters.constitution)
    if filters.rule is not None:
        found.append(items.c.id.in_(sa.select(item_rules.c.item).where(item_rules.c.rule == filters.rule)))
    for column, value in ((item_traits.c.severity, filters.severity), (item_traits.c.language, filters.language)):
        if value is not None:
            found.append(items.c.id.in_(sa.select(item_traits.c.item).where(column == value)))
    return found


def in_state(filters: Filters, now: float) -> list[Clause]:
    """The filters' state as conditions for lists."""
    if filters.state == "all":
        return []
    if filters.state == "leased":
        return [items.c.leased_until > now]
    if filters.state == "open":
        return [items.c.state == "open", free(now)]
    return [items.c.state == filters.state]


def free(now: float) -> Clause:
    """Nobody holds the item."""
    return sa.or_(items.c.leased_until.is_(None), items.c.leased_until <= now)


def ordered(order: Order) -> list[sa.ColumnElement[object]]:
    """The columns to sort by."""
    first: sa.ColumnElement[object] = items.c.uncertainty.desc() if order == "uncertain" else items.c.added
    return [first, items.c.id]


def lease_next(
    connection: sa.Connection,
    reviewer: str,
    role: Role,
    filters: Filters,
    order: Order,
    gold: GoldReads,
    now: datetime,
    until: datetime,
    *,
    verdict_shown: bool,
) -> int | None:
    """The id of the item that the reviewer holds from now on: their own leased one where it matches, else a new one.

    What the reviewer skipped comes last. verdict_shown: whether second reads and gold items may be chosen by what the
    judge said of them; else filters by it leave only first reads.
    """
    moment = now.timestamp()
    wanted = matching(filters)
    told = filters.by_verdict and not verdict_shown  # being given an item would tell what the judge said
    blind = [items.c.leased_as.not_in(("second", "gold"))] if told else []
    held = renew_own(connection, reviewer, [*wanted, *blind], moment, until)
    if held is not None:
        return held
    release(connection, reviewer)
    waiting = waiting_for(reviewer, role, filters, moment, verdict_shown=verdict_shown)
    skips = skips_of(reviewer)
    skipped = items.c.id.in_(skips)
    if not told and _gold_is_due(connection, reviewer, gold):
        unread = [items.c.gold, free(moment), ~items.c.id.in_(_own(reviewer)), *wanted]
        found = _lease(connection, unread, "oldest", reviewer, until, as_gold=True)
        if found is not None:
            return found
    found = _lease(connection, [*waiting, ~skipped], order, reviewer, until)
    if found is not None or connection.execute(skips.limit(1)).first() is None:
        return found
    return _lease(connection, [*waiting, skipped], order, reviewer, until)


def waiting_for(reviewer: str, role: Role, filters: Filters, now: float, *, verdict_shown: bool) -> list[Any]:
    """What may be given to a reviewer, as conditions on `items`; what they skipped is among it."""
    second = verdict_shown or not filters.by_verdict  # being given a second read would tell what the judge said
    return [WAITING, free(now), _for(reviewer, role, filters, second=second), *matching(filters)]


def skips_of(reviewer: str) -> sa.Select[tuple[int]]:
    """The items that a reviewer skipped."""
    return _own(reviewer, decisions.c.action == "skip", decisions.c.superseded_by.is_(None))


def lease_one(connection: sa.Connection, item: int, reviewer: str, role: Role, now: datetime, until: datetime) -> int:
    """Lease the item that was asked for.

    Raises:
        UserError: no such item, held by somebody else, or not for this reviewer.
    """
    row = connection.execute(sa.select(items).where(items.c.id == item)).first()
    if row is None:
        raise UserError(f"no item {item}")
    if row.leased_by is not None and row.leased_until > now.timestamp():
        if row.leased_by != reviewer:
            raise UserError(f"item {item} is held by {row.leased_by}", hint="take another, or wait until it is back")
        renew_own(connection, reviewer, [items.c.id == item], now.timestamp(), until)
        return item
    if row.state == "second_read" and row.first_reader == reviewer:
        raise UserError(f"item {item} waits for a second reader, and you were the first", hint="take another")
    if row.state in ("escalated", "decided") and not may(role, Right.DECIDE_ESCALATED):
        raise UserError(f"item {item} is {row.state}", hint="this is for the roles policy and admin")
    refuse_reader(connection, row, reviewer)
    release(connection, reviewer)
    found = _lease(connection, [items.c.id == item, free(now.timestamp())], "oldest", reviewer, until)
    if found is None:
        raise UserError(f"item {item} was taken by somebody else", hint="take another")
    return found


def read_by(reviewer: str) -> Clause:
    """The reviewer is one of the two who have read the item: what these left open is settled by a third person."""
    reads = sa.select(decisions.c.seq).where(
        decisions.c.item == items.c.id,
        decisions.c.who == reviewer,
        decisions.c.read.in_(("first", "second")),
        decisions.c.action != "skip",
        decisions.c.superseded_by.is_(None),
    )
    return reads.correlate(items).exists()


def refuse_reader(connection: sa.Connection, row: Any, reviewer: str) -> None:
    """Let neither of two readers settle what they left open between them; `row` is the item's.

    Raises:
        UserError: the item is escalated, and the reviewer has read it.
    """
    own = sa.select(items.c.id).where(items.c.id == row.id, read_by(reviewer))
    if row.state == "escalated" and connection.execute(own).first() is not None:
        raise UserError(
            f"item {row.id} is escalated, and you have read it", hint="somebody else with the role policy settles it"
        )


def renew_own(
    connection: sa.Connection, reviewer: str, wanted: list[Clause], now: float, until: datetime
) -> int | None:
    """Prolong the reviewer's own lease; None where there is none (any more) on an item as wanted."""
    row = connection.execute(
        items.update()
        .where(items.c.leased_by == reviewer, items.c.leased_until > now, *wanted)
        .values(leased_until=until.timestamp())
        .returning(items.c.id)
    ).first()
    return None if row is None else int(row.id)


def release(connection: sa.Connection, reviewer: str, *conditions: Clause) -> None:
    """Give back what the reviewer holds."""
    connection.execute(items.update().where(items.c.leased_by == reviewer, *conditions).values(UNLEASED))


UNLEASED = {"leased_by": None, "leased_until": None, "leased_as": None}


def _for(reviewer: str, role: Role, filters: Filters, *, second: bool) -> Clause:
    """What waits for this reviewer in the wanted state. second: whether second reads are among it."""
    # the plus keeps SQLite at the index that is in the wanted order
    state: sa.ColumnElement[str] = sa.literal_column("+items.state")
    kinds: dict[str, Clause] = {
        "open": state == "open",
        "second_read": sa.and_(state == "second_read", items.c.first_reader.is_distinct_from(reviewer)),
    }
    if not second:
        del kinds["second_read"]
    if may(role, Right.DECIDE_ESCALATED):
        kinds["escalated"] = sa.and_(state == "escalated", ~read_by(reviewer))
    if filters.state == "all":
        return sa.or_(*kinds.values())
    return kinds.get(filters.state, sa.false())


def _own(reviewer: str, *conditions: Clause) -> sa.Select[tuple[int]]:
    return sa.select(decisions.c.item).where(decisions.c.who == reviewer, *conditions)


def _lease(
    connection: sa.Connection,
    conditions: list[Clause],
    order: Order,
    reviewer: str,
    until: datetime,
    *,
    as_gold: bool = False,
) -> int | None:
    chosen = sa.select(items.c.id).where(*conditions).order_by(*ordered(order)).limit(1).scalar_subquery()
    reads = sa.case(dict(READS), value=items.c.state, else_="policy")
    row = connection.execute(
        items.update()
        .where(items.c.id == chosen)
        .values(leased_by=reviewer, leased_until=until.timestamp(), leased_as="gold" if as_gold else reads)
        .returning(items.c.id)
    ).first()
    return None if row is None else int(row.id)


def _gold_is_due(connection: sa.Connection, reviewer: str, gold: GoldReads) -> bool:
    """Drawn by the reviewer's name and how many decisions they have made: asking again draws the same."""
    if gold.share == 0:
        return False
    made = connection.execute(sa.select(sa.func.count()).where(decisions.c.who == reviewer)).scalar_one()
    return drawn(f"{reviewer}|{made}", gold.share)


def drawn(what: str, share: float) -> bool:
    """Whether this one belongs to the share: the same answer on every machine."""
    return int(hashlib.sha256(what.encode()).hexdigest()[:13], 16) / 16**13 < share
