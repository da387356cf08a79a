"""Verbs with a tense: every way to read `is on fire`, `wears a mask or holds a bag`; and what may or must be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from judge.compiler.grammar import before, lexicon, nouns, predicates, verbs
from judge.compiler.grammar.chart import Chart, phrase
from judge.compiler.grammar.lexicon import ADJECTIVE, BASE, ING, PAST, THIRD
from judge.compiler.grammar.things import BE, Alternatives, Said, few, not_so, product
from judge.compiler.grammar.tokens import OWNERS, PREPOSITIONS

LOOKS = frozenset({"look", "seem", "appear"})


@phrase
def finite(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """Finite verbs and what follows, of one subject: `is on fire`, `wears a mask or holds a bag`."""
    for said, end in _one_finite(chart, place):
        yield said, end
        for joint, after in before.joints(chart, end):
            for more, last in finite(chart, after) if joint else ():
                if joint == "or" and few(said + more):
                    yield said + more, last
                elif joint == "and" and len(said) == len(more) == 1:
                    yield product(said, more, " and "), last
            yield from _sharing(said, _one_finite(chart, after) if joint == "or" else (), chart)


@phrase
def _one_finite(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """`is on fire`, `are near`, `wears a mask`, `looks wet`, `is not visible`."""
    if chart.at(place, "is", "are", "was", "were"):
        negated = chart.at(place + 1, "not")
        verb = f"{BE} not" if negated else BE
        start = place + 1 + negated
        for said, end in predicates.tail(chart, place + 1) if negated else ():
            if len(said) == 1 and said[0].both and all(one.text.startswith("not ") for one in said[0].both):
                yield (said[0].behind(BE),), end  # `is not closed and not labelled`
        for said, end in predicates.tail(chart, start):
            if len({one.text == "visible" for one in said}) > 1:
                continue  # `only if a guard is visible or in a museum`: who is in it?
            if negated and any(part.text.startswith("not ") for one in said for part in one.both):
                continue
            for each in not_so(BE, said) if negated else (tuple(one.behind(BE) for one in said),):
                yield each, end
        for found, end in nouns.things(chart, start):
            if chart.can(start, ING, ADJECTIVE, PAST) or chart.at(start, "in", "on"):
                continue  # `is striking a man`: what it does, and no kind of thing
            kinds = tuple(Said.ending("", one) for one in found.options)
            kinds = tuple(replace(one, text=one.text.strip()) for one in kinds)
            for each in not_so(BE, kinds) if negated else (tuple(one.behind(BE) for one in kinds),):
                yield each, end
        if chart.at(start, "on", "off", "out", "up", "down", "away", "near", "inside", "outside", "in"):
            yield (Said(f"{verb} {chart.word(start)}"),), start + 1
        if chart.at(start, "being"):
            for said, end in verbs.doing(chart, start + 1):
                yield tuple(one.behind(f"{verb} being") for one in said), end
    elif chart.at(place, "does", "do") and chart.at(place + 1, "not") and chart.can(place + 2, BASE):
        for said, end in _plain_verb(chart, place + 2, (BASE,)):
            yield from ((each, end) for each in not_so(chart.word(place), said))
    elif chart.at(place, "has", "have"):
        for found, end in nouns.things(chart, place + 1):
            yield tuple(Said.ending(chart.word(place), one) for one in found.options), end
    elif chart.can(place, THIRD, BASE):
        yield from _plain_verb(chart, place, (THIRD, BASE))


def _plain_verb(chart: Chart, place: int, forms: tuple[str, ...]) -> Iterator[tuple[Alternatives, int]]:
    if not chart.can(place, *forms):
        return
    verb, end = chart.word(place), place + 1
    if lexicon.lemma(verb, verb=True) in LOOKS and chart.can(end, ADJECTIVE, PAST):
        for said, after in predicates.adjectives(chart, end):
            yield tuple(Said(f"{verb} {one.text}") for one in said), after
    if lexicon.lemma(verb, verb=True) in LOOKS and chart.at(end, "like"):
        for found, after in nouns.things(chart, end + 1):
            yield tuple(Said.ending(f"{verb} like", one) for one in found.options), after
    starts: list[tuple[Alternatives, int]] = [((Said(verb),), end)]
    for found, after in nouns.things(chart, end):
        starts.append((tuple(Said.ending(verb, one) for one in found.options), after))
    for said, after in starts:
        yield said, after
        for more, behind in predicates.tail(chart, after):
            if few(both := product(said, more)):
                yield both, behind


@phrase
def base_verb(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """What may not be done, behind `may` or `must`: `hold or carry a knife on a train`, said as `holding a knife`."""
    for said, end in _one_base(chart, place):
        yield said, end
        for joint, after in before.joints(chart, end):
            if chart.at(place, "be") and chart.can(after, ADJECTIVE):
                continue  # `be closed or empty`: no emptying
            for more, last in base_verb(chart, after) if joint == "or" else ():
                if few(said + more) and not predicates.lacks_object(said):
                    yield said + more, last
            for more, last in _one_base(chart, after) if joint == "and" else ():
                if len(said) == len(more) == 1 and not chart.at(place, "be"):
                    yield product(said, more, " and "), last
            yield from _sharing(said, _one_base(chart, after) if joint == "or" else (), chart)


def _sharing(
    said: Alternatives, later: Iterable[tuple[Alternatives, int]], chart: Chart
) -> Iterator[tuple[Alternatives, int]]:
    """`swim or be near water [without an adult]`: what follows the last may speak of all; where the first has a phrase
    of its own and the last has none before it, each has its own."""
    if predicates.lacks_object(said):
        return
    for more, end in later:
        own = [any(word in PREPOSITIONS for word in one[-1].text.split()) for one in (said, more)]
        for rest, after in () if own == [True, False] else predicates.tail(chart, end):
            if few(both := product(said + more, rest)):
                yield both, after


def _one_base(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    if chart.at(place, "be"):
        if chart.at(place + 1, "on", "off") and chart.word(place + 2) in ("", ",", "when", "if", "while", "unless"):
            yield (Said(chart.word(place + 1)),), place + 2
        if chart.at(place + 1, "off") and chart.at(place + 2, "or") and chart.word(place + 3) not in PREPOSITIONS:
            for said, end in predicates.tail(chart, place + 3):  # `be off or closed`
                yield (Said("off"), *said), end
        yield from predicates.tail(chart, place + 1)
        for found, end in nouns.things(chart, place + 1) if chart.at(place + 1, "a", "an") else ():
            yield tuple(Said(one.text, one.head, one.inner or one.shape) for one in found.options), end
        return
    if chart.at(place, "have"):
        for found, end in nouns.things(chart, place + 1):
            hidden = any(one.determiner in OWNERS and lexicon.tags(one.behind) & {PAST} for one in found.each)
            if not hidden:  # `their plates hidden`: what is said of them (`owned`)
                yield tuple(Said.ending("with", one) for one in found.options), end
        yield from predicates.owned(chart, place)
        return
    for said, end in verbs.verbs(chart, place, (BASE,)):
        yield said, end
        for more, after in predicates.tail(chart, end):
            if few(both := product(said, more)):
                yield both, after
