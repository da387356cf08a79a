"""What the page of the workbench says and what it is answered; the other side is `static/workbench.js`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from judge.review.queue.messages import MOST as MOST_SERIAL
from judge.review.workbench.replay import Knob
from judge.review.workbench.trials import MOST, Choice
from judge.settings import Frozen


class WorkbenchRequest(Frozen):
    """One thing that a person did on the page."""

    kind: Literal["start", "open", "try", "upload", "compare", "job", "stop", "curve", "propose", "save"]
    serial: int = Field(ge=0, le=MOST_SERIAL)
    ref: str = ""
    choice: Choice = "uncertain"
    count: int = Field(default=12, ge=1, le=MOST)
    name: str = "upload"
    data: str = ""
    knob: Knob = Knob.PRIOR_HOLDS
    rule: str = ""
    line: str = ""
    token: str = ""


class WorkbenchUpdate(Frozen):
    """What the page has to change. Parts that are absent stay as they are."""

    serial: int = 0
    slots: dict[str, str] = Field(default_factory=dict)
    refs: str | None = None
    opened: str | None = None
    job: dict[str, Any] | None = None
    rules: tuple[str, ...] = ()
    announce: str = ""
    toasts: tuple[dict[str, Any], ...] = ()

    def json_text(self) -> str:
        """Only what was set."""
        return self.model_dump_json(exclude_unset=True)
