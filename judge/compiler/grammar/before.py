"""What stands before a noun: every way to read `more than three cracked or dirty` of `more than three cracked or dirty
cups`; and the words that join a list. Knows no noun phrase."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as every

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.chart import Chart, phrase
from judge.compiler.grammar.lexicon import ADJECTIVE, ADVERB, ING, NOUN, PAST, PLURAL, word_set
from judge.compiler.grammar.tokens import DETERMINERS, NUMBERS

_QUANTITIES = tuple(
    words.split()
    for words in (
        "more than",
        "less than",
        "fewer than",
        "at least",
        "at most",
        "no more than",
        "over",
        "exactly",
        "up to",
    )
)
_QUANTITY_STARTS = frozenset(words[0] for words in _QUANTITIES)
SHARES = ("half", "third", "quarter", "fifth", "tenth")
PLURAL_BEFORE_NOUNS = word_set("police staff people sports sharps clothes goods arms news savings customs sales games")
# `wearing headphones` is what somebody does, and no kind of headphones.
_NEED_OBJECTS = ("wearing", "holding", "using", "carrying", "touching")
_JOINTS = {"or": "or", "and": "and", "nor": "or"}


def joints(chart: Chart, place: int) -> Iterator[tuple[str, int]]:
    """`,` (an empty word), `or`, `, or`, `and/or`."""
    comma = chart.at(place, ",")
    after = place + comma
    if chart.at(after, "and") and chart.at(after + 1, "/") and chart.at(after + 2, "or"):
        yield "or", after + 3
    elif chart.word(after) in _JOINTS:
        yield _JOINTS[chart.word(after)], after + 1
    elif comma:
        yield "", after


@phrase
def determiners(chart: Chart, place: int) -> Iterator[tuple[str, int]]:
    """What stands before a noun and its adjectives: nothing, `a`, `any other`, `more than three`, `their`."""
    yield "", place
    yield from _quantities(chart, place)
    end = place
    while chart.word(end) in DETERMINERS and end < place + 2:
        pair = chart.word(place) == "both"  # `both a ball and a stick`
        if end > place and ((chart.word(end) in ("a", "an") and not pair) or chart.word(place) in ("a", "an")):
            return  # `another a`, `a some`
        end += 1
        yield " ".join(chart.word(at) for at in range(place, end)), end
        for number, after in _quantities(chart, end):
            yield f"{chart.word(end - 1)} {number}", after


def _quantities(chart: Chart, place: int) -> Iterator[tuple[str, int]]:
    starts = [("", place)]
    for words in _QUANTITIES if chart.at(place, *_QUANTITY_STARTS) else ():
        if all(chart.at(place + index, word) for index, word in enumerate(words)):
            starts.append((f"{' '.join(words)} ", place + len(words)))
    for quantity, at in starts:
        if quantity and chart.at(at, "a", "one") and chart.at(at + 1, *SHARES):
            yield f"{quantity}{chart.word(at)}", at + 1
        if quantity and chart.at(at, "half"):
            yield quantity.strip(), at
        if at < len(chart) and (chart.word(at) in NUMBERS or chart.tokens[at].kind in ("number", "param")):
            yield f"{quantity}{chart.word(at)}", at + 1


@phrase
def modifiers(chart: Chart, place: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """What stands before a noun, as alternatives: `cracked or dirty`; first of all nothing."""
    yield ("",), place
    for first, end in _modifier_group(chart, place):
        mixed = len(first) > 1 and _mixed(chart, place, end)
        for rest, after in modifiers(chart, end):
            if len(rest) > 1 and _mixed(chart, end, after):
                continue  # `unmade [bed or dirty] dishes`
            if mixed and rest != ("",):
                continue  # `swastika or pointed white hood`: a thing and then another, no two modifiers
            if set(" ".join(first).split()) & set(" ".join(rest).split()):
                continue  # `severed [limb or severed] head`
            yield tuple(f"{one} {other}".strip() for one, other in every(first, rest)), after


def _mixed(chart: Chart, place: int, end: int) -> bool:
    """Whether plain nouns stand beside adjectives."""
    words = [at for at in range(place, end) if chart.can(at, NOUN, ADJECTIVE, ING, PAST)]
    return len({chart.can(at, ADJECTIVE, ING, PAST) for at in words}) > 1


def _modifier_group(chart: Chart, place: int) -> Iterator[tuple[tuple[str, ...], int]]:
    for one, end in _modifier(chart, place):
        yield (one,), end
        waiting: list[tuple[tuple[str, ...], int]] = [((one,), end)]
        while waiting:
            words, at = waiting.pop()
            for joint, after in joints(chart, at):
                for more, behind in _modifier(chart, after):
                    if joint == "or":
                        yield (*words, more), behind
                    elif joint == "and":
                        yield (f"{', '.join(words)} and {more}",), behind
                    else:
                        waiting.append(((*words, more), behind))


def _modifier(chart: Chart, place: int) -> Iterator[tuple[str, int]]:
    if place >= len(chart) or chart.at(place, *_NEED_OBJECTS):
        return
    token = chart.tokens[place]
    alike = lexicon.lemma(token.word, verb=False) == token.word  # `fish`: one and many
    noun = (token.can(NOUN) and (alike or not token.can(PLURAL))) or token.word in PLURAL_BEFORE_NOUNS
    if token.is_owner or chart.at(place, "own") or token.can(ADJECTIVE, ING, PAST) or noun:
        yield token.text if token.is_name else token.word, place + 1
    if (token.can(ADVERB) or chart.at(place, "too", "very")) and chart.can(place + 1, ADJECTIVE, PAST):
        yield f"{token.word} {chart.word(place + 1)}", place + 2
