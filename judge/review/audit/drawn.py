"""What was drawn from the log for quick questions, against the log: decisions, states, people, settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from judge.review.access.logins import vouched
from judge.review.audit import exact
from judge.review.audit.items import DECIDING
from judge.review.store import log
from judge.review.store.records import LogEntry, ReviewSettings
from judge.review.store.tables import decisions, items, log_lines, settings, users

_MOVING = (*DECIDING, "undo", "reopened")


def decided(connection: sa.Connection) -> Iterator[str]:
    """Where the decisions differ from those that the log tells."""
    told: dict[int, dict[str, Any]] = {}
    for line in log.entries(connection, log_lines.c.kind.in_(_MOVING)):
        if line.kind == "reopened":
            yield from _taken_back(line, told)
        elif line.kind != "undo":
            agrees = line.extra.get("agrees")
            told[line.seq] = {
                "item": line.item,
                "who": line.who,
                "read": line.extra.get("read"),
                "action": line.decision,
                "rules": log.canonical(list(line.rules)),
                "agrees": None if agrees is None else int(agrees),
                "superseded_by": None,
            }
        elif line.supersedes in told and told[line.supersedes]["superseded_by"] is None:
            told[line.supersedes]["superseded_by"] = line.seq
        else:
            yield f"line {line.seq} of the log takes back line {line.supersedes}, which is no standing decision"
    kept = {row["seq"]: row for row in connection.execute(sa.select(*exact.stored(decisions))).mappings()}
    for seq in sorted(told.keys() | kept.keys()):
        if seq not in kept:
            yield f"decision {seq} is in the log, but not among the decisions"
        elif seq not in told:
            yield f"decision {seq} is among the decisions, but not in the log"
        elif wrong := exact.unlike(kept[seq], told[seq]):
            yield f"decision {seq} differs from the log in: {', '.join(wrong)}"


def _taken_back(line: LogEntry, told: dict[int, dict[str, Any]]) -> Iterator[str]:
    """The decisions that a reopening takes back: all that stood on its item, but for skips and readings of gold."""
    stood = [
        seq
        for seq, one in told.items()
        if one["item"] == line.item
        and one["superseded_by"] is None
        and one["action"] != "skip"
        and one["read"] != "gold"
    ]
    if line.extra.get("takes_back") != stood:
        yield f"line {line.seq} of the log opens item {line.item} again, but takes back other decisions than stood"
    for seq in stood:
        told[seq]["superseded_by"] = line.seq


def states(connection: sa.Connection) -> Iterator[str]:
    """Where an item is in another state than the log left it in, or gold or first read otherwise."""
    last: dict[int, str] = {}
    standing: dict[int, LogEntry] = {}
    for line in log.entries(connection, log_lines.c.kind.in_(_MOVING)):
        if line.item is None:
            continue
        last[line.item] = line.extra.get("state", "unsaid")
        if line.kind == "reopened":
            for seq in line.extra.get("takes_back", ()):
                standing.pop(seq, None)
        elif line.kind != "undo":
            standing[line.seq] = line
        elif line.supersedes is not None:
            standing.pop(line.supersedes, None)
    gold = {line.item for line in standing.values() if line.kind == "gold_marked"}
    first = {line.item: line.who for line in standing.values() if _is_first(line)}
    for row in connection.execute(sa.select(*exact.stored(items)).order_by(items.c.id)).mappings():
        told = {
            "state": last.get(row["id"], "open"),
            "gold": int(row["id"] in gold),
            "first_reader": first.get(row["id"]),
        }
        yield from exact.sentences(f"item {row['id']}", row, told)


def _is_first(line: LogEntry) -> bool:
    return line.extra.get("read") == "first" and line.decision != "skip"


def people(connection: sa.Connection) -> Iterator[str]:
    """Where somebody can log in, by which password, or may do what, otherwise than the log tells."""
    told: dict[str, dict[str, Any]] = {}
    for line in log.entries(connection, log_lines.c.kind == "user_changed"):
        name, change = line.extra.get("user", ""), line.extra.get("change")
        if change == "removed":
            told.pop(name, None)
            continue
        if change == "added":
            told[name] = {"added": log.stamp(line.at)}
        told.setdefault(name, {}).update(
            {part: line.extra[part] for part in ("role", "password") if part in line.extra}
        )
    kept: dict[Any, dict[str, Any]] = {}
    for row in connection.execute(sa.select(*exact.stored(users))).mappings():
        password = vouched(row["password"]) if isinstance(row["password"], str) else row["password"]
        kept[row["name"]] = {**row, "password": password}
    for name in sorted(told.keys() | kept.keys(), key=repr):
        if name not in told:
            yield f"{name!r} is a user with the role {kept[name]['role']!r}, but the log knows no such user"
        elif name not in kept:
            yield f"{name!r} is no user, but the log says {told[name].get('role')}"
        else:
            yield from _otherwise(name, kept[name], told[name])


def _otherwise(name: str, kept: dict[str, Any], told: dict[str, Any]) -> Iterator[str]:
    for part in exact.unlike(kept, told):
        if part == "password":  # neither is shown
            yield f"the password of {name} is not the one that the log tells of"
        else:
            yield from exact.sentences(f"user {name}", kept, {part: told[part]})


def chosen(connection: sa.Connection) -> Iterator[str]:
    """Whether the team reviews by other settings than the log tells."""
    told = None
    for line in log.entries(connection, log_lines.c.kind == "settings_changed"):
        told = line.extra
    wanted = [] if told is None else [(1, ReviewSettings.model_validate(told).model_dump_json(exclude_unset=True))]
    kept = [tuple(row) for row in connection.execute(sa.select(*exact.stored(settings)))]
    if not exact.same(kept, wanted):
        yield "the settings are not those that the log tells"
