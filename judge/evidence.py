"""What is known of one statement about one view: answers, regions, the steps of the ladder, and what decided.

Part of a verdict (`judge.verdict`), and written by the same rules: frozen, and replayable from its numbers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, Field, computed_field

from judge.causes import Cause
from judge.chain import Outcome
from judge.settings import Agreement, Frozen, ReasonWith, Step

BoxCorners = tuple[float, float, float, float]


class Branch(StrEnum):
    """Which step of the method decided a statement (section 3.4 and 3.5 of the paper)."""

    PRIOR_FAILS = "prior_fails"  # debiased score under a1
    PRIOR_HOLDS = "prior_holds"  # debiased score over a2
    REGION_HOLDS = "region_holds"  # blanking the central region lowers the answer by more than b
    CROP_FAILS = "crop_fails"  # a1 rule on the crop of a small central object
    CROP_HOLDS = "crop_holds"  # a2 rule on the crop of a small central object
    REASONING = "reasoning"  # chain of thought decided
    DEBATE = "debate"  # the judge of a debate decided
    COMMITTEE = "committee"  # several models decided
    LOW_LABEL_MASS = "low_label_mass"  # yes and no together carry too little probability to mean anything
    MODEL_ERROR = "model_error"  # the model failed
    NO_CONTEXT = "no_context"  # it reads what was not given with the picture, so nothing was asked
    CANNOT_READ = "cannot_read"  # it reads a text, and the model reads none, so nothing was asked
    UNDECIDED = "undecided"  # every step was passed without a decision
    NOT_ASKED = "not_asked"  # the chain was settled, or pruned, without it


class Answer(Frozen):
    """Probabilities of yes and of no as the next token."""

    model_config = ConfigDict(extra="ignore")  # its own computed fields come back in when JSON is read

    p_yes: float = Field(ge=0.0, le=1.0)
    """Probability of yes, summed over its single-token spellings."""
    p_no: float = Field(ge=0.0, le=1.0)
    """Probability of no, summed likewise."""
    answered_by: Literal["samples"] | None = Field(default=None, exclude_if=lambda by: by is None)
    """`samples` where the model gives no probabilities and these are frequencies; absent elsewhere."""
    samples: int | None = Field(default=None, ge=1, exclude_if=lambda samples: samples is None)
    """How many sampled answers the frequencies are of; absent elsewhere."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def probability(self) -> float:
        """M = p(Yes) / (p(Yes) + p(No)), in [0, 1]; 0.5 where both are zero."""
        mass = self.p_yes + self.p_no
        return round(self.p_yes / mass, 6) if mass > 0 else 0.5

    @computed_field  # type: ignore[prop-decorator]
    @property
    def label_mass(self) -> float:
        """p(Yes) + p(No): how far the model answered the question at all."""
        return round(self.p_yes + self.p_no, 6)


class RegionEvidence(Frozen):
    """The central region of a statement, and what blanking it did."""

    source: Literal["detector", "occlusion"]
    """Who found it; without a detector, by `occlusion`: the cells of a grid were blanked in turn."""
    query: str | None = None
    """The words that the detector looked for."""
    box: BoxCorners
    """Corners (left, top, right, bottom) in pixels of the upright frame, as large as in the file."""
    confidence: float | None = None
    """The detector's, from 0 to 1."""
    share: float
    """The box's part of the area of the view, from 0 to 1."""
    without: Answer | None = None
    """The answer on the image with the box blanked."""
    drop: float | None = None
    """How much the answer fell by that."""
    crop: Answer | None = None
    """The answer on the box alone, where the object is small."""


class ReasoningEvidence(Frozen):
    """The two turns of an escalation: the free-form reasoning, and its summary."""

    text: str
    """What the model wrote."""
    rating: Literal["Yes", "No", "Unclear"] | None = None
    """What it came to; null where it refused or was cut off, or where that cannot be read. Unclear decides nothing."""
    rationale: str | None = None
    """The model's own summary."""
    on_crop: bool = False
    """Whether it was shown the region alone."""
    cut_off: bool = Field(default=False, exclude_if=lambda cut: not cut)
    """Whether the limit of tokens ended it, so that the summary is of a part and decides nothing; absent where not."""
    refused: bool = Field(default=False, exclude_if=lambda refused: not refused)
    """Whether the model would not answer, in its reasoning or its summary, or described nothing; absent where not."""
    reasoned_with: ReasonWith = Field(default="steps", exclude_if=lambda how: how == "steps")
    """`thinking` where the model thought in its own way; absent where it thought aloud, in `steps`."""

    def in_short(self) -> str:
        """The rationale, or all of the reasoning where there is none, and whether that was refused or cut off."""
        said = (self.text if self.refused else self.rationale) or self.text
        return said + " (it refused)" * self.refused + " (the reasoning was cut off)" * self.cut_off


class DebateTurn(Frozen):
    """What one side said in a debate, once."""

    side: Literal["for", "against"]
    """Whether it spoke for the statement or against it."""
    reasons: tuple[str, ...]
    """At most three."""


class DebateEvidence(Frozen):
    """Two sides argued about a statement, each twice, and a judge decided (the protocol of VHD11K)."""

    turns: tuple[DebateTurn, ...]
    """In order: for, against, for, against."""
    decision: Literal["Yes", "No", "Unclear"] | None = None
    """The judge's; null where the debate ended before it."""
    deciding: str | None = None
    """The reason that decided."""
    unclear: str | None = None
    """What remains unclear, by the judge's own words."""
    ended: Literal["refused", "unreadable"] | None = None
    """Why there is no decision: a model would not argue, or what it said could not be read."""

    def in_short(self) -> str:
        """The decision with the reason for it, or how it ended."""
        return f"{self.decision}: {self.deciding}" if self.decision is not None else f"the debate was {self.ended}"


class Vote(Frozen):
    """What one model of a committee said of a statement."""

    model: str
    """As the model was named."""
    outcome: Outcome
    """By the same thresholds as the judge's own; `undecided` is silence."""
    answer: Answer | None = None
    """Null where it failed, or was not asked."""
    prior: Answer | None = None
    """Its own, without any picture."""
    failed: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """How it failed; absent where it did not."""
    barred: Cause | None = Field(default=None, exclude_if=lambda cause: cause is None)
    """Why it was not asked: `outside` where it was not made for such pictures, `cannot_read` where the statement reads
    a text and it reads none; absent where it was."""

    @property
    def word(self) -> str:
        """`yes`, `no` or `silent`."""
        return {Outcome.HOLDS: "yes", Outcome.FAILS: "no"}.get(self.outcome, "silent")

    @property
    def heard(self) -> bool:
        """Whether it was asked, and did not fail: its silence is its own."""
        return self.failed is None and self.barred is None

    def in_short(self) -> str:
        """The word; where it is silent because it failed, `failed`, and why it was not asked where it was not."""
        if self.failed is not None:
            return "failed"
        return self.barred.replace("_", " ") if self.barred is not None else self.word


class CommitteeEvidence(Frozen):
    """Several models voted on a statement; where they did not agree, a stronger one was asked, or it was looked at
    again with their disagreement told (after the labelling of CensorChat)."""

    votes: tuple[Vote, ...]
    """The judge's own model first."""
    agreement: Agreement
    """What makes them agree."""
    outcome: Outcome
    """What they agreed on; `undecided` where they did not."""
    stronger: Vote | None = None
    """Of the model that is asked where they do not agree; null where it was not."""
    rereading: ReasoningEvidence | None = None
    """Where it was looked at again."""
    of_all: bool = Field(default=False, exclude_if=lambda of_all: not of_all)
    """Whether it was put to the vote in place of the judge's own answer; absent where only because that was open."""

    @property
    def every_vote(self) -> tuple[Vote, ...]:
        """The votes, and that of the stronger model where it was asked."""
        return self.votes if self.stronger is None else (*self.votes, self.stronger)

    @property
    def lacks_a_vote(self) -> bool:
        """Whether nobody decided and a model failed, or was not asked: what it would have said is not known, and no
        single model may settle it in its place."""
        return not self.decision.known and not all(vote.heard for vote in self.every_vote)

    @property
    def decision(self) -> Outcome:
        """What the committee came to, by vote, by the stronger model, or by looking again."""
        if self.outcome.known:
            return self.outcome
        if self.stronger is not None and self.stronger.outcome.known:
            return self.stronger.outcome
        rating = self.rereading.rating if self.rereading is not None else None
        return {"Yes": Outcome.HOLDS, "No": Outcome.FAILS}.get(str(rating), Outcome.UNDECIDED)

    def in_short(self) -> str:
        """The votes, and who decided where they did not."""
        words = [vote.in_short() for vote in self.votes]
        said = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
        if not self.outcome.known and self.stronger is not None:
            said += f"; {self.stronger.model}: {self.stronger.in_short()}"
        if not self.outcome.known and self.rereading is not None:
            said += f"; looked at again: {self.rereading.in_short()}"
        return said


class Evidence(Frozen):
    """Everything known of one statement about one view."""

    statement: str
    """What the model was asked about, parameters put in."""
    reads: tuple[str, ...] = Field(default=(), exclude_if=lambda reads: not reads)
    """Fields of the context that it is about, instead of the picture; absent where it is about the picture alone."""
    sees: Literal["image"] | None = Field(default=None, exclude_if=lambda sees: sees is None)
    """`image` where it is about the picture as well as what it reads; absent elsewhere."""
    outcome: Outcome = Outcome.NOT_ASKED
    """Whether it holds."""
    branch: Branch = Branch.NOT_ASKED
    """The step that decided it, or why none did."""
    answer: Answer | None = None
    """What the model said with the picture; null where it was not asked."""
    prior: Answer | None = None
    """What it said without any picture."""
    score: float | None = None
    """The answer freed of the prior: their difference, or that of their log odds (`debias: logit`, or `bounds`)."""
    region: RegionEvidence | None = None
    """Its central region, where one was looked for."""
    reasoning: ReasoningEvidence | None = None
    """Where it was reasoned about."""
    debate: DebateEvidence | None = Field(default=None, exclude_if=lambda debate: debate is None)
    """Where it was argued about; absent elsewhere."""
    committee: CommitteeEvidence | None = Field(default=None, exclude_if=lambda committee: committee is None)
    """Where several models voted on it; absent elsewhere."""
    reason: str | None = None
    """Why it is undecided, in words."""
    cause: Cause | None = Field(default=None, exclude_if=lambda cause: cause is None)
    """The same for programs; absent where it is decided."""
    failed: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """How a model failed on it, where another step decided it all the same; absent elsewhere."""

    @property
    def steps(self) -> tuple[tuple[Step, ReasoningEvidence | DebateEvidence | CommitteeEvidence], ...]:
        """The steps of the ladder that were taken, each with what it left behind."""
        every: tuple[tuple[Step, ReasoningEvidence | DebateEvidence | CommitteeEvidence | None], ...] = (
            ("reasoning", self.reasoning),
            ("debate", self.debate),
            ("committee", self.committee),
        )
        return tuple((step, left) for step, left in every if left is not None)

    @property
    def rationale(self) -> str | None:
        """What the last of them came to, in short; None where none was taken."""
        return self.steps[-1][1].in_short() if self.steps else None


class Condition(Frozen):
    """One precondition or exception: what came of it, and the evidence of each alternative."""

    outcome: Outcome
    """Holds where one alternative does, fails where all do."""
    alternatives: tuple[Evidence, ...]
    """One for each item of `any`; a plain statement is the only one."""
