"""Asks the model yes/no questions for the pipeline: priors beside answers, failures kept apart per image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from judge.errors import ModelError
from judge.judging.calling import called, each
from judge.judging.clock import Clock
from judge.judging.priors import Priors
from judge.judging.view_state import ViewState
from judge.languages import Language
from judge.ports import Ask, Mllm
from judge.verdict import Answer

if TYPE_CHECKING:
    from PIL.Image import Image


class Questioner:
    """Yes/no questions to one model under the `ask` prompt of one language."""

    def __init__(self, mllm: Mllm, language: Language, priors: Mapping[str, Answer] | None = None) -> None:
        self._mllm, self._language, self._given = mllm, language, priors
        self._instruction, self._answers = language.instruction, language.answers

    @cached_property
    def _priors(self) -> Priors:
        return Priors(self._mllm, self._language, given=self._given)

    def question(self, image: Image, statement: str) -> Ask:
        """The statement about an image, as the model is asked it."""
        return Ask(image, self._instruction, statement, self._answers)

    def ask(self, wanted: Sequence[tuple[ViewState, str]], clock: Clock | None = None) -> None:
        """Ask each statement about its state's view, and note answer and prior, or the failure."""
        asks = [self.question(state.view.image, text) for state, text in wanted]
        found = self.with_priors(asks, clock or Clock(), [state.picture for state, _ in wanted])
        for (state, text), (answer, prior) in zip(wanted, found, strict=True):
            if isinstance(answer, ModelError):
                state.fail(text, answer)
            elif isinstance(prior, ModelError):
                state.note(text, answer=answer)
                state.fail(text, prior)
            else:
                state.note(text, answer=answer, prior=prior)

    def with_priors(
        self, asks: Sequence[Ask], clock: Clock, of: Sequence[object]
    ) -> list[tuple[Answer | ModelError, Answer | ModelError]]:
        """Answers in order, each with its prior; where an answer failed, so did its prior. of: see `answers`."""
        answers = self.answers(asks, clock, of)
        known = [ask.statement for ask, answer in zip(asks, answers, strict=True) if isinstance(answer, Answer)]
        priors = self._priors_of(known, clock)
        return [
            (answer, priors[ask.statement] if isinstance(answer, Answer) else answer)
            for ask, answer in zip(asks, answers, strict=True)
        ]

    def answers(
        self, asks: Sequence[Ask], clock: Clock | None = None, of: Sequence[object] | None = None
    ) -> list[Answer | ModelError]:
        """Answers in order. When a call fails it is repeated per picture, and then per question, so that one
        picture's or one question's failure stays its own.

        of: what each is a question about, where that is not the image itself (one of many made of a picture).
        """
        owned = list(zip(asks, of if of is not None else [ask.image for ask in asks], strict=True))
        return each(
            "the model",
            lambda some: self._mllm.answer([ask for ask, _ in some]),
            owned,
            clock or Clock(),
            lambda one: id(one[1]),
            lambda one: id(one[0]),
        )

    def _priors_of(self, statements: Sequence[str], clock: Clock) -> dict[str, Answer | ModelError]:
        """Priors are no picture's own: the time that they take, once, is not counted as a picture's."""
        texts = list(dict.fromkeys(statements))
        try:
            with clock.paused():
                return dict(called("the model", lambda: self._priors.of(texts).items(), len(texts)))
        except ModelError as error:
            return dict.fromkeys(texts, error)
