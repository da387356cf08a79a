"""Is the log whole, and does all that was drawn from it agree with it? Changes nothing.

1. every line: its number follows, it names the hash of the one before, its own hash is right; 2. the decisions are
those of the log, taken back where the log says so; 3. every item is in the state that its last line says, and the
verdicts are those that were shown; 4. a head hash kept elsewhere is found, which shows that the end was not cut off.
After a broken line nothing further is looked at, because nothing after it can be trusted.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from judge.review.store import log
from judge.review.store.store import Store
from judge.review.store.tables import decisions, items, log_lines, verdicts
from judge.settings import Frozen

_DECIDING = ("decision", "second_read", "gold", "gold_marked")


class AuditReport(Frozen):
    """What an audit found. head: the hash of the last line, to be kept elsewhere. problems: the first bad one first."""

    lines: int
    head: str
    problems: tuple[str, ...] = ()


def audit(store: Store, expected_head: str | None = None) -> AuditReport:
    """Check a store's log. `expected_head`: a head that was kept; it must be the hash of some line."""
    with store.reading() as connection:
        lines, head, found, broken = _chain(connection, expected_head)
        if broken is not None:
            return AuditReport(lines=lines, head=head, problems=(broken,))
        problems = [*_decisions(connection), *_states(connection), *_verdicts(connection)]
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
    """Where an item is in another state than the log left it in."""
    last: dict[int, str] = {}
    for line in log.entries(connection, log_lines.c.kind.in_((*_DECIDING, "undo"))):
        if line.item is not None:
            last[line.item] = line.extra.get("state", "unsaid")
    for row in connection.execute(sa.select(items.c.id, items.c.state).order_by(items.c.id)):
        told = last.get(row.id, "open")
        if row.state != told:
            yield f"item {row.id} is {row.state}, but the log leaves it {told}"


def _verdicts(connection: sa.Connection) -> Iterator[str]:
    """Where the judge's verdict is not the one that was decided on."""
    shown: dict[int, tuple[int, str]] = {}
    for line in log.entries(connection, log_lines.c.kind.in_(_DECIDING)):
        if line.item is not None:
            shown.setdefault(line.item, (line.seq, line.extra.get("verdict", "")))
            if shown[line.item][1] != line.extra.get("verdict", ""):
                yield f"lines {shown[line.item][0]} and {line.seq} of the log were shown different verdicts"
    wanted = sa.select(verdicts.c.item, verdicts.c.json).join(decisions, decisions.c.item == verdicts.c.item).distinct()
    for row in connection.execute(wanted):
        try:
            kept = hashlib.sha256(zlib.decompress(row.json)).hexdigest()
        except zlib.error:
            kept = "damaged"
        if row.item in shown and kept != shown[row.item][1]:
            yield f"the verdict of item {row.item} is not the one that line {shown[row.item][0]} of the log was shown"
