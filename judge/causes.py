"""Why something was left to a person: as values, and in words. The only place where these words stand.

A program reads the value (`Finding.cause`, `Verdict.causes`); nothing reads the words but people.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Cause(StrEnum):
    """Why a rule, a statement or a picture was not decided."""

    UNREADABLE = "unreadable"  # no picture could be made of the file
    INCOMPLETE = "incomplete"  # something of the file was not looked at, or is missing from it
    OUT_OF_TIME = "out_of_time"  # decoding or judging took longer than its limit; another try may come further
    OUTSIDE = "outside"  # the model was not made for such pictures
    GUARD_FAILED = "guard_failed"  # whether the model was made for it is not known
    NO_CHAIN = "no_chain"  # the rule has no preconditions
    NO_RULE = "no_rule"  # no rule is enforced
    UNREACHABLE = "unreachable"  # no model answers any more
    MODEL_ERROR = "model_error"  # a model failed on it
    LOW_LABEL_MASS = "low_label_mass"  # yes and no together had too little probability
    BETWEEN_THRESHOLDS = "between_thresholds"  # no step of the method moved the score past a threshold
    BETWEEN_BOUNDS = "between_bounds"  # the same, of a rule with calibrated bounds
    NO_RATING = "no_rating"  # reasoning ended in neither yes nor no
    STATEMENT_OPEN = "statement_open"  # of a rule: a statement of its chain is undecided, for causes of its own
    NOT_ASKED = "not_asked"  # of a rule: its chain was not asked about


_WORDS = {
    Cause.OUT_OF_TIME: "judging it took longer than the limit of {seconds:g} s",
    Cause.OUTSIDE: "{model} reads {reads} only",
    Cause.GUARD_FAILED: "whether the model can read this picture is not known: {said}",
    Cause.NO_CHAIN: "the rule has no preconditions, so nothing can decide it",
    Cause.NO_RULE: "no rule is enforced, so nothing was decided",
    Cause.UNREACHABLE: "{said}",
    Cause.MODEL_ERROR: "{said}",
    Cause.LOW_LABEL_MASS: "low label mass: yes and no together have probability {mass:.3f}, under {least}",
    Cause.BETWEEN_THRESHOLDS: "the score lies between the thresholds",
    Cause.BETWEEN_BOUNDS: "the score lies between the bounds of this rule",
    Cause.NO_RATING: "the reasoning could not be summed up as Yes or No",
    Cause.STATEMENT_OPEN: "{said}",
    Cause.NOT_ASKED: "its preconditions were not asked",
}


@dataclass(frozen=True)
class Why:
    """A cause, and what its words need to know, such as `{"seconds": 30.0}`."""

    cause: Cause
    words: str

    @classmethod
    def of(cls, cause: Cause, **known: Any) -> Why:
        """The cause in words. What a model said itself is `said`."""
        return cls(cause, _WORDS[cause].format(**known))

    def __str__(self) -> str:
        return self.words
