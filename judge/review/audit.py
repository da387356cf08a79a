"""Is the log whole, and does all that was drawn from it agree with it? Changes nothing.

1. every line: its number follows, it names the hash of the one before, its own hash is right; 2. the decisions are
those of the log, taken back where the log says so; 3. every item is in the state that its last line says, gold and
first read as it says, and the verdicts are those that were shown; 4. users have the roles, and the team the settings,
that were given them; 5. a head hash kept elsewhere is found, which shows that the end was not cut off. After a broken
line nothing further is looked at, because nothing after it can be trusted.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from judge.review.store import log
from judge.review.store.records import LogEntry
from judge.review.store.store import Store
from judge.review.store.tables import decisions, items, log_lines, settings, users, verdicts
from judge.settings import Frozen

_DECIDING = ("decision", "second_read", "gold", "gold_marked")


class AuditReport(Frozen):
    """What an audit found. head: the hash of the last line, to be kept elsewhere. problems: the first bad one first."""

    lines: int
    head: str
    problems: tuple[str, ...] = ()


def audit(store: Store, expected_head: str | None = None) -> AuditReport:
    """Check a store's log. `expected_head`: a head that was kept; it must be the hash of some line."""
    try:
        with store.reading() as connection:
            lines, head, found, broken = _chain(connection, expected_head)
            if broken is not None:
                return AuditReport(lines=lines, head=head, problems=(broken,))
            problems = [
                *_decisions(connection), *_states(connection), *_verdicts(connection), *_users(connection),
                *_settings(connection),
            ]  # fmt: skip
    except sa.exc.DatabaseError as error:  # a table is gone, or the file is damaged
        return AuditReport(lines=0, head=log.GENESIS, problems=(f"the store cannot be read: {error.orig}",))
    if expected_head is not None and not found:
        cut = f"no line has the expected head hash {expected_head}: the end of the log was cut off, or it is another"
        problems.append(cut)
    return AuditReport(lines=lines, head=head, problems=tuple(problems))


def _chain(connection: sa.Connection, expected: str | None) -> tuple[int, str, bool, str | None]:
    """How many lines are whole, the hash of the last of them, whether the expected one is there, and what is broken."""
    seq, head = 0, log.GENESIS
    found = expected == head
    for row in connection.execute(sa.select(log_lines).order_by(log_lines.c.seq)).mappings():
        wrong = _wrong(row, seq + 1, head)
        if wrong is not None:
            return seq, head, found, f"line {row['seq']} of the log: {wrong}"
        seq, head = seq + 1, row["hash"]
        found = found or head == expected
    return seq, head, found, None


def _wrong(row: sa.RowMapping, expected_seq: int, previous: str) -> str | None:
    if row["seq"] != expected_seq:
        return f"line {expected_seq} is missing before it"
    if row["previous"] != previous:
        return "does not name the hash of the line before it"
    try:
        right = log.digest(log.plain(row)) == row["hash"]
    except ValueError:  # no JSON where there should be some
        right = False
    return None if right else "was changed: its hash is another"


def _decisions(connection: sa.Connection) -> Iterator[str]:
    """Where the decisions differ from those that the log tells."""
    told: dict[int, dict[str, Any]] = {}
    for line in log.entries(connection, log_lines.c.kind.in_((*_DECIDING, "undo"))):
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


def _states(connection: sa.Connection) -> Iterator[str]:
    """Where an item is in another state than the log left it in, or gold or first read otherwise."""
    last: dict[int, str] = {}
    standing: dict[int, LogEntry] = {}
    for line in log.entries(connection, log_lines.c.kind.in_((*_DECIDING, "undo"))):
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


def _verdicts(connection: sa.Connection) -> Iterator[str]:
    """Where the judge's verdict is not the one that was decided on."""
    shown: dict[int, tuple[int, str]] = {}
    for line in log.entries(connection, log_lines.c.kind.in_(_DECIDING)):
        if line.item is not None:
            shown.setdefault(line.item, (line.seq, line.extra.get("verdict", "")))
            if shown[line.item][1] != line.extra.get("verdict", ""):
                yield f"lines {shown[line.item][0]} and {line.seq} of the log were shown different verdicts"
    read = sa.select(decisions.c.item)
    columns = (verdicts.c.item, verdicts.c.json, items.c.verdict, items.c.image_sha256)
    wanted = sa.select(*columns).join(items, items.c.id == verdicts.c.item).where(verdicts.c.item.in_(read))
    for row in connection.execute(wanted):
        try:
            whole = zlib.decompress(row.json)
        except zlib.error:
            whole = b""
        if row.item in shown and hashlib.sha256(whole).hexdigest() != shown[row.item][1]:
            yield f"the verdict of item {row.item} is not the one that line {shown[row.item][0]} of the log was shown"
            continue
        said = json.loads(whole)
        if said["verdict"] != row.verdict or said["image_facts"]["sha256"] not in (None, row.image_sha256):
            yield f"item {row.item} is listed with another verdict or image than its verdict has"


def _users(connection: sa.Connection) -> Iterator[str]:
    """Where somebody can log in, or may do what, otherwise than the log tells."""
    told: dict[str, str] = {}
    for line in log.entries(connection, log_lines.c.kind == "user_changed"):
        name, role = line.extra.get("user", ""), line.extra.get("role")
        if role is not None:
            told[name] = role
        elif line.extra.get("change") == "removed":
            told.pop(name, None)
    kept = {row.name: row.role for row in connection.execute(sa.select(users.c.name, users.c.role))}
    for name in sorted(told.keys() | kept.keys()):
        if told.get(name) != kept.get(name):
            here, there = kept.get(name, "no user"), told.get(name, "no user")
            yield f"{name} is {here}, but the log says {there}"


def _settings(connection: sa.Connection) -> Iterator[str]:
    """Whether the team reviews by other settings than the log tells."""
    told = None
    for line in log.entries(connection, log_lines.c.kind == "settings_changed"):
        told = line.extra
    kept = connection.execute(sa.select(settings.c.json)).scalar_one_or_none()
    if (None if kept is None else json.loads(kept)) != told:
        yield "the settings are not those that the log tells"
