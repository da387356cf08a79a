"""Conditions: every way to read `a child or a dog is visible and the door is open`; and the other holes of forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product as every

from judge.compiler.grammar import before, english, finite, lexicon, nouns, predicates, prepositions
from judge.compiler.grammar.chart import Chart, phrase
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.forms import SHORT
from judge.compiler.grammar.lexicon import ADJECTIVE, BASE, NOUN, PLURAL, THIRD
from judge.compiler.grammar.pictures import ANY_PICTURE, ELSEWHERE, ITSELF, KINDS, LOOKS, PICTURES
from judge.compiler.grammar.things import Said, Thing, Things, together
from judge.compiler.grammar.together import are_together, is_joint
from judge.compiler.grammar.tokens import LACKING, NUMBERS

VISIBLE = Said("BE visible")
MOST_CLAUSES = 6
STANDING_FOR = ("they", "it")  # read where one thing alone can be meant (`pronouns`)
_EVERY = ("every", "each", "all", "both")


@dataclass(frozen=True)
class Clause:
    """One thing and what is said of it, finite: `a door`, `BE open`."""

    subject: Thing
    said: Said

    @property
    def text(self) -> str:
        """As a statement."""
        return f"{self.subject.text} {self.said.text.replace('BE', self.subject.be)}"


Group = tuple[Clause, ...]
Groups = tuple[Group, ...]


@phrase
def clause(chart: Chart, place: int) -> Iterator[tuple[Groups, int]]:
    """A thing or several, and a finite verb. `or` makes alternatives, `and` conditions that must all hold."""
    if chart.at(place, "there") and chart.at(place + 1, "is", "are"):
        for found, end in nouns.things(chart, place + 2):
            yield from ((one, end) for one in _clauses(found, (VISIBLE,)))
    for found, verb in nouns.things(chart, place):
        if _names_a_thing(chart, found.each[-1], verb):
            continue
        every = any(one.determiner.split(" ")[0] in _EVERY for one in found.each)
        for said, end in finite.finite(chart, verb):
            if not every:
                yield from ((one, end) for one in _clauses(found, said))
            elif len(found.each) == len(said) == 1 and not _denies(said[0]):
                yield from ((one, end) for one in _clauses(Things((_of_every(found.each[0]),)), said))
    if chart.at(place, *STANDING_FOR):
        for said, end in finite.finite(chart, place + 1):
            yield from (
                (one, end) for one in _clauses(Things((Thing("", chart.word(place), chart.word(place)),)), said)
            )
    if chart.at(place, "no"):
        for found, verb in nouns.things(chart, place + 1):
            (one, *more) = found.each
            for said, end in () if more or one.determiner else finite.finite(chart, verb):
                if len(said) == 1 and not _denies(said[0]):
                    yield ((Clause(replace(one, determiner="no"), said[0]),),), end


def _denies(said: Said) -> bool:
    return any(word in ("not", "neither", "without") for word in said.text.split())


def _of_every(one: Thing) -> Thing:
    """`all adults` stays: that some are is something else."""
    return replace(one, determiner="", words=one.inside)


def _names_a_thing(chart: Chart, subject: Thing, verb: int) -> bool:
    """`guide dogs`: no guide that dogs somebody. One thing that can be counted has an article before it."""
    token = chart.tokens[verb] if verb < len(chart) else None
    if token is None or not token.can(THIRD) or subject.determiner or subject.head[:1].isupper():
        return False
    if subject.plural:
        return not token.can(BASE)  # `police dogs`
    ends = verb + 1 == len(chart) or chart.at(verb + 1, ",", ";", ".", "and", "or")
    names = token.can(PLURAL) and (ends or not lexicon.rather_verb(token.word))
    return names or not english.is_mass(subject.head)


def _clauses(found: Things, said: tuple[Said, ...]) -> Iterator[Groups]:
    joint = len(found.each) > 1 and any(map(is_joint, said))
    if joint and found.joint == "and" and len(found.each) == 2:
        yield (tuple(Clause(together(found.each), one) for one in said),)
    surely = joint and (any(map(are_together, said)) or not any(one.plural for one in found.each))
    if surely:
        return  # `a child or an adult is swimming together` says nothing
    if found.joint == "and":
        yield tuple(said_of(one, said) for one in found.each)
    else:
        yield (tuple(clause for one in found.each for clause in said_of(one, said)),)


def said_of(one: Thing, said: tuple[Said, ...]) -> Group:
    """What is said of one thing, as alternatives; of things that are counted, as one: two that sit and two that stand
    are `more than three sitting or standing`."""
    if len(said) == 1 or not (one.determiner == "no" or english.counts_several(one.determiner)):
        return tuple(Clause(one, each) for each in said)
    if any(each.owned for each in said):
        raise Impossible("it is open which things the number counts", "write a rule for each of them")
    first, *rest = said
    alike = " or ".join([first.text, *(each.text.removeprefix("BE ") for each in rest)])
    return (Clause(one, Said(alike, first.about, said[-1].inner)),)


@phrase
def clauses(chart: Chart, place: int) -> Iterator[tuple[Groups, int]]:
    """Clauses joined by `and` or `or`; where both stand, `and` may bind closer, or `or`: two readings."""
    waiting: list[tuple[tuple[Groups, ...], tuple[str, ...], int]] = [
        ((found,), (), end) for found, end in _clause_or_either(chart, place)
    ]
    while waiting:
        found, words, end = waiting.pop()
        if not words or words[-1]:
            yield from ((reading, end) for reading in _bracketed(found, words))
        if len(found) == MOST_CLAUSES:
            continue
        for word, after in before.joints(chart, end):
            start = after + chart.at(after, "if", "when", "where")
            waiting += [((*found, more), (*words, word), behind) for more, behind in _clause_or_either(chart, start)]


def _clause_or_either(chart: Chart, place: int) -> Iterator[tuple[Groups, int]]:
    """A clause; or `either A or B`, which keeps the two together."""
    yield from clause(chart, place)
    if chart.at(place, "either"):
        waiting = list(clause(chart, place + 1))
        while waiting:
            found, end = waiting.pop()
            for word, after in before.joints(chart, end):
                for more, behind in clause(chart, after) if word == "or" else ():
                    yield _either([found, more]), behind
                    waiting.append((_either([found, more]), behind))


def _bracketed(found: tuple[Groups, ...], words: tuple[str, ...]) -> tuple[Groups, ...]:
    filled = list(words)
    for at in reversed(range(len(filled))):
        filled[at] = filled[at] or filled[at + 1]
    return _or_of_ands(found, filled), _and_of_ors(found, filled)


def _runs(found: tuple[Groups, ...], words: list[str], joint: str) -> list[list[Groups]]:
    runs = [[found[0]]]
    for one, word in zip(found[1:], words, strict=True):
        if word == joint:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _either(options: list[Groups]) -> Groups:
    """All that must hold for one of the options to hold."""
    return tuple(tuple(dict.fromkeys(one for group in groups for one in group)) for groups in every(*options))


def _or_of_ands(found: tuple[Groups, ...], words: list[str]) -> Groups:
    return _either([tuple(group for one in run for group in one) for run in _runs(found, words, "and")])


def _and_of_ors(found: tuple[Groups, ...], words: list[str]) -> Groups:
    return tuple(group for run in _runs(found, words, "or") for group in _either(run))


@phrase
def clause_list(chart: Chart, place: int) -> Iterator[tuple[Groups, int]]:
    """`a baby is visible; the picture is a drawing`: one is enough."""
    for first, end in clauses(chart, place):
        yield first, end
        if chart.at(end, ";"):
            for rest, after in clause_list(chart, end + 1):
                yield _either([first, rest]), after


@phrase
def listed(chart: Chart, place: int) -> Iterator[tuple[Things, int]]:
    """`guns; knives; a dog in a cage`: a semicolon parts wholly. Without one, an ordinary list."""
    for found, end in subjects(chart, place):
        if found.joint != "and":
            yield found, end
        elif found.joint == "and":
            yield Things(found.each, "or"), end
        if chart.at(end, ";") and found.joint == "":
            start = end + 1 + chart.at(end + 1, "and", "or")
            for rest, after in listed(chart, start):
                yield Things(found.each + rest.each, "or"), after


@phrase
def subjects(chart: Chart, place: int) -> Iterator[tuple[Things, int]]:
    """Things, perhaps with examples: `tools, such as saws or hammers,`, `weapons (including toy guns)`."""
    for found, end in nouns.things(chart, place):
        yield found, end
        for more, after in _examples(chart, end):
            more_than_one = len(found.each) > 1 and (found.joint == "and" or any(one.behind for one in found.each))
            (one, *_) = found.each
            if more_than_one or any(map(_is_part_or_counted, found.each)):
                raise Impossible(
                    f"it is open whether the examples are of `{one.inside}`, or of something in it",
                    "name them in a rule of their own",
                )
            yield Things(found.each + more, "or", examples=True), after
        for after in _whether(chart, end):
            yield found, after


def _is_part_or_counted(one: Thing) -> bool:
    return english.counted(one.determiner) or (one.behind not in ("", "of"))


def _examples(chart: Chart, place: int) -> Iterator[tuple[tuple[Thing, ...], int]]:
    opened = chart.at(place, "(")
    start = place + (chart.at(place, ",", "(") and 1)
    for words in (
        "including",
        "such as",
        "for example ,",
        "for example",
        "e.g ,",
        "e.g . ,",
        "e.g .",
        "e.g",
        "especially",
        "like",
    ):
        wanted = words.split()
        if all(chart.at(start + index, word) for index, word in enumerate(wanted)):
            if _says_how_it_looks(chart, start, words):
                return
            for found, end in nouns.things(chart, start + len(wanted)):
                if not opened:
                    yield found.each, end
                    if chart.at(end, ","):
                        yield found.each, end + 1
                elif chart.at(end, ")"):
                    yield found.each, end + 1
            return


def _says_how_it_looks(chart: Chart, start: int, words: str) -> bool:
    """`toys that look like guns`: guns are no examples."""
    return words == "like" and start > 0 and lexicon.lemma(chart.word(start - 1), verb=True) in finite.LOOKS


def _whether(chart: Chart, place: int) -> Iterator[int]:
    """`, whether cut or rough,`: all of it, so nothing is narrowed."""
    if chart.at(place, ",", "(") and chart.at(place + 1, "whether"):
        for said, end in predicates.tail(chart, place + 2):
            if len(said) > 1 and chart.at(end, ",", ")"):
                yield end + 1
            if chart.at(end, "or") and chart.at(end + 1, "not") and chart.at(end + 2, ",", ")"):
                yield end + 3


@phrase
def picture(chart: Chart, place: int) -> Iterator[tuple[str, int]]:
    """`photos`, `product images`: nothing; `X-ray images`, `screenshots`: its words, as not every picture is one."""
    for end in range(place, min(place + 3, len(chart))):
        if chart.word(end) in PICTURES | ELSEWHERE and not chart.at(end + 1, *ITSELF):
            before = [chart.word(at) for at in range(place, end)]
            noun = chart.word(end)
            if chart.at(place - 1, "in", "on") and place and not chart.can(end, PLURAL):
                return  # `in close-up`: how it is shown, and no kind of pictures
            kept = [] if set(before) <= ANY_PICTURE else before
            if kept or noun not in ITSELF:
                kept.append(KINDS.get(noun, lexicon.lemma(noun, verb=False)))
            yield " ".join(kept), end + 1
            return
        if not chart.can(end, ADJECTIVE, NOUN) and chart.word(end) not in ANY_PICTURE:
            return


@phrase
def such_pictures(chart: Chart, place: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """`blurry or dark photos`, `screenshots`: what the picture itself is, each as `blurry photo`."""
    looks: list[str] = []
    end = place
    while chart.at(end, *LOOKS):
        looks.append(chart.word(end))
        _, end = next(iter(before.joints(chart, end + 1)), ("", end + 1))
    noun = chart.word(end)
    if not (looks and noun in ITSELF) and not (not looks and noun in KINDS):
        return
    one = KINDS.get(noun, lexicon.lemma(noun, verb=False))
    found = tuple(f"{look} {one}".strip() for look in looks or [""])
    yield found, end + 1
    for joint, after in before.joints(chart, end + 1):
        if joint != "and":
            yield from (((*found, *more), last) for more, last in such_pictures(chart, after))


@phrase
def posting(chart: Chart, place: int) -> Iterator[tuple[str, int]]:
    """`post`, `post or share`, `post, share or upload`."""
    if chart.word(place) in SHORT["POST"].split("|"):
        yield chart.word(place), place + 1
        for _, after in before.joints(chart, place + 1):
            yield from posting(chart, after)


@phrase
def showing(chart: Chart, place: int) -> Iterator[tuple[str, int]]:
    """`show`, `contain, show or depict`."""
    if chart.word(place) in SHORT["SHOW"].split("|"):
        yield chart.word(place), place + 1
        for _, after in before.joints(chart, place + 1):
            yield from showing(chart, after)


@phrase
def count(chart: Chart, place: int) -> Iterator[tuple[str, int]]:
    """A number, in words or digits, or a parameter."""
    if place < len(chart) and (chart.word(place) in NUMBERS or chart.tokens[place].kind in ("number", "param")):
        yield chart.word(place), place + 1


@phrase
def place(chart: Chart, at: int) -> Iterator[tuple[tuple[Said, ...], int]]:
    """Where: a phrase in front of a sentence."""
    if not chart.at(at, "with", "without", "of", "for", "than", "as", "except", "like"):
        for said, end in prepositions.prepositional(chart, at):
            lacking = chart.at(at, *LACKING)
            if lacking or not any(" and " in one.text for one in said) or chart.word(at) not in prepositions.PLACES:
                yield said, end
