"""What the judge needs of a model, and nothing of how it is met. Imports no model library.

Every implementation, fakes included, passes the suite in `tests/models/conformance.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from judge.errors import ModelError
from judge.languages import ENGLISH, Answers
from judge.verdict import Answer, ModelIdentity

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, eq=False)
class Ask:
    """One yes/no question. `image` None asks about a text that stands in `instruction`, or without anything to look at
    (the language prior).

    The text is `instruction` + " " + `statement`. They are given apart because the instruction is the
    same for every statement, so a backend computes image + instruction once and shares it.
    Asks about the same picture pass the same image object. `answers` are the words for yes and no in the
    language of the text.
    """

    image: Image | None
    instruction: str
    statement: str
    answers: Answers = ENGLISH


@dataclass(frozen=True)
class Turn:
    """One message of a conversation; `role` is `user` or `assistant`."""

    role: str
    text: str


@dataclass(frozen=True, eq=False)
class Conversation:
    """An image (before the first message) and the turns so far; the last one is the user's.

    thinking: whether the model is to think in its own way before it answers, where it has one; else it is kept from it.
    """

    image: Image | None
    turns: tuple[Turn, ...]
    thinking: bool = False


class Reply(str):
    """What a model wrote. `cut`: whether the limit of tokens ended it, where that is known."""

    cut: bool

    def __new__(cls, text: str, *, cut: bool = False) -> Reply:
        made = super().__new__(cls, text)
        made.cut = cut
        return made


@dataclass(frozen=True)
class Box:
    """A detection: corners in pixels of the image (left, top, right, bottom) and confidence in [0, 1]."""

    corners: tuple[float, float, float, float]
    confidence: float
    query: str


class Mllm(Protocol):
    """A multimodal large language model.

    Both methods are deterministic, keep the order of what they are given, and raise `ModelError` when
    the model fails. The outcome for one item does not depend on which others are in the same call,
    up to floating-point noise.
    """

    @property
    def identity(self) -> ModelIdentity: ...

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Probability of yes and of no as the next token, summed over their spellings, per ask.

        Raises:
            UserError: the model has no token for the words of an ask's `answers`.
        """
        ...

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """Greedy continuation per conversation; with `schema`, text constrained to that JSON Schema. A `Reply` says
        whether it was cut off."""
        ...


LogChances = tuple[float, float]  # natural logarithms of p(yes) and p(no)


@dataclass(frozen=True)
class Likely:
    """A token that may come next, its probability, and whether it counts as an answer."""

    text: str
    probability: float
    counts: bool


@dataclass(frozen=True)
class Prompted:
    """How a question becomes tokens.

    ids: as the judge has them, prefix and statement joined. whole: of the same text in one piece. pictures: how many
    of them stand for the picture.
    """

    ids: tuple[int, ...]
    whole: tuple[int, ...]
    pictures: int


@dataclass(frozen=True)
class Greedy:
    """Text that a model's library generated from scratch, growing by a token a step.

    texts: after each step. leads: by how much (in logits) each step's token led the second best.
    """

    texts: tuple[str, ...]
    leads: tuple[float, ...]


class Inside(Protocol):
    """What can be seen of a model that is loaded here, for a probe. Everything is computed by plain passes of its own,
    without caches or sharing, so that what the judge makes of the model can be held against it."""

    @property
    def bos(self) -> int | None:
        """The token that every text is to begin with, where the tokenizer puts one first by itself."""
        ...

    @property
    def longest(self) -> int | None:
        """Most tokens of a context, where the model says so."""
        ...

    @property
    def window(self) -> int | None:
        """Tokens that its sliding layers look back on, where it has such."""
        ...

    @property
    def shares(self) -> bool:
        """Whether questions about a picture were asked on a shared prefix; known once some were asked."""
        ...

    def tail(self, instruction: str) -> str:
        """What the chat template writes after a statement, up to where the answer begins."""
        ...

    def prompted(self, ask: Ask) -> Prompted: ...

    def shared(self, asks: Sequence[Ask]) -> list[LogChances]:
        """As the judge has them answered, unrounded."""
        ...

    def alone(self, ask: Ask) -> LogChances: ...

    def likeliest(self, ask: Ask, count: int) -> list[Likely]: ...

    def generated(self, talk: Conversation, max_tokens: int) -> Greedy: ...

    def weights(self) -> dict[str, int]:
        """How many weights are held in which number format."""
        ...

    def peak_memory_gib(self) -> float: ...


@runtime_checkable
class ShowsLikeliest(Protocol):
    """A model that can be asked what it would say first."""

    def likeliest(self, ask: Ask, count: int) -> list[Likely]:
        """The likeliest next tokens, likeliest first, at most `count`."""
        ...


@runtime_checkable
class OpensForLanguages(Protocol):
    """A model that finds out how it is asked before it can be: once for each language."""

    def opened_for(self, answers: Answers) -> Mllm:
        """The same model, to be answered in these words.

        Raises:
            UserError: it cannot be asked so.
            Unreachable, ModelError: it failed.
        """
        ...


def opened_for(mllm: Mllm, answers: Answers) -> Mllm:
    """A model as it is asked in a language; one that need not be opened for it as it is. Raises as its opening does."""
    return mllm.opened_for(answers) if isinstance(mllm, OpensForLanguages) else mllm


@runtime_checkable
class ShowsInside(Protocol):
    """A model of which more can be seen than its answers."""

    def inside(self) -> Inside: ...


class Encoder(Protocol):
    """An image-text encoder such as CLIP or SigLIP."""

    @property
    def identity(self) -> ModelIdentity: ...

    def similarity(self, images: Sequence[Image], texts: Sequence[str]) -> list[list[float]]:
        """Cosine of every image with every text: one row per image, one column per text."""
        ...


class Detector(Protocol):
    """An open-vocabulary object detector such as OWLv2."""

    @property
    def identity(self) -> ModelIdentity: ...

    def detect(self, image: Image, queries: Sequence[str]) -> list[Box]:
        """The most confident box of every query, in the order of the queries."""
        ...


class Guard(Protocol):
    """Knows which pictures a model was made for. model: what it is called. reads: what it was made for, in a word."""

    model: str
    reads: str

    @property
    def identity(self) -> ModelIdentity: ...

    def strangeness(self, images: Sequence[Image]) -> list[float]:
        """How far each picture is from what the model knows, at least 0; over 1 is too far to be judged by it."""
        ...


def identities(*models: Mllm | Encoder | Detector | Guard | None) -> tuple[ModelIdentity, ...]:
    """Of the models that there are, in order; one that plays two parts once."""
    return tuple(dict.fromkeys(model.identity for model in models if model is not None))


def checked_answer(p_yes: float, p_no: float) -> Answer:
    """An answer rounded to 6 decimals, so that thresholds applied to a recorded verdict decide as it did.

    Raises:
        ModelError: the numbers are no probabilities (a model that overflowed gives NaN).
    """
    if not (math.isfinite(p_yes) and math.isfinite(p_no)) or min(p_yes, p_no) < 0 or p_yes + p_no > 1.001:
        raise ModelError(
            f"the model gave no probabilities: p(yes)={p_yes}, p(no)={p_no}",
            hint="try --dtype float32; half precision can overflow",
        )
    return Answer(p_yes=round(min(p_yes, 1.0), 6), p_no=round(min(p_no, 1.0), 6))
