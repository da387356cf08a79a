"""Phrases behind a preposition: every way to read `in a pool or a lake`, `without a helmet or lights`."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar import before, english, nouns
from judge.compiler.grammar.chart import Chart, phrase
from judge.compiler.grammar.lexicon import NOUN, PLURAL, word_set
from judge.compiler.grammar.things import Alternatives, Said, Thing, Things
from judge.compiler.grammar.tokens import COLOURS, COMPOUND_PREPOSITIONS, LACKING, OWNERS, PREPOSITIONS

_COMPOUND = {
    first: tuple(words for words in COMPOUND_PREPOSITIONS if words[0] == first)
    for first in {words[0] for words in COMPOUND_PREPOSITIONS}
}
PLACES = word_set("at in inside on onto outside under near behind above over beside")


@phrase
def prepositional(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """`in a pool or a lake`, as alternatives."""
    for each, start in _either_preposition(chart, place):
        words = each[-1]
        if chart.at(start, "example", "instance"):
            continue
        for found, end in nouns.things(chart, start, words):
            if "with" in each and not all(map(_can_stand_with, found.each)):
                continue
            if len(found.each) > 1 and len(each) > 1 and not LACKING.isdisjoint(each):
                continue  # `near or outside a school or a church`
            if words in LACKING and len(found.each) > 1:
                yield from ((said, end) for said in _lacking(words, found))
                continue
            yield tuple(Said.ending(one, thing) for one in each for thing in found.options), end
            if found.joint == "and" and words in PLACES:  # `on stairs and landings`: on either, too
                yield tuple(Said.ending(one, thing) for one in each for thing in found.each), end
        if len(each) > 1:
            continue
        if chart.at(start, "it", "them"):
            yield (Said(f"{words} {chart.word(start)}"),), start + 1  # held to what it stands for in its statement
        for found, end in nouns.things(chart, start + 1, words) if chart.at(start, "neither") else ():
            if found.joint == "or":
                text = " nor ".join(one.inside for one in found.each)
                yield (Said(f"{words} neither {text}", found.each[0].head),), end
        if (
            words in ("over", "under", "of", "above", "below")
            and start < len(chart)
            and chart.tokens[start].kind in ("number", "param")
        ):
            yield (Said(f"{words} {chart.word(start)}"),), start + 1
        if words == "in" and chart.at(start, *COLOURS) and not chart.can(start + 1, NOUN, PLURAL):
            yield (Said(f"in {chart.word(start)}"),), start + 1  # `dressed in white`
        if words in ("inside", "outside", "underneath", "below") and not chart.at(start, "or", "and", ","):
            yield (Said(words),), start
        if words == "from" and chart.at(start, "above", "below", "behind", "inside", "outside"):
            yield (Said(f"from {chart.word(start)}"),), start + 1


def _lacking(words: str, found: Things) -> Iterator[Alternatives]:
    """`without a helmet or lights`: one of them lacking is enough, or both must be; `far from` is far from both."""
    each = tuple(Said.ending(words, one) for one in found.each)
    yield from one_or_all(each)[words == "far from" :]


def one_or_all(each: Alternatives) -> tuple[Alternatives, Alternatives]:
    """One of them is enough; or all must be so."""
    return each, (Said(" and ".join(one.text for one in each), each[0].about, each[-1].inner, both=each),)


def _can_stand_with(one: Thing) -> bool:
    """`with the nipples` alone says nothing: what is definite behind `with`, or a share of it, needs something said
    of it (`_owned`)."""
    if one.animate and one.determiner in OWNERS:
        return True  # `puppies with their mother`
    if one.determiner == "the" and one.modified and one.shape[0] in "oc":
        return True  # `a badge with the school logo`
    return (
        not english.definite(one.determiner) or one.behind == "of" or one.behind[:1] in tuple('"`\u201c')
    ) and not nouns.measures(one)


def _prepositions(chart: Chart, place: int) -> Iterator[tuple[str, int]]:
    for words in _COMPOUND.get(chart.word(place), ()):
        if all(chart.at(place + index, word) for index, word in enumerate(words)):
            yield " ".join(words), place + len(words)
            return
    if chart.word(place) in PREPOSITIONS and place < len(chart):
        yield chart.word(place), place + 1


def _either_preposition(chart: Chart, place: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """`on`; `on or near`."""
    for words, end in _prepositions(chart, place):
        yield (words,), end
        for joint, after in before.joints(chart, end):
            goes_on = joint == "or" and words != "off"  # `off or near the door`: switched off
            for more, last in _either_preposition(chart, after) if goes_on else ():
                yield (words, *more), last
