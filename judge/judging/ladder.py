"""The ladder: what is tried on statements that regions leave open, step by step, each dearer than the one before.

A step adds to what is known of statements and decides nothing: what follows, `probability` says. A statement goes up as
long as it is open and can still change its rule; at the top a person looks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from judge.errors import ModelError, Unable, UserError
from judge.judging import escalation
from judge.judging.clock import Clock
from judge.judging.committee import Committee
from judge.judging.debate import Debate, KnownPicture, Voices
from judge.judging.regions_stage import Wanted, reasoning_question
from judge.judging.view_state import ViewState
from judge.languages import Answers, Language
from judge.ports import Guard, Mllm, opened_for
from judge.settings import Settings, Step


class Rung(Protocol):
    """One step. `name` is what its time is counted under."""

    name: Step

    def take(self, wanted: Wanted, clock: Clock) -> None:
        """Note what is found out about each statement, or how a model failed on it."""
        ...


class Ladder:
    """Some steps in order."""

    def __init__(self, rungs: Sequence[Rung]) -> None:
        self._rungs = rungs
        self._of_all = next((rung for rung in rungs if isinstance(rung, Committee) and rung.of_all), None)

    def climb(self, wanted: Wanted, clock: Clock) -> None:
        """Take each step with the statements that are still open then. One that is so because a member of a committee
        failed, or was not asked, goes no further up."""
        for rung in self._rungs:
            with clock.stage(rung.name):
                left = [one for one in wanted if one[0].is_open(one[1])]
                if not isinstance(rung, Committee):
                    left = [one for one in left if not _lacks_a_vote(*one)]
                if left:
                    rung.take(left, clock)

    @property
    def votes_on_all(self) -> bool:
        """Whether a committee votes on every statement, so that no region of the judge's own model decides one."""
        return self._of_all is not None

    def vote(self, wanted: Wanted, clock: Clock) -> None:
        """Put what was just asked to the vote, where a committee votes on all."""
        if self._of_all is not None:
            with clock.stage(self._of_all.name):
                self._of_all.vote(wanted, clock)


def _lacks_a_vote(state: ViewState, statement: str) -> bool:
    committee = state.facts_of(statement).committee
    return committee is not None and committee.lacks_a_vote


def steps_of(
    steps: Sequence[Step], mllm: Mllm, settings: Settings, language: Language, further: Further
) -> tuple[Rung, ...]:
    """The steps of a judge, ready to be taken. further: models and pictures that they need beside the judge's own."""
    voices = further.voices or Voices(mllm, mllm, mllm)
    made: dict[Step, Callable[[], Rung]] = {
        "reasoning": lambda: Reasoning(mllm, settings, language),
        "debate": lambda: Debate(voices, language, settings.batch, further.examples),
        "committee": lambda: committee_of(mllm, further, settings, language),
    }
    return tuple(made[step]() for step in steps)


@dataclass(frozen=True)
class Further:
    """What dearer steps need. voices: who debates; None: the judge's model alone. members: who votes beside it, by
    name. stronger: who is asked where they do not agree. guards: by name, of those of them that were made for some
    pictures only. examples: of a statement, known pictures in words, and whether
    it holds of them; a picture is never told of itself."""

    voices: Voices | None = None
    members: Mapping[str, Mllm] = field(default_factory=dict)
    stronger: tuple[str, Mllm] | None = None
    guards: Mapping[str, Guard] = field(default_factory=dict)
    examples: Mapping[str, Sequence[KnownPicture]] = field(default_factory=dict)

    def used_by(self, steps: Collection[Step]) -> Further:
        """What of it these steps use: a verdict names nothing that was not asked."""
        used = self if "debate" in steps else replace(self, voices=None, examples={})
        return used if "committee" in steps else replace(used, members={}, stronger=None, guards={})

    def opened_for(self, answers: Answers) -> Further:
        """The same models, those that vote as they are asked in a language.

        Raises as opening them does.
        """
        members = {name: opened_for(one, answers) for name, one in self.members.items()}
        stronger = (self.stronger[0], opened_for(self.stronger[1], answers)) if self.stronger is not None else None
        return replace(self, members=members, stronger=stronger)

    @property
    def models(self) -> tuple[Mllm, ...]:
        """Every model that is asked beside the judge's."""
        voices = (self.voices.speaker, self.voices.opponent, self.voices.judge) if self.voices is not None else ()
        return (*voices, *self.members.values(), *([self.stronger[1]] if self.stronger is not None else []))

    @property
    def digests(self) -> dict[str, str]:
        """Of the examples, where there are any: verdicts depend on them as on a prompt."""
        said = json.dumps({text: list(known) for text, known in sorted(self.examples.items())})
        return {"debate-examples": hashlib.sha256(said.encode()).hexdigest()} if self.examples else {}


ALONE = Further()


def committee_of(mllm: Mllm, further: Further, settings: Settings, language: Language) -> Committee:
    """The committee of a judge's model and the further ones.

    Raises:
        UserError: nobody is named beside the judge's model.
    """
    if not further.members:
        raise UserError(
            "the step `committee` needs further models, and none is named",
            hint="name each with a --model of its own (in Python committee={'members': [...]}), or leave the step out",
        )
    return Committee(settings.model, mllm, further.members, further.stronger, settings, language, further.guards)


class Reasoning:
    """Chain of thought in two turns (section 3.5), as many statements at a time as a batch has images: each takes long.
    A model that turned out unable to is not asked again."""

    name: Step = "reasoning"

    def __init__(self, mllm: Mllm, settings: Settings, language: Language) -> None:
        self._mllm, self._settings, self._language = mllm, settings, language
        self._unable: Unable | None = None

    def take(self, wanted: Wanted, clock: Clock) -> None:
        """See `Rung.take`."""
        for start in range(0, len(wanted), self._settings.batch):
            some = wanted[start : start + self._settings.batch]
            if self._unable is not None:
                for state, text in some:
                    state.fail(text, self._unable)
                continue
            questions = [reasoning_question(state, text, self._language) for state, text in some]
            tokens, how = self._settings.reason_tokens, self._settings.reason_with
            found = escalation.reason(self._mllm, questions, tokens, self._language, clock, how)
            for (state, text), one in zip(some, found, strict=True):
                if isinstance(one, ModelError):
                    state.fail(text, one)
                    self._unable = one if isinstance(one, Unable) else self._unable
                else:
                    state.note(text, reasoning=one)
