"""Rows to records. Changes nothing."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from judge.clip_verdict import ClipVerdict
from judge.errors import UserError
from judge.review.store import log, queue
from judge.review.store.clips import Judged, as_verdict, parsed
from judge.review.store.records import (
    Choices,
    DecidedItem,
    DecisionRow,
    Filters,
    Item,
    ItemCounts,
    ItemSummary,
    Lease,
    Order,
    Read,
    ReviewSettings,
)
from judge.review.store.roles import Role
from judge.review.store.tables import clips, decisions, item_rules, item_traits, items, log_lines, users, verdicts
from judge.review.store.tables import settings as settings_table
from judge.verdict import Verdict

_NO_DECISION = ("added", "image_added", "reveal")
_PICTURES = items.c.id.not_in(sa.select(clips.c.item))
_DECIDES = sa.and_(
    decisions.c.superseded_by.is_(None),
    decisions.c.action.in_(("violation", "no_violation")),
    decisions.c.read != "gold",
)


def verdict(connection: sa.Connection, item: int) -> Verdict:
    """What the judge said of an item; of a clip see `clips.as_verdict`."""
    return as_verdict(judged(connection, item))


def judged(connection: sa.Connection, item: int) -> Judged:
    """The verdict of an item on its picture, or on its clip."""
    return parsed(verdict_json(connection, item))


def verdict_json(connection: sa.Connection, item: int) -> bytes:
    """The same as it was written when the item was added."""
    packed: bytes = connection.execute(sa.select(verdicts.c.json).where(verdicts.c.item == item)).scalar_one()
    return zlib.decompress(packed)


def item(connection: sa.Connection, number: int, reviewer: str, now: datetime) -> Item:
    """An item as the reviewer may see it.

    Raises:
        UserError: no such item.
    """
    row = connection.execute(sa.select(items).where(items.c.id == number)).first()
    if row is None:
        raise UserError(f"no item {number}")
    lease = _lease(row, now)
    own = lease is not None and lease.reviewer == reviewer
    read: Read = row.leased_as if own else queue.READS.get(row.state, "policy")
    blind = read in ("second", "gold") and (own or row.first_reader != reviewer)
    shown = (
        ()
        if blind
        else tuple(log.entries(connection, log_lines.c.item == number, log_lines.c.kind.not_in(_NO_DECISION)))
    )
    said = judged(connection, number)
    return Item(
        id=row.id,
        verdict=as_verdict(said),
        image_sha256=row.image_sha256,
        has_image=row.has_image,
        source=row.source,
        added=row.added,
        state="open" if blind else row.state,
        score=row.score,
        uncertainty=row.uncertainty,
        lease=lease,
        read=read,
        blind=blind,
        verdict_shown=not blind or settings(connection).second_reads.verdict_shown,
        gold=row.gold,
        decisions=shown,
        clip=said if isinstance(said, ClipVerdict) else None,
    )


def summaries(
    connection: sa.Connection, filters: Filters, limit: int, offset: int, order: Order, now: datetime
) -> list[ItemSummary]:
    """One line per item that matches."""
    standing = (
        sa.select(decisions.c.action)
        .where(decisions.c.item == items.c.id, items.c.state == "decided", _DECIDES)
        .order_by(decisions.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(items, standing.label("decision"), clips.c.duration_ms.label("clip_ms"))
        .outerjoin(clips, clips.c.item == items.c.id)
        .where(*queue.matching(filters), *queue.in_state(filters, now.timestamp()))
        .order_by(*queue.ordered(order))
        .limit(limit)
        .offset(offset)
    )
    return [
        ItemSummary(
            id=row.id,
            image=row.image,
            image_sha256=row.image_sha256,
            has_image=row.has_image,
            source=row.source,
            added=row.added,
            verdict=row.verdict,
            violations=json.loads(row.violations),
            constitution=row.constitution,
            score=row.score,
            uncertainty=row.uncertainty,
            state=row.state,
            lease=_lease(row, now),
            decision=row.decision,
            clip_ms=row.clip_ms,
        )
        for row in rows
    ]


def counts(connection: sa.Connection, filters: Filters, now: datetime) -> ItemCounts:
    """Items that match, by state and verdict."""
    held = sa.func.total(items.c.leased_until > now.timestamp())
    rows = connection.execute(
        sa.select(items.c.state, items.c.verdict, sa.func.count(), held)
        .where(*queue.matching(filters))
        .group_by(items.c.state, items.c.verdict)
    )
    found = dict.fromkeys(ItemCounts.model_fields, 0)
    for state, word, count, leased in rows:
        found["total"] += count
        found[word] += count
        found["leased"] += int(leased)
        found[state] += count - int(leased) if state == "open" else count
    return ItemCounts(**found)


def read_blind(connection: sa.Connection, digests: Iterable[str]) -> frozenset[str]:
    """Which of these pictures somebody may be asked about blind: of gold items, and of what waits for a second read."""
    blind = sa.or_(items.c.gold, items.c.state == "second_read")
    found = sa.select(items.c.image_sha256).where(items.c.image_sha256.in_(list(digests)), blind)
    return frozenset(connection.execute(found).scalars())


def choices(connection: sa.Connection) -> Choices:
    """Every rule, source, constitution and language that some item has."""

    def distinct(column: sa.Column[Any]) -> Any:
        return tuple(connection.execute(sa.select(column).distinct().order_by(column)).scalars())

    return Choices(
        rules=distinct(item_rules.c.rule),
        sources=distinct(items.c.source),
        constitutions=distinct(items.c.constitution),
        languages=distinct(item_traits.c.language),
    )


def decision_rows(
    connection: sa.Connection, *conditions: sa.ColumnElement[bool], superseded: bool
) -> Iterator[DecisionRow]:
    """Decisions, oldest first; with conditions on `decisions` and `items` only those that fulfil them."""
    lines = log_lines
    columns: list[Any] = [
        decisions,
        lines.c.at,
        lines.c.reason,
        lines.c.extra,
        items.c.image,
        items.c.image_sha256,
        items.c.source,
        items.c.added,
        items.c.constitution,
        items.c.constitution_digest,
        items.c.verdict,
        items.c.violations,
        items.c.score,
        items.c.uncertainty,
    ]
    wanted = sa.select(*columns).join(lines, lines.c.seq == decisions.c.seq).join(items, items.c.id == decisions.c.item)
    wanted = wanted.where(*conditions)
    if not superseded:
        wanted = wanted.where(decisions.c.superseded_by.is_(None))
    for row in connection.execute(wanted.order_by(decisions.c.seq)).mappings():
        fields = dict(row)
        extra = json.loads(fields.pop("extra"))
        fields |= {name: json.loads(fields[name]) for name in ("rules", "violations")}
        yield DecisionRow.model_validate({**fields, "seconds": extra.get("seconds"), "like": extra.get("like")})


def verdicts_of(connection: sa.Connection, images: Collection[str]) -> dict[str, list[Verdict]]:
    """Every verdict on pictures (not on clips), by their digests, the newest first; a list for each digest."""
    found: dict[str, list[Verdict]] = {one: [] for one in images}
    wanted = sa.select(items.c.image_sha256, verdicts.c.json).join(verdicts, verdicts.c.item == items.c.id)
    wanted = wanted.where(items.c.image_sha256.in_(images), _PICTURES)
    for row in connection.execute(wanted.order_by(items.c.id.desc())):
        found[row.image_sha256].append(Verdict.model_validate_json(zlib.decompress(row.json)))
    return found


def decided(
    connection: sa.Connection, filters: Filters, newest: int | None = None, item: int | None = None
) -> Iterator[DecidedItem]:
    """Decided pictures (not clips) with the decision that stands: the last one. `newest`: only so many, the last
    decided first. `item`: only this one."""
    last = sa.select(sa.func.max(decisions.c.seq).label("seq")).where(_DECIDES).group_by(decisions.c.item).subquery()
    rows = connection.execute(
        sa.select(items.c.id, decisions.c.action, decisions.c.rules, verdicts.c.json)
        .select_from(last)
        .join(decisions, decisions.c.seq == last.c.seq)
        .join(items, items.c.id == decisions.c.item)
        .join(verdicts, verdicts.c.item == items.c.id)
        .where(
            items.c.state == "decided",
            _PICTURES,
            *queue.matching(filters),
            *([] if item is None else [items.c.id == item]),
        )
        .order_by(items.c.id if newest is None else decisions.c.seq.desc())
        .limit(newest)
    )
    for row in rows:
        rules = json.loads(row.rules) if row.action == "violation" else ()
        yield DecidedItem(
            item=row.id, verdict=Verdict.model_validate_json(zlib.decompress(row.json)), action=row.action, rules=rules
        )


def settings(connection: sa.Connection) -> ReviewSettings:
    """How this team reviews."""
    found = connection.execute(sa.select(settings_table.c.json)).scalar_one_or_none()
    return ReviewSettings() if found is None else ReviewSettings.model_validate_json(found)


def has_users(connection: sa.Connection) -> bool:
    """Whether anybody was given a login."""
    return connection.execute(sa.select(users.c.name).limit(1)).first() is not None


def role(connection: sa.Connection, name: str) -> Role:
    """The role of a user; `admin` for everybody where there are no users.

    Raises:
        UserError: there are users, and this is none of them.
    """
    found = connection.execute(sa.select(users.c.role).where(users.c.name == name)).scalar_one_or_none()
    if found is not None:
        return Role(found)
    if has_users(connection):
        raise UserError(f"no user '{name}'", hint="judge review user add NAME --role reviewer")
    return Role.ADMIN


def _lease(row: Any, now: datetime) -> Lease | None:
    if row.leased_by is None or row.leased_until <= now.timestamp():
        return None
    return Lease(reviewer=row.leased_by, until=datetime.fromtimestamp(row.leased_until, UTC))
