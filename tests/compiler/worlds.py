"""Small worlds: sets of true facts, and whether a chain is violated in one.

A fact is written as a statement. A statement holds in a world when some fact entails it: every content word of the
statement stands in the fact, in the same order (articles, forms of `be` and `visible` dropped, words in their
dictionary form), and both deny equally often. So `a child holds a red balloon` makes `a balloon is visible` and
`a child is visible` true, and not `a blue balloon is visible`. Two chains are held to the same worlds by `differences`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.chains import Parsed

_DROPPED = frozenset(
    ["a", "an", "the", "any", "is", "are", "be", "being", "visible", "at", "least", "it", "its", "them", "their"]
)
_DENYING = {"no": "not", "not": "not", "never": "not", "without": "without"}


@dataclass(frozen=True)
class Plain:
    """A chain as statement texts: what must all hold, one of each enough; and what lifts the rule."""

    groups: tuple[tuple[str, ...], ...]
    unless: tuple[str, ...] = ()


def written(flag: str, unless: str = "") -> Plain:
    """A chain as the sentence files write it."""
    return Plain(
        tuple(tuple(one.strip() for one in group.split("|")) for group in flag.split("&")),
        tuple(one.strip() for one in unless.split("|")) if unless else (),
    )


def words_of(text: str) -> tuple[str, ...]:
    """What a text is compared by."""
    text = re.sub(r"(\w+(?: \w+)?)'s (\w+)", r"\1's \2", text.casefold())
    text = re.sub(r"\bboth (?=an? )", "", text)  # `both a ball and a stick`: the two together, as without it
    found = []
    for word in re.findall(r"[\w{}%'-]+", text):
        if word not in _DROPPED:
            found.append(_DENYING.get(word) or _base(word))
    return tuple(found)


def _base(word: str) -> str:
    if word in ("person", "people"):
        return "person"
    if word.endswith("ing") and lexicon.ING in lexicon.tags(word):
        return lexicon.lemma(word, verb=True)
    noun = lexicon.lemma(word, verb=False)
    if noun.endswith("ing") and lexicon.ING in lexicon.tags(noun):
        return lexicon.lemma(noun, verb=True)  # `drawings` as `drawing`
    return noun if noun != word else lexicon.lemma(word, verb=True) if lexicon.THIRD in lexicon.tags(word) else word


def entails(fact: str, statement: str) -> bool:
    """Whether a fact makes a statement true."""
    said, wanted = words_of(fact), words_of(statement)
    rest = iter(said)
    denies = [sum(word in ("not", "without") for word in words) for words in (said, wanted)]
    return all(word in rest for word in wanted) and (denies[0] == denies[1] or denies[1] == 0 == _whole(said, wanted))


def _whole(said: tuple[str, ...], wanted: tuple[str, ...]) -> int:
    """0 where what is wanted stands before anything is denied: `a rider without a helmet` has a rider."""
    first = next((index for index, word in enumerate(said) if word in ("not", "without")), len(said))
    rest = iter(said[:first])
    # `the lid is not closed` says of no lid that it is visible; `a rider without a helmet` does
    return 0 if all(word in rest for word in wanted) and said[first] == "without" else 1


def violated(chain: Plain, facts: tuple[str, ...]) -> bool:
    """Whether a picture of which these facts are true, and no others, violates the rule."""

    def holds(statement: str) -> bool:
        return any(entails(fact, statement) for fact in facts)

    return all(any(holds(one) for one in group) for group in chain.groups) and not any(map(holds, chain.unless))


def worlds_of(chain: Plain) -> list[tuple[str, ...]]:
    """The smallest worlds that violate a chain, each with one fact left out, and each with an exception."""
    smallest = [tuple(dict.fromkeys(choice)) for choice in product(*chain.groups)]
    lacking = [tuple(one for one in world if one != gone) for world in smallest for gone in world]
    lifted = [(*world, exception) for world in smallest for exception in chain.unless]
    return list(dict.fromkeys([*smallest, *lacking, *lifted]))


def differences(wanted: Plain, found: Plain) -> list[str]:
    """Worlds that one of the two calls violated and the other does not."""
    return [
        f"{' & '.join(world) or 'nothing'}: wanted {violated(wanted, world)}, found {violated(found, world)}"
        for world in dict.fromkeys([*worlds_of(wanted), *worlds_of(found)])
        if violated(wanted, world) != violated(found, world)
    ]


def plain(chain: Parsed) -> Plain:
    """A chain that the grammar made, as statement texts."""
    return Plain(
        tuple(tuple(one.statement for one in each.any) for each in chain.preconditions),
        tuple(one.statement for each in chain.exceptions for one in each.any),
    )
