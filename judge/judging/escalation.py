"""Reasoning in two turns: think freely about what is visible, then sum it up as JSON (section 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import StringConstraints, ValidationError

from judge.errors import ModelError
from judge.languages import DEFAULT, language
from judge.models.protocols import Conversation, Mllm, Turn
from judge.settings import Frozen
from judge.verdict import ReasoningEvidence

if TYPE_CHECKING:
    from PIL.Image import Image

SUMMARY_TOKENS = 160  # a summary of plain text fits; one cut off is no summary, and stays undecided


class Summary(Frozen):
    """The second turn's answer. Every string is bounded, or generation may be cut off before it closes.

    `rating` is read by a machine, so its words are English in every language; the prompts say so."""

    rating: Literal["Yes", "No"]
    rationale: Annotated[str, StringConstraints(max_length=240)]


@dataclass(frozen=True, eq=False)
class Question:
    """A statement to reason about and the image to look at (the crop, where the object is small)."""

    image: Image
    statement: str
    on_crop: bool = False


def reason(
    mllm: Mllm, questions: Sequence[Question], max_tokens: int, spoken: str = DEFAULT
) -> list[ReasoningEvidence | ModelError]:
    """Reason about every question; a failure takes the place of the evidence it prevented."""
    render = language(spoken).render
    opening = [Conversation(one.image, (Turn("user", render("reason", statement=one.statement)),)) for one in questions]
    thoughts = _replies(mllm, opening, max_tokens=max_tokens, summarise=False)
    closing = [
        Conversation(
            talk.image,
            (*talk.turns, Turn("assistant", thought.strip()), Turn("user", render("summarise"))),
        )
        for talk, thought in zip(opening, thoughts, strict=True)
        if isinstance(thought, str)
    ]
    summaries = iter(_replies(mllm, closing, max_tokens=SUMMARY_TOKENS, summarise=True))
    return [
        _evidence(thought, next(summaries), question.on_crop) if isinstance(thought, str) else thought
        for thought, question in zip(thoughts, questions, strict=True)
    ]


def _replies(mllm: Mllm, talks: Sequence[Conversation], *, max_tokens: int, summarise: bool) -> list[str | ModelError]:
    """Replies to all, or one by one when the call for all fails, so that one failure stays alone."""
    if not talks:
        return []
    schema = Summary.model_json_schema() if summarise else None
    try:
        return list(mllm.reply(talks, max_tokens=max_tokens, schema=schema))
    except ModelError as error:
        if len(talks) == 1:
            return [error]
        return [reply for talk in talks for reply in _replies(mllm, [talk], max_tokens=max_tokens, summarise=summarise)]


def _evidence(thought: str, summary: str | ModelError, on_crop: bool) -> ReasoningEvidence | ModelError:
    if isinstance(summary, ModelError):
        return summary
    try:
        read = Summary.model_validate_json(summary)
    except ValidationError:
        return ReasoningEvidence(text=thought.strip(), on_crop=on_crop)
    return ReasoningEvidence(text=thought.strip(), rating=read.rating, rationale=read.rationale, on_crop=on_crop)
