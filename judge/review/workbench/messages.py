"""What the page of the workbench says and what it is answered; the other side is `static/workbench.js`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from judge.constitution.document import MAX_BYTES
from judge.judging.replay import Knob
from judge.review.queue.messages import MOST as MOST_SERIAL
from judge.review.workbench.trials import MOST, Choice
from judge.settings import Frozen


class WorkbenchRequest(Frozen):
    """One thing that a person did on the page. draft: a text that was kept in the browser, to be edited on."""

    kind: Literal[
        "start",
        "open",
        "try",
        "upload",
        "compare",
        "job",
        "stop",
        "curve",
        "propose",
        "save",
        "put",
        "wanted",
        "case",
        "ask",
    ]
    serial: int = Field(ge=0, le=MOST_SERIAL)
    item: int = Field(default=0, ge=0, le=MOST_SERIAL)
    ref: str = ""
    draft: str | None = Field(default=None, max_length=MAX_BYTES)
    choice: Choice = "uncertain"
    count: int = Field(default=12, ge=1, le=MOST)
    name: str = "upload"
    data: str = ""
    knob: Knob = Knob.PRIOR_HOLDS
    rule: str = ""
    value: float = Field(default=0.0, ge=-1.0, le=1.0)
    line: str = ""
    token: str = ""


class WorkbenchUpdate(Frozen):
    """What the page has to change. Parts that are absent stay as they are.

    opened: which constitution is open now. base: its text, which edits are told by. draft: the text that the editor
    gets in its place, where that was kept. whose: who is asking, whose drafts the browser keeps by that name.
    """

    serial: int = 0
    slots: dict[str, str] = Field(default_factory=dict)
    refs: str | None = None
    opened: str | None = None
    base: str | None = None
    draft: str | None = None
    whose: str | None = None
    job: dict[str, Any] | None = None
    rules: tuple[str, ...] = ()
    announce: str = ""
    toasts: tuple[dict[str, Any], ...] = ()

    def json_text(self) -> str:
        """Only what was set."""
        return self.model_dump_json(exclude_unset=True)
