"""A store with a bit of everything in it, and hands that change its file."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from judge.review.store import Decision, GoldReads, ReviewSettings, SecondReads, Store
from tests.review.shelf import drawing, many, samples

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRE = "body-on-fire-violating.png"
SAFE = Decision(action="no_violation", reason="nothing bad")


@contextmanager
def audited(folder):
    """A store of four items: decided, read twice, taken back, gold; and a reveal. A copy of one that is made once."""
    shutil.copytree(_made(), folder / "data")
    with Store.open(folder / "data") as opened:
        yield opened


@cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with Store.open(folder / "data") as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=1), gold=GoldReads(share=0)), "test")
        ids = list(opened.add_many(many(3), "batch"))
        ids.append(opened.add(samples()[FIRE], drawing(FIRE), "upload"))
        for reviewer in ("ann", "bob"):
            for item in ids[:2]:
                opened.take(item, reviewer)
                opened.decide(item, reviewer, SAFE)
        opened.undo("bob")
        opened.mark_gold(ids[2], "pol", SAFE)
        opened.take(ids[3], "ann")
        opened.reveal(ids[3], "ann")
    return folder / "data"


def tamper(store, *statements):
    """Change the file as somebody with the file in hand would: triggers off, and on again afterwards."""
    connection = sqlite3.connect(store.folder / "review.sqlite")
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in "; ".join(statements).split(";"):
        assert connection.execute(statement).rowcount, f"changed nothing: {statement}"
    for _, made_by in triggers:
        connection.execute(made_by)
    connection.commit()
    connection.close()
