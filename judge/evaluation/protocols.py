"""What is measured on what: examples with known truth, ways to judge them, what they said. Knows no measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, Protocol

from pydantic import Field

from judge.constitution.told import context_digest
from judge.settings import Frozen
from judge.verdict import Verdict, VerdictWord

Kind = Literal["method", "baseline", "ablation", "peer"]
Shown = tuple[str, str]
Contexts = Sequence[Mapping[str, str]]  # of each image what is told beside it, in the same order


class Example(Frozen):
    """One image whose truth is known.

    id: unique in its dataset (the file's name in the folder). path: where it can be opened.
    unsafe: whether any rule is violated. rules: truth per rule id; a rule that is not named is not scored.
    statements: truth per precondition text; one that is not named is not scored.
    about: the rule that the image was made for. side: which side of that rule.
    tags: what the image belongs to besides, such as {"context": "with"}; measures are given per tag too.
    context: what is told beside it, by field of the constitution's `context`. The truth is of both.
    """

    id: str
    path: str
    unsafe: bool
    rules: dict[str, bool] = Field(default_factory=dict)
    statements: dict[str, bool] = Field(default_factory=dict)
    about: str | None = None
    side: Literal["violating", "borderline"] | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    context: dict[str, str] = Field(default_factory=dict, exclude_if=lambda told: not told)

    @property
    def shown(self) -> Shown:
        """What a method is shown of it, as a key: its path, and a digest of what is told beside it."""
        return self.path, context_digest(self.context)


class Dataset(Frozen):
    """Examples, and a digest (SHA-256 hex) of all images and truths, so that figures can name what they are of."""

    name: str
    digest: str
    examples: tuple[Example, ...]


class Judgement(Frozen):
    """What one method said of one image.

    verdict: `needs_review` where it would not or could not say. violations, undecided: rules, where the method names
    them. score: its probability that the image is unsafe, in [0, 1]. rule_scores: the same per rule.
    seconds: spent on this image; None where answers were shared with another method, so that no time is its own.
    said: a free-text reply, where there was one. trace: the whole verdict, where the method gives one.
    failure: why nothing could be said.
    """

    verdict: VerdictWord
    violations: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    score: float | None = Field(default=None, ge=0.0, le=1.0)
    rule_scores: dict[str, float] = Field(default_factory=dict)
    seconds: float | None = None
    said: str | None = None
    trace: Verdict | None = None
    failure: str | None = None


class Method(Protocol):
    """A way to judge images: the judge itself, a baseline, the judge with a stage left out, or a rival.

    name: short and unique in a report, such as `clue` or `prior-knowledge-cot`. about: one sentence.
    names_rules: whether its judgements say which rules are violated. identity: text that changes whenever its
    answers may (model digests, prompts, thresholds), so that kept judgements never go stale.
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def about(self) -> str: ...

    @property
    def names_rules(self) -> bool: ...

    @property
    def identity(self) -> str: ...

    def judge(self, paths: Sequence[str], contexts: Contexts | None = None) -> Iterator[Judgement]:
        """One judgement per image, in order. A failure is a `needs_review` judgement, never an exception.

        contexts: what is told beside each; None where nothing is of any. A method may look at the picture alone.
        """
        ...
