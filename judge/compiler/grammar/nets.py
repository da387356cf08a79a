"""Whether one noun names a kind of another: `puppy` of `dog`, and no `cutlery` of `vehicle`. Knows nouns alone.

From the nets of WordNet 3.0 (lexicon/kinds.txt, made by tools/build_lexicon.py), and a few that are not in them.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from itertools import accumulate

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
def _lines() -> tuple[str, tuple[str, ...], tuple[int, ...]]:
    """The text, its lines, and where each begins."""
    text = (lexicon.FOLDER / "kinds.txt").read_text(encoding="utf-8").partition("\n")[2]
    lines = tuple(text.split("\n"))
    return text, lines, tuple(accumulate((len(line) + 1 for line in lines), initial=0))


@cache
def _senses(noun: str) -> frozenset[int]:
    """The numbers of the lines that have a word; the text is searched as it stands, which is quicker than to parse it
    for the few nouns that are asked for."""
    text, _, begins = _lines()
    found: set[int] = set()
    at = text.find(noun)
    while noun and at >= 0:
        end = at + len(noun)
        if text[end : end + 1] in (" ", "\t") and not (at and (text[at - 1].islower() or text[at - 1] == "-")):
            found.add(bisect_right(begins, at) - 1)
        at = text.find(noun, end)
    return frozenset(found)


@cache
def _reached(noun: str) -> frozenset[int]:
    """The senses of a noun, and all that are wider."""
    lines = _lines()[1]
    reached, last = set(_senses(noun)), _senses(noun)
    for _ in range(_MOST_STEPS):
        last = frozenset(int(above) for sense in last for above in lines[sense].partition("\t")[2].split()) - reached
        if not last:
            break
        reached |= last
    return frozenset(reached)


@cache
def is_kind_of(noun: str, other: str) -> bool:
    """Whether a noun, singular or plural, can name a kind of what the other names; of people, whether it names people,
    as a child may be a passenger. Not known: False."""
    first, second = (lexicon.lemma(word.casefold(), verb=False) for word in (noun, other))
    if first == second or first in _ALSO.get(second, ()):
        return True
    if other in _PERSON or lexicon.kind(other) == "p":
        return lexicon.kind(noun) == "p"
    return not _senses(second).isdisjoint(_reached(first))


def same(noun: str, other: str) -> bool:
    """Whether two nouns, singular or plural, can name the same thing: `fire` and `flame`. Not known: False."""
    first, second = (lexicon.lemma(word.casefold(), verb=False) for word in (noun, other))
    alike = lexicon.kind(first) == lexicon.kind(second) != ""  # quick to tell, and mostly they are not
    return first == second or (alike and bool(_senses(first) & _senses(second)))
