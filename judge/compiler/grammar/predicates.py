"""What is said of things: every way to read `holding or touching a weapon in a bar`, `in cages that are too small`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from judge.compiler.grammar import before, english, finite, lexicon, nouns
from judge.compiler.grammar.chart import Chart, phrase
from judge.compiler.grammar.closed import OUT_OR_IN, is_lacking
from judge.compiler.grammar.lexicon import ADJECTIVE, ADVERB, ING, PAST, word_set
from judge.compiler.grammar.prepositions import PLACES, one_or_all, prepositional
from judge.compiler.grammar.things import BE, MOST_ALTERNATIVES, Alternatives, Said, few, product
from judge.compiler.grammar.tokens import COLOURS, PREPOSITIONS
from judge.compiler.grammar.verbs import OBJECT, PARTICLES, doing

_PLACED = word_set("park leave store place hang stack keep put lay mount attach pile photograph show see depict use")
_SHADES = ("light", "dark", "pale", "bright", "deep", "off")
_STATED = PLACES | {"with", "without"}
_NO_STATE = word_set("shown visible depicted seen displayed pictured portrayed present photographed not dark light wet")
_GOALS = ("at", "into", "onto", "to", "toward", "towards")


@phrase
def behind_noun(chart: Chart, place: int, behind: str = "") -> Iterator[tuple[Alternatives, int]]:
    """What stands behind a noun and speaks of it. `behind`: the preposition that the noun itself stands behind; with
    the same one again, two phrases stand side by side: `fish in bowls or birds in boxes`."""
    for said, end in _behind_run(chart, place, behind):
        yield said, end
        for joint, after in before.joints(chart, end):
            denying = chart.at(place, "without", "not") and chart.word(place) == chart.word(after)
            for more, last in _one_behind(chart, after, behind) if denying and joint == "and" else ():
                if len(said) == len(more) == 1:
                    yield product(said, more, " and "), last
            for more, last in behind_noun(chart, after, behind) if joint in ("or", "") else ():
                if joint == "" and len(more) == 1:
                    continue
                if _goes_on_meanwhile(said[-1], more):
                    continue
                if _is_relative(said[0]) and not _is_relative(more[0]):
                    continue  # `who is crying or bleeding`
                if few(said + more) and not lacks_object(said):
                    yield said + more, last
                    for rest, after_all in behind_noun(chart, last, behind):
                        if few(both := product(said + more, rest)):
                            yield both, after_all


def _is_relative(said: Said) -> bool:
    return said.text.split()[0] in ("who", "that", "which", "whose")


@phrase
def _behind_run(chart: Chart, place: int, behind: str) -> Iterator[tuple[Alternatives, int]]:
    for said, end in _one_behind(chart, place, behind):
        yield said, end
        for more, after in behind_noun(chart, end, behind):
            if few(both := product(said, more)):
                yield both, after


def _one_behind(chart: Chart, place: int, behind: str) -> Iterator[tuple[Alternatives, int]]:
    if chart.word(place) != behind and not (behind == OBJECT and chart.at(place, *_GOALS)):
        yield from prepositional(chart, place)
    yield from doing(chart, place)
    yield from _relative(chart, place)
    if place < len(chart) and chart.tokens[place].kind == "quote":
        yield (Said(chart.word(place)),), place + 1
    yield from _other_than(chart, place)
    if chart.can(place + 1, ING):
        yield from _meanwhile(chart, place)
    if chart.at(place, *OUT_OR_IN, "alone", "barefoot", "asleep"):
        yield (Said(chart.word(place)),), place + 1
    for said, end in adjectives(chart, place):
        if chart.at(end, "than"):
            for more, after in prepositional(chart, end):
                yield product(said, more), after
    if chart.at(place, "("):
        for said, end in behind_noun(chart, place + 1, ""):
            if chart.at(end, ")"):
                yield said, end + 1


def _other_than(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """`other than water`, `except dogs`."""
    for words in ("other than", "except for", "except", "apart from", "excluding"):
        wanted = words.split()
        if all(chart.at(place + index, word) for index, word in enumerate(wanted)):
            for said, end in nouns.others(chart, place + len(wanted)):
                yield (replace(said, left_out=()) if words == "other than" else said,), end
            return


@phrase
def _relative(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """`who is wearing a mask`, `whose face is covered`; perhaps behind a comma that closes again."""
    if chart.at(place, "who", "that", "which"):
        for said, end in finite.finite(chart, place + 1):
            yield tuple(one.behind(chart.word(place)) for one in said), end
    if chart.at(place, "whose"):
        for found, verb in nouns.things(chart, place + 1):
            for said, end in finite.finite(chart, verb):
                options = found.options
                yield (
                    tuple(
                        Said(f"whose {owned.words} {one.text.replace(BE, owned.be)}", owned.head, one.inner)
                        for owned in options
                        for one in said
                    ),
                    end,
                )


@phrase
def tail(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """All that is said of a subject: `kneeling on a bed or on a sofa with the mouth open`, as alternatives.

    Parts joined by `or` are alternatives, and what follows speaks of the last of them or of all; by `and` they are
    said together.
    """
    for said, end in _joined(chart, place):
        yield said, end
        if len(said) > 1 and not _keeps_to_last(chart, said, end):
            for more, after in _run(chart, end):
                if few(both := product(said, more)):
                    yield both, after


def _keeps_to_last(chart: Chart, said: Alternatives, end: int) -> bool:
    """`covered or tied [down]`, `covered with a cloth or stored [in a box]`, `upright or chained [to a wall]`."""
    first, last = said[0].text.split(), said[-1].text.split()
    own = [any(word in PREPOSITIONS for word in words) for words in (first, last)]
    adjective = chart.at(end, "to", "by") and not lexicon.tags(first[-1]) & {PAST, ING}
    return own == [True, False] or adjective or chart.at(end, *PARTICLES)


@phrase
def _joined(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    waiting = [(said, end, "", False) for said, end in _run(chart, place)]
    while waiting:
        said, end, joint, open_list = waiting.pop()
        if not open_list:
            yield said, end
        for word, after in before.joints(chart, end):
            if (joint and word != joint) and not open_list:
                continue
            for more, behind in _run(chart, after):
                if word != "and" and _goes_on_meanwhile(said[-1], more):
                    continue  # `eating while walking or running`
                if word != "and" and ((lacks_object(said) and " " in more[0].text) or _is_placed(said[-1], more[0])):
                    continue
                if word == "and" and said[-1].text.startswith("not ") and not chart.at(after, "not"):
                    continue  # `not closed and labelled`: is it labelled?
                if word == "and" and open_list and len(said) > 1:
                    both = (*said, *more)
                    text = f"{', '.join(one.text for one in said)} and {more[-1].text}"
                    if len(more) == 1:
                        waiting.append(((Said(text, said[0].about, more[0].inner, both=both),), behind, "and", False))
                elif word == "and" and len(said) * len(more) <= MOST_ALTERNATIVES:
                    waiting.append((product(said, more, " and "), behind, "and", False))
                elif word != "and" and few(said + more):
                    waiting.append((said + more, behind, "or", word == ""))


def _goes_on_meanwhile(said: Said, more: Alternatives) -> bool:
    alone = all(re.fullmatch(r"\w+ing", one.text) for one in more)
    return alone and bool(re.search(r"(?:^| )while \w+ing$", said.text))


def lacks_object(said: Alternatives) -> bool:
    """`holding` alone: in `holding or touching a gun` both have the object behind."""
    last = said[-1].text.split()
    return len(last) == 1 and english.needs_object(lexicon.lemma(last[0], verb=True)) and last[0].endswith("ing")


def _is_state_and_place(said: Alternatives) -> bool:
    first = [one.text.split()[0] for one in said]
    return (
        len(said) > 1
        and ADJECTIVE in lexicon.tags(first[0])
        and first[0] not in PREPOSITIONS
        and first[-1] in PREPOSITIONS
    )


def _is_placed(said: Said, more: Said) -> bool:
    """`parked on a road or in front of a gate`: the places are of the parking."""
    words = said.text.split()
    behind = words[1:2] if lexicon.tags("".join(words[1:2])) != {ADJECTIVE} else words[2:3]  # `left unattended on`
    placed = len(words) > 2 and lexicon.lemma(words[0], verb=True) in _PLACED and bool(PREPOSITIONS & set(behind))
    return placed and more.text.split()[0] in PREPOSITIONS - {"of", "with", "without", "for", "as", "by", "than"}


@phrase
def _run(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    for said, end in part(chart, place):
        yield said, end
        parts = said[0].both or said
        if len(parts) > 1 and _keeps_to_last(chart, parts, end):
            continue
        after = end + chart.at(end, ",") * (chart.word(end + 1) in ("with", "without", "while"))
        if said[0].owned and not chart.at(after, "with", "without", "while", "together"):
            continue  # what follows is said of the part: `with the legs spread wide`
        for more, behind in tail(chart, after):  # `parked [on a road or in front of a gate]`
            if len({lexicon.tags(one.text.split()[0]) & {PAST, ING} == set() for one in more}) > 1:
                continue  # `covered [with a cloth or stored in a box]`
            if lexicon.lemma(said[-1].text, verb=True) in _PLACED and _is_state_and_place(more):
                continue  # `left [unattended on platforms or in corridors]`: unattended in both
            each = tuple(part for one in more for part in one.both or (one,))
            alike = all(one.text.startswith(f"{chart.word(after)} ") for one in each)
            if (
                len(each) > 1
                and alike
                and said[-1].text != "away"
                and is_lacking(f"{said[-1].text} {chart.word(after)}")
            ):
                yield from ((found, behind) for found in one_or_all(product(said, each)))
            elif few(both := product(said, more)):
                yield both, behind


@phrase
def state(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """How a thing is, without saying of which thing: `fenced off`, `in a cage`, of `unless fenced off`."""
    if chart.at(place, *_STATED) or (chart.can(place, PAST, ADJECTIVE) and not chart.at(place, *_NO_STATE)):
        yield from tail(chart, place)


@phrase
def participle(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """`stored` of `may only be stored in a box`: what is done to a thing."""
    if chart.can(place, PAST) and not chart.at(place, *_NO_STATE):
        yield (Said(chart.word(place)),), place + 1


def _meanwhile(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """`while driving or holding a cup`."""
    if chart.at(place, "while", "when"):
        said_so = being_done(chart, place + 1) or doing(chart, place + 1)
        yield from ((tuple(one.behind(chart.word(place)) for one in said), end) for said, end in said_so)


@phrase
def being_done(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """What somebody is doing meanwhile: `drawing blood`."""
    if chart.can(place, ING) and chart.word(place).endswith("ing"):
        yield from tail(chart, place)


@phrase
def part(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    yield from prepositional(chart, place)
    yield from doing(chart, place)
    yield from adjectives(chart, place)
    if chart.at(place, "with"):
        yield from owned(chart, place)
    if place and chart.can(place - 1, PAST) and chart.tokens[place : place + 1] and chart.tokens[place].kind == "quote":
        yield (Said(chart.word(place)),), place + 1  # `marked "SPECIMEN"`
    if chart.at(place, "neither"):
        yield from _neither(chart, place)
    if chart.can(place, ADVERB) and not chart.at(place + 1, "with", "from", "of", "to"):
        yield (Said(chart.word(place)),), place + 1
    yield from _meanwhile(chart, place)


def _neither(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """`neither on a plate nor in a bowl`."""
    for said, end in _run(chart, place + 1):
        for more, after in _run(chart, end + 1) if len(said) == 1 and chart.at(end, "nor") else ():
            alone = not any(one.both or one.owned or " and " in one.text for one in (said[0], *more))
            if len(more) == 1 and alone:
                text = f"neither {said[0].text} nor {more[0].text}"
                yield (Said(text, said[0].about or more[0].about, more[0].inner),), after


def adjectives(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """`dead or dying`, `too small`, `white or light grey`, `wider than 90 degrees`."""
    first, end = _adjective(chart, place)
    if not first or (chart.at(end - 1, "far") and chart.at(end, "from")):
        return
    yield (Said(first),), end
    waiting: list[tuple[tuple[str, ...], int]] = [((first,), end)]
    while waiting:
        words, end = waiting.pop()
        for joint, after in before.joints(chart, end):
            more, behind = _adjective(chart, after)
            if not more and chart.can(after, ING):
                more, behind = chart.word(after), after + 1
            each = tuple(Said(word) for word in (*words, more))
            if more and joint == "or":
                yield each, behind
            elif more and joint == "and":
                yield (Said(f"{', '.join(words)} and {more}", both=each),), behind
            elif more:
                waiting.append(((*words, more), behind))


def _adjective(chart: Chart, place: int) -> tuple[str, int]:
    """One, with the word before it that says how much, and where it ends; nothing where none stands."""
    if chart.at(place, "upside") and chart.at(place + 1, "down"):
        return "upside down", place + 2
    degree = (
        chart.at(place, "so", "too", "very")
        or (chart.can(place, ADVERB) and chart.can(place + 1, ADJECTIVE))
        or (chart.at(place, *_SHADES) and chart.at(place + 1, *COLOURS))
    )
    end = place + degree + 1
    if not chart.can(end - 1, ADJECTIVE, PAST):
        return "", place
    return " ".join(chart.word(at) for at in range(place, end)), end


@phrase
def owned(chart: Chart, place: int) -> Iterator[tuple[Alternatives, int]]:
    """`with its body on fire`, `with the mouth open`, `with teeth visible`: something said of a part of the subject."""
    if not chart.at(place, "with", "have"):  # `must have their engine off`
        return
    for found, end in nouns.things(chart, place + 1):
        if any(one.behind not in ("", "of") for one in found.each) or chart.at(end, "(", "other"):
            continue
        if not any(english.definite(one.determiner) or nouns.measures(one) for one in found.each):
            continue
        states = () if chart.at(end, "of") else _joined(chart, end)
        if chart.at(end, "on", "off") and (end + 1 == len(chart) or chart.at(end + 1, ",", "or", "and")):
            states = (((Said(chart.word(end)),), end + 1),)  # `with the lights on`
        for said, after in states:
            yield (
                tuple(
                    Said(
                        f"with {one.inside} {each.text}",
                        one.head,
                        each.inner,
                        owned=(_owned_text(one.inside), each.text),
                    )
                    for one in found.options
                    for each in said
                ),
                after,
            )


def _owned_text(text: str) -> str:
    words = text.split()
    return " ".join(["the", *words[1:]] if words[0] in ("its", "his", "her", "their") else words)
