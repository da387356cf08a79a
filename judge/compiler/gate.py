"""What an LLM made of a rule, held against the rule before anybody is judged by it. It may be refused, never mended.

1. `complaint`: the checks that every chain is held to; told back to the LLM for another round; 2. `disagreement`: where
the grammar reads the rule too, both must say the same; 3. `veto`: the LLM compares the chain said back with the rule.
The first two know English; the third asks about any language.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from judge import prompts
from judge.chain import Chain, chain_of_conditions
from judge.compiler.asking import Llm, ask
from judge.compiler.grammar.advice import Unparsed
from judge.compiler.grammar.checks import content, faults
from judge.compiler.grammar.grammar import parse_rule
from judge.compiler.grammar.tokens import tokens_of
from judge.constitution import Precondition
from judge.locks.said import said_back
from judge.settings import Frozen

Conditions = tuple[Precondition, ...]
_DIFFERENCE = 240  # most characters; the prompt says so
_TOKENS = 320
_SAYING_NOTHING = frozenset({"a", "an", "the", "any", "is", "are", "be"})


class Compared(Frozen):
    """Whether a chain says what its rule says. The difference comes first, so that the answer follows from it."""

    difference: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_DIFFERENCE)]
    same: bool


def complaint(text: str, preconditions: Conditions, exceptions: Conditions) -> str:
    """What makes a chain unfit for a rule that says `text`; empty where nothing does."""
    return "; ".join(one.message for one in faults(text, preconditions, exceptions) if one.refuses)


def disagreement(texts: tuple[str, ...], preconditions: Conditions, exceptions: Conditions) -> str:
    """How the grammar reads the rule where it reads it otherwise, side by side with the chain; empty where it does not.

    `texts`: the rule and rewordings of it, of which the first that the grammar can read counts.
    """
    read = next((one for one in map(parse_rule, texts) if not isinstance(one, Unparsed)), None)
    if read is None:
        return ""
    ours = chain_of_conditions(read.preconditions, read.exceptions)
    theirs = chain_of_conditions(preconditions, exceptions)
    if _meaning(ours) == _meaning(theirs):
        return ""
    both = f"by the grammar: {said_back(ours)[0]} By the LLM: {said_back(theirs)[0]}"
    return f"the grammar and the LLM read it differently; {both} Write the `preconditions` that are meant"


def veto(rule: str, chain: Chain, llm: Llm) -> str:
    """What the LLM finds different between a rule and its chain said back; empty where it finds nothing.

    Raises:
        ModelError: the LLM failed, or answered nonsense.
    """
    prompt = prompts.render("compare", rule=rule, said="\n".join(said_back(chain)), limit=str(_DIFFERENCE))
    found = ask(llm, prompt, Compared, max_tokens=_TOKENS)
    return "" if found.same else f"the LLM finds that its chain, said back, differs from the rule: {found.difference}"


def _meaning(chain: Chain) -> object:
    """Equal for chains that say the same in other inflections: the order of statements and articles do not count."""
    return (
        frozenset(frozenset(map(_words, group)) for group in chain.preconditions),
        frozenset(_words(text) for group in chain.exceptions for text in group),
    )


def _words(text: str) -> tuple[str, ...]:
    """A statement's words in their order, in dictionary form: who does what to whom, how many, and `not` all count."""
    found = (base for token in tokens_of(text) for base in (tuple(content(token.text)) or (token.word,)))
    return tuple("person" if base == "people" else base for base in found if base not in _SAYING_NOTHING)
