"""What a probe found: a line per check, and the whole. Pure records, kept as JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

from pydantic import ConfigDict, Field, computed_field

from judge.settings import Frozen
from judge.verdict import ModelIdentity

Outcome = Literal["pass", "warn", "fail"]
_GRAVEST_FIRST: tuple[Outcome, ...] = ("fail", "warn", "pass")


class Line(Frozen):
    """One thing that was checked.

    figure: what was found, in words with its number. advice: what to do, where it is no `pass`. values: the numbers
    behind the figure, by name; seconds, tokens, shares and probabilities as their names say.
    """

    check: str
    outcome: Outcome
    figure: str
    advice: str = ""
    values: dict[str, float] = Field(default_factory=dict)


class ProbeReport(Frozen):
    """Everything a probe of one model found.

    date: UTC, to the second. seconds: what the probe took. versions: of the libraries that answered. unseen: what
    cannot be seen of such a model, and why.
    """

    model_config = ConfigDict(extra="ignore")  # its own computed fields come back in when JSON is read

    model: ModelIdentity
    date: str
    seconds: float
    versions: dict[str, str]
    lines: tuple[Line, ...]
    unseen: tuple[str, ...] = ()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def outcome(self) -> Outcome:
        """The gravest of all lines."""
        return gravest(self.lines)

    @property
    def digest(self) -> str:
        """SHA-256 of the report as JSON: what a verdict names it by."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def line(self, check: str) -> Line | None:
        """The line of a check by its name, if it is there."""
        return next((line for line in self.lines if line.check == check), None)


def gravest(lines: Iterable[Line]) -> Outcome:
    """`fail` before `warn` before `pass`. Where nothing was checked, nothing is known to work: `fail`."""
    seen = {line.outcome for line in lines}
    return next((outcome for outcome in _GRAVEST_FIRST if outcome in seen), "fail")
