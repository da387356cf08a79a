"""The items behind a bar of the dashboard, the ones that need a look first. Counts nothing and knows no page."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from judge.errors import UserError
from judge.review.dashboard import people
from judge.review.dashboard.numbers import STANDS, standing
from judge.review.store import Store, log
from judge.review.store.tables import decisions, item_branches, items
from judge.settings import Frozen

MOST = 100


class Behind(Frozen):
    """An item behind a bar. decision: what people came to; wrong: not what the judge said (of the rule, where the bar
    is of one)."""

    id: int
    image: str
    verdict: str
    violations: tuple[str, ...]
    state: str
    decision: str | None
    rules: tuple[str, ...]
    wrong: bool = False


def behind(store: Store, chart: str, key: str, since: datetime | None, now: datetime) -> tuple[int, tuple[Behind, ...]]:
    """How many items stand behind a bar, and the first of them.

    Raises:
        UserError: there is no such chart or bar.
    """
    arrived = sa.true() if since is None else items.c.added >= log.stamp(since)
    with store.reading() as connection:
        wanted, rule = _wanted(connection, chart, key, arrived, now)
        last = _last()
        wrong = _wrong(last, rule)
        rows = (
            sa.select(items, last.c.action.label("decision"), last.c.rules.label("named"), wrong.label("wrong"))
            .outerjoin(last, sa.and_(last.c.item == items.c.id, items.c.state == "decided"))
            .where(items.c.id.in_(wanted))
        )
        total = connection.execute(sa.select(sa.func.count()).select_from(rows.subquery())).scalar_one()
        order = (items.c.seconds.desc(),) if chart == "latency" else (sa.text("wrong DESC"), items.c.added)
        found = connection.execute(rows.order_by(*order, items.c.id).limit(MOST))
        return int(total), tuple(_row(one) for one in found)


def _wanted(connection: sa.Connection, chart: str, key: str, arrived: Any, now: datetime) -> tuple[Any, str | None]:
    """Ids of the items, and the rule that the bar is of."""
    some = sa.select(items.c.id)
    if chart in ("days", "latency"):
        day = some.where(arrived, sa.func.substr(items.c.added, 1, 10) == key)
        return (day.where(items.c.seconds.is_not(None)) if chart == "latency" else day), None
    if chart == "rules":
        return some.where(arrived, _names(items.c.violations, key)), None
    if chart in ("precision", "recall", "overrides"):
        both = standing(arrived)
        judge = _names(both.c.violations, key)
        people_said = sa.and_(both.c.action == "violation", _names(both.c.rules, key))
        which = {"precision": judge, "recall": people_said, "overrides": judge != people_said}[chart]
        return sa.select(both.c.id).where(which), key
    if chart == "branches":
        chosen = sa.select(item_branches.c.item).where(item_branches.c.branch == key)
        return some.where(arrived, items.c.id.in_(chosen)), None
    if chart == "ageing":
        return _aged(key, now), None
    if chart == "escalations" and key in people.ESCALATED:
        fates = people.escalated(arrived).subquery()
        return sa.select(fates.c.id).where(fates.c.fate == key), None
    if chart in ("reviewers", "gold"):
        names = {what: who for who, what in people.called(connection).items()}
        by = decisions.c.who == (names.get(key) if names else key)
        reads = ("gold",) if chart == "gold" else ("first", "second", "policy")
        made = sa.select(decisions.c.item).where(by, decisions.c.read.in_(reads), decisions.c.action != "skip")
        return some.where(arrived, items.c.id.in_(made.where(decisions.c.superseded_by.is_(None)))), None
    if chart == "agreement":
        twice = sa.select(decisions.c.item).where(decisions.c.read == "second", decisions.c.superseded_by.is_(None))
        named = sa.select(decisions.c.item).where(decisions.c.superseded_by.is_(None), _names(decisions.c.rules, key))
        pairs = some.where(arrived, items.c.id.in_(twice))
        return (pairs if key == "any rule" else pairs.where(items.c.id.in_(named))), None
    raise UserError(f"no chart '{chart[:40]}'", hint="reload the page")


def _aged(key: str, now: datetime) -> Any:
    places = [name for name, _ in people.AGES]
    if key not in places:
        raise UserError(f"no such age: '{key[:40]}'", hint="reload the page")
    place = places.index(key)
    wanted = sa.select(items.c.id).where(items.c.state != "decided")
    if place < len(places) - 1:
        wanted = wanted.where(items.c.added > log.stamp(now - people.AGES[place][1]))
    if place:
        wanted = wanted.where(items.c.added <= log.stamp(now - people.AGES[place - 1][1]))
    return wanted


def _names(column: Any, rule: str) -> Any:
    """Whether a column, a list of rules as JSON, names a rule."""
    each = sa.func.json_each(column).table_valued("value")
    return sa.exists(sa.select(1).select_from(each).where(each.c.value == rule)).correlate(column.table)


def _last() -> Any:
    """Per item the last decision that stands."""
    last = sa.select(sa.func.max(decisions.c.seq).label("seq")).where(STANDS).group_by(decisions.c.item).subquery()
    return sa.select(decisions).join(last, last.c.seq == decisions.c.seq).subquery("last")


def _wrong(last: Any, rule: str | None) -> Any:
    if rule is not None:
        people_said = sa.and_(last.c.action == "violation", _names(last.c.rules, rule))
        return sa.and_(last.c.action.is_not(None), _names(items.c.violations, rule) != people_said)
    return sa.and_(last.c.action.is_not(None), items.c.verdict != "needs_review", items.c.verdict != last.c.action)


def _row(row: Any) -> Behind:
    return Behind(
        id=row.id,
        image=row.image,
        verdict=row.verdict,
        violations=tuple(json.loads(row.violations)),
        state=row.state,
        decision=row.decision,
        rules=tuple(json.loads(row.named)) if row.decision == "violation" else (),
        wrong=bool(row.wrong),
    )
