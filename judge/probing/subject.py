"""What the checks of a probe share: the model, how the judge asks it, and answers that several checks look at."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from judge.languages import ENGLISH
from judge.ports import Ask, Inside, Mllm, ShowsInside
from judge.probing.drawn import Drawn, blank, drawings
from judge.settings import Settings
from judge.verdict import Answer, ReasoningEvidence

if TYPE_CHECKING:
    from PIL.Image import Image

MODEL_SECONDS = 240.0  # no check is begun later than this after the first one


@dataclass(frozen=True)
class AskingMethod:
    """How the judge asks, in English, so that a probe asks the same.

    instruction: what comes before a statement. reasoning: the message that has a model think about a statement.
    reason: both turns of reasoning about a statement on an image; raises `ModelError`.
    """

    instruction: str
    reasoning: Callable[[str], str]
    reason: Callable[[Image, str], ReasoningEvidence]


@dataclass(frozen=True)
class Load:
    """What a constitution asks of every image at most: how many rules, and how many different statements."""

    name: str
    rules: int
    statements: int


class OutOfTime(Exception):
    """The probe has taken as long as it may."""


@dataclass(frozen=True, eq=False)
class StatementAnswers:
    """A statement, whether it is true of its drawing, and the model's answers.

    own: on its drawing. other: on another drawing of the same kind. blank: on an empty picture. none: without one.
    swapped: on its drawing, with the two words of the answer named in the other order.
    """

    drawn: Drawn
    statement: str
    true: bool
    own: Answer
    blank: Answer
    none: Answer
    swapped: Answer

    @property
    def right(self) -> bool:
        """Whether the likelier of yes and no is right; an even answer is not."""
        return self.own.probability > 0.5 if self.true else self.own.probability < 0.5


@dataclass(eq=False)
class ProbedModel:
    """A model being probed."""

    mllm: Mllm
    method: AskingMethod
    settings: Settings
    load: Load
    until: float = field(default_factory=lambda: time.monotonic() + MODEL_SECONDS)

    @cached_property
    def inside(self) -> Inside | None:
        """What can be seen of the model beside its answers; None behind a server."""
        return self.mllm.inside() if isinstance(self.mllm, ShowsInside) else None

    def ask(self, image: Image | None, statement: str, instruction: str | None = None) -> Ask:
        """A statement as the judge would ask it, or after another instruction."""
        return Ask(image, instruction or self.method.instruction, statement, ENGLISH)

    def answers(self, asks: Sequence[Ask]) -> list[Answer]:
        """Answers in order, one call for all questions about a picture.

        Raises:
            OutOfTime: before a call, when the time is up. ModelError: the model failed.
        """
        found: list[Answer] = []
        for _, group in groupby(asks, key=lambda ask: id(ask.image)):
            self.check_time()
            found += self.mllm.answer(list(group))
        return found

    def check_time(self) -> None:
        """Raises: OutOfTime: the time is up."""
        if time.monotonic() > self.until:
            raise OutOfTime

    @cached_property
    def asked(self) -> tuple[StatementAnswers, ...]:
        """Every statement about the drawings with its answers. The model is asked once for all checks."""
        told = [(one, text, text == one.true) for one in drawings() for text in (one.true, one.false)]
        swapped = swapped_options(self.method.instruction)
        empty = blank()
        ways = [
            self.answers([self.ask(one.picture, text) for one, text, _ in told]),
            self.answers([self.ask(empty, text) for _, text, _ in told]),
            self.answers([self.ask(None, text) for _, text, _ in told]),
            self.answers([self.ask(one.picture, text, swapped) for one, text, _ in told]),
        ]
        return tuple(StatementAnswers(*what, *answers) for what, *answers in zip(told, *ways, strict=True))


def swapped_options(instruction: str) -> str:
    """The instruction with its two answers named in the other order."""
    yes, no = ENGLISH.yes[0], ENGLISH.no[0]
    return no.join(yes if part == no else part.replace(no, yes) for part in instruction.split(yes))
