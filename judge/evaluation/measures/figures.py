"""The shape of an evaluation, as it stands in JSON. No arithmetic here: see `measures`."""

from __future__ import annotations

from pydantic import ConfigDict, Field, computed_field

from judge.evaluation.protocols import Kind
from judge.settings import Frozen


class Estimate(Frozen):
    """A figure with its bootstrap interval; None where nothing could be counted."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Confusion(Frozen):
    """Images (or rules, or statements) by truth and verdict. `review_*`: neither yes nor no was said."""

    true_positive: int = 0
    false_positive: int = 0
    true_negative: int = 0
    false_negative: int = 0
    review_positive: int = 0
    review_negative: int = 0


class Scores(Frozen):
    """Quality over a set. Strict figures take a review for a mistake: of a violating image as missed, of a safe
    one as a false flag. `selective_accuracy` is over what was decided, `coverage` is its share, `review_rate` the rest.
    """

    counts: Confusion
    precision: Estimate
    recall: Estimate
    accuracy: Estimate
    f1: Estimate
    coverage: Estimate
    selective_accuracy: Estimate
    review_rate: Estimate


class Bin(Frozen):
    """One bin of a reliability diagram: mean probability said, share that was true, how many."""

    said: float
    true: float
    count: int


class Reliability(Frozen):
    """How far probabilities mean what they say. ece: expected calibration error, 15 equal-width bins."""

    of: str  # what the probability is of: "image unsafe", "statement, raw answer", ...
    count: int
    ece: Estimate
    brier: Estimate
    bins: tuple[Bin, ...]


class BranchScore(Frozen):
    """How often a step decided a statement, and how often it was right where the truth is known."""

    branch: str
    decided: int
    known: int
    right: int


class StepScore(Frozen):
    """What a step of the ladder came to: of how many statements it was asked, how many it decided, how many of the
    `known` ones it decided rightly, and seconds each; None where answers were shared."""

    step: str
    asked: int
    decided: int
    known: int
    right: int
    seconds: float | None


class MemberScore(Frozen):
    """A member of a committee, over the statements that were put to the vote: how often it said yes or no, and of those
    whose truth is known how often rightly."""

    model: str
    asked: int
    said: int
    known: int
    right: int


class Votes(Frozen):
    """How the members of a committee vote. agreement: share of pairs of members that say the same, of statements on
    which both said something; kappa: Cohen's, of the first member with each other one; alpha: Krippendorff's, over all,
    of what was said (silence is missing). None where everybody said the same, so that chance explains it."""

    members: tuple[MemberScore, ...]
    agreement: float | None
    kappa: dict[str, float | None]
    alpha: float | None


class RelevanceScore(Frozen):
    """Relevance scanning at one threshold: recall of violated rules, and the share of rules pruned."""

    threshold: float
    kept: Estimate
    pruned: Estimate


class Cost(Frozen):
    """Time per image in seconds; None where answers were shared with another method.

    asked: what an image took on average (`statements`, `regions`, `reasonings`), by the traces. It does not depend on
    who asked first, so methods that share answers can be compared by it.
    """

    mean_seconds: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    stages: dict[str, float] = Field(default_factory=dict)  # mean seconds per stage
    asked: dict[str, float] = Field(default_factory=dict)


class Mistake(Frozen):
    """One wrong or open verdict, the gravest first: its example's id and how sure the method was."""

    example: str
    said: str
    truth: str
    surprise: float
    why: str


class Comparison(Frozen):
    """A method against another on the same images (paired).

    f1_difference: this minus the other, with a paired bootstrap interval. only_this_right, only_other_right:
    images that just one of the two got right. p_value: exact McNemar test on these.
    """

    against: str
    f1_difference: Estimate
    only_this_right: int
    only_other_right: int
    p_value: float


class MethodFigures(Frozen):
    """All about one method on one dataset. In JSON the overall figures also stand flat, for scripts and tables:
    `precision`, `recall`, `accuracy`, `f1` as numbers, their `intervals` as [low, high], and `counts`."""

    model_config = ConfigDict(extra="ignore")  # its own computed fields come back in when JSON is read

    name: str
    kind: Kind
    about: str
    identity: str
    overall: Scores
    per_rule: dict[str, Scores] = Field(default_factory=dict)
    per_statement: dict[str, Scores] = Field(default_factory=dict)
    per_tag: dict[str, Scores] = Field(default_factory=dict)  # "context=with" -> scores over these images
    calibration: tuple[Reliability, ...] = ()
    branches: tuple[BranchScore, ...] = ()
    ladder: tuple[StepScore, ...] = ()
    votes: Votes | None = Field(default=None, exclude_if=lambda votes: votes is None)
    relevance: tuple[RelevanceScore, ...] = ()
    cost: Cost
    mistakes: tuple[Mistake, ...] = ()
    no_context: int = 0  # images that went to a person because something that a statement reads was not told
    against_method: Comparison | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def precision(self) -> float | None:
        return self.overall.precision.value

    @computed_field  # type: ignore[prop-decorator]
    @property
    def recall(self) -> float | None:
        return self.overall.recall.value

    @computed_field  # type: ignore[prop-decorator]
    @property
    def accuracy(self) -> float | None:
        return self.overall.accuracy.value

    @computed_field  # type: ignore[prop-decorator]
    @property
    def f1(self) -> float | None:
        return self.overall.f1.value

    @computed_field  # type: ignore[prop-decorator]
    @property
    def intervals(self) -> dict[str, tuple[float | None, float | None]]:
        """95 % bootstrap intervals of the four figures above."""
        of = {name: getattr(self.overall, name) for name in ("precision", "recall", "accuracy", "f1")}
        return {name: (estimate.low, estimate.high) for name, estimate in of.items()}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def counts(self) -> Confusion:
        return self.overall.counts


class Share(Frozen):
    """Some of a number of images, with an exact (Clopper-Pearson) 95 % interval: counts here are small."""

    count: int
    share: Estimate


class Disguise(Frozen):
    """What one transformation made of images that were judged rightly as they are.

    violating: how many violating images. kept: still flagged for a rule that they truly violate (where the truth per
    rule is not known: flagged). other_rule: flagged, but for other rules only. review: sent to a person. lost: passed.
    fine: how many images that violate nothing. passed, fine_review, flagged: what was said of these.
    views, seconds: mean per image; None where no time is the method's own.
    """

    name: str
    about: str
    violating: int
    kept: Share
    other_rule: Share
    review: Share
    lost: Share
    fine: int
    passed: Share
    fine_review: Share
    flagged: Share
    views: float | None
    seconds: float | None


class Stress(Frozen):
    """The same images in disguises that a person sees through (`judge eval --stress`).

    Only images that were judged rightly as they are can be kept or lost: `violating_right` of the data set's
    `violating` and `fine_right` of its `fine`. left_out: of these, files with several views (animations, transparency),
    which are not disguised. not_done: transformations that had no other picture to show beside.
    """

    seed: int
    violating: int
    violating_right: int
    fine: int
    fine_right: int
    left_out: int
    not_done: tuple[str, ...] = ()
    plain_views: float | None
    plain_seconds: float | None
    disguises: tuple[Disguise, ...]


LOW_LABEL_MASS = 0.8  # mean; under the threshold of 0.5 a single answer counts for nothing
LOW_AGREEMENT = 0.9
_SILENT = "the model often says neither yes nor no"


class InLanguage(Frozen):
    """The rules of one translation beside the same rules in the constitution's own language.

    rules: how many the translation has. compared: rules times images. agreement: share that came out the same
    (violated, not, or left to a person). opposite: violated in one and not in the other; lost: of these, violated in
    our language. label_mass: mean probability of yes and no together. refused: why the model cannot be asked in it.
    """

    language: str
    tier: str
    rules: int
    compared: int = 0
    agreement: Estimate = Estimate(value=None)
    opposite: int = 0
    lost: int = 0
    label_mass: float | None = None
    refused: str | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is low in it, in plain words."""
        said = [_SILENT] if _is_low(self.label_mass, LOW_LABEL_MASS) else []
        if self.agreement.value is not None and _is_low(self.agreement.value, LOW_AGREEMENT):
            said.append(f"{1 - self.agreement.value:.0%} of the rules come out differently")
        return tuple(said)


class Spoken(Frozen):
    """The same images judged by the same rules in other languages (`judge eval --languages`). language: the
    constitution's own, and label_mass in it. tiers: agreement over all languages of a tier of resources.
    warnings: what is low, and in which language the model cannot be asked."""

    language: str
    label_mass: float | None
    languages: tuple[InLanguage, ...]
    tiers: dict[str, Estimate]
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, language: str, label_mass: float | None, languages: tuple[InLanguage, ...], tiers: dict[str, Estimate]
    ) -> Spoken:
        """These figures, with what is low in them in plain words."""
        own = (f"in '{language}' {_SILENT}",) if _is_low(label_mass, LOW_LABEL_MASS) else ()
        theirs = (f"in '{one.language}' {said}" for one in languages for said in one.warnings)
        refused = (f"not asked in '{one.language}': {one.refused}" for one in languages if one.refused is not None)
        said = (*own, *theirs, *refused)
        return cls(language=language, label_mass=label_mass, languages=languages, tiers=tiers, warnings=said)


def _is_low(value: float | None, least: float) -> bool:
    return value is not None and value < least


class Evaluation(Frozen):
    """An evaluation: what was measured on which data with what, and every method's figures.

    settings: bootstrap draws, seed, machine facts, versions. stress, spoken: where they were asked for.
    """

    dataset: str
    dataset_digest: str
    examples: int
    unsafe: int
    constitution: str
    settings: dict[str, str]
    method: MethodFigures
    baselines: dict[str, MethodFigures] = Field(default_factory=dict)
    ablations: dict[str, MethodFigures] = Field(default_factory=dict)
    peers: dict[str, MethodFigures] = Field(default_factory=dict)
    stress: Stress | None = Field(default=None, exclude_if=lambda stress: stress is None)
    spoken: Spoken | None = Field(default=None, exclude_if=lambda spoken: spoken is None)


def exact_share(count: int, total: int) -> Estimate:
    """A share with its exact (Clopper-Pearson) 95 % interval: counts here are small, and often zero."""
    from scipy.stats import binomtest

    if total == 0:
        return Estimate(value=None)
    interval = binomtest(count, total).proportion_ci(confidence_level=0.95, method="exact")
    return Estimate(
        value=round(count / total, 4), low=round(float(interval.low), 4), high=round(float(interval.high), 4)
    )
