"""Verbs with their objects: every way to read `holding or touching a weapon`, `covered`, `not wearing a helmet`."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar import before, english, lexicon, nouns
from judge.compiler.grammar.chart import Chart, phrase
from judge.compiler.grammar.closed import is_lacking
from judge.compiler.grammar.lexicon import BASE, ING, PAST, THIRD, word_set
from judge.compiler.grammar.prepositions import one_or_all
from judge.compiler.grammar.things import Alternatives, Said, Things, few, not_so
from judge.compiler.grammar.tokens import PREPOSITIONS

PARTICLES = word_set("up down out off away forward backward backwards over around together apart back")
_SWALLOWING = frozenset({"eat", "drink", "swallow"})
_NO_OBJECT = word_set(
    "swim sit stand sleep lie kneel jump dance smile laugh cry sunbathe crouch yawn pose shout cycle skate ski "
    "snowboard surf jog hike"
)
_SWITCHED = frozenset({"plugged in", "switched on", "turned on", "strapped in", "buckled in", "locked in"})
# Behind the object of a verb these speak of the verb: `aiming a gun or a knife at a person`.
OBJECT = "object"


@phrase
def doing(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """`holding or touching a weapon`, `covered`, `not wearing a helmet`: verbs with their objects."""
    if chart.at(place, "not") and chart.can(place + 1, ING, PAST):
        for said, end in doing(chart, place + 1):
            yield from ((each, end) for each in not_so("", said))
    if chart.at(place, "being"):
        for said, end in verbs(chart, place + 1, (PAST,)):
            yield tuple(one.behind("being") for one in said), end
    yield from verbs(chart, place, (ING, PAST))


def verbs(chart: Chart, place: int, forms: tuple[str, ...]) -> Iterator[tuple[Alternatives, int]]:
    """Verbs in these forms, joined by `or`, with the objects of the last; base forms are said as `holding`."""
    for words, end, bare in _verb_list(chart, place, forms):
        lacking = any(map(is_lacking, words))
        objects = nouns.things(chart, end, OBJECT) if bare else ()
        stranded = [word for word in words if word.split()[-1] in PREPOSITIONS - PARTICLES and word not in _SWITCHED]
        if stranded and len(stranded) < len(words) and not any(map(english.needs_object, bare)):
            continue  # `sit on or stand near a table`: each has its own
        if not stranded and (len(words) == 1 or not objects or not any(map(english.needs_object, bare))):
            yield tuple(Said(word) for word in words), end
        if bare and chart.at(end, "it", "them"):  # held to what it stands for in its statement
            yield tuple(Said(f"{word} {chart.word(end)}") for word in words), end + 1
        for found, after in objects:
            said = tuple(Said.ending(word, one) for word in words for one in found.options)
            if (len(words) > 1 and not _take_alike(bare, found)) or not _smoked(bare, found):
                continue
            if lacking and len(found.each) > 1:
                each = tuple(Said.ending(words[-1], one) for one in found.each)
                yield from ((one, after) for one in one_or_all(each))
            elif few(said):
                yield said, after


_SMOKED = word_set("cigarette cigar pipe tobacco joint weed marijuana cannabis hookah shisha bong cigarillo drug vape")


def _smoked(verbs: tuple[str, ...], found: Things) -> bool:
    """`holding flares or smoke bombs`: nobody smokes bombs. `drinking beer or smoking`: nor drinks an act."""
    if _SWALLOWING & set(verbs) and any(lexicon.ING in lexicon.tags(one.head) for one in found.each):
        return False
    heads = {lexicon.lemma(one.head, verb=False) for one in found.each}
    return "smoke" not in verbs or bool(heads & _SMOKED) or any(one.head.startswith(("e-", '"')) for one in found.each)


def _take_alike(verbs: tuple[str, ...], found: Things) -> bool:
    """Whether verbs can have the same object: not `drinking or holding a phone`, `smoking or drinking beer`, `swimming
    or holding a ball`."""
    eaten = all(one.shape[0] in "fs?" for one in found.each)
    return not ((_SWALLOWING & set(verbs) and not eaten) or _NO_OBJECT & set(verbs))


def _verb_list(
    chart: Chart, place: int, forms: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], int, tuple[str, ...]]]:
    """(words to say, end, base forms of verbs that can have an object or nothing)."""
    waiting: list[tuple[tuple[str, ...], int, tuple[str, ...], bool]] = [
        ((word,), end, (base,) if base else (), True) for word, end, base in _verb(chart, place, forms)
    ]
    while waiting:
        words, end, bases, closed = waiting.pop()
        if closed:  # a comma alone closes no list
            yield words, end, bases
        for joint, after in before.joints(chart, end):
            if joint == "and":
                continue
            for word, behind, base in _verb(chart, after, forms):
                if bool(base) == bool(bases):
                    waiting.append(((*words, word), behind, (*bases, base) if base else (), joint != ""))


def _verb(chart: Chart, place: int, forms: tuple[str, ...]) -> Iterator[tuple[str, int, str]]:
    if not chart.can(place, *forms):
        return
    token, end = chart.tokens[place], place + 1
    base = lexicon.lemma(token.word, verb=True)
    word = english.ing(base) if BASE in forms else token.word
    active = ING in token.tags or bool({BASE, THIRD} & set(forms))
    yield word, end, base if active else ""
    ends = chart.at(end + 1, "or", ",") or (chart.at(place - 1, "or", ",") and place > 0)
    if active and chart.word(end) in PREPOSITIONS and ends:  # `lean on or touch the exhibits`
        yield f"{word} {chart.word(end)}", end + 1, f"{base} {chart.word(end)}" if active else ""
    if chart.word(end) in PARTICLES or f"{word} {chart.word(end)}" in _SWITCHED:
        yield f"{word} {chart.word(end)}", end + 1, base if active else ""
