"""Models for tests of the probe: one that knows the drawings, and ways to spoil it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from judge.constitution import parse_constitution
from judge.judging.probed import subject_of
from judge.ports import Ask, Conversation, checked_answer
from judge.probing import Line, ProbedModel
from judge.probing.drawn import drawings
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity

RULES = parse_constitution(
    "constitution: test\nversion: 1.0.0\nrules:\n"
    "  - {id: fire, rule: No fire may be shown., preconditions: [fire is visible, {any: [a man is visible, fire is visible]}]}\n"
)
SUMMARY = '{"rating": "Yes", "rationale": "it is there."}'
IDENTITY = ModelIdentity(role="mllm", name="knows", digest="knows")
TRUE = {id(one.picture): one.true for one in drawings()}


@dataclass
class Knows:
    """A model that answers what it is asked about the drawings rightly, and otherwise says no.

    spoil: what becomes of an answer, from the ask and p(yes). thoughts: what it writes where it is free, cut at
    `max_tokens` characters. summary: what it writes where a schema is given.
    """

    spoil: Callable[[Ask, float], tuple[float, float]] = field(default=lambda ask, yes: (yes, 1 - yes))
    thoughts: str = "a thing is there."
    summary: str = SUMMARY
    identity: ModelIdentity = IDENTITY

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        return [
            checked_answer(*self.spoil(ask, 0.9 if TRUE.get(id(ask.image)) == ask.statement else 0.1)) for ask in asks
        ]

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        return [self.summary if schema else self.thoughts[:max_tokens] for _ in conversations]


def subject(mllm: Any, **settings: Any) -> ProbedModel:
    return subject_of(mllm, RULES, Settings(**settings))


def line(check: Callable[[ProbedModel], Any], mllm: Any, **settings: Any) -> Line:
    """The first line of a check."""
    return next(iter(check(subject(mllm, **settings))))
