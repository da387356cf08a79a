"""A debate about a statement, after the protocol of VHD11K: for, against, for, against, and a judge who decides.

Each turn is at most three short reasons as JSON. Whoever will not argue, or says what cannot be read, ends the debate,
and a person looks: silence is never taken for agreement. What was said goes into the next turn as quoted text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, StringConstraints

from judge.errors import ModelError
from judge.judging.clock import Clock
from judge.judging.escalation import Question, replies
from judge.judging.given import block
from judge.judging.refusals import answers, refuses_in
from judge.judging.regions_stage import Wanted, reasoning_question
from judge.judging.replied import Unreadable, read_reply
from judge.languages import Language
from judge.ports import Conversation, Mllm, Turn
from judge.settings import Frozen, Step
from judge.verdict import DebateEvidence, DebateTurn

Side = Literal["for", "against"]
TURNS: tuple[Side, ...] = ("for", "against", "for", "against")
TURN_TOKENS = 256  # three reasons, or a decision with its reason, of plain text fit
_MARK = {"for": "+", "against": "-"}


class _Reasons(Frozen):
    """A turn. Every string is bounded, or generation may be cut off before it closes."""

    reasons: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=160)], ...], Field(min_length=1, max_length=3)
    ]


class _Decision(Frozen):
    """The judge's turn. The words of `decision` are English in every language; the prompts say so."""

    decision: Literal["Yes", "No", "Unclear"]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=240)]
    unclear: Annotated[str, StringConstraints(max_length=240)]


@dataclass(frozen=True)
class Voices:
    """Who argues for a statement, who against it, and who decides. They may be one model."""

    speaker: Mllm
    opponent: Mllm
    judge: Mllm

    def of(self, side: Side) -> Mllm:
        """Who speaks for a side."""
        return self.speaker if side == "for" else self.opponent


@dataclass(frozen=True)
class _Debate:
    """A debate under way; over once there is an end or a failure."""

    question: Question
    turns: tuple[DebateTurn, ...] = ()
    end: DebateEvidence | None = None
    failed: ModelError | None = None

    @property
    def over(self) -> bool:
        return self.end is not None or self.failed is not None

    @property
    def said(self) -> str:
        """All reasons so far, a line each."""
        return "\n".join(f"{_MARK[turn.side]} {_quoted(one)}" for turn in self.turns for one in turn.reasons)

    def ended(self, why: Literal["refused", "unreadable"]) -> _Debate:
        return replace(self, end=DebateEvidence(turns=self.turns, ended=why))


class KnownPicture(NamedTuple):
    """A picture in words, and whether a statement holds of it. sha256: of its file; None where that is not known.
    told: beside it, the fields that the statement reads, with their texts; of a statement that reads alone, words are
    empty."""

    words: str
    holds: bool
    sha256: str | None = None
    told: tuple[tuple[str, str], ...] = ()


Asked = Callable[[_Debate], str]
Heard = Callable[[_Debate, str], _Debate]


@dataclass
class Debate:
    """The step `debate` of the ladder. examples: by statement, known pictures in words, and whether it holds there; of
    the very picture that is argued about nothing is told."""

    voices: Voices
    language: Language
    batch: int
    examples: Mapping[str, Sequence[KnownPicture]] = field(default_factory=dict)
    name: Step = "debate"

    def take(self, wanted: Wanted, clock: Clock) -> None:
        """See `ladder.Rung.take`."""
        for start in range(0, len(wanted), self.batch):
            some = wanted[start : start + self.batch]
            found = self.held([reasoning_question(state, text, self.language) for state, text in some], clock)
            for (state, text), one in zip(some, found, strict=True):
                if isinstance(one, ModelError):
                    state.fail(text, one)
                else:
                    state.note(text, debate=one)

    def held(self, questions: Sequence[Question], clock: Clock) -> list[DebateEvidence | ModelError]:
        """A debate on every question, turn by turn together; a failure takes the place of the one that it ended."""
        debates = [_Debate(question) for question in questions]
        for side in TURNS:
            debates = self._argued(debates, side, clock)
        debates = self._decided(debates, clock)
        return [one.failed or one.end or DebateEvidence(turns=one.turns, ended="unreadable") for one in debates]

    def _argued(self, debates: Sequence[_Debate], side: Side, clock: Clock) -> list[_Debate]:
        def asked(one: _Debate) -> str:
            return one.question.asked("debate-argue", self.language, side=side, said=one.said)

        def heard(one: _Debate, text: str) -> _Debate:
            read = read_reply(_Reasons, text)
            if refuses_in(read, self.language) or not answers("\n".join(read.reasons), self.language):
                return one.ended("refused")
            return replace(one, turns=(*one.turns, DebateTurn(side=side, reasons=read.reasons)))

        return self._turn(debates, self.voices.of(side), asked, heard, _Reasons, clock)

    def _decided(self, debates: Sequence[_Debate], clock: Clock) -> list[_Debate]:
        def asked(one: _Debate) -> str:
            return one.question.asked("debate-decide", self.language, said=one.said, examples=self._known(one.question))

        def heard(one: _Debate, text: str) -> _Debate:
            read = read_reply(_Decision, text)
            if refuses_in(read, self.language) or not answers(read.reason, self.language):
                return one.ended("refused")
            end = DebateEvidence(
                turns=one.turns, decision=read.decision, deciding=read.reason, unclear=read.unclear or None
            )
            return replace(one, end=end)

        return self._turn(debates, self.voices.judge, asked, heard, _Decision, clock)

    def _known(self, question: Question) -> str:
        """The examples of a statement, but for what is the very picture, or the very text."""
        lines = []
        for each in self.examples.get(question.statement, ()):
            beside = block(each.told, self.language) if each.told else None
            own = each.sha256 is not None and each.sha256 == question.sha256
            if not own and (beside is None or beside != question.given):
                said = f"- {'Yes' if each.holds else 'No'}: {_quoted(each.words)}".rstrip()
                lines.append(said if beside is None else f"{said}\n{beside.rstrip()}")
        return "\n".join(lines)

    def _turn(
        self, debates: Sequence[_Debate], mllm: Mllm, asked: Asked, heard: Heard, form: type[Frozen], clock: Clock
    ) -> list[_Debate]:
        """One reply in each debate that goes on: what is asked, and what it makes of the debate."""
        talks = [Conversation(one.question.image, (Turn("user", asked(one)),)) for one in debates if not one.over]
        told = iter(replies(mllm, talks, clock, max_tokens=TURN_TOKENS, schema=form.model_json_schema()))
        return [one if one.over else _after(one, next(told), heard) for one in debates]


def _after(debate: _Debate, told: str | ModelError, heard: Heard) -> _Debate:
    if isinstance(told, ModelError):
        return replace(debate, failed=told)
    try:
        return heard(debate, told)
    except Unreadable:
        return debate.ended("unreadable")


def _quoted(said: str) -> str:
    """As it goes between marks that it must not close."""
    return " ".join(said.split()).replace("<", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}")
