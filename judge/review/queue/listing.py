"""The list beside the item: filters as the page sends them, one line per item, counts."""

from __future__ import annotations

import bisect
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from pydantic import ConfigDict, Field

from judge.media.clips.strip import clock
from judge.review.store import Choices, Filters, Item, ItemCounts, ItemSummary, Order, Right, Severity, Source, Store
from judge.review.ui import render
from judge.review.ui.context import Person
from judge.settings import Frozen
from judge.verdict import VerdictWord

PAGE = 25
POLICY_STATES = frozenset({"escalated", "decided"})  # what only policy may look through: others may read these blind


class QueueFilters(Frozen):
    """Filters and order as the page has them; an empty text means: not filtered."""

    model_config = ConfigDict(str_strip_whitespace=True)

    verdict: VerdictWord | Literal[""] = ""
    rule: str = ""
    source: Source | Literal[""] = ""
    state: Literal["waiting", "second_read", "escalated", "leased", "decided"] = "waiting"
    constitution: str = ""
    severity: Severity | Literal[""] = ""
    language: str = ""
    order: Order = "oldest"
    min_score: float | Literal[""] = Field(default="")
    max_score: float | Literal[""] = Field(default="")

    def for_next(self) -> Filters:
        """What the next item is chosen from: `waiting` has second reads mixed in."""
        return self._filters("all" if self.state == "waiting" else self.state)

    def for_list(self) -> Filters:
        """What the list shows: of what waits, first reads only, because second reads are blind."""
        return self._filters("open" if self.state == "waiting" else self.state)

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered out."""
        return self.model_copy(update={"order": "oldest"}) != QueueFilters()

    def _filters(self, state: Any) -> Filters:
        return Filters(
            verdict=self.verdict or None,
            rule=self.rule or None,
            source=self.source or None,
            state=state,
            constitution=self.constitution or None,
            severity=self.severity or None,
            language=self.language or None,
            min_score=None if self.min_score == "" else self.min_score,
            max_score=None if self.max_score == "" else self.max_score,
        )


def filters_html(wanted: QueueFilters, choices: Choices, person: Person) -> str:
    """The form above the list."""
    any_, words = ("", "Any"), ("violation", "needs_review", "no_violation")
    states = [("waiting", "Waiting"), ("second_read", "Second reads"), ("leased", "Being reviewed")]
    if person.may(Right.DECIDE_ESCALATED):
        states += [("escalated", "Escalated"), ("decided", "Decided")]
    fields = [
        ("state", "Show", states),
        ("order", "Order", [("oldest", "Oldest first"), ("uncertain", "Most uncertain first")]),
        ("verdict", "Verdict", [any_, *((one, render.word(one)) for one in words)]),
        ("source", "Source", [any_, *((one, render.word(one)) for one in choices.sources)]),
        ("rule", "Rule", [any_, *((one, one) for one in choices.rules)]),
        ("severity", "Severity", [any_, *((one, render.word(one)) for one in reversed(get_args(Severity)))]),
        ("language", "Language", [any_, *((one, one) for one in choices.languages if one)]),
        ("constitution", "Constitution", [any_, *((one, one) for one in choices.constitutions)]),
    ]
    return render.html("filters", choices=fields, chosen=wanted.model_dump())


def counts_html(counts: ItemCounts) -> str:
    """How much there is to do."""
    return render.html("counts", counts=counts)


def list_html(
    store: Store, wanted: QueueFilters, counts: ItemCounts, offset: int, current: Item | None, person: Person
) -> str:
    """One page of the list, the item in hand at its place among them."""
    filters = wanted.for_list()
    blind = not store.settings.second_reads.verdict_shown
    rows = store.list(filters, limit=PAGE, offset=offset, order=wanted.order)
    total = _total(counts, filters)
    if blind and filters.by_verdict and wanted.state in ("second_read", "leased"):  # which they are would tell
        rows = [one for one in rows if one.state != "second_read"]
        total = 0 if wanted.state == "second_read" else total
    first, count, further = offset + 1, len(rows), offset + PAGE < total
    if current is not None and wanted.state == "waiting" and all(row.id != current.id for row in rows):
        rows, at = _with(rows, current, wanted.order)
        earlier, later = at == 0 and offset > 0, at == count and further  # it stands on another page, and is shown here
        total, first, count = total + 1, first + earlier, count + (not earlier and not later)
    return render.html(
        "list",
        items=[_line(row, current, person, blind) for row in rows],
        current=current.id if current is not None else None,
        first=first if count else 0,
        last=first + count - 1 if count else 0,
        total=f"{total:,}",
        narrowed=wanted.narrowed,
        previous=max(offset - PAGE, 0) if offset else None,
        next=offset + PAGE if further else None,
    )


def _total(counts: ItemCounts, filters: Filters) -> int:
    value: int = getattr(counts, filters.state)
    return value


def _with(rows: list[ItemSummary], item: Item, order: Order) -> tuple[list[ItemSummary], int]:
    """The rows and the item in hand, which the store does not list as open: it is leased. Its place among them, too."""

    def place(one: ItemSummary) -> tuple[Any, int]:
        return (-one.uncertainty if order == "uncertain" else one.added, one.id)

    verdict = item.verdict
    own = ItemSummary(
        id=item.id,
        image=verdict.image,
        image_sha256=item.image_sha256,
        has_image=item.has_image,
        source=item.source,
        added=item.added,
        verdict=verdict.verdict,
        violations=verdict.violations,
        constitution=verdict.provenance.constitution,
        score=item.score,
        uncertainty=item.uncertainty,
        state=item.state,
        lease=item.lease,
        decision=None,
        clip_ms=item.clip.clip_facts.duration_ms if item.clip is not None else None,
    )
    at = bisect.bisect_left([place(row) for row in rows], place(own))
    return [*rows[:at], own, *rows[at:]], at


def _line(row: ItemSummary, current: Item | None, person: Person, blind: bool) -> dict[str, Any]:
    """blind: what waits for a second reader says nothing of the verdict."""
    mine = current is not None and row.id == current.id
    hidden = blind and (row.state == "second_read" or (mine and current is not None and current.blind))
    score = "" if row.score is None or hidden else f" · score {row.score:.2f}"
    length = "" if row.clip_ms is None else f" · clip of {clock(row.clip_ms).split('.')[0]}"
    tag = ""
    if row.lease is not None and not mine:
        tag = "yours elsewhere" if row.lease.reviewer == person.name else row.lease.reviewer
    elif row.decision is not None and person.may(Right.DECIDE_ESCALATED):
        tag = render.word(row.decision)
    return {
        "id": row.id,
        "verdict": "blind" if hidden else row.verdict,
        "title": "Blind read" if hidden else render.few(row.violations) or render.word(row.verdict),
        "image": row.image,
        "detail": f"{length}{score} · {age(row.added)}",
        "tag": tag,
        "taken": row.lease is not None and not mine,
    }


def age(moment: datetime) -> str:
    """How long ago, in a word or two."""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return "now"
