"""Every reading of a sentence: which forms fit, and what stands before and behind. What they mean is `meanings`'s."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar import clauses, finite, nouns, predicates
from judge.compiler.grammar.changes import CHANGES
from judge.compiler.grammar.chart import Chart
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.forms import Found, fitting, matches
from judge.compiler.grammar.meanings import MEANINGS

PHRASES = {
    "things": clauses.subjects,
    "tail": predicates.tail,
    "clauses": clauses.clauses,
    "doing": finite.base_verb,
    "ing": predicates.being_done,
    "state": predicates.state,
    "participle": predicates.participle,
    "picture": clauses.picture,
    "posting": clauses.posting,
    "such_pictures": clauses.such_pictures,
    "showing": clauses.showing,
    "count": clauses.count,
    "place": clauses.place,
    "others": nouns.others,
    "listed": clauses.listed,
    "clause_list": clauses.clause_list,
}


def drafts(chart: Chart) -> Iterator[Draft]:
    """Every reading of the whole sentence."""
    yield from _fronted(chart, 0, ())


def _fronted(chart: Chart, place: int, fronts: tuple[tuple[str, Found], ...]) -> Iterator[Draft]:
    for form, meaning in fitting(chart.words, "core"):
        for found, end in matches(chart, place, form, PHRASES):
            for draft in _meant(meaning, found):
                yield from _backed(chart, end, (*fronts,), draft)
    if len(fronts) < 2:
        for form, meaning in fitting(chart.words, "front"):
            for found, end in matches(chart, place, form, PHRASES):
                yield from _fronted(chart, end, (*fronts, (meaning, found)))


def _meant(meaning: str, found: Found) -> list[Draft]:
    try:
        return list(MEANINGS[meaning](found))
    except Impossible as error:
        return [Draft(open=error)]


def _backed(chart: Chart, place: int, more: tuple[tuple[str, Found], ...], draft: Draft) -> Iterator[Draft]:
    if place == len(chart):
        yield from _with_all(draft, more)
        return
    if len(more) > 4:
        return
    for meaning, found, end in _backs(chart, place):
        yield from _backed(chart, end, (*more, (meaning, found)), draft)


def _backs(chart: Chart, place: int) -> list[tuple[str, Found, int]]:
    """What may follow from a place on, found once for all that stands before it."""
    if place not in chart.forms:
        chart.forms[place] = [
            (meaning, found, end)
            for form, meaning in fitting(chart.words, "back")
            for found, end in matches(chart, place, form, PHRASES)
        ]
    return chart.forms[place]


def _with_all(draft: Draft, more: tuple[tuple[str, Found], ...]) -> Iterator[Draft]:
    if draft.open:
        raise draft.open
    options = [draft]
    for meaning, found in more:
        options = [changed for one in options for changed in CHANGES[meaning](one, found)]
    yield from options
