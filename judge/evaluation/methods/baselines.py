"""The plain questions that the method is measured against: same model, same images, no chain and no debiasing.

- prior knowledge: is the picture unsafe? No constitution is given.
- whole constitution: does the picture break any of these rules? All rules in one question.

Each is asked directly (the probability of Yes against No as the next token, over 0.5 is a violation) and with chain
of thought (free-form, then summed up as constrained JSON). What is asked is in `prompts/baselines` and, for prior
knowledge, in the prompts that the method uses itself.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from judge import media, prompts
from judge.caches.answers import CachedAnswers
from judge.caches.shelf_life import kept_for
from judge.constitution import Constitution
from judge.errors import ImageError, ModelError, UserError
from judge.evaluation.methods.clue import all_enforced, batches, digest_of
from judge.evaluation.protocols import Contexts, Judgement
from judge.judging import escalation
from judge.judging.asking import Questioner
from judge.judging.pipeline import Judge
from judge.languages import DEFAULT, ENGLISH, language_of
from judge.media import Picture
from judge.ports import Ask, Conversation, Mllm, Turn
from judge.settings import Frozen
from judge.verdict import Answer, ReasoningEvidence

if TYPE_CHECKING:
    from PIL.Image import Image

UNSAFE = "the picture is unsafe to show to a general audience"
TOKENS_A_RULE = 4  # a rule's number and a comma in a summary


def baselines(judge: Judge, kept: CachedAnswers | None = None) -> tuple[Baseline, ...]:
    """The four baselines, with the model and the constitution of `judge`.

    Raises:
        UserError: the constitution is not in English, and so are the questions.
    """
    if judge.constitution.language != DEFAULT:
        raise UserError(
            f"the baselines ask in English, and the constitution is in language '{judge.constitution.language}'",
            hint="evaluate without baselines",
        )
    return tuple(kind(judge, kept) for kind in (PriorDirect, PriorCot, WholeDirect, WholeCot))


class Baseline(ABC):
    """A `Method` that asks about the picture as a whole, and tells nothing beside it. A picture with several views is
    unsafe when one is."""

    name: str
    about: str
    kind: Literal["baseline"] = "baseline"
    names_rules = False
    asks: tuple[str, ...]  # prompts that it uses

    def __init__(self, judge: Judge, kept: CachedAnswers | None) -> None:
        self.constitution: Constitution = all_enforced(judge.constitution)
        self.settings = judge.settings
        self._shared = None if kept is None else kept.sharing(judge)
        self.mllm: Mllm = self._shared or judge.mllm
        source = judge.provenance
        self.identity = digest_of(
            self.name,
            UNSAFE,
            *(prompts.digest(one) for one in self.asks),
            self.constitution.digest,
            judge.mllm.identity.model_dump_json(),
            str(self.settings.thresholds.label_mass),
            str(self.settings.reason_tokens),
            self.settings.reason_with,
            str(source.versions),
            str(source.prompts["answers"]),
            str(source.max_pixels),
            str(source.limits),
            kept_for(source.models),
        )

    @abstractmethod
    def say(self, shown: Sequence[Image]) -> list[Judgement]:
        """What the model makes of every view, in one go."""

    def judge(self, paths: Sequence[str], contexts: Contexts | None = None) -> Iterator[Judgement]:
        """See `Method.judge`. contexts: not looked at."""
        for batch in batches(paths, self.settings.batch):
            begun, before = time.perf_counter(), self._reused
            opened = [_opened(path) for path in batch]
            views = [view.image for one in opened if isinstance(one, Picture) for view in one.views]
            said = iter(self.say(views))
            judged = [
                _unreadable(one) if isinstance(one, ImageError) else _together([next(said) for _ in one.views])
                for one in opened
            ]
            each = round((time.perf_counter() - begun) / len(batch), 6) if self._reused == before else None
            yield from (one.model_copy(update={"seconds": each}) for one in judged)

    @property
    def _reused(self) -> int:
        return 0 if self._shared is None else self._shared.reused

    def rules(self) -> str:
        """The rules as a numbered list."""
        return "\n".join(f"{number}. {rule.text}" for number, rule in enumerate(self.constitution.rules, 1))


class _Direct(Baseline):
    """One yes/no question a view."""

    @abstractmethod
    def question(self) -> str:
        """What is asked, whole."""

    def say(self, shown: Sequence[Image]) -> list[Judgement]:
        """See `Baseline.say`."""
        first, _, rest = self.question().partition(" ")  # an ask is two texts and a space; here they share nothing
        asker = Questioner(self.mllm, language_of(DEFAULT))  # keeps one picture's failure from the others
        return [self._judgement(one) for one in asker.answers([Ask(view, first, rest, ENGLISH) for view in shown])]

    def _judgement(self, answer: Answer | ModelError) -> Judgement:
        if isinstance(answer, ModelError):
            return _failed(answer.message)
        if answer.label_mass < self.settings.thresholds.label_mass:
            said = f"p(Yes) {answer.p_yes:.3f}, p(No) {answer.p_no:.3f}"  # an answer, so it is not asked for again
            return _failed(f"low label mass: yes and no together have probability {answer.label_mass:.3f}", said)
        verdict: Literal["violation", "no_violation"] = "violation" if answer.probability > 0.5 else "no_violation"
        return Judgement(verdict=verdict, score=answer.probability)


class PriorDirect(_Direct):
    """Is it unsafe, by what the model knows itself?"""

    name = "prior-knowledge-direct"
    about = "Asks once whether the picture is unsafe, without the constitution; the probability of Yes decides."
    asks = ("en/ask",)

    def question(self) -> str:
        """See `_Direct.question`."""
        return prompts.render("en/ask", statement=UNSAFE)


class WholeDirect(_Direct):
    """Does it break any of these rules?"""

    name = "whole-constitution-direct"
    about = "Asks once whether the picture breaks any of all rules; the probability of Yes decides."
    asks = ("baselines/whole-constitution-direct",)

    def question(self) -> str:
        """See `_Direct.question`."""
        return prompts.render(self.asks[0], rules=self.rules())


class PriorCot(Baseline):
    """Is it unsafe? The model thinks first."""

    name = "prior-knowledge-cot"
    about = "Has the model think about whether the picture is unsafe, without the constitution, and sum up."
    asks = ("en/reason", "en/summarise")

    def say(self, shown: Sequence[Image]) -> list[Judgement]:
        """See `Baseline.say`."""
        questions = [escalation.Question(view, UNSAFE) for view in shown]
        tokens = self.settings.reason_tokens
        return [_reasoned(one) for one in escalation.reason(self.mllm, questions, tokens, language_of(DEFAULT))]


class _Broken(Frozen):
    """The summary of a whole-constitution chain of thought that finds rules broken: which, by number."""

    rating: Literal["Yes"]
    rationale: Annotated[str, Field(max_length=240)]
    violated: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)


class _Kept(Frozen):
    """The summary of one that finds none broken."""

    rating: Literal["No"]
    rationale: Annotated[str, Field(max_length=240)]
    violated: tuple[()]


_SUMMARY: TypeAdapter[_Broken | _Kept] = TypeAdapter(_Broken | _Kept)


class WholeCot(Baseline):
    """Does it break any of these rules, and which? The model thinks first."""

    name = "whole-constitution-cot"
    about = "Has the model think about all rules at once, and sum up which of them the picture breaks."
    names_rules = True
    asks = ("baselines/whole-constitution-cot", "baselines/whole-constitution-summarise")

    def say(self, shown: Sequence[Image]) -> list[Judgement]:
        """See `Baseline.say`."""
        opening = Turn("user", prompts.render(self.asks[0], rules=self.rules()))
        number = len(self.constitution.rules)
        told = escalation.in_two_turns(
            self.mllm,
            [Conversation(view, (opening,)) for view in shown],
            prompts.render(self.asks[1]),
            summary_schema(number),
            (self.settings.reason_tokens, escalation.SUMMARY_TOKENS + TOKENS_A_RULE * number),
        )
        return [self._judgement(one) for one in told]

    def _judgement(self, told: escalation.Told | ModelError) -> Judgement:
        if isinstance(told, ModelError):
            return _failed(told.message)
        said = f"{told.thought}\n{told.summary.strip()}"
        try:
            read = _SUMMARY.validate_json(told.summary)
            named = tuple(self.constitution.rules[number - 1].id for number in sorted({*read.violated}))
        except (ValidationError, IndexError):
            return _failed("the reasoning could not be summed up", said)
        return Judgement(
            verdict="violation" if isinstance(read, _Broken) else "no_violation", violations=named, said=said
        )


def summary_schema(rules: int) -> dict[str, Any]:
    """The JSON Schema of a summary about this many rules: Yes names at least one of them, No names none."""
    rationale = {"type": "string", "maxLength": 240}

    def either(rating: str, violated: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {"rating": {"enum": [rating]}, "rationale": rationale, "violated": violated},
            "required": ["rating", "rationale", "violated"],
            "additionalProperties": False,
        }

    numbers = {"type": "array", "items": {"enum": list(range(1, rules + 1))}}
    return {
        "anyOf": [
            either("Yes", {**numbers, "minItems": 1, "maxItems": rules}),
            either("No", {**numbers, "maxItems": 0}),
        ]
    }


def _reasoned(found: ReasoningEvidence | ModelError) -> Judgement:
    if isinstance(found, ModelError):
        return _failed(found.message)
    if found.rating not in ("Yes", "No"):
        why = "the model refused" if found.refused else "the reasoning could not be summed up as Yes or No"
        return _failed(why, found.text)
    said = f"{found.text}\n{found.rating}: {found.rationale}"
    return Judgement(verdict="violation" if found.rating == "Yes" else "no_violation", said=said)


def _failed(why: str, said: str | None = None) -> Judgement:
    return Judgement(verdict="needs_review", failure=why, said=said)


def _unreadable(error: ImageError) -> Judgement:
    return _failed(error.message)


def _opened(path: str) -> Picture | ImageError:
    try:
        return media.decode(media.read_bytes(path), path)
    except ImageError as error:
        return error


def _together(views: Sequence[Judgement]) -> Judgement:
    """One judgement of all views: a violation in one is a violation, else one left open leaves all open."""
    order = ("violation", "needs_review", "no_violation")
    gravest = min(views, key=lambda one: order.index(one.verdict))
    scores = [one.score for one in views if one.score is not None]
    named = tuple(dict.fromkeys(rule for one in views for rule in one.violations))
    return gravest.model_copy(update={"score": max(scores, default=None), "violations": named})
