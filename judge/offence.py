"""How a picture may give offence, as a model explains it to the person who decides: on request, and after the verdict.

Part of a verdict (`judge.verdict`), which never depends on it. Knows no model.
"""

from __future__ import annotations

from pydantic import Field

from judge.causes import Cause
from judge.settings import Frozen

_AGAIN = (Cause.MODEL_ERROR, Cause.UNREACHABLE, Cause.OUT_OF_TIME)


class OffenceFrame(Frozen):
    """What a model says of one rule: four sentences, after the frames of COBRA; or why there are none."""

    rule: str
    """Id of the rule: one that is violated or undecided."""
    view: str
    """The name of the view, or of the closer look, that it is about: one of `image_facts`."""
    shown: bool
    """Whether the model was shown the picture: not where the rule's statements all read, and none sees it."""
    reads: tuple[str, ...] = Field(default=(), exclude_if=lambda reads: not reads)
    """Fields of the context that the rule's statements read, and the model was told; absent where they read none."""
    untold: tuple[str, ...] = Field(default=(), exclude_if=lambda untold: not untold)
    """Those of them that were not given with the picture: it was told so; absent where all were given."""
    intent: str | None = None
    """What whoever shows this wants by it."""
    target_group: str | None = None
    """Whom it is about or may hurt."""
    implication: str | None = None
    """What it says of them without saying it."""
    would_change: str | None = None
    """Which context, were it known, would change how it is to be understood."""
    cause: Cause | None = Field(default=None, exclude_if=lambda cause: cause is None)
    """Why there is no frame, for programs; absent where there is one."""
    reason: str | None = Field(default=None, exclude_if=lambda reason: reason is None)
    """The same in words."""

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """What it says, each with what that is; where it says nothing, why."""
        if self.cause is not None:
            return (("no frame", self.reason or str(self.cause)),)
        said = {
            "intent": self.intent,
            "target group": self.target_group,
            "implication": self.implication,
            "context that would change it": self.would_change,
        }
        return tuple((name, text) for name, text in said.items() if text is not None)


class Offence(Frozen):
    """How a picture may give offence, rule by rule. No verdict depends on it."""

    frames: tuple[OffenceFrame, ...]
    """One for each rule that is violated, or undecided after it was asked about; violated ones first."""
    left_out: tuple[str, ...] = Field(default=(), exclude_if=lambda rules: not rules)
    """Ids of further such rules, of which nothing was asked because there are too many; absent where there are none."""
    prompts: dict[str, str]
    """Digest of each text that frames are asked and read by."""

    @property
    def failed(self) -> bool:
        """Whether another try may say more."""
        return any(one.cause in _AGAIN for one in self.frames)

    def of(self, rule: str, view: str) -> OffenceFrame | None:
        """What is said of a rule on a view, if anything."""
        return next((one for one in self.frames if (one.rule, one.view) == (rule, view)), None)
