"""Asks the model yes/no questions for the pipeline: priors beside answers, failures kept apart per image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from judge.constitution import Constitution
from judge.constitution.context import Reading
from judge.errors import ModelError
from judge.judging.calling import called, each
from judge.judging.clock import Clock
from judge.judging.given import block
from judge.judging.priors import Priors
from judge.judging.view_state import ViewState
from judge.languages import Language
from judge.ports import Ask, Mllm
from judge.verdict import Answer

if TYPE_CHECKING:
    from PIL.Image import Image


Wanted = Sequence[tuple[ViewState, str]]


class Questioner:
    """Yes/no questions to one model under the prompts of one language.

    What a statement looks at that reads, its state says (`ViewState.reading`). The question of any other is the same
    whatever is told beside the picture: nothing of that is in it.
    """

    def __init__(self, mllm: Mllm, language: Language, priors: Mapping[str, Answer] | None = None) -> None:
        self._mllm, self._language, self._given = mllm, language, priors
        self._instruction, self._answers = language.instruction, language.answers
        self._unread_by = "the bundled model" if mllm.identity.bundled else None
        self._priors_reading: dict[Reading, Priors] = {}

    @cached_property
    def _priors(self) -> Priors:
        return Priors(self._mllm, self._language, given=self._given)

    def question(self, state: ViewState, statement: str, image: Image | None = None) -> Ask:
        """The statement as the model is asked it about a view, or about another image in its place; about what it
        reads where it reads."""
        shown, reading = image or state.view.image, state.reading(statement)
        if reading is None:
            return Ask(shown, self._instruction, statement, self._answers)
        told = state.given.block(reading, self._language)
        instruction = self._language.instruction_of_context(told, reading.sees)
        return Ask(shown if reading.sees else None, instruction, statement, self._answers)

    def cannot_read(self, state: ViewState, statement: str) -> str | None:
        """What the model is called where it reads no texts and the statement reads one, so that it is not asked."""
        return self._unread_by if state.reading(statement) is not None else None

    def ask(self, wanted: Wanted, clock: Clock | None = None) -> None:
        """Ask each statement about its state's view, and note answer and prior, or the failure. What reads a field that
        was not given is not asked, nor is what reads anything of a model that reads no texts: nobody can tell, and the
        model must not guess."""
        asked = []
        for state, text in wanted:
            reading = state.reading(text)
            if reading is not None and (missing := state.given.missing(reading)):
                state.note(text, missing=missing)
            elif (unread_by := self.cannot_read(state, text)) is not None:
                state.note(text, unread_by=unread_by)
            else:
                asked.append((state, text))
        found = self.with_priors([self.question(state, text) for state, text in asked], asked, clock or Clock())
        for (state, text), (answer, prior) in zip(asked, found, strict=True):
            if isinstance(answer, ModelError):
                state.fail(text, answer)
            elif isinstance(prior, ModelError):
                state.note(text, answer=answer)
                state.fail(text, prior)
            else:
                state.note(text, answer=answer, prior=prior)

    def with_priors(
        self, asks: Sequence[Ask], of: Wanted, clock: Clock
    ) -> list[tuple[Answer | ModelError, Answer | ModelError]]:
        """Answers in order, each with its prior; where an answer failed, so did its prior. of: what is asked, and about
        which views."""
        answers = self.answers(asks, clock, [state.picture for state, _ in of])
        wanted: dict[Reading | None, list[str]] = {}
        for (state, text), answer in zip(of, answers, strict=True):
            if isinstance(answer, Answer):
                wanted.setdefault(state.reading(text), []).append(text)
        priors = {reading: self._priors_of(texts, reading, clock) for reading, texts in wanted.items()}
        return [
            (answer, priors[state.reading(text)][text] if isinstance(answer, Answer) else answer)
            for (state, text), answer in zip(of, answers, strict=True)
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

    def _kept_priors(self, reading: Reading | None) -> Priors:
        """Of a statement that reads: what the model says where it is not told what it reads, and shown nothing."""
        if reading is None:
            return self._priors
        if reading not in self._priors_reading:
            instruction = _untold(reading, self._language)
            self._priors_reading[reading] = Priors(self._mllm, self._language, instruction=instruction)
        return self._priors_reading[reading]

    def _priors_of(
        self, statements: Sequence[str], reading: Reading | None, clock: Clock
    ) -> dict[str, Answer | ModelError]:
        """Priors are no picture's own: the time that they take, once, is not counted as a picture's."""
        texts = list(dict.fromkeys(statements))
        try:
            with clock.paused():
                priors = self._kept_priors(reading)
                return dict(called("the model", lambda: priors.of(texts).items(), len(texts)))
        except ModelError as error:
            return dict.fromkeys(texts, error)


def prior_instructions(constitution: Constitution) -> frozenset[str]:
    """What questions for a prior begin with, shown no image: those of statements about the image, and those of
    statements that read, which are told that nothing was."""
    language = constitution.asked_in
    return frozenset(
        {language.instruction, *(_untold(reading, language) for reading in constitution.readings.values())}
    )


def _untold(reading: Reading, language: Language) -> str:
    return language.instruction_of_context(block([(name, None) for name in reading.fields], language), reading.sees)
