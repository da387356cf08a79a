"""What the page of the desk says and what it is answered; the other side is in `static/`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationError

from judge.errors import JudgeError
from judge.review.queue.listing import QueueFilters
from judge.review.store import MOST_WORDS, Action, Preferences
from judge.review.store.near import MOST as MOST_NEAR
from judge.settings import Frozen, Share

MOST_UNANSWERED = 20  # as many as the page keeps
MOST = 2**53  # what a browser counts exactly, and SQLite, too


class Unanswered(Frozen):
    """A decision that the page had no answer to. who: whose. head: the number of the log's last line when the item
    came."""

    who: str = Field(max_length=200)
    item: int = Field(ge=1, le=MOST)
    head: int = Field(ge=0, le=MOST)
    action: Action
    rules: tuple[str, ...] = ()


class QueueRequest(Frozen):
    """One thing that a person did on the page.

    gold: the decision is the item's known truth, by which others are measured. line: of the log, the decision to be
    taken back; None: the last one. whole: with all that was decided at once with it. near: items with nearly the same
    picture, which are decided as the one in hand. unanswered: decisions that this tab of the browser had no
    answer to, of everybody who signed in there. head: the number of the log's last line when the item came. whose: who
    the page was made for; None before it was told.
    """

    kind: Literal[
        "start",
        "filter",
        "page",
        "take",
        "reveal",
        "hide",
        "decide",
        "undo",
        "refresh",
        "prefer",
        "note",
        "recent",
        "reopen",
        "keep_queue",
        "drop_queue",
        "break",
        "back",
        "case",
    ]
    serial: int = Field(ge=0, le=MOST)
    item: int | None = Field(default=None, ge=1, le=MOST)
    filters: QueueFilters = QueueFilters()
    offset: int = Field(default=0, ge=0, le=MOST)
    open: int | None = Field(default=None, ge=1, le=MOST)
    action: Action | None = None
    rules: tuple[str, ...] = ()
    reason: str = Field(default="", max_length=MOST_WORDS)
    gold: bool = False
    name: str = Field(default="", max_length=40)
    share: Share = 0.0
    line: int | None = Field(default=None, ge=1, le=MOST)
    whole: bool = False
    near: tuple[int, ...] = Field(default=(), max_length=MOST_NEAR)
    unanswered: tuple[Unanswered, ...] = Field(default=(), max_length=MOST_UNANSWERED)
    whose: str | None = Field(default=None, max_length=200)
    head: int | None = Field(default=None, ge=0, le=MOST)
    preferences: Preferences | None = None


class QueueUpdate(Frozen):
    """What the page has to change. Parts that are absent stay as they are.

    undone: the line that was taken back. decided: the item of a decision that is recorded. head: the number
    of the log's last line. whose: who asked, whose drafts the browser keeps by that name.
    """

    serial: int = 0
    slots: dict[str, str] = Field(default_factory=dict)
    item: int | None = None
    offset: int | None = None
    filters: QueueFilters | None = None
    state: Literal["item", "empty", "break"] | None = None
    has_image: bool | None = None
    original: bool | None = None
    announce: str = ""
    person: str | None = None
    toasts: tuple[dict[str, Any], ...] = ()
    undone: int | None = None
    decided: int | None = None
    head: int = 0
    whose: str | None = None
    preferences: Preferences | None = None

    def json_text(self) -> str:
        """Only what was set: an absent item is not the same as no item."""
        return self.model_dump_json(exclude_unset=True)


def whole(chosen: Preferences) -> Preferences:
    """The same with every part set, so that none is left out of a reply."""
    return Preferences.model_validate(chosen.model_dump())


def serial_of(raw: Any) -> int:
    """Which event a reply answers, whatever the page has sent; 0 where it does not say."""
    said = raw.get("serial") if isinstance(raw, dict) else None
    return said if isinstance(said, int) and 0 <= said <= MOST else 0


def in_words(error: JudgeError) -> str:
    """What went wrong and what to do, as sentences."""
    parts = (error.message, error.hint)
    return " ".join(f"{one[:1].upper()}{one[1:].rstrip('.')}." for one in parts if one)


def misunderstood(error: ValidationError) -> dict[str, Any]:
    """What the page is told of an event that is none."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return {"text": f"That was not understood ({where}: {first['msg']}).", "bad": True}
