"""Whether one noun names a kind of another: `puppy` of `dog`, and no `cutlery` of `vehicle`. Knows nouns alone.

From the nets of WordNet 3.0 (lexicon/kinds.txt, made by tools/build_lexicon.py), and a few that are not in them.
"""

from __future__ import annotations

import re
from functools import cache

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.lexicon import word_set

_PERSON = word_set("person people persons anyone nobody")
_MOST_STEPS = 20  # to the widest sense
# What WordNet files elsewhere: a kitten under young mammals, a fan under devices.
_ALSO = {
    "cat": word_set("kitten"),
    "machine": word_set("fan robot computer printer drill mixer blender"),
    "food": word_set("fruit vegetable bread cake meat fish egg rice"),
    "drink": word_set("water juice tea coffee milk cola lemonade beer wine soda"),
    "clothes": word_set("hat glove scarf sock shirt uniform coat jacket"),
}


@cache
def _lines() -> tuple[str, tuple[str, ...]]:
    text = (lexicon.FOLDER / "kinds.txt").read_text(encoding="utf-8").partition("\n")[2]
    return text, tuple(text.split("\n"))


@cache
def _senses(noun: str) -> frozenset[int]:
    """The numbers of the lines that have a word; the text is searched as it stands, which is quicker than to parse it
    for the few nouns that are asked for."""
    text, _ = _lines()
    found = re.finditer(rf"{re.escape(noun)}(?<![a-z-]{re.escape(noun)})(?= |\t)", text)
    return frozenset(text.count("\n", 0, match.start()) for match in found)


def _wider(sense: int) -> tuple[int, ...]:
    return tuple(map(int, _lines()[1][sense].partition("\t")[2].split()))


@cache
def is_kind_of(noun: str, other: str) -> bool:
    """Whether a noun, singular or plural, can name a kind of what the other names; of people, whether it names people,
    as a child may be a passenger. Not known: False."""
    first, second = (lexicon.lemma(word.casefold(), verb=False) for word in (noun, other))
    if first == second or first in _ALSO.get(second, ()):
        return True
    if other in _PERSON or lexicon.kind(other) == "p":
        return lexicon.kind(noun) == "p"
    wanted, reached = _senses(second), set(_senses(first))
    for _ in range(_MOST_STEPS):
        more = {above for sense in reached for above in _wider(sense)} - reached
        if wanted & reached or not more:
            break
        reached |= more
    return bool(wanted & reached)
