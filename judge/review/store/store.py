"""The store: a folder with `review.sqlite` (WAL) and the images. Safe from many threads and processes.

1. `add` puts a judged image into the queue; 2. `next` or `take` gives a reviewer an exclusive lease on one; 3. `reveal`
gives its original and records that; 4. `decide` records what the reviewer says and moves the item on (see
`deciding`), `undo` takes it back; 5. everything a person does is a line of the log (see `log`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from judge.review.store import aftermath, breaks, deciding, log, near, reading, together, unsettled
from judge.review.store.item_folder import ItemFolder, holds, not_held, row_of, until
from judge.review.store.records import (
    DecidedItem,
    Decision,
    DecisionRow,
    Filters,
    Item,
    LogEntry,
    NearItem,
    RecentDecision,
    TakenBack,
    Together,
)
from judge.review.store.roles import Right, may
from judge.verdict import Verdict


class Store(ItemFolder):
    """Items, leases, decisions and the log of one data folder. Open one per process; threads may share it."""

    def decide(self, item: int, reviewer: str, decision: Decision, now: datetime | None = None) -> LogEntry:
        """Record a decision on an item that the reviewer holds; the log's line.

        Raises:
            UserError: the lease has ended, or the decision lacks a reason or names an unknown rule.
        """
        moment = log.now_or(now)
        with self.writing() as connection:
            second_reads = reading.settings(connection).second_reads
            row = row_of(connection, item)
            if not holds(row, reviewer, moment):
                raise not_held(item)
            verdict = reading.verdict(connection, item)
            deciding.check(decision, verdict)
            return deciding.decide(connection, row, verdict, reviewer, decision, second_reads, moment)

    def begin_break(self, who: str, now: datetime | None = None) -> int | None:
        """See `breaks.begin`."""
        with self.writing() as connection:
            return breaks.begin(connection, who, log.now_or(now))

    def end_break(self, who: str, now: datetime | None = None) -> None:
        """See `breaks.end`."""
        with self.writing() as connection:
            breaks.end(connection, who, log.now_or(now))

    def on_break(self, who: str) -> datetime | None:
        """Since when a person is on a break; None where they are on none."""
        with self.reading() as connection:
            return breaks.since(connection, who)

    def near(self, item: int, now: datetime | None = None) -> tuple[NearItem, ...]:
        """Items that wait with nearly the same picture; see `near.waiting`."""
        with self.reading() as connection:
            return near.waiting(connection, item, log.now_or(now))

    def decide_together(
        self, item: int, reviewer: str, decision: Decision, others: Sequence[int], now: datetime | None = None
    ) -> Together:
        """Record a decision on an item that the reviewer holds, and on others that look nearly the same.

        Raises:
            UserError: as `decide`; it is no first read; or more others than are decided at once.
        """
        moment = log.now_or(now)
        with self.writing() as connection:
            second_reads = reading.settings(connection).second_reads
            row = row_of(connection, item)
            if not holds(row, reviewer, moment):
                raise not_held(item)
            verdict = reading.verdict(connection, item)
            deciding.check(decision, verdict)
            return together.decide(connection, row, verdict, reviewer, decision, others, second_reads, moment)

    def take_back(
        self, reviewer: str, now: datetime | None = None, *, line: int | None = None, whole: bool = False
    ) -> TakenBack:
        """As `undo`, with what was decided together with it: always of the last decision, else where `whole`.

        Raises:
            UserError: as `undo`.
        """
        moment = log.now_or(now)
        with self.writing() as connection:
            return together.undo(connection, reviewer, moment, until(connection, moment), line, whole=whole)

    def undo(self, reviewer: str, now: datetime | None = None, *, line: int | None = None) -> Item | None:
        """Take back the reviewer's last decision, or the one of this line of the log; its item, which they hold again.
        None where there is none.

        Raises:
            UserError: somebody else has decided on the item since, or holds it; the line is no decision of theirs.
        """
        moment = log.now_or(now)
        with self.writing() as connection:
            item = deciding.undo(connection, reviewer, moment, until(connection, moment), line)
            return None if item is None else reading.item(connection, item, reviewer, moment)

    def mark_gold(self, item: int, who: str, decision: Decision, now: datetime | None = None) -> LogEntry:
        """Say what is true of an item, so that others can be measured by it.

        Raises:
            UserError: the role of `who` may not, or the decision is none.
        """
        self.require(who, Right.MARK_GOLD)
        with self.writing() as connection:
            row = row_of(connection, item)
            verdict = reading.verdict(connection, item)
            deciding.check(decision, verdict)
            return deciding.mark_gold(connection, row, verdict, who, decision, log.now_or(now))

    def note(self, item: int, who: str, text: str, now: datetime | None = None) -> LogEntry:
        """See `aftermath.note`; for whoever holds the item or may decide anew. Who reads it blind does not see it."""
        moment = log.now_or(now)
        with self.writing() as connection:
            row = row_of(connection, item)
            if not holds(row, who, moment) and not may(reading.role(connection, who), Right.DECIDE_ESCALATED):
                raise not_held(item)
            return aftermath.note(connection, row, who, text, moment)

    def reopen(self, item: int, who: str, reason: str, now: datetime | None = None) -> LogEntry:
        """See `aftermath.reopen`; for whoever may decide anew."""
        self.require(who, Right.DECIDE_ESCALATED)
        with self.writing() as connection:
            return aftermath.reopen(connection, row_of(connection, item), who, reason, log.now_or(now))

    def unsettled(self, who: str) -> int:
        """How many escalated items there are that nobody on the team can settle."""
        with self.reading() as connection:
            return unsettled.count(connection, who)

    def recent(self, who: str, *, everybody: bool = False, most: int = 20) -> tuple[RecentDecision, ...]:
        """See `aftermath.recent`."""
        with self.reading() as connection:
            return aftermath.recent(connection, who, everybody=everybody, most=most)

    def decisions(self, *, superseded: bool = False) -> tuple[DecisionRow, ...]:
        """Every decision with what the judge said, oldest first; those taken back only where wanted."""
        with self.reading() as connection:
            return tuple(reading.decision_rows(connection, superseded=superseded))

    def decided(
        self, filters: Filters | None = None, newest: int | None = None, item: int | None = None
    ) -> Iterator[DecidedItem]:
        """The decided items that match, with the judge's verdict and what people came to.

        newest: only so many, the last decided first. item: only this one.
        """
        with self.reading() as connection:
            yield from reading.decided(connection, filters or Filters(), newest, item)

    def verdicts_of(self, images: Collection[str]) -> Mapping[str, Sequence[Verdict]]:
        """Every verdict on pictures, by their digests, the newest first."""
        with self.reading() as connection:
            return reading.verdicts_of(connection, images)
