"""The numbers of the dashboard, counted by the database. Knows no page and no plot.

All are of the items that came in during the range, by their time of arrival; how much waits is of now. Sums are made
in SQL, so that ten thousand items take no longer to show than to count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from judge.evaluation.measures.figures import Estimate
from judge.evaluation.measures.shares import share
from judge.review.dashboard import people
from judge.review.dashboard.agreement import Agreement, GoldScore, agreement, gold_scores
from judge.review.dashboard.people import Reviewer, Waiting
from judge.review.store import Filters, ItemCounts, Store, log, reading
from judge.review.store.tables import decisions, item_branches, items, log_lines
from judge.settings import Frozen
from judge.verdict import Branch

STANDS = sa.and_(
    decisions.c.superseded_by.is_(None),
    decisions.c.action.in_(("violation", "no_violation")),
    decisions.c.read != "gold",
)


class Day(Frozen):
    """One day (UTC): items that came in by the judge's verdict, items that people decided, seconds per image."""

    day: str
    violation: int = 0
    no_violation: int = 0
    needs_review: int = 0
    decided: int = 0
    p50: float | None = None
    p95: float | None = None


class Overrides(Frozen):
    """How often people came to something else than the judge; of what it left for review it said nothing.

    rule: None for the images' verdicts. decided: decided items that count: for a rule, those on which the judge or
    people named it. taken_back: flagged by the judge only. missed: by people only. precision: of what the judge flags,
    the share that people flag too; recall: of what people flag, the share that the judge does. Both of rules only.
    """

    rule: str | None
    decided: int
    taken_back: int
    missed: int
    rate: Estimate
    precision: Estimate = Estimate(value=None)
    recall: Estimate = Estimate(value=None)


class RuleDay(Frozen):
    """How many images a rule was violated on."""

    rule: str
    violated: int


class Numbers(Frozen):
    """Everything that the dashboard shows. oldest: when the item that waits longest came in. called: what reviewers are
    called, where they are not by their names."""

    since: datetime | None
    waiting: ItemCounts
    oldest: datetime | None
    items: int
    days: tuple[Day, ...]
    rules: tuple[RuleDay, ...]
    overall: Overrides
    overrides: tuple[Overrides, ...]
    branches: dict[Branch, int]
    timed: int
    p50: float | None
    p95: float | None
    agreement: tuple[Agreement, ...]
    gold: tuple[GoldScore, ...]
    reviewers: tuple[Reviewer, ...]
    ageing: tuple[Waiting, ...]
    escalations: dict[str, int]
    called: dict[str, str]


def numbers(store: Store, since: datetime | None = None, now: datetime | None = None) -> Numbers:
    """Count everything, in one transaction."""
    moment = now or datetime.now(UTC)
    arrived = sa.true() if since is None else items.c.added >= log.stamp(since)
    with store.reading() as connection:
        seconds = _seconds(connection, arrived)
        twice = sa.select(decisions.c.item).where(decisions.c.read == "second")
        pairs = list(reading.decision_rows(connection, decisions.c.item.in_(twice), arrived, superseded=False))
        of_gold = decisions.c.read.in_(("gold", "gold_mark"))
        golden = list(reading.decision_rows(connection, of_gold, arrived, superseded=False))
        days = _days(connection, arrived, seconds)
        names = people.called(connection)
        scores = sorted(gold_scores(golden), key=lambda one: names.get(one.reviewer, one.reviewer))
        return Numbers(
            since=since,
            waiting=reading.counts(connection, Filters(), moment),
            oldest=connection.execute(sa.select(sa.func.min(items.c.added)).where(items.c.state != "decided")).scalar(),
            items=sum(day.violation + day.no_violation + day.needs_review for day in days),
            days=days,
            rules=_rules(connection, arrived),
            overall=_overall(connection, arrived),
            overrides=_overrides(connection, arrived),
            branches=_branches(connection, arrived),
            timed=sum(map(len, seconds.values())),
            p50=quantile([one for day in seconds.values() for one in day], 0.5),
            p95=quantile([one for day in seconds.values() for one in day], 0.95),
            agreement=agreement(pairs) if pairs else (),
            gold=tuple(one.model_copy(update={"reviewer": names.get(one.reviewer, one.reviewer)}) for one in scores),
            reviewers=people.reviewers(connection, arrived, pairs, names),
            ageing=people.ageing(connection, moment),
            escalations=people.escalations(connection, arrived),
            called=names,
        )


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value that this share of the values does not exceed; None of nothing."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None


def _day(column: Any) -> Any:
    return sa.func.substr(column, 1, 10)


def _seconds(connection: sa.Connection, arrived: Any) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    timed = sa.select(_day(items.c.added), items.c.seconds).where(arrived, items.c.seconds.is_not(None))
    for day, seconds in connection.execute(timed):
        found[day].append(seconds)
    return found


def _days(connection: sa.Connection, arrived: Any, seconds: dict[str, list[float]]) -> tuple[Day, ...]:
    """Every day from the first to the last on which something happened, the empty ones between them too."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    came = sa.select(_day(items.c.added), items.c.verdict, sa.func.count()).where(arrived)
    for day, verdict, count in connection.execute(came.group_by(_day(items.c.added), items.c.verdict)):
        found[day][verdict] = count
    done = (
        sa.select(_day(log_lines.c.at), sa.func.count(decisions.c.item.distinct()))
        .join(log_lines, log_lines.c.seq == decisions.c.seq)
        .join(items, items.c.id == decisions.c.item)
        .where(STANDS, arrived)
        .group_by(_day(log_lines.c.at))
    )
    for day, count in connection.execute(done):
        found[day]["decided"] = count
    for day, values in seconds.items():
        found[day] |= {"p50": quantile(values, 0.5), "p95": quantile(values, 0.95)}
    if not found:
        return ()
    first, last = (datetime.fromisoformat(day) for day in (min(found), max(found)))
    every = ((first + timedelta(days=step)).date().isoformat() for step in range((last - first).days + 1))
    return tuple(Day(day=day, **found.get(day, {})) for day in every)


def _rules(connection: sa.Connection, arrived: Any) -> tuple[RuleDay, ...]:
    each = sa.func.json_each(items.c.violations).table_valued("value")
    wanted = (
        sa.select(each.c.value, sa.func.count())
        .select_from(items)
        .join(each, sa.true())
        .where(arrived)
        .group_by(each.c.value)
    )
    rows = connection.execute(wanted.order_by(sa.func.count().desc(), each.c.value))
    return tuple(RuleDay(rule=rule, violated=count) for rule, count in rows)


def standing(arrived: Any) -> Any:
    """Per decided item what people came to: the last decision that stands."""
    last = sa.select(sa.func.max(decisions.c.seq).label("seq")).where(STANDS).group_by(decisions.c.item).subquery()
    return (
        sa.select(items.c.id, items.c.verdict, items.c.violations, decisions.c.action, decisions.c.rules)
        .select_from(last)
        .join(decisions, decisions.c.seq == last.c.seq)
        .join(items, items.c.id == decisions.c.item)
        .where(items.c.state == "decided", arrived)
        .cte("standing")
    )


def _overall(connection: sa.Connection, arrived: Any) -> Overrides:
    both = standing(arrived)
    rows = connection.execute(sa.select(both.c.verdict, both.c.action, sa.func.count()).group_by("verdict", "action"))
    found = {(verdict, action): count for verdict, action, count in rows}
    taken_back = found.get(("violation", "no_violation"), 0)
    missed = found.get(("no_violation", "violation"), 0)
    said = sum(count for (verdict, _), count in found.items() if verdict != "needs_review")
    rate = share(taken_back + missed, said)
    return Overrides(rule=None, decided=said, taken_back=taken_back, missed=missed, rate=rate)


def _overrides(connection: sa.Connection, arrived: Any) -> tuple[Overrides, ...]:
    both = standing(arrived)

    def named(column: Any, judge: bool, *conditions: Any) -> Any:
        each = sa.func.json_each(column).table_valued("value")
        columns = (both.c.id, each.c.value.label("rule"), sa.literal(judge).label("judge"))
        return sa.select(*columns).select_from(both).join(each, sa.true()).where(*conditions)

    either = sa.union_all(
        named(both.c.violations, True), named(both.c.rules, False, both.c.action == "violation")
    ).subquery()
    by_judge, by_people = sa.func.max(either.c.judge), sa.func.max(sa.not_(either.c.judge))
    marked = (
        sa.select(either.c.rule, by_judge.label("judge"), by_people.label("people"))
        .group_by(either.c.id, either.c.rule)
        .subquery()
    )
    columns = (marked.c.rule, marked.c.judge, marked.c.people)
    wanted = sa.select(*columns, sa.func.count()).group_by(*columns)
    found: dict[str, dict[tuple[bool, bool], int]] = defaultdict(dict)
    for rule, said, agreed, count in connection.execute(wanted):
        found[rule][bool(said), bool(agreed)] = count
    rows = []
    for rule, cells in found.items():
        taken_back, missed, total = cells.get((True, False), 0), cells.get((False, True), 0), sum(cells.values())
        rate = share(taken_back + missed, total)
        both_said = total - taken_back - missed
        figures = {"precision": share(both_said, total - missed), "recall": share(both_said, total - taken_back)}
        rows.append(Overrides(rule=rule, decided=total, taken_back=taken_back, missed=missed, rate=rate, **figures))
    return tuple(sorted(rows, key=lambda one: (-(one.rate.value or 0.0), -one.decided, one.rule or "")))


def _branches(connection: sa.Connection, arrived: Any) -> dict[Branch, int]:
    wanted = sa.select(item_branches.c.branch, sa.func.sum(item_branches.c.statements))
    rows = connection.execute(
        wanted.join(items, items.c.id == item_branches.c.item).where(arrived).group_by(item_branches.c.branch)
    )
    found = {Branch(branch): int(count) for branch, count in rows}
    return {branch: found[branch] for branch in Branch if branch in found}
