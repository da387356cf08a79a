"""Decompose a rule into a chain by an LLM, and name each statement's central objects (CLUE, section 3.2)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from judge import prompts
from judge.compiler.asking import Llm, Nonsense, ask
from judge.compiler.gate import complaint
from judge.constitution import Precondition, Statement
from judge.constitution.schema import REFERENCE
from judge.languages import DEFAULT, language_of
from judge.settings import Frozen

MOST_PRECONDITIONS, MOST_ALTERNATIVES, MOST_EXCEPTIONS, MOST_OBJECTS = 6, 5, 5, 4
_STATEMENT, _WORD = 100, 40  # most characters
_TOKENS, _FEW_TOKENS = 512, 128
# Lengths are bounded and kept short: the constraint's automaton grows with them times the vocabulary. Counts are
# checked afterwards instead, because a bounded array multiplies the automaton.
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=_STATEMENT)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=_WORD)]
Some = Annotated[tuple[Short, ...], Field(min_length=1)]


class UnfitChain(Nonsense):
    """What the LLM made is a chain, but none of this rule."""


class Decomposition(Frozen):
    """An AND of ORs, and exceptions apart, as plain text."""

    preconditions: Annotated[tuple[Some, ...], Field(min_length=1)]
    exceptions: tuple[Short, ...]


class Objects(Frozen):
    """What a detector should look for."""

    objects: tuple[Word, ...]


def decompose(
    text: str, llm: Llm, language: str = DEFAULT
) -> tuple[tuple[Precondition, ...], tuple[Precondition, ...]]:
    """Preconditions and exceptions of a rule, in its language; what a detector looks for is English.

    Raises:
        Unfit: what it made does not say what the rule says, nor did it when it was told so.
        ModelError: the LLM failed, or answered nonsense.
    """
    unfit = ""

    def check(found: Decomposition) -> str:
        nonlocal unfit
        nonsense = _complaint(found, set(REFERENCE.findall(text)))
        unfit = complaint(text, *_bare(found)) if language == DEFAULT and not nonsense else ""
        return nonsense or unfit

    prompt = language_of(language).render(
        "decompose",
        rule=text,
        groups=str(MOST_PRECONDITIONS),
        alternatives=str(MOST_ALTERNATIVES),
        exceptions=str(MOST_EXCEPTIONS),
        limit=str(_STATEMENT),
    )
    try:
        found = ask(llm, prompt, Decomposition, max_tokens=_TOKENS, check=check)
    except Nonsense as error:
        if unfit:
            raise UnfitChain(unfit, hint=error.hint) from error
        raise
    statements = dict.fromkeys((*(one for group in found.preconditions for one in group), *found.exceptions))
    made = {one: Statement(statement=one, central_objects=_objects(one, llm)) for one in statements}
    return (
        tuple(Precondition(any=tuple(dict.fromkeys(made[one] for one in group))) for group in found.preconditions),
        tuple(Precondition(any=(made[one],)) for one in dict.fromkeys(found.exceptions)),
    )


def _bare(found: Decomposition) -> tuple[tuple[Precondition, ...], tuple[Precondition, ...]]:
    """The chain without central objects."""

    def one(*texts: str) -> Precondition:
        return Precondition(any=tuple(Statement(statement=text) for text in texts))

    return tuple(one(*group) for group in found.preconditions), tuple(map(one, found.exceptions))


def _complaint(found: Decomposition, names: set[str]) -> str:
    groups = found.preconditions
    if len(groups) > MOST_PRECONDITIONS or max(map(len, groups)) > MOST_ALTERNATIVES:
        return f"more than {MOST_PRECONDITIONS} preconditions, or {MOST_ALTERNATIVES} alternatives in one"
    if len(found.exceptions) > MOST_EXCEPTIONS:
        return f"more than {MOST_EXCEPTIONS} exceptions"
    asked = {one for group in groups for one in group}
    both = asked & set(found.exceptions)
    if both:
        return f"`{min(both)}` is a precondition and an exception"
    kept = set(REFERENCE.findall(" ".join((*asked, *found.exceptions))))
    if kept != names:
        return "parameters in braces must stay as the rule has them: " + ", ".join(sorted(kept ^ names))
    return ""


def _objects(statement: str, llm: Llm) -> tuple[str, ...]:
    def check(found: Objects) -> str:
        return f"more than {MOST_OBJECTS} objects" if len(found.objects) > MOST_OBJECTS else ""

    prompt = prompts.render("central_objects", statement=statement, limit=str(_WORD))
    found = ask(llm, prompt, Objects, max_tokens=_FEW_TOKENS, check=check)
    words = (word.casefold() for word in found.objects if len(word) > 1 and not REFERENCE.search(word))
    return tuple(dict.fromkeys(words))
