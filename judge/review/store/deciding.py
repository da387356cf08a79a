"""What a decision does to an item, and how it is taken back.

    open --violation, no violation--> decided, or for the drawn share second_read
    open --escalate--> second_read
    second_read --the same said, or the first had escalated--> decided
    second_read --something else said, or escalated again--> escalated
    escalated --policy, who read it neither first nor second, decides--> decided
    decided --policy decides--> decided

A skip changes nothing but who is asked next, and a reading of a gold item nothing at all. Two reads agree when their
action is the same, and for violations when they share a rule.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from judge.errors import UserError
from judge.judging.scoring import rule_scores
from judge.review.store import log, queue, reading
from judge.review.store.clips import of_clip, parsed, scores_of
from judge.review.store.records import Decision, Kind, LogEntry, Read, SecondReads, State
from judge.review.store.tables import decisions, items, log_lines
from judge.verdict import Verdict

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")  # of a rule, as constitutions have them
_KINDS: dict[Read, Kind] = {"first": "decision", "second": "second_read", "policy": "decision", "gold": "gold"}


def check(decision: Decision, verdict: Verdict) -> None:
    """Refuse a decision that lacks its reason, or names a rule that the item was not judged by.

    Raises:
        UserError: what is missing or unknown.
    """
    if decision.action == "skip":
        return
    if decision.action == "violation" and not decision.rules:
        raise UserError("a violation needs at least one rule", hint="name the rules that the image violates")
    if not decision.rules and not decision.reason.strip():
        raise UserError("a decision needs a reason", hint="choose a rule, or write why")
    known = {finding.rule for finding in verdict.findings}
    for rule in decision.rules:
        if not known and _ID.fullmatch(rule) is None:  # what could not be judged has no findings
            raise UserError(f"'{rule[:80]}' is no name of a rule", hint="use a-z, 0-9 and hyphens")
        if known and rule not in known:
            near = difflib.get_close_matches(rule, known, 1)
            raise UserError(
                f"the item was not judged by a rule '{rule}'", hint=f"did you mean '{near[0]}'?" if near else ""
            )


def decide(
    connection: sa.Connection,
    row: Any,
    verdict: Verdict,
    reviewer: str,
    decision: Decision,
    second_reads: SecondReads,
    now: datetime,
    beside: dict[str, Any] | None = None,
) -> LogEntry:
    """Record the decision of the lease's holder and move the item on; `row` is the item's. beside: what its line says
    beside the rest."""
    read: Read = row.leased_as
    first = _first(connection, row.id) if read == "second" else None
    agrees = _agree(first, decision) if first is not None else None
    state = _state_after(row, read, decision, first, agrees, second_reads)
    values: dict[str, Any] = {"state": state, **queue.UNLEASED}
    if read == "first" and decision.action != "skip":
        values["first_reader"] = reviewer
    hidden = read in ("second", "gold") and not second_reads.verdict_shown
    entry = _append(
        connection,
        row,
        verdict,
        reviewer,
        decision,
        now,
        kind=_KINDS[read],
        read=read,
        state=state,
        agrees=agrees,
        hidden=hidden,
        beside=beside,
    )
    connection.execute(items.update().where(items.c.id == row.id).values(values))
    return entry


def mark_gold(
    connection: sa.Connection, row: Any, verdict: Verdict, who: str, decision: Decision, now: datetime
) -> LogEntry:
    """Record the truth about an item: it is decided, and others may be asked about it."""
    if decision.action not in ("violation", "no_violation"):
        raise UserError("a gold item is a violation or none", hint="decide it first")
    queue.refuse_reader(connection, row, who)
    entry = _append(
        connection, row, verdict, who, decision, now, kind="gold_marked", read="gold_mark", state="decided", agrees=None
    )
    values = {"state": "decided", "gold": True, **queue.UNLEASED}
    connection.execute(items.update().where(items.c.id == row.id).values(values))
    return entry


def undo(
    connection: sa.Connection, reviewer: str, now: datetime, until: datetime, line: int | None = None
) -> int | None:
    """Take back the reviewer's last decision, or the one of this line; the id of its item, which they hold again.

    Raises:
        UserError: somebody else has read the item since, or holds it; the line is no standing decision of theirs.
    """
    standing = decisions.c.superseded_by.is_(None)
    own = sa.select(decisions).where(decisions.c.who == reviewer, standing)
    own = own if line is None else own.where(decisions.c.seq == line)
    last = connection.execute(own.order_by(decisions.c.seq.desc()).limit(1)).first()
    if last is None and line is not None:
        raise UserError(f"line {line} is no decision of yours that stands", hint="it was taken back before")
    if last is None:
        return None
    row = connection.execute(sa.select(items).where(items.c.id == last.item)).one()
    _still_undoable(connection, last, row, reviewer, now)
    told = next(log.entries(connection, log_lines.c.seq == last.seq))
    moved = last.action != "skip" and last.read != "gold"  # else it changed nothing that could be put back
    state: State = told.extra["before"] if moved else row.state
    entry = log.append(
        connection, at=now, who=reviewer, kind="undo", item=row, supersedes=last.seq, extra={"state": state}
    )
    connection.execute(decisions.update().where(decisions.c.seq == last.seq).values(superseded_by=entry.seq))
    queue.release(connection, reviewer)
    values: dict[str, Any] = {"state": state, "leased_by": reviewer, "leased_until": until.timestamp()}
    values["leased_as"] = _held_again_as(last.read, row, state)
    if moved and last.read == "gold_mark":
        marks = sa.select(decisions.c.seq).where(decisions.c.item == row.id, decisions.c.read == "gold_mark", standing)
        values["gold"] = connection.execute(marks).first() is not None
    if moved and last.read == "first":
        values["first_reader"] = None
    connection.execute(items.update().where(items.c.id == row.id).values(values))
    return int(row.id)


def _held_again_as(read: str, row: Any, state: State) -> Read:
    """What the next decision of whoever took back a read of this kind will be."""
    if read in ("policy", "gold_mark"):  # never a second read: policy may have been the first reader, too
        return "policy"
    return "gold" if read == "gold" and row.gold else queue.READS.get(state, "policy")


def _still_undoable(connection: sa.Connection, last: Any, row: Any, reviewer: str, now: datetime) -> None:
    if row.leased_by not in (None, reviewer) and row.leased_until > now.timestamp():
        raise UserError(f"item {row.id} cannot be taken back: {row.leased_by} is looking at it")
    since = sa.select(decisions.c.who).where(
        decisions.c.item == row.id,
        decisions.c.seq > last.seq,
        decisions.c.superseded_by.is_(None),
        decisions.c.read != "gold",
        decisions.c.action != "skip",
    )
    if last.read != "gold" and connection.execute(since).first() is not None:
        raise UserError(
            f"item {row.id} cannot be taken back: somebody else has decided on it since", hint="escalate it to policy"
        )


def _first(connection: sa.Connection, item: int) -> Any:
    """The first read that stands."""
    return connection.execute(
        sa.select(decisions)
        .where(
            decisions.c.item == item,
            decisions.c.read == "first",
            decisions.c.action != "skip",
            decisions.c.superseded_by.is_(None),
        )
        .order_by(decisions.c.seq.desc())
        .limit(1)
    ).one()


def _agree(first: Any, second: Decision) -> bool | None:
    """Whether two reads say the same; None where one of them did not decide."""
    if "escalate" in (first.action, second.action) or second.action == "skip":
        return None
    if first.action != second.action:
        return False
    return second.action != "violation" or bool(set(second.rules) & set(json.loads(first.rules)))


def _state_after(
    row: Any, read: Read, decision: Decision, first: Any, agrees: bool | None, second_reads: SecondReads
) -> State:
    before: State = row.state
    if decision.action == "skip" or read == "gold":
        return before
    if read == "first":
        again = decision.action == "escalate" or queue.drawn(f"{second_reads.seed}|{row.identity}", second_reads.share)
        return "second_read" if again else "decided"
    if read == "second":
        return "decided" if decision.action != "escalate" and (first.action == "escalate" or agrees) else "escalated"
    if decision.action == "escalate":
        raise UserError("it cannot be escalated any further", hint="decide, or skip it for somebody else")
    return "decided"


def _append(
    connection: sa.Connection,
    row: Any,
    verdict: Verdict,
    who: str,
    decision: Decision,
    now: datetime,
    *,
    kind: Kind,
    read: str,
    state: State,
    agrees: bool | None,
    hidden: bool = False,
    beside: dict[str, Any] | None = None,
) -> LogEntry:
    """The line and the row of a decision. The line says about which verdict, by the digest of its JSON; and where it
    was hidden until the decision, that."""
    said = reading.verdict_json(connection, row.id)
    shown = hashlib.sha256(said).hexdigest()
    extra: dict[str, Any] = {"read": read, "before": row.state, "state": state, "verdict": shown}
    extra |= {"verdict_shown": False} if hidden else {}
    extra |= beside or {}
    extra |= {} if agrees is None else {"agrees": agrees}
    extra |= {} if decision.seconds is None else {"seconds": round(decision.seconds, 1)}
    entry = log.append(
        connection,
        at=now,
        who=who,
        kind=kind,
        item=row,
        scores=scores_of(parsed(said)) if of_clip(said) else rule_scores(verdict),
        decision=decision.action,
        rules=decision.rules,
        reason=decision.reason.strip(),
        extra=extra,
    )
    connection.execute(
        decisions.insert().values(
            seq=entry.seq,
            item=row.id,
            who=who,
            read=read,
            action=decision.action,
            rules=log.canonical(list(decision.rules)),
            agrees=agrees,
        )
    )
    return entry
