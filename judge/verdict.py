"""What a judgement leaves behind: evidence, findings, verdict, provenance. No torch, no model.

Everything is a frozen pydantic model that round-trips through JSON. Numbers are as they were used, so
the record replays: applying the recorded thresholds to the recorded scores gives the recorded branches.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, Field, computed_field

from judge.causes import Cause, Remark, Why
from judge.chain import Outcome
from judge.settings import Frozen, Limits, ReasonWith, Thresholds

BoxCorners = tuple[float, float, float, float]
VerdictWord = Literal["violation", "no_violation", "needs_review"]


class Branch(StrEnum):
    """Which step of the method decided a statement (section 3.4 and 3.5 of the paper)."""

    PRIOR_FAILS = "prior_fails"  # debiased score under a1
    PRIOR_HOLDS = "prior_holds"  # debiased score over a2
    REGION_HOLDS = "region_holds"  # blanking the central region lowers the answer by more than b
    CROP_FAILS = "crop_fails"  # a1 rule on the crop of a small central object
    CROP_HOLDS = "crop_holds"  # a2 rule on the crop of a small central object
    REASONING = "reasoning"  # chain of thought decided
    LOW_LABEL_MASS = "low_label_mass"  # yes and no together carry too little probability to mean anything
    MODEL_ERROR = "model_error"  # the model failed
    UNDECIDED = "undecided"  # every step was passed without a decision
    NOT_ASKED = "not_asked"  # the chain was settled, or pruned, without it


class RuleOutcome(StrEnum):
    """What came of one rule on one view. A pruned rule has too little to do with the picture to be asked about."""

    VIOLATED = "violated"
    UNDECIDED = "undecided"
    NOT_VIOLATED = "not_violated"
    PRUNED = "pruned"


class Answer(Frozen):
    """Probabilities of yes and of no as the next token, each summed over its single-token spellings.

    answered_by, samples: where the model gives no probabilities, the frequencies of yes and no among so many sampled
    answers (absent elsewhere).
    """

    model_config = ConfigDict(extra="ignore")  # its own computed fields come back in when JSON is read

    p_yes: float = Field(ge=0.0, le=1.0)
    p_no: float = Field(ge=0.0, le=1.0)
    answered_by: Literal["samples"] | None = Field(default=None, exclude_if=lambda by: by is None)
    samples: int | None = Field(default=None, ge=1, exclude_if=lambda samples: samples is None)

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
    """The central region and what blanking it did.

    source: `detector`, or `occlusion` where there is no detector (cells of a grid were blanked in turn).
    query: the words the detector looked for. confidence: the detector's, in [0, 1].
    box: corners (left, top, right, bottom) in pixels of the upright frame as the file holds it, of which the model may
    have seen a smaller copy. share: its part of the area of the view.
    without: the answer on the image with the box blanked; drop: how much the answer fell.
    crop: the answer on the box alone, where the object was small.
    """

    source: Literal["detector", "occlusion"]
    query: str | None = None
    box: BoxCorners
    confidence: float | None = None
    share: float
    without: Answer | None = None
    drop: float | None = None
    crop: Answer | None = None


class ReasoningEvidence(Frozen):
    """The two turns of an escalation: the free-form reasoning, and its summary.

    cut_off: whether the limit of tokens ended the reasoning, so that the summary is of a part (absent where not).
    reasoned_with: `steps`, or the model's own `thinking` (absent where steps).
    """

    text: str
    rating: Literal["Yes", "No"] | None = None
    rationale: str | None = None
    on_crop: bool = False
    cut_off: bool = Field(default=False, exclude_if=lambda cut: not cut)
    reasoned_with: ReasonWith = Field(default="steps", exclude_if=lambda how: how == "steps")

    def in_short(self) -> str:
        """The rationale, or all of the reasoning where there is none, and whether that was cut off."""
        return (self.rationale or self.text) + " (the reasoning was cut off)" * self.cut_off


class Evidence(Frozen):
    """Everything known of one statement about one view.

    score: the answer freed of the language prior: M(x, c) - M(none, c), or the same in logits (`debias: logit`, or a
    precondition of a rule with `bounds`).
    reason: why it is undecided, in words. cause: the same for programs (absent where it is decided).
    """

    statement: str
    outcome: Outcome = Outcome.NOT_ASKED
    branch: Branch = Branch.NOT_ASKED
    answer: Answer | None = None
    prior: Answer | None = None
    score: float | None = None
    region: RegionEvidence | None = None
    reasoning: ReasoningEvidence | None = None
    reason: str | None = None
    cause: Cause | None = Field(default=None, exclude_if=lambda cause: cause is None)


class Condition(Frozen):
    """One precondition or exception: its outcome, and the evidence of each alternative."""

    outcome: Outcome
    alternatives: tuple[Evidence, ...]


class Finding(Frozen):
    """What came of one rule on one view of the image.

    relevance: cosine of image and rule text, where an encoder is used. reason: why it is undecided, in words.
    cause: the same for programs (absent where it is decided).
    """

    rule: str
    text: str
    view: str
    category: str
    severity: str
    enforced: bool
    outcome: RuleOutcome
    relevance: float | None = None
    preconditions: tuple[Condition, ...] = ()
    exceptions: tuple[Condition, ...] = ()
    thresholds: Thresholds | None = None
    reason: str | None = None
    cause: Cause | None = Field(default=None, exclude_if=lambda cause: cause is None)


class ModelIdentity(Frozen):
    """Which model gave the numbers: role it played, name, content digest, number format.

    Of a model behind a server the digest is of the server's address and of what it says of its model and build.
    """

    role: Literal["mllm", "encoder", "detector", "encoder+detector", "guard"]
    name: str
    digest: str
    dtype: str = "float32"
    quantization: str = "none"
    device: str = "cpu"

    @property
    def served(self) -> bool:
        """Whether a server has the model: its weights may change while everything that names it stays."""
        return self.device == "server"


class Probed(Frozen):
    """The probe of a model that was at hand (`judge probe`): digest of its report, when (UTC), and its outcome."""

    digest: str
    date: str
    outcome: Literal["pass", "warn", "fail"]


class Provenance(Frozen):
    """All that a verdict depends on; digests are SHA-256 hex (a hub model's may be its commit).

    constitution_digest: of the constitution with the chains it was judged by. lock_digest: of the lock file that
    chains or priors were taken from, if any. calibration_digest: of the calibration in it whose bounds were used, if
    any (see each finding's thresholds for the bounds). limits: how far the image was looked at (absent from verdicts
    of old). look_closer: whether parts of it were judged as further views (absent where not).
    max_pixels: of a picture as the model was shown it, at most (absent from verdicts of old).
    reason, reason_with, reason_tokens: whether, how and how far the undecided was reasoned about (absent from verdicts
    of old). without_logprobs: what a server without log-probabilities was asked instead (absent where nothing).
    probe: of the multimodal model, where there was one; no verdict depends on it.
    """

    constitution: str
    constitution_version: str
    constitution_digest: str
    prompts: dict[str, str]
    models: tuple[ModelIdentity, ...]
    thresholds: Thresholds
    versions: dict[str, str]
    lock_digest: str | None = None
    calibration_digest: str | None = Field(default=None, exclude_if=lambda digest: digest is None)
    limits: Limits | None = Field(default=None, exclude_if=lambda limits: limits is None)
    look_closer: bool = Field(default=False, exclude_if=lambda on: not on)
    max_pixels: int | None = Field(default=None, exclude_if=lambda most: most is None)
    reason: bool | None = Field(default=None, exclude_if=lambda on: on is None)
    reason_with: ReasonWith | None = Field(default=None, exclude_if=lambda way: way is None)
    reason_tokens: int | None = Field(default=None, exclude_if=lambda most: most is None)
    without_logprobs: str | None = Field(default=None, exclude_if=lambda way: way is None)
    probe: Probed | None = Field(default=None, exclude_if=lambda probe: probe is None)

    def basis(self) -> str:
        """All that a verdict depends on, as JSON: not whether anybody probed the model."""
        return self.model_dump_json(exclude={"probe"})


class Part(Frozen):
    """A closer look: its name, the view that it is a part of, and where it lies, in pixels of the upright frame."""

    name: str
    view: str
    box: BoxCorners


class ImageFacts(Frozen):
    """What was judged: digest of the file's bytes, format, size in pixels, names of the views.

    parts: closer looks that were judged, too (with `look_closer`; absent where there are none).
    """

    sha256: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    views: tuple[str, ...] = ()
    parts: tuple[Part, ...] = Field(default=(), exclude_if=lambda parts: not parts)

    @property
    def judged(self) -> tuple[str, ...]:
        """Names of everything that findings speak of: views, then parts."""
        return (*self.views, *(part.name for part in self.parts))

    def about(self, view: str) -> tuple[str, ...]:
        """Names of a view and of its parts."""
        return (view, *(part.name for part in self.parts if part.view == view))


class Failure(Frozen):
    """Why an image could not be judged, or not wholly. `retryable`: trying again may help."""

    kind: Literal["image", "model"]
    message: str
    hint: str = ""
    retryable: bool = False


class Verdict(Frozen):
    """The outcome for one image under one constitution.

    verdict: `violation` when an enforced rule is violated; else `needs_review` when anything enforced
    stayed open or failed, or when not all of the image was looked at; `no_violation` only when every enforced chain
        was decided.
    violations: ids of the enforced rules violated, in the constitution's order.
    shadow_violations: the same for rules with `status: shadow`, which never change the verdict.
    reasons: why a person must look, when `needs_review`, in words. causes: the same for programs, each once (absent
    where there are none). notes: remarks that change nothing.
    timings: seconds per stage; a batch's time is shared evenly among its images.
    """

    image: str
    verdict: VerdictWord
    violations: tuple[str, ...] = ()
    shadow_violations: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = Field(default=(), exclude_if=lambda causes: not causes)
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    image_facts: ImageFacts = ImageFacts()
    provenance: Provenance
    failure: Failure | None = None
    timings: dict[str, float] = Field(default_factory=dict)

    def canonical_json(self) -> str:
        """The verdict without timings: equal inputs give equal text."""
        return self.model_dump_json(exclude={"timings"})


def conclude(findings: tuple[Finding, ...]) -> tuple[VerdictWord, tuple[str, ...]]:
    """The verdict word and the reasons for a review, from the findings (fail closed)."""
    enforced = [finding for finding in findings if finding.enforced]
    if any(finding.outcome is RuleOutcome.VIOLATED for finding in enforced):
        return "violation", ()
    left = (finding for finding in enforced if finding.outcome is RuleOutcome.UNDECIDED)
    reasons = [str(Why.of(Remark.OF_RULE, rule=one.rule, why=one.reason)) for one in left]
    if reasons or not enforced:
        return "needs_review", tuple(dict.fromkeys(reasons)) or (str(Why.of(Cause.NO_RULE)),)
    return "no_violation", ()
