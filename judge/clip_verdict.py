"""What judging a clip leaves behind: per rule the stretches of time in which it is violated, the frames that show it,
and how much was looked at. No model, no decoder.

Like a `Verdict`, all of it is frozen and round-trips through JSON. Times are milliseconds from the beginning.
"""

from __future__ import annotations

from pydantic import Field

from judge.causes import Cause
from judge.settings import ClipLimits, Frozen
from judge.verdict import Failure, Provenance, RuleOutcome, Verdict, VerdictWord


class TimeRange(Frozen):
    """A stretch of time in which a rule is violated. What nobody looked at, or what stayed open, for no longer than
    `ClipLimits.step_seconds` between two frames that violate it is part of it, and does not count in `held_ms`."""

    start_ms: int
    """When the first frame shows of which it is known."""
    end_ms: int
    """When the last such frame ends."""
    may_start_ms: int
    """Since when it may be so: what lies between a frame that violates and one that does not, nobody looked at."""
    may_end_ms: int
    """Until when it may be so."""
    telling_ms: int
    """The frame in it that tells most plainly."""


class Stretch(Frozen):
    """A stretch of time that is not known of, and why."""

    start_ms: int
    """Where it begins."""
    end_ms: int
    """Where it ends."""
    why: str
    """In words."""


class ClipFinding(Frozen):
    """What came of one rule over the clip."""

    rule: str
    """Id of the rule."""
    text: str
    """The rule as people read it."""
    category: str
    """The rule's category."""
    severity: str
    """The rule's severity."""
    enforced: bool
    """False for a rule in shadow, which never changes the verdict."""
    reads: tuple[str, ...] = Field(default=(), exclude_if=lambda reads: not reads)
    """Fields of the context that its statements read; absent where it is about the clip alone."""
    outcome: RuleOutcome
    """What came of it: `violated` where it holds for long enough (`at_least`)."""
    at_least: str | None = None
    """How long or how often it must hold (`clip:` in the constitution); null: one frame is enough."""
    held_ms: int
    """For how long it is known to hold, all ranges together."""
    may_hold_ms: int
    """For how long it may, with what is undecided, or was not looked at."""
    held_frames: int
    """Of how many frames of the clip it is known."""
    ranges: tuple[TimeRange, ...] = ()
    """Where it holds, in order of time: for less than `at_least` where the rule is not violated."""
    undecided: tuple[Stretch, ...] = ()
    """Where frames were looked at and it stayed open."""
    reason: str | None = None
    """Why it is undecided, in words."""
    cause: Cause | None = Field(default=None, exclude_if=lambda cause: cause is None)
    """The same for programs; absent where it is decided."""


class JudgedFrame(Frozen):
    """A frame that was judged, in short."""

    ms: int
    """When it shows."""
    verdict: VerdictWord
    """The verdict on this frame alone."""
    violations: tuple[str, ...] = ()
    """Ids of the rules that it violates, in shadow or not."""
    undecided: tuple[str, ...] = ()
    """Ids of the rules that are open on it."""
    scores: dict[str, float] = Field(default_factory=dict)
    """Per rule the probability that it is violated, where it was asked about."""
    like_ms: int | None = Field(default=None, exclude_if=lambda ms: ms is None)
    """The earlier frame that it looks like, whose verdict it has; absent where it was judged itself."""


class EvidenceFrame(Frozen):
    """A frame that tells, with its whole verdict."""

    ms: int
    """When it shows."""
    rules: tuple[str, ...]
    """Ids of the rules that it tells of."""
    verdict: Verdict
    """The verdict on this frame alone, with all evidence."""


class ClipFacts(Frozen):
    """What was judged."""

    sha256: str | None = None
    """Of the file's bytes; null where no film could be made of it."""
    format: str | None = None
    """Its container, as the bytes say, never the name."""
    codec: str | None = None
    """How its film is coded."""
    width: int | None = None
    """In pixels, upright."""
    height: int | None = None
    """In pixels, upright."""
    duration_ms: int = 0
    """How long it lasts, as far as is known."""
    frames: int = 0
    """How many were decoded."""
    frame_rate: float = 0.0
    """Frames a second, as the file says; 0 where it says nothing."""
    turned: int = 0
    """Degrees by which frames are turned clockwise to be shown."""


class ClipVerdict(Frozen):
    """The outcome for one clip under one constitution."""

    clip: str
    """As it was named."""
    verdict: VerdictWord
    """`no_violation` only where every enforced rule was decided over all of the clip's time."""
    violations: tuple[str, ...] = ()
    """Ids of the enforced rules that are violated, in the constitution's order."""
    shadow_violations: tuple[str, ...] = ()
    """The same for rules in shadow, which never change the verdict."""
    reasons: tuple[str, ...] = ()
    """Why a person must look, in words; empty unless `needs_review`."""
    causes: tuple[Cause, ...] = Field(default=(), exclude_if=lambda causes: not causes)
    """The same for programs, each once; absent where there are none."""
    notes: tuple[str, ...] = ()
    """Remarks that change nothing."""
    context: dict[str, str] | None = Field(default=None, exclude_if=lambda context: context is None)
    """What was told beside it, by field; absent where nothing was."""
    rules: tuple[ClipFinding, ...] = ()
    """One for each rule."""
    looked_at: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of the clip's time that was looked at; 1 only where all was."""
    not_looked_at: tuple[Stretch, ...] = ()
    """The rest of it."""
    frames: tuple[JudgedFrame, ...] = ()
    """Every frame that was judged, in order of time."""
    evidence: tuple[EvidenceFrame, ...] = ()
    """The frames that tell most of what was found, and of what stayed open."""
    clip_facts: ClipFacts = ClipFacts()
    """What was judged."""
    limits: ClipLimits
    """How far it was looked at."""
    provenance: Provenance
    """All else that the verdict depends on."""
    failure: Failure | None = None
    """Set where it could not be judged, or not wholly; else null."""
    timings: dict[str, float] = Field(default_factory=dict)
    """Seconds of `decode`, `judge` and `total`."""

    @property
    def image(self) -> str:
        """As it was named: what speaks of images and clips alike calls it so."""
        return self.clip

    def ranges(self) -> tuple[str, ...]:
        """Each range of a violated rule as `RULE START-END`, in milliseconds."""
        return tuple(
            f"{one.rule} {each.start_ms}-{each.end_ms}"
            for one in self.rules
            if one.outcome is RuleOutcome.VIOLATED
            for each in one.ranges
        )
