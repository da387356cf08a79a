"""Why something was left to a person, and what else there is to say of it: as values. Their words are in `judge.words`.

A program reads the value (`Finding.cause`, `Verdict.causes`); nothing reads the words but people.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from judge.words import in_words


class Cause(StrEnum):
    """Why a rule, a statement or a picture was not decided."""

    UNREADABLE = "unreadable"  # no picture could be made of the file
    INCOMPLETE = "incomplete"  # something of the file was not looked at, or is missing from it: see `media/gaps.py`
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
    REASONING_CUT_OFF = "reasoning_cut_off"  # the limit of tokens ended the reasoning before it came to anything
    REASONING_REFUSED = "reasoning_refused"  # the model would not reason about it
    DEBATE_REFUSED = "debate_refused"  # a model would not argue about it
    DEBATE_UNREADABLE = "debate_unreadable"  # a turn of a debate could not be read
    COMMITTEE_SPLIT = "committee_split"  # several models did not agree, and nobody decided between them
    DEBATE_UNCLEAR = "debate_unclear"  # the judge of a debate said that the picture does not settle it
    OFFENCE_REFUSED = "offence_refused"  # of a frame for offence: the model would not explain it
    OFFENCE_UNREADABLE = "offence_unreadable"  # of a frame for offence: what the model said could not be read
    NO_CONTEXT = "no_context"  # it reads what was not given with the picture
    CANNOT_READ = "cannot_read"  # it reads a text, and the model reads none
    CONTEXT_REFUSED = "context_refused"  # of a picture: what was given with it is not declared, too long, or no text
    STATEMENT_OPEN = "statement_open"  # of a rule: a statement of its chain is undecided, for causes of its own
    NOT_ASKED = "not_asked"  # of a rule: its chain was not asked about


class Remark(StrEnum):
    """What a verdict says beside its causes. It changes nothing."""

    OF_RULE = "of_rule"  # which rule a cause is of
    OF_RULES = "of_rules"  # the same, of one cause that left several rules open
    OF_STATEMENT = "of_statement"  # which statement of a rule a cause is of
    DISTANCE = "distance"  # of a picture from those that the model was made for
    PASSED_OVER = "passed_over"  # closer looks that are nothing for the model
    NO_ROOM = "no_room"  # for a closer look at every view
    CLIP_OPEN = "clip_open"  # why a rule is open at a time of a clip
    CLIP_UNKNOWN = "clip_unknown"  # it may hold where nobody looked
    CLIP_MAY = "clip_may"  # it may hold for long enough
    CLIP_BELOW = "clip_below"  # it holds, and not for long enough
    MEMBER_FAILED = "member_failed"  # a model of a committee, whatever the others agreed on
    STEP_FAILED = "step_failed"  # a model, on a statement that another step decided all the same
    ALL_RELEVANT = "all_relevant"  # every rule was judged, because the encoder failed


@dataclass(frozen=True)
class Why:
    """A value, and what its words need to know, such as `{"seconds": 30.0}`. As a string it is its words."""

    cause: StrEnum
    known: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, cause: StrEnum, **known: Any) -> Why:
        """The value with what is known. What a model or a library said itself is `said`; a `Why` may lie in another."""
        return cls(cause, tuple(known.items()))

    def __str__(self) -> str:
        return in_words(self.cause, dict(self.known))
