"""Objectify a rule: an LLM rates it, rewrites it and rates it again (CLUE, arXiv 2501.00192, section 3.1).

Each round shows the earlier attempts with their scores ("LLM as optimizer"). Every wording is rated in a conversation
of its own, which knows nothing of who wrote it or of the others. All of it is said in the language of the rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import StringConstraints

from judge.compiler.asking import Llm, ask
from judge.constitution.schema import REFERENCE
from judge.languages import DEFAULT, language_of
from judge.settings import Frozen

ENOUGH = 9
ROUNDS = 3
_EXPLANATION, _RULE = 240, 400  # most characters; the prompts say so
_TOKENS = 320


class Rating(Frozen):
    """How objective a rule is. The explanation comes first, so that the score follows from it."""

    explanation: Annotated[str, StringConstraints(min_length=1, max_length=_EXPLANATION)]
    score: Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


class Rewrite(Frozen):
    """A rule said more objectively."""

    rule: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=_RULE)]


@dataclass(frozen=True)
class Attempt:
    """One wording. `score` None: rejected without a rating, `why` says for what."""

    text: str
    score: int | None
    why: str

    def __str__(self) -> str:
        verdict = "rejected" if self.score is None else f"score {self.score}"
        return f"<attempt>{self.text}</attempt>\n{verdict}: {self.why}"


@dataclass(frozen=True)
class Objective:
    """The best wording found, and a warning where it is not objective enough."""

    best: Attempt
    warnings: tuple[str, ...]


def objectify(text: str, llm: Llm, rounds: int = ROUNDS, language: str = DEFAULT) -> Objective:
    """The most objective wording of a rule within `rounds` rewrites; the first of equals wins.

    language: the rule's language.

    Raises:
        ModelError: the LLM failed, or answered nonsense.
    """
    attempts = [_rated(text, llm, language)]
    for _ in range(rounds):
        if _best(attempts).score in range(ENOUGH, 11):
            break
        attempts.append(_next(text, attempts, llm, language))
    best = _best(attempts)
    if best.score is not None and best.score >= ENOUGH:
        return Objective(best, ())
    warning = f"objectiveness {best.score} of 10 after {len(attempts) - 1} rewrites: {best.why}"
    return Objective(best, (warning,))


def _best(attempts: list[Attempt]) -> Attempt:
    return max(attempts, key=lambda one: one.score or 0)


def _rated(text: str, llm: Llm, language: str) -> Attempt:
    prompt = language_of(language).render("rate", rule=text, limit=str(_EXPLANATION))
    rating = ask(llm, prompt, Rating, max_tokens=_TOKENS)
    return Attempt(text, rating.score, rating.explanation)


def _next(text: str, attempts: list[Attempt], llm: Llm, language: str) -> Attempt:
    names = list(dict.fromkeys(REFERENCE.findall(text)))
    prompt = language_of(language).render(
        "rewrite",
        rule=text,
        attempts="\n".join(map(str, attempts)),
        keep=", ".join(f"{{{name}}}" for name in names),
        limit=str(_RULE),
    )
    rewritten = ask(llm, prompt, Rewrite, max_tokens=_TOKENS).rule
    found = set(REFERENCE.findall(rewritten))
    lost, invented = [name for name in names if name not in found], sorted(found - set(names))
    if lost or invented:
        said = [f"it lost {{{name}}}" for name in lost] + [f"it invented {{{name}}}" for name in invented]
        return Attempt(rewritten, None, ", ".join(said))
    if any(rewritten == one.text for one in attempts):
        return Attempt(rewritten, None, "the same words as an earlier attempt")
    return _rated(rewritten, llm, language)
