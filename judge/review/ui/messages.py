"""What the page of the desk says and what it is answered; the other side is `static/desk.js`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from judge.review.store import Action
from judge.review.ui.listing import Wanted
from judge.settings import Frozen


class Asked(Frozen):
    """One thing that a person did on the page."""

    kind: Literal[
        "start", "filter", "page", "take", "reveal", "hide", "decide", "undo", "warm", "upload", "refresh"
    ]  # fmt: skip
    serial: int
    item: int | None = None
    filters: Wanted = Wanted()
    offset: int = Field(default=0, ge=0)
    open: int | None = None
    action: Action | None = None
    rules: tuple[str, ...] = ()
    reason: str = ""
    name: str = "upload"
    data: str = ""
    constitution: str = ""


class Reply(Frozen):
    """What the page has to change. Parts that are absent stay as they are."""

    serial: int = 0
    slots: dict[str, str] = Field(default_factory=dict)
    item: int | None = None
    offset: int | None = None
    filters: Wanted | None = None
    state: Literal["item", "empty"] | None = None
    has_image: bool | None = None
    original: bool | None = None
    announce: str = ""
    person: str | None = None
    toasts: tuple[dict[str, Any], ...] = ()
    upload: dict[str, str] | None = None

    def json_text(self) -> str:
        """Only what was set: an absent item is not the same as no item."""
        return self.model_dump_json(exclude_unset=True)
