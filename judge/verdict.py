"""What a judgement leaves behind: evidence, findings, verdict, provenance. No torch, no model.

Everything is a frozen pydantic model that round-trips through JSON. Numbers are as they were used, so
the record replays: applying the recorded thresholds to the recorded scores gives the recorded branches.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from judge.causes import Cause, Remark, Why
from judge.chain import RuleOutcome as RuleOutcome
from judge.evidence import Answer as Answer
from judge.evidence import BoxCorners as BoxCorners
from judge.evidence import Branch as Branch
from judge.evidence import CommitteeEvidence as CommitteeEvidence
from judge.evidence import Condition as Condition
from judge.evidence import DebateEvidence as DebateEvidence
from judge.evidence import DebateTurn as DebateTurn
from judge.evidence import Evidence as Evidence
from judge.evidence import ReasoningEvidence as ReasoningEvidence
from judge.evidence import RegionEvidence as RegionEvidence
from judge.evidence import Vote as Vote
from judge.offence import Offence as Offence
from judge.offence import OffenceFrame as OffenceFrame
from judge.settings import BUNDLED, Frozen, Limits, ReasonWith, Step, Thresholds

VerdictWord = Literal["violation", "no_violation", "needs_review"]


class Finding(Frozen):
    """What came of one rule on one view of the image."""

    rule: str
    """Id of the rule."""
    text: str
    """The rule as people read it."""
    view: str
    """The name of the view, or of the closer look, that this is about: one of `image_facts`."""
    category: str
    """The rule's category."""
    severity: str
    """The rule's severity."""
    enforced: bool
    """False for a rule in shadow, which never changes the verdict."""
    outcome: RuleOutcome
    """What came of it."""
    relevance: float | None = None
    """Cosine of image and rule text, where an encoder is used."""
    preconditions: tuple[Condition, ...] = ()
    """All must hold for a violation."""
    exceptions: tuple[Condition, ...] = ()
    """Any of them lifts the rule."""
    thresholds: Thresholds | None = None
    """What it was decided by, with the rule's own put in."""
    reason: str | None = None
    """Why it is undecided, in words."""
    cause: Cause | None = Field(default=None, exclude_if=lambda cause: cause is None)
    """The same for programs; absent where it is decided."""


class ModelIdentity(Frozen):
    """Which model gave the numbers."""

    role: Literal["mllm", "encoder", "detector", "encoder+detector", "guard"]
    """What it was used for."""
    name: str
    """As it was named: `bundled`, an id, a folder, an address."""
    digest: str
    """Of its files, or the commit of a hub model; behind a server, of its address and what it says of itself."""
    dtype: str = "float32"
    """Number format that it computes in."""
    quantization: str = "none"
    """Of its weights."""
    device: str = "cpu"
    """Where it ran; `server` behind one."""

    @property
    def served(self) -> bool:
        """Whether a server has the model: its weights may change while everything that names it stays."""
        return self.device == "server"

    @property
    def bundled(self) -> bool:
        """Whether it is the bundled model, also where its name goes on to say what was done to its answers."""
        return self.name.partition(", ")[0] == BUNDLED


class Probed(Frozen):
    """The probe of a model that was at hand (`judge probe`)."""

    digest: str
    """Of its report."""
    date: str
    """When it was made, in UTC."""
    outcome: Literal["pass", "warn", "fail"]
    """What it came to."""


class Provenance(Frozen):
    """All that a verdict depends on. Digests are SHA-256 in hex."""

    constitution: str
    """Name of the constitution."""
    constitution_version: str
    """Its version."""
    constitution_digest: str
    """Of the constitution with the chains that were judged by."""
    prompts: dict[str, str]
    """Digest of each prompt that the model was given."""
    models: tuple[ModelIdentity, ...]
    """Every model that was asked."""
    thresholds: Thresholds
    """Those of the run; a rule may have its own, which stand in its finding."""
    versions: dict[str, str]
    """Of this package and of the libraries under it."""
    lock_digest: str | None = None
    """Of the lock file that chains or priors were taken from, if any."""
    calibration_digest: str | None = Field(default=None, exclude_if=lambda digest: digest is None)
    """Of the calibration whose bounds were used; absent where there are none."""
    limits: Limits | None = Field(default=None, exclude_if=lambda limits: limits is None)
    """How far the image was looked at."""
    look_closer: bool = Field(default=False, exclude_if=lambda on: not on)
    """Whether parts of it were judged as further views; absent where not."""
    max_pixels: int | None = Field(default=None, exclude_if=lambda most: most is None)
    """Of a picture as the model was shown it, at most."""
    reason: bool | None = Field(default=None, exclude_if=lambda on: on is None)
    """Whether the undecided was reasoned about."""
    escalate: tuple[Step, ...] | None = Field(default=None, exclude_if=lambda steps: steps is None)
    """All that it went through, in order; absent where that was reasoning at most."""
    reason_with: ReasonWith | None = Field(default=None, exclude_if=lambda way: way is None)
    """In which way."""
    reason_tokens: int | None = Field(default=None, exclude_if=lambda most: most is None)
    """Most tokens of such a reasoning."""
    without_logprobs: str | None = Field(default=None, exclude_if=lambda way: way is None)
    """What a server without log-probabilities was asked instead; absent where nothing."""
    probe: Probed | None = Field(default=None, exclude_if=lambda probe: probe is None)
    """Of the multimodal model; absent where there was none. No verdict depends on it."""

    def basis(self) -> str:
        """All that a verdict depends on, as JSON: not whether anybody probed the model."""
        return self.model_dump_json(exclude={"probe"})


class Part(Frozen):
    """A closer look at a part of a view."""

    name: str
    """What findings call it."""
    view: str
    """The view that it is a part of."""
    box: BoxCorners
    """Where it lies: corners in pixels of the upright frame."""


class ImageFacts(Frozen):
    """What was judged."""

    sha256: str | None = None
    """Of the file's bytes; null where no picture could be made of it."""
    format: str | None = None
    """As the bytes say, never the name."""
    width: int | None = None
    """In pixels, upright."""
    height: int | None = None
    """In pixels, upright."""
    views: tuple[str, ...] = ()
    """Names of what was looked at: the image, or its frames, pages and grounds."""
    parts: tuple[Part, ...] = Field(default=(), exclude_if=lambda parts: not parts)
    """Closer looks (with `look_closer`); absent where there are none."""

    @property
    def judged(self) -> tuple[str, ...]:
        """Names of everything that findings speak of: views, then parts."""
        return (*self.views, *(part.name for part in self.parts))

    def about(self, view: str) -> tuple[str, ...]:
        """Names of a view and of its parts."""
        return (view, *(part.name for part in self.parts if part.view == view))


class Failure(Frozen):
    """Why an image could not be judged, or not wholly."""

    kind: Literal["image", "model"]
    """`image`: the file, what was told beside it, or a picture that the model cannot be shown. `model`: a model, a
    server or the machine."""
    message: str
    """What went wrong, in words."""
    hint: str = ""
    """What to do, where that is known."""
    retryable: bool = False
    """Whether another try may help."""


class Verdict(Frozen):
    """The outcome for one image under one constitution."""

    image: str
    """As it was named."""
    verdict: VerdictWord
    """`no_violation` only where all enforced rules were decided and all of the image was looked at."""
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
    findings: tuple[Finding, ...] = ()
    """One for each view and rule: the first view's come first."""
    offence: Offence | None = Field(default=None, exclude_if=lambda offence: offence is None)
    """How it may give offence, by the model's words; absent where that was not asked for, or nothing was judged."""
    image_facts: ImageFacts = ImageFacts()
    """What was judged."""
    provenance: Provenance
    """All that the verdict depends on."""
    failure: Failure | None = None
    """Set where it could not be judged, or not wholly; else null."""
    timings: dict[str, float] = Field(default_factory=dict)
    """Seconds of each stage, and `total`. `decode` is the file's own; of all else it has an even share of what the
    pictures took that were judged with it (`--batch`; one alone has its own). Keys are stages that were come to."""

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
