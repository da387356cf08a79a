"""What was drawn from the log for quick questions, against the log: decisions, states, people, settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from judge.review.access import vouched
from judge.review.audit.items import DECIDING
from judge.review.store import log
from judge.review.store.records import LogEntry
from judge.review.store.tables import decisions, items, log_lines, settings, users


def decided(connection: sa.Connection) -> Iterator[str]:
    """Where the decisions differ from those that the log tells."""
    told: dict[int, dict[str, Any]] = {}
    for line in log.entries(connection, log_lines.c.kind.in_((*DECIDING, "undo"))):
        if line.kind != "undo":
            told[line.seq] = {
                "item": line.item, "who": line.who, "read": line.extra.get("read"), "action": line.decision,
                "rules": list(line.rules), "agrees": line.extra.get("agrees"), "superseded_by": None,
            }  # fmt: skip
        elif line.supersedes in told and told[line.supersedes]["superseded_by"] is None:
            told[line.supersedes]["superseded_by"] = line.seq
        else:
            yield f"line {line.seq} of the log takes back line {line.supersedes}, which is no standing decision"
    kept = {row["seq"]: dict(row) for row in connection.execute(sa.select(decisions)).mappings()}
    for seq in sorted(told.keys() | kept.keys()):
        if seq not in kept:
            yield f"decision {seq} is in the log, but not among the decisions"
        elif seq not in told:
            yield f"decision {seq} is among the decisions, but not in the log"
        else:
            have = {**kept[seq], "rules": json.loads(kept[seq]["rules"])}
            wrong = [name for name, value in told[seq].items() if have[name] != value]
            if wrong:
                yield f"decision {seq} differs from the log in: {', '.join(wrong)}"


def states(connection: sa.Connection) -> Iterator[str]:
    """Where an item is in another state than the log left it in, or gold or first read otherwise."""
    last: dict[int, str] = {}
    standing: dict[int, LogEntry] = {}
    for line in log.entries(connection, log_lines.c.kind.in_((*DECIDING, "undo"))):
        if line.item is None:
            continue
        last[line.item] = line.extra.get("state", "unsaid")
        if line.kind != "undo":
            standing[line.seq] = line
        elif line.supersedes is not None:
            standing.pop(line.supersedes, None)
    gold = {line.item for line in standing.values() if line.kind == "gold_marked"}
    first = {line.item: line.who for line in standing.values() if _is_first(line)}
    columns = (items.c.id, items.c.state, items.c.gold, items.c.first_reader)
    for row in connection.execute(sa.select(*columns).order_by(items.c.id)):
        told = last.get(row.id, "open")
        if row.state != told:
            yield f"item {row.id} is {row.state}, but the log leaves it {told}"
        if row.gold != (row.id in gold):
            yield f"item {row.id} is {'' if row.gold else 'not '}gold, but the log does not say so"
        if row.first_reader != first.get(row.id):
            yield f"item {row.id} was first read by {row.first_reader}, but the log says {first.get(row.id)}"


def _is_first(line: LogEntry) -> bool:
    return line.extra.get("read") == "first" and line.decision != "skip"


def people(connection: sa.Connection) -> Iterator[str]:
    """Where somebody can log in, by which password, or may do what, otherwise than the log tells."""
    told: dict[str, dict[str, Any]] = {}
    for line in log.entries(connection, log_lines.c.kind == "user_changed"):
        name, change = line.extra.get("user", ""), line.extra.get("change")
        if change == "removed":
            told.pop(name, None)
        elif change == "added":
            told[name] = {"role": line.extra.get("role"), "password": line.extra.get("password")}
        else:
            told.setdefault(name, {}).update(
                {part: line.extra.get(part) for part in ("role", "password") if part in line.extra}
            )
    kept = {row.name: row for row in connection.execute(sa.select(users))}
    for name in sorted(told.keys() | kept.keys()):
        here = kept[name].role if name in kept else "no user"
        there = told[name].get("role") if name in told else "no user"
        if here != there:
            yield f"{name} is {here}, but the log says {there}"
        elif name in kept and vouched(str(kept[name].password)) != told[name].get("password"):
            yield f"the password of {name} is not the one that the log tells of"


def chosen(connection: sa.Connection) -> Iterator[str]:
    """Whether the team reviews by other settings than the log tells."""
    told = None
    for line in log.entries(connection, log_lines.c.kind == "settings_changed"):
        told = line.extra
    kept = connection.execute(sa.select(settings.c.json)).scalar_one_or_none()
    if (None if kept is None else json.loads(kept)) != told:
        yield "the settings are not those that the log tells"
