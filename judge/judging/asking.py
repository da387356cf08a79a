"""Asks the model yes/no questions for the pipeline: priors beside answers, failures kept apart per image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from judge.errors import ModelError
from judge.judging.priors import Priors
from judge.judging.sitting import Sitting
from judge.languages import DEFAULT, language
from judge.models.protocols import Ask, Mllm
from judge.verdict import Answer

if TYPE_CHECKING:
    from PIL.Image import Image

_MARK = "\N{WHITE SQUARE}"


def instruction(spoken: str = DEFAULT) -> str:
    """The part of a language's ask prompt that comes before the statement, the same for every question."""
    head, mark, tail = language(spoken).render("ask", statement=_MARK).partition(_MARK)
    if not mark or tail.strip():
        raise ValueError(
            f"prompts/{spoken}/ask.j2 must end with {{{{ statement }}}}: what comes last is all that is not shared"
        )
    return head.rstrip(" ")


class Asker:
    """Yes/no questions to one model under the `ask` prompt of one language."""

    def __init__(self, mllm: Mllm, spoken: str = DEFAULT, priors: Mapping[str, Answer] | None = None) -> None:
        self._mllm, self._spoken, self._given = mllm, spoken, priors
        self._instruction = instruction(spoken)
        self._answers = language(spoken).answers

    @cached_property
    def _priors(self) -> Priors:
        return Priors(self._mllm, self._instruction, spoken=self._spoken, given=self._given)

    def question(self, image: Image, statement: str) -> Ask:
        """The statement about an image, as the model is asked it."""
        return Ask(image, self._instruction, statement, self._answers)

    def ask(self, wanted: Sequence[tuple[Sitting, str]]) -> None:
        """Ask each statement about its sitting's view, and note answer and prior, or the failure."""
        answers = self.answers([self.question(sitting.view.image, text) for sitting, text in wanted])
        priors = self._priors_of([text for _, text in wanted])
        for (sitting, text), answer in zip(wanted, answers, strict=True):
            prior = priors[text]
            if isinstance(answer, ModelError):
                sitting.note(text, error=answer.message)
            elif isinstance(prior, ModelError):
                sitting.note(text, answer=answer, error=prior.message)
            else:
                sitting.note(text, answer=answer, prior=prior)

    def answers(self, asks: Sequence[Ask]) -> list[Answer | ModelError]:
        """Answers in order. When a call fails it is repeated per image, and then per question, so that one
        image's or one question's failure stays its own."""
        try:
            return list(self._mllm.answer(asks)) if asks else []
        except ModelError as error:
            if len(asks) == 1:
                return [error]
            images = list({id(ask.image): None for ask in asks})
            if len(images) == 1:
                return [answer for ask in asks for answer in self.answers([ask])]
            found: dict[int, Answer | ModelError] = {}
            for image in images:
                own = [index for index, ask in enumerate(asks) if id(ask.image) == image]
                found.update(zip(own, self.answers([asks[index] for index in own]), strict=True))
            return [found[index] for index in range(len(asks))]

    def _priors_of(self, statements: Sequence[str]) -> dict[str, Answer | ModelError]:
        try:
            return dict(self._priors.of(statements))
        except ModelError as error:
            return dict.fromkeys(statements, error)
