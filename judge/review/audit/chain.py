"""The chain of the log's lines, and the heads that were kept elsewhere. Knows no meaning of a line."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from judge.review.audit import exact
from judge.review.store import log
from judge.review.store.tables import log_lines


class Head(NamedTuple):
    """How far the log once reached: so many lines, the last of them with this hash (`GENESIS` of none)."""

    lines: int
    hash: str


class LogChain(NamedTuple):
    """lines: that are whole. head: the hash of the last of them. broken: what is wrong with the line after it.

    lost: heads that are not in the chain, in words.
    """

    lines: int
    head: str
    broken: str | None
    lost: tuple[str, ...]


def walk(connection: sa.Connection, expected: str | None, heads: tuple[Head, ...]) -> LogChain:
    """Follow the chain from its first line to its last, or to the first that is broken."""
    seq, head = 0, log.GENESIS
    kept: dict[int, set[str]] = {}
    for one in heads:
        kept.setdefault(one.lines, set()).add(one.hash)
    lost = [_lost(0, other) for other in kept.get(0, set()) - {head}]
    found = expected is None or expected == head
    for row in connection.execute(sa.select(*exact.stored(log_lines)).order_by(log_lines.c.seq)).mappings():
        wrong = _wrong(row, seq + 1, head)
        if wrong is not None:
            return LogChain(seq, head, f"line {row['seq']} of the log: {wrong}", tuple(lost))
        seq, head = seq + 1, row["hash"]
        found = found or head == expected
        lost += [_lost(seq, other) for other in kept.get(seq, set()) - {head}]
    if not found:
        lost.append(f"no line has the expected head hash {expected}: the end of the log was cut off, or it is another")
    lost += [
        f"the log ends at line {seq}, but once had {most} lines: its end was cut off" for most in kept if most > seq
    ]
    return LogChain(seq, head, None, tuple(lost))


def _lost(line: int, other: str) -> str:
    return f"line {line} of the log is not the one whose head {other[:12]} was kept: the log was written anew"


def _wrong(row: sa.RowMapping, expected_seq: int, previous: str) -> str | None:
    if not exact.same(row["seq"], expected_seq):
        return f"line {expected_seq} is missing before it"
    if row["previous"] != previous:
        return "does not name the hash of the line before it"
    try:
        fields = log.plain(row)
        if not exact.same(log.digest(fields), row["hash"]):
            return "was changed: its hash is another"
        other = exact.unlike(row, log.stored(fields))
    except (ValueError, TypeError):  # no JSON where there should be some, or no text
        return "was changed: its hash is another"
    return f"was changed: {', '.join(other)} says the same, but was written otherwise" if other else None
