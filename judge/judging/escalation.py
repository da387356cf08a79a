"""Reasoning in two turns: think freely about what is visible, then sum it up as JSON (section 3.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import StringConstraints

from judge.errors import ModelError
from judge.judging.calling import each
from judge.judging.clock import Clock
from judge.judging.given import quoted
from judge.judging.refusals import answers, refuses_in
from judge.judging.replied import Unreadable, read_reply
from judge.languages import Language
from judge.ports import Conversation, Mllm, Turn
from judge.settings import Frozen, ReasonWith
from judge.thinking import without_marks
from judge.verdict import ReasoningEvidence

if TYPE_CHECKING:
    from PIL.Image import Image

SUMMARY_TOKENS = 160  # a summary of plain text fits; one cut off is no summary, and stays undecided
_PLAIN = "1 + 1 = 2"  # a statement in every language


class Summary(Frozen):
    """The second turn's answer. Every string is bounded, or generation may be cut off before it closes.

    `rating` is read by a machine, so its words are English in every language; the prompts say so. `Unclear` is the way
    out of a model that will not say Yes or No, or cannot: with these two alone, it would have to end in one of them. It
    decides nothing."""

    rating: Literal["Yes", "No", "Unclear"]
    rationale: Annotated[str, StringConstraints(max_length=240)]


@dataclass(frozen=True, eq=False)
class Question:
    """A statement to reason about and the image to look at (the crop, where the object is small). told: how several
    models differ on it, where it is looked at again for that. given: of a statement that reads, what it reads, between
    marks; its image is None where it is about that alone. sha256: of the image's file, where it is of one."""

    image: Image | None
    statement: str
    on_crop: bool = False
    told: str = ""
    given: str | None = None
    sha256: str | None = None

    def asked(self, prompt: str, language: Language, **values: str) -> str:
        """A prompt about the statement, as it is worded for what the statement looks at."""
        if self.given is None:
            return language.render(prompt, statement=self.statement, **values)
        sees = self.image is not None
        return language.render(f"{prompt}-context", statement=self.statement, given=self.given, sees=sees, **values)


@dataclass(frozen=True)
class Told:
    """What a model said in two turns: its free-form thoughts, and their summary as text that fits a JSON Schema.

    cut_off: whether the limit of tokens ended the thoughts.
    """

    thought: str
    summary: str
    cut_off: bool = False


def reason(
    mllm: Mllm,
    questions: Sequence[Question],
    max_tokens: int,
    language: Language,
    clock: Clock | None = None,
    reason_with: ReasonWith = "steps",
) -> list[ReasoningEvidence | ModelError]:
    """Reason about every question; a failure takes the place of the evidence it prevented."""
    thinking = reason_with == "thinking"
    opening = [Conversation(one.image, (Turn("user", _asked(one, language)),), thinking) for one in questions]
    most = (max_tokens, SUMMARY_TOKENS)
    told = in_two_turns(mllm, opening, _closing(mllm, language), Summary.model_json_schema(), most, clock)
    return [
        one if isinstance(one, ModelError) else _evidence(one, question.on_crop, reason_with, language)
        for one, question in zip(told, questions, strict=True)
    ]


def _asked(question: Question, language: Language) -> str:
    if question.told:
        return question.asked("reread", language, told=question.told)
    return question.asked("reason", language)


def _closing(mllm: Mllm, language: Language) -> str:
    """What asks for the summary. The bundled model knows the one wording that it was trained on, which has no Unclear:
    with it, it rates everything Yes."""
    return language.render("summarise", unclear=not mllm.identity.bundled)


def tried_out(mllm: Mllm, language: Language) -> ModelError | None:
    """Why the model's reasoning could never be read; None where it can, or where another try may show it. Asks it once,
    without a picture, to sum up a thought."""
    begun = language.render("reason", statement=_PLAIN)
    said = (("user", begun), ("assistant", _PLAIN), ("user", _closing(mllm, language)))
    talk = Conversation(None, tuple(Turn(role, text) for role, text in said))
    try:
        (summary,) = mllm.reply([talk], max_tokens=SUMMARY_TOKENS, schema=Summary.model_json_schema())
        read_reply(Summary, summary)
    except ModelError as error:
        return None if error.retryable else error
    except Unreadable:
        return ModelError(
            f"the model's summary of a thought is not of the form that was asked for: {summary[:60]!r}",
            hint="serve the model with structured outputs, and with thinking aloud off",
        )
    return None


def in_two_turns(
    mllm: Mllm,
    opening: Sequence[Conversation],
    closing: str,
    schema: Mapping[str, Any],
    most: tuple[int, int],
    clock: Clock | None = None,
) -> list[Told | ModelError]:
    """Let the model think freely on every conversation, then answer `closing` in the form of `schema`.

    `most`: tokens of the first and of the second turn. A failure takes the place of what it prevented.
    """
    clock = clock or Clock()
    thoughts = replies(mllm, opening, clock, max_tokens=most[0])
    talks = [  # thoughts as if said aloud: templates leave out what stands in a block of thinking. What a model repeats
        # of a text that anybody wrote ends no turn either.
        Conversation(
            talk.image, (*talk.turns, Turn("assistant", quoted(without_marks(thought))), Turn("user", closing))
        )
        for talk, thought in zip(opening, thoughts, strict=True)
        if isinstance(thought, str)
    ]
    summaries = iter(replies(mllm, talks, clock, max_tokens=most[1], schema=schema))
    told: list[Told | ModelError] = []
    for thought in thoughts:
        summary = thought if isinstance(thought, ModelError) else next(summaries)
        cut_off = bool(getattr(thought, "cut", False))
        told.append(summary if isinstance(summary, ModelError) else Told(without_marks(str(thought)), summary, cut_off))
    return told


def replies(
    mllm: Mllm,
    talks: Sequence[Conversation],
    clock: Clock,
    *,
    max_tokens: int,
    schema: Mapping[str, Any] | None = None,
) -> list[str | ModelError]:
    """Replies to all, or one by one when the call for all fails, so that one failure stays alone."""
    return each(
        "the model",
        lambda some: mllm.reply(some, max_tokens=max_tokens, schema=schema),
        talks,
        clock,
        lambda talk: id(talk.image),
        id,
    )


def _evidence(told: Told, on_crop: bool, reason_with: ReasonWith, language: Language) -> ReasoningEvidence:
    """What was said. The summary of a refusal is no rating, whatever it says: refusing is no agreement. Nor is that of
    thoughts that were cut off: what they would have come to is not known."""
    said = ReasoningEvidence(text=told.thought, on_crop=on_crop, cut_off=told.cut_off, reasoned_with=reason_with)
    refused = not answers(told.thought, language)
    try:
        read = read_reply(Summary, told.summary)
    except Unreadable:
        return said.model_copy(update={"refused": refused})
    refused = refused or refuses_in(read, language)
    rating = None if refused or told.cut_off else read.rating
    return said.model_copy(update={"rating": rating, "rationale": read.rationale, "refused": refused})
