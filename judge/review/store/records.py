"""The records that a store gives and takes. Knows no database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from judge.clip_verdict import ClipVerdict
from judge.settings import Frozen, Share
from judge.verdict import Verdict, VerdictWord

MOST_WORDS = 4000  # characters of a reason
Action = Literal["violation", "no_violation", "escalate", "skip"]
Source = Literal["upload", "batch", "server", "sample"]
Order = Literal["oldest", "uncertain"]
State = Literal["open", "second_read", "escalated", "decided"]
Read = Literal["first", "second", "policy", "gold"]
Severity = Literal["low", "medium", "high", "critical"]
Kind = Literal[
    "decision",
    "second_read",
    "gold",
    "gold_marked",
    "undo",
    "reveal",
    "login",
    "settings_changed",
    "user_changed",
    "constitution_saved",
    "case_added",
    "export",
    "added",
    "image_added",
    "note",
    "reopened",
    "traits_added",
    "break_begun",
    "break_ended",
]


class Filters(Frozen):
    """Which items are wanted; what is not named is not filtered.

    rule: items in which this rule is violated or undecided. severity: of the gravest of these rules. constitution: its
    name. language: that the constitution is written in, and the model was asked in.
    state: `open` and `second_read` and `escalated` wait for somebody, `leased` is held by somebody now, `decided` is
    done. `all` is everything for `list` and `count`; for `next` it is everything that waits for this reviewer, which
    is what a queue wants: first reads with second reads among them.
    """

    verdict: VerdictWord | None = None
    rule: str | None = None
    min_score: float | None = None
    max_score: float | None = None
    source: Source | None = None
    state: Literal["open", "leased", "decided", "escalated", "second_read", "all"] = "all"
    constitution: str | None = None
    severity: Severity | None = None
    language: str | None = None

    @property
    def by_verdict(self) -> bool:
        """Whether they choose by what the judge said."""
        said = (self.verdict, self.rule, self.severity, self.min_score, self.max_score)
        return any(one is not None for one in said)


class Decision(Frozen):
    """What a person says of an item.

    rules: the violated ones for `violation` (at least one), for the other actions those it is about.
    reason: free text. All but `skip` need a reason or a rule. seconds: how long the item was looked at, where known.
    """

    action: Action
    rules: tuple[str, ...] = ()
    reason: str = Field(default="", max_length=MOST_WORDS)
    seconds: float | None = Field(default=None, ge=0)


class Lease(Frozen):
    """Who holds an item, and until when."""

    reviewer: str
    until: datetime


class LogEntry(Frozen):
    """One line of the log, which is only ever appended to.

    scores: the judge's score per rule as it was shown. supersedes: the line that an undo takes back.
    previous, hash: the chain; see `judge.review.store.log`.
    """

    seq: int
    at: datetime
    who: str
    kind: Kind
    item: int | None = None
    image: str | None = None
    constitution: str | None = None
    scores: dict[str, float] = Field(default_factory=dict)
    decision: Action | None = None
    rules: tuple[str, ...] = ()
    reason: str = ""
    supersedes: int | None = None
    extra: dict[str, Any] = Field(default_factory=dict)
    previous: str
    hash: str


class ItemSummary(Frozen):
    """An item as one line of a list. `score` and `uncertainty`: see `judge.review.store.closeness`.

    violations: the rules that the judge found violated. decision: what people came to, once it is decided. clip_ms: how
    long it lasts, where it is a clip.
    """

    id: int
    image: str
    image_sha256: str | None
    has_image: bool
    source: Source
    added: datetime
    verdict: VerdictWord
    violations: tuple[str, ...]
    constitution: str
    score: float | None
    uncertainty: float
    state: State
    lease: Lease | None
    decision: Action | None
    clip_ms: int | None = None


class Item(Frozen):
    """An item as its reviewer may see it.

    read: what the reviewer's decision will be: a first read, a blind second one, policy's on an escalated item, or a
    reading of a gold item. blind: what others decided is hidden (`decisions` is empty, `state` says `open`).
    verdict_shown: whether the reviewer may see what the judge said before they decide; not in a blind read, unless the
    team reads second with the verdict shown. gold: the truth is known. It is for reports; a reviewer must not be
    shown it. clip: where it is a clip, the verdict over its time; `verdict` then says of each rule what came of it.
    """

    id: int
    verdict: Verdict
    image_sha256: str | None
    has_image: bool
    source: Source
    added: datetime
    state: State
    score: float | None
    uncertainty: float
    lease: Lease | None
    read: Read
    blind: bool
    verdict_shown: bool
    gold: bool
    decisions: tuple[LogEntry, ...] = ()
    clip: ClipVerdict | None = None


class NearItem(Frozen):
    """An item that waits, with nearly the same picture as another. held_by: who has it in hand, if anybody."""

    id: int
    image: str
    verdict: VerdictWord
    held_by: str | None = None


class Together(Frozen):
    """Decisions that were made at once: their lines, and which items were left out, and why."""

    entries: tuple[LogEntry, ...]
    left_out: dict[int, str] = Field(default_factory=dict)


class TakenBack(Frozen):
    """What an undo took back. item: the one that is in hand again; None where there was none. items: all of them.
    first: the line of the first decision, where several were made at once. left_out: why others were not, in words."""

    item: int | None = None
    items: tuple[int, ...] = ()
    first: int | None = None
    left_out: tuple[str, ...] = ()


class ItemCounts(Frozen):
    """How many items match the filters (whatever their state), by state and by the judge's verdict.

    `open` ones are free; `leased` ones are counted there and, unless they are open, in their state as well.
    """

    total: int = 0
    open: int = 0
    leased: int = 0
    decided: int = 0
    escalated: int = 0
    second_read: int = 0
    violation: int = 0
    no_violation: int = 0
    needs_review: int = 0


class Choices(Frozen):
    """What the filters can be set to."""

    rules: tuple[str, ...]
    sources: tuple[Source, ...]
    constitutions: tuple[str, ...]
    languages: tuple[str, ...]


class DecisionRow(Frozen):
    """One decision with what the judge said of the item; `superseded_by`: the log line that took it back. `like`: the
    line of the decision with which this one was made, on a picture nearly the same."""

    seq: int
    at: datetime
    who: str
    item: int
    read: Literal["first", "second", "policy", "gold", "gold_mark"]
    action: Action
    rules: tuple[str, ...]
    reason: str
    superseded_by: int | None
    agrees: bool | None
    image: str
    image_sha256: str | None
    source: Source
    added: datetime
    constitution: str
    constitution_digest: str
    verdict: VerdictWord
    violations: tuple[str, ...]
    score: float | None
    uncertainty: float
    seconds: float | None = None
    like: int | None = None


class RecentDecision(Frozen):
    """A decision that stands, to be looked at again. decided: it made the item decided, and may be opened anew.
    waits: the item is for whoever asks; closed: it is for policy, as `queue.lease_one` has it. stuck: nobody is left to
    settle it."""

    seq: int
    at: datetime
    who: str
    item: int
    image: str
    action: Action
    rules: tuple[str, ...]
    reason: str
    decided: bool
    waits: bool = False
    closed: bool = False
    stuck: bool = False


class DecidedItem(Frozen):
    """A decided item: what the judge said, and what people came to."""

    item: int
    verdict: Verdict
    action: Literal["violation", "no_violation"]
    rules: tuple[str, ...]


class SecondReads(Frozen):
    """Which share of the decided items another reviewer reads blind. Escalations always are.

    The same items are drawn on every machine: by a hash of what the item is and the seed.
    verdict_shown: whether these readers, and those of gold items, see what the judge said before they decide.
    """

    share: Share = 0.1
    seed: int = 0
    verdict_shown: bool = False


class GoldReads(Frozen):
    """Which share of the items that a reviewer is given are gold items, as long as there are unread ones."""

    share: Share = 0.05


class Breaks(Frozen):
    """When a break is due. Off where `every_minutes` is None. What breaks are good for is not measured here."""

    every_minutes: int | None = Field(default=None, ge=1)
    for_minutes: int = Field(default=5, ge=1)


class NamedQueue(Frozen):
    """A part of what waits, under a name. share: of what somebody is given who asks for all that waits."""

    name: str = Field(min_length=1, max_length=40)
    verdict: VerdictWord | None = None
    rule: str | None = None
    source: Source | None = None
    constitution: str | None = None
    severity: Severity | None = None
    language: str | None = None
    min_score: float | None = None
    max_score: float | None = None
    order: Order = "oldest"
    share: Share = 0.0


class ReviewSettings(Frozen):
    """How a team reviews; kept in the store, so that all its servers agree.

    anonymous: on the dashboard reviewers are called by letters. The log and exports have their names.
    """

    second_reads: SecondReads = SecondReads()
    gold: GoldReads = GoldReads()
    breaks: Breaks = Breaks()
    lease_minutes: int = Field(default=15, ge=1)
    anonymous: bool = False
    queues: tuple[NamedQueue, ...] = Field(default=(), max_length=20)


class Preferences(Frozen):
    """What a person chose for themselves on the queue. keys: names of actions and their keys, where these are not as
    they come. grey, blur: how a revealed picture is shown; a blur of 0 is none. break_minutes, break_items: after how
    much work they are reminded of a break; None: not by that."""

    keys: dict[str, str] = Field(default_factory=dict)
    grey: bool = False
    blur: int = Field(default=0, ge=0, le=4)
    break_minutes: int | None = Field(default=None, ge=1, le=600)
    break_items: int | None = Field(default=None, ge=1, le=10_000)


class Reminder(Frozen):
    """How long a person has worked since their last break, and how many items they decided."""

    minutes: int
    items: int


class Session(Frozen):
    """A reviewer's time at work: since when, and where breaks are on, when one is due and until when it lasts.
    reminder: of a break, where the person wants one by now."""

    started: datetime | None
    break_at: datetime | None = None
    break_due: bool = False
    back_at: datetime | None = None
    reminder: Reminder | None = None
