"""What a run may be told: thresholds of the method and which models to use. Knows no model."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from judge.errors import UserError

BUNDLED, OFF = "bundled", "none"
MOST_IMAGE = 2**30  # bytes of an image file, whatever the limits are set to
MOST_SAMPLES = 64  # answers to one question
Debias = Literal["probability", "logit"]
ReasonWith = Literal["steps", "thinking"]
Share = Annotated[float, Field(ge=0.0, le=1.0, strict=True)]  # strict: `yes` is not 1.0
CacheRoom = Literal["digests", "eval-images", "huggingface-datasets", "imports", "priors", "probes", "verdicts", "ways"]
LogOdds = Annotated[float, Field(ge=-30.0, le=30.0, strict=True)]


def _unset(value: object) -> bool:
    """Left out of JSON where unset, so that digests of what was written before the key existed stay as they are."""
    return value is None


def _sampling(value: str) -> str:
    count = value.removeprefix("sample:")
    if value == count or not (count.isascii() and count.isdecimal() and 1 <= int(count[:9]) <= MOST_SAMPLES):
        raise ValueError(f"not '{value}', but sample:N with N from 1 to {MOST_SAMPLES}, such as sample:8")
    return f"sample:{int(count)}"


Sampling = Annotated[str, AfterValidator(_sampling)]
Step = Literal["reasoning", "debate", "committee"]


def _ladder(steps: tuple[str, ...]) -> tuple[str, ...]:
    if "person" in steps[:-1]:
        raise ValueError("a person is the last step: nothing comes after")
    twice = next((step for step in steps if steps.count(step) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} stands in it twice")
    return steps


Agreement = Literal["majority", "unanimous", "weighted"]
# One literal, and no union of `Step` with another: a mistake in one is one mistake then.
Ladder = Annotated[tuple[Literal["reasoning", "debate", "committee", "person"], ...], AfterValidator(_ladder)]


class Frozen(BaseModel):
    """Base of every record here: immutable, unknown keys are errors, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Bounds(Frozen):
    """Bounds on a statement's debiased log odds, logit M(x, c) - logit M(none, c), for one rule.

    What lies between goes to a person, without regions and reasoning: bounds promise rates, and what those steps do to
    a rate is not known. No score lies beyond 30 (answers have six decimals).
    """

    fails_under: LogOdds
    """A score under it fails."""
    holds_over: LogOdds
    """A score over it holds."""

    @model_validator(mode="after")
    def _in_order(self) -> Bounds:
        if self.fails_under > self.holds_over:
            raise ValueError("fails_under must not be over holds_over")
        return self


class ThresholdOverrides(Frozen):
    """The thresholds a single rule may set for itself; absent ones keep the run's value."""

    relevance: float | None = Field(default=None, ge=-1.0, le=1.0, strict=True)
    prior_fails: Share | None = None
    prior_holds: Share | None = None
    region_drop: Share | None = None
    debias: Debias | None = None
    bounds: Bounds | None = Field(default=None, exclude_if=_unset)


class Thresholds(Frozen):
    """Thresholds of the method with the published values as defaults (CLUE, arXiv 2501.00192, section 3)."""

    relevance: float = Field(default=0.22, ge=-1.0, le=1.0)
    """Cosine under which a rule is pruned for an image (paper: 0.22 for CLIP ViT-B/16)."""
    prior_fails: Share = 0.3
    """a1 = -prior_fails * prior; a debiased score under a1 fails the precondition."""
    prior_holds: Share = 0.8
    """a2 = prior_holds * (1 - prior); a debiased score over a2 makes it hold."""
    region_drop: Share = 0.6
    """b; when blanking the central region lowers the answer by more, it holds."""
    debias: Debias = "probability"
    """How the prior is taken off; `logit` for priors near 0 or 1, where a1 and a2 lose their meaning (ours)."""
    bounds: Bounds | None = Field(default=None, exclude_if=_unset)
    """In place of debias, prior_fails and prior_holds for preconditions of a rule; what `judge calibrate` chooses."""
    box_confidence: Share = 0.05
    """Least confidence of a detector's box, from 0 to 1."""
    small_object: Share = 0.01
    """Share of the image's area under which the central object is judged on its crop."""
    label_mass: Share = 0.5
    """Least p(Yes) + p(No) for an answer to count (ours; the paper leaves it open)."""

    def overridden(self, own: ThresholdOverrides) -> Thresholds:
        """These thresholds with a rule's own values put in."""
        return self.model_copy(update={name: said for name, said in own if said is not None})

    @property
    def of_exceptions(self) -> Thresholds:
        """These thresholds as exceptions are decided by them."""
        return self if self.bounds is None else self.model_copy(update={"bounds": None})


class Limits(Frozen):
    """How much of one image file is read, decoded and looked at. What lies beyond is refused or ends in review."""

    file_bytes: int = Field(default=64 * 2**20, ge=1, le=MOST_IMAGE)
    """Most bytes of a file, at most 1 GiB."""
    pixels: int = Field(default=64_000_000, ge=1, le=178_000_000)
    """Most of one frame, told from its header before it is decoded (Pillow itself refuses over 178 M)."""
    total_pixels: int = Field(default=1_000_000_000, ge=1)
    """Most decoded of one file, over all frames; every scan of a progressive JPEG counts as a frame."""
    view_pixels: int = Field(default=2048 * 2048, ge=512 * 512)
    """Of the copy that is looked at. A larger frame is reduced to it; all views of a file together have four times as
    many, but each at least 512 x 512."""
    frames: int = Field(default=24, ge=1, le=1000)
    """Most frames of an animation, or pages of a file, that are judged. Frames that look the same count once."""
    unseen_share: Share = 0.0
    """Share of a file's frames that may differ from every judged one without the image ending in review."""
    seconds: float = Field(default=30.0, gt=0.0)
    """Most for decoding one file, looked at between frames."""
    closer_views: int = Field(default=8, ge=1, le=64)
    """Most further views of one file that are judged where `look_closer` is on."""


DEFAULT_LIMITS = Limits()


class ClipLimits(Frozen):
    """How much of one clip is read, decoded and judged. What lies beyond was not looked at, and the verdict says so."""

    file_bytes: int = Field(default=4 * 2**30, ge=1)
    """Most bytes of a file."""
    pixels: int = Field(default=36_000_000, ge=1, le=178_000_000)
    """Most of one frame (8192 x 4320 is 35 million)."""
    seconds: float = Field(default=300.0, gt=0.0)
    """Most for decoding, in a process of its own, which is ended soon after."""
    memory_bytes: int = Field(default=2 * 2**30, ge=2**29)
    """Most address space of that process."""
    frames: int = Field(default=240, ge=1, le=10_000)
    """Most frames of a clip that are judged, the finer look included. Frames that look the same count once."""
    step_seconds: float = Field(default=1.0, gt=0.0)
    """What lies between two judged frames of one shot no further apart than this counts as looked at."""
    judging_seconds: float = Field(default=3600.0, gt=0.0)
    """Most for judging one clip, looked at between batches of frames."""


DEFAULT_CLIP_LIMITS = ClipLimits()


class Debaters(Frozen):
    """Which models debate, named as `Settings.model` is; None: the judge's own."""

    speaker: str | None = None
    """Argues that a statement is true."""
    opponent: str | None = None
    """Argues that it is not."""
    judge: str | None = None
    """Decides between them."""


class Voting(Frozen):
    """Further models that vote on statements, each named as `Settings.model` is; the judge's own model is one of them.

    Naming one adds the step `committee` to the end of the ladder, unless it stands in it already.
    """

    members: tuple[str, ...] = ()
    """Beside the judge's own model."""
    agreement: Agreement = "majority"
    """`majority`: more than half of all members, silent ones included, say the same. `unanimous`: all do. `weighted`:
    members with more than half of the weight do."""
    weights: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """For `weighted`: of every member and of the judge's own model, by name."""
    stronger: str | None = None
    """A model that is asked where they are silent or split."""
    asked: Literal["undecided", "all"] = "undecided"
    """`all`: every statement is put to the vote, in place of the judge's own answer, and not only what stays open. What
    is not agreed on goes through the committee's own steps, and then to a person: no other step is taken."""

    def voters(self, own: str) -> tuple[str, ...]:
        """All who may vote, by name: the judge's own model, the members, and the stronger one."""
        return (own, *self.members, *((self.stronger,) if self.stronger is not None else ()))

    @field_validator("members")
    @classmethod
    def _told_apart(cls, members: tuple[str, ...]) -> tuple[str, ...]:
        twice = next((name for name in members if members.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice} is a member twice: it would vote twice")
        return members

    @model_validator(mode="after")
    def _has_members(self) -> Voting:
        if not self.members and self != Voting.model_construct():
            raise ValueError("a committee needs further models: name its `members`, or leave it out")
        if self.weights and self.agreement != "weighted":
            raise ValueError("`weights` are for agreement: `weighted`, and would count for nothing")
        return self


class Settings(Frozen):
    """How to judge. Models are named here and loaded by `judge.assemble`.

    model: `bundled`, or a Hugging Face id or a folder of an image-text-to-text model, or the address of an
        OpenAI-compatible server that serves one (`http://host:8000/v1`, `http://host:8000/v1#name`).
    encoder: id or folder of a CLIP, SigLIP or OWLv2 checkpoint for relevance scanning. `none`: off. None: the
        bundled eyes with the bundled model, else off.
    detector: id or folder of an OWLv2 checkpoint for the central region. `none`: occlusion. None: the bundled
        eyes with the bundled model, else occlusion.
    quantize: bitsandbytes weights (`4bit` is nf4 with bf16 compute).
    device: `auto` takes a GPU where there is one. dtype: `auto` is bf16 on a GPU, fp32 on a CPU.
    without_logprobs: what is done behind a server that gives no log-probabilities. None: it is refused. `sample:N`:
        every question is asked N times at temperature 1, and the frequency of yes stands for its probability.
    batch: images judged together by `judge_many`; a GPU gains from 32 and more.
    memory_gib: for key-value caches; None is 4 GiB on a CPU and half of what is free on a GPU.
    max_pixels: of a picture as a model is shown it; a larger one is shrunk, or cut into fewer tiles. More are more
        tokens: slower, and finer.
    escalate: the steps that what regions leave undecided goes through, each for what is still open: `reasoning` (in two
        turns), `debate`, `committee`; then a `person` looks, said or not. None: the constitution's, else reasoning.
    debaters: which models take the parts of a debate. committee: which models vote, and what makes them agree.
    reason_with: `steps` has the model think aloud; `thinking` lets it think in its own way, where it has one.
    reason_tokens: most tokens of a free-form reasoning answer. The bundled model's own limit is 160, unless set here.
    limits: how much of one image file is read, decoded and looked at. clips: the same of a clip.
    look_closer: whether the panels of a collage, tiles of a picture much larger than what the model sees, a picture
        without its blank surroundings, and a levelled copy of a dark or small one are judged as further views.
    image_seconds: how long one image may be judged. Then nothing more is asked about it, and it ends in review unless
        a violation was found; a call to a model that is under way is not broken off.
    """

    model: str = BUNDLED
    encoder: str | None = None
    detector: str | None = None
    quantize: Literal["none", "4bit", "8bit"] = "none"
    device: str = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    without_logprobs: Sampling | None = None
    batch: int = Field(default=8, ge=1, le=1024)
    memory_gib: float | None = Field(default=None, gt=0)
    trust_remote_code: bool = False
    thresholds: Thresholds = Thresholds()
    escalate: Ladder | None = None
    debaters: Debaters = Debaters()
    committee: Voting = Voting()
    reason_with: ReasonWith = "steps"
    reason_tokens: int = Field(default=512, ge=8, le=16384)
    limits: Limits = DEFAULT_LIMITS
    clips: ClipLimits = DEFAULT_CLIP_LIMITS
    look_closer: bool = False
    max_pixels: int = Field(default=1024 * 1024, ge=64 * 64, le=64_000_000)
    image_seconds: float = Field(default=600.0, gt=0)

    @property
    def votes_on_all(self) -> bool:
        """Whether a committee votes on every statement, in place of the judge's own answer."""
        return bool(self.committee.members) and self.committee.asked == "all"

    def steps(self, of_constitution: Ladder | None) -> tuple[Step, ...]:
        """What is tried, in order, before a person looks: as said here, else in the constitution, else reasoning. Where
        a committee votes on all, its own steps alone."""
        said = self.escalate if self.escalate is not None else of_constitution
        if self.votes_on_all:
            return ("committee",)  # the first model by itself would settle what a member failed at, or denied
        steps: tuple[Step, ...] = ("reasoning",) if said is None else tuple(one for one in said if one != "person")
        return (*steps, "committee") if self.committee.members and "committee" not in steps else steps

    @model_validator(mode="after")
    def _votes_weighed(self) -> Settings:
        chosen = self.committee
        if self.model in chosen.members:
            raise ValueError(f"{self.model} judges, and so is a member already")
        if chosen.stronger in (self.model, *chosen.members):
            raise ValueError(f"{chosen.stronger} votes already: the stronger model is to be another one")
        own = [step for step in self.escalate or () if step in ("reasoning", "debate")]
        if self.votes_on_all and own:
            raise ValueError(
                f"a committee that votes on all is followed by a person, not by {' and '.join(own)}: one model would "
                "settle what several do not agree on. Leave that out of `escalate`"
            )
        unweighed = [name for name in (self.model, *chosen.members) if name not in chosen.weights]
        if chosen.agreement == "weighted" and unweighed:
            raise ValueError(f"a weighted committee needs the weight of {', '.join(unweighed)}")
        return self

    @classmethod
    def of(cls, **fields: Any) -> Settings:
        """Settings of some fields, the others as they are by default.

        Raises:
            UserError: there is no such field, or it may not be that.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise _mistake(error.errors()[0]) from error


def _mistake(first: Mapping[str, Any]) -> UserError:
    """What is wrong with a setting, in words, and what it may be."""
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
    said = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "literal_error":
        options = [one.strip(" '") for one in first["ctx"]["expected"].replace(" or ", ",").split(",")]
        near = difflib.get_close_matches(str(first["input"]), options, n=1)
        meant = f"did you mean `{near[0]}`? " if near else ""
        what = "step" if where == "escalate" else where
        return UserError(
            f"setting {where}: `{first['input']}` is no {what}", hint=f"{meant}one of: {', '.join(options)}"
        )
    known = f"settings: {', '.join(Settings.model_fields)}" if first["type"] == "extra_forbidden" else ""
    return UserError(f"setting {where}: {said}" if where else said, hint=known)


def is_address(name: str) -> bool:
    """Whether a model's name is the address of a server that has it."""
    return name[:8].lower().startswith(("http://", "https://"))


def cache_dir() -> Path:
    """Where computed things are kept: `JUDGE_CACHE_DIR`, else the user's cache folder."""
    named = os.environ.get("JUDGE_CACHE_DIR")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "constitution-judge"


def cache_room(name: CacheRoom) -> Path:
    """The folder in it for one kind of thing. Files there are named by digests, or a library looks after them."""
    return cache_dir() / name
