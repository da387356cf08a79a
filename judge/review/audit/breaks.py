"""Breaks that ended, against those that began. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from judge.review.store import log
from judge.review.store.records import LogEntry
from judge.review.store.tables import log_lines


def ended(connection: sa.Connection) -> Iterator[str]:
    """Where a break ends that the person did not begin just before."""
    people = sa.select(log_lines.c.who).where(log_lines.c.kind == "break_ended").distinct()
    last: dict[str, LogEntry] = {}
    for line in log.entries(connection, log_lines.c.who.in_(people), log_lines.c.kind != "login"):
        before = last.get(line.who)
        if line.kind == "break_ended" and (
            before is None or before.kind != "break_begun" or line.extra.get("begun") != before.seq
        ):
            yield f"line {line.seq} of the log ends a break that {line.who} did not begin just before"
        last[line.who] = line
