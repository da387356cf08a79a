"""What `they` and `it` stand for in a condition or an exception: what the rule speaks of, if that alone is meant.

What is said of them is said of the same one that the rule speaks of, so it goes into the same statement: `unless they
are on a leash` makes `a dog is not on a leash`, one that is leashed lifts nothing from one that is not. Knows drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from judge.compiler.grammar import english, lexicon, nets
from judge.compiler.grammar.again import keep_apart, named_again, says_more
from judge.compiler.grammar.clauses import STANDING_FOR, Clause, Groups
from judge.compiler.grammar.denial import Impossible, Swaps, denied
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.lexicon import BASE, ING, NOUN, PLURAL, word_set
from judge.compiler.grammar.things import BE, Alternatives, Said, Thing
from judge.compiler.grammar.tokens import COMPOUND_PREPOSITIONS, DETERMINERS, PREPOSITIONS, Token, tokens_of

_ITSELF = Thing("", "one", "one")
_NAME_IT = ""  # a thing that is named may be another one, so none is offered that is not read


def stands_for(clause: Clause) -> bool:
    """Whether the clause speaks of `they` or `it`."""
    return clause.subject.head in STANDING_FOR


def same_one(draft: Draft, groups: Groups, *, lifting: bool = False) -> Alternatives | None:
    """What a condition says of `they`, `it` or the thing named again, where that is what the rule speaks of; None where
    it names other things. lifting: it is an exception.

    Raises:
        Impossible: something else can be meant, or only a part of the condition speaks of them.
    """
    each = [clause for group in groups for clause in group]
    around = [with_them(one, lifting=lifting) for one in each]
    if any(around):
        if len(groups) > 1 or not all(around):
            raise Impossible("it is open whether both parts of the condition must hold of one thing", _NAME_IT)
        said = tuple(filter(None, around))
        _meant(draft, "it" if each[0].said.text.endswith(" it") else "they", said)
        return said
    if not any(map(stands_for, each)):
        again = [named_again(draft, one, lifting=lifting) for one in each]
        if not any(again) or (not lifting and not says_more(draft) and not all(again)):
            keep_apart(draft, groups, lifting=lifting)
            return None
        if len(groups) > 1 or not all(again):
            raise Impossible("it is open whether both parts of the condition must hold of one thing", _NAME_IT)
        said = tuple(plain_said(one.said) for one in each)
        keep_apart(draft, (tuple(Clause(_ITSELF, one) for one in said),), lifting=lifting)
        return said
    word = next(one.subject.head for one in each if stands_for(one))
    if len(groups) > 1 or not all(one.subject.head == word for one in each):
        raise Impossible(f"it is open what `{word}` stands for", _NAME_IT)
    said = tuple(plain_said(one.said) for one in each)
    if word == "it" and any(lexicon.lemma(one.text.split()[-1], verb=True) in _WEATHER for one in said):
        raise Impossible("it is open whether `it` is the weather, or something that is named", _NAME_IT)
    _meant(draft, word, said)
    return said


def with_them(clause: Clause, *, lifting: bool) -> Said | None:
    """`with a nurse holding them` of `a nurse is holding them`: what it says of whatever `them` stands for; None where
    it speaks of none, or points at somebody. lifting: it is an exception, of which nothing that is lacking is said."""
    found = _OF_THEM.fullmatch(clause.said.text)
    one = clause.subject
    lacking = one.determiner == "no"
    if not found or stands_for(clause) or english.definite(one.determiner) or (lacking and lifting):
        return None
    if lacking:
        one = replace(one, determiner="" if one.plural or english.is_mass(one.head) else english.article(one.words))
    behind = "" if found["what"] == "with" else f" {found['what']} {found['whom']}"
    return Said(f"{'without' if lacking else 'with'} {one.inside}{behind}", one.head)


_OF_THEM = re.compile(rf"{BE} (?P<what>(?!not\b|neither\b|without\b)[^,]+) (?P<whom>it|them)")
_WEATHER = word_set(
    "rain snow hail storm dark cold hot warm cool windy foggy sunny icy freeze frosty bright cloudy late"
)
# What people and animals do, and no thing that they wear, hold or stand beside.
ACTS = word_set(
    "sit draw hold carry wear eat drink ride drive walk run swim climb cook work handle serve operate sleep kneel "
    "smile cut weld use clean feed play smoke sail ski row paint repair visit look watch cross jump dance train "
    "examine treat teach wash stand lie crouch talk work shout dive fight skate cycle skateboard sing push slide"
)
_OF_LIVING = word_set(
    "muzzled leashed asleep awake seated barefoot dressed clothed handcuffed blindfolded pregnant sedated supervised"
)


def said_alone(draft: Draft, said: Alternatives) -> None:
    """Holds that what is said without a subject, `fenced off`, is said of what the rule speaks of.

    Raises:
        Impossible: something else can be meant.
    """
    things, others = _things_and_others(draft, said)
    state = said[0].text
    if lexicon.lemma(state, verb=True) in _WEATHER:
        raise Impossible(f"it is open whether `{state}` speaks of the weather, or of something that is named", _NAME_IT)
    if not things or others or any(english.counted(one.determiner) for one in things):
        raise Impossible(
            f"it is open of what `{state}` is said",
            "say it of the thing, with `it` or `they`, as in `No dog may be shown unless it is on a leash`",
        )


def _things_and_others(draft: Draft, said: Alternatives) -> tuple[tuple[Thing, ...], set[str]]:
    """What the rule speaks of; and the other nouns in it that something said of them can be said of."""
    groups = draft.subjects or tuple(tuple(dict.fromkeys(one.subject for one in group)) for group in draft.whole[:1])
    things = groups[0] if len(groups) == 1 else ()
    texts = [one.text for one in (*draft.said, *draft.place, *(one.said for group in draft.whole for one in group))]
    others = {noun for text in texts for noun in _nouns(text.replace(BE, ""))}
    others |= {noun for one in things for noun in _nouns(one.words.replace(one.head, "", 1), behind=one.behind)}
    others |= {noun for group in draft.conditions for one in group for noun in _nouns(one.text.replace(BE, ""))}
    if all(one.animate for one in things) and all(_is_act(one) for one in said):
        others = {noun for noun in others if lexicon.kind(noun) in tuple("pa")}
    return things, others


def _meant(draft: Draft, word: str, said: Alternatives) -> None:
    things, others = _things_and_others(draft, said)
    others = {noun for noun in others if _agrees(word, noun, lexicon.PLURAL in lexicon.tags(noun))}
    counted = any(english.counted(one.determiner) for one in things)
    one_or_more = word in ("they", "them") or len(things) == 1
    if (
        things
        and not others
        and not counted
        and one_or_more
        and all(_agrees(word, one.head, one.plural) for one in things)
    ):
        return
    named = [one.words for one in things if _agrees(word, one.head, one.plural)]
    named += sorted(others)
    instead = tuple(
        ((word, one if lexicon.PLURAL in lexicon.tags(one.split()[-1]) else f"the {one}"),) for one in named
    )
    raise Impossible(f"it is open what `{word}` stands for", _NAME_IT, instead if len(things) == 1 else ())


def _is_act(said: Said) -> bool:
    """Whether only people and animals can be meant: what they do, or what is done to none but them."""
    first = said.text.split()[0]
    return first in _OF_LIVING or (first.endswith("ing") and lexicon.lemma(first, verb=True) in ACTS)


def _nouns(text: str, *, behind: str = "yes") -> Iterable[str]:
    tokens = tokens_of(text) if behind else ()
    nouns = (token for token in tokens if token.can(NOUN, PLURAL) and lexicon.rather(token.word, "n", "a"))
    return (token.word for token in nouns if not token.can(ING) or lexicon.kind(token.word) in tuple("oaf"))


def _agrees(word: str, noun: str, plural: bool) -> bool:
    person = lexicon.kind(noun) == "p" or noun in ("person", "people")
    if word == "it":  # a table is a piece of furniture as well as the people at it
        return not plural and (not person or any(nets.is_kind_of(noun, one) for one in _THINGS_TOO))
    return plural or (person and not any(nets.is_kind_of(noun, one) for one in _THINGS_TOO))


def it_or_them(noun: str) -> str:
    """What stands for one of them in a statement."""
    return "it" if _agrees("it", noun, False) else "them"


_THINGS_TOO = ("furniture", "vehicle", "container")


def open_inside(statement: str) -> str:
    """`it` or `them` in a statement where not exactly one thing can be meant: `a fence around them` says so of what it
    stands behind, `pools without a fence around them`; empty where all is clear."""
    tokens = tokens_of(statement)
    for at, token in enumerate(tokens):
        if token.word in ("it", "them") and at:
            belonging = any(one.word in ("with", "without") for one in tokens[:at])
            if not belonging or len(candidates(token.word, tokens[:at])) != 1:
                return token.word
    return ""


def candidates(word: str, before: tuple[Token, ...]) -> tuple[str, ...]:
    """The nouns in front of `it` or `them`, with the nouns before them, that it can stand for."""
    found: list[str] = []
    words = ""
    before, located = _around(before)
    acts = verbs_in(before)
    for at, (one, after) in enumerate(zip_longest(before, before[1:])):
        noun = one.can(NOUN, PLURAL) and (not one.can(ING) or lexicon.kind(one.word) in tuple("oaf"))
        noun = noun and at not in acts
        noun = noun and lexicon.rather(one.word, "n", "a")
        words = f"{words} {one.word}".strip() if noun else ""
        last = not (after and after.can(NOUN, PLURAL) and not after.can(ING))
        plural = PLURAL in lexicon.tags(one.word)
        if noun and last and at != located and _agrees(word, one.word, plural):
            found.append(words)
    return tuple(dict.fromkeys(found))


def verbs_in(tokens: Sequence[Token]) -> frozenset[int]:
    """The places of words that are verbs by where they stand: `may feed`, and `mind` of `may feed or mind birds`."""
    found: set[int] = set()
    for at, token in enumerate(tokens):
        before = tokens[at - 1].word if at else ""
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        listed = bool(found) and before in ("or", "and", ",") and after is not None
        governs = listed and after is not None and (after.word in DETERMINERS | {"them", "it"} or after.can(PLURAL))
        if token.can(BASE) and (before in BEFORE_VERBS or (governs and not token.can(PLURAL))):
            found.add(at)
    return frozenset(found)


BEFORE_VERBS = word_set("may must can should shall will do does not never to it they he she i we you who")


def _around(before: tuple[Token, ...]) -> tuple[tuple[Token, ...], int]:
    """The words without those that say how something stands to `it`, and the place of what does so: `a plate under it`
    is under no plate, `a rope hanging in front of it` in front of no rope, `a nurse holding it` holds no nurse."""
    words = [one.word for one in before]
    end = next((len(words) - len(one) for one in COMPOUND_PREPOSITIONS if tuple(words[-len(one) :]) == one), len(words))
    if end == len(words) and words and words[-1] in PREPOSITIONS:
        end -= 1
    if end and before[end - 1].can(ING):
        end -= 1
    return (before, len(before) - 1) if end == len(words) else (before[:end], end - 1)


def named(sentence: str) -> tuple[Swaps, ...]:
    """What to put for the first `it` or `them` of a sentence: each thing that it can stand for."""
    tokens = tokens_of(sentence)
    at = next((at for at, token in enumerate(tokens) if token.word in (*STANDING_FOR, "them")), 0)
    clause = max((place for place in range(at) if tokens[place].word in _CLAUSES), default=at)
    return tuple(((tokens[at].word, f"the {noun}"),) for noun in candidates(tokens[at].word, tokens[:clause]))


_CLAUSES = frozenset({"if", "when", "where", "while", "unless", "wherever", "whenever"})


def plain_said(said: Said) -> Said:
    """`on a leash` of `are on a leash`, `containing wine` of `contain wine`."""
    first, _, rest = said.text.partition(" ")
    if first == BE:
        return replace(said, text=rest, both=())
    if first in ("has", "have"):
        return replace(said, text=f"with {rest}", both=())
    if first in ("does", "do"):
        raise Impossible(f"it is open what `{said.text}` is said of", _NAME_IT)
    return replace(said, text=f"{english.ing(lexicon.lemma(first, verb=True))} {rest}".strip(), both=())


def where_so(draft: Draft, said: Alternatives) -> Draft:
    """`when they are on a train`: those alone."""
    if draft.place:
        raise Impossible("it is open which of the places counts", "write a rule for each place")
    if not draft.said and not draft.whole:
        return replace(draft, said=said)
    return replace(draft, place=tuple(map(_behind, said)))


def _behind(said: Said) -> Said:
    first = said.text.partition(" ")[0]
    placed = first in PREPOSITIONS or lexicon.tags(first) & {ING} or not lexicon.tags(first) - {"R"}
    return said if placed and first != "not" else replace(said, text=f"that {BE} {said.text}")


def unless_so(draft: Draft, said: Alternatives) -> Draft:
    """`unless they are on a leash`, `except in a yard`: those that are not.

    Raises:
        Impossible: what is left of the rule cannot be said of one thing.
    """
    if draft.exceptions or draft.only or draft.but:
        raise Impossible("more than one exception", "join them: `unless A or B is visible`")
    if any(one.text.startswith(("not ", "neither ", "without ")) or " and " in one.text or one.owned for one in said):
        raise Impossible("an exception that denies, or joins two", "write a rule for each of them")
    if not draft.said and not draft.whole:
        (things,) = draft.subjects if len(draft.subjects) == 1 else ((),)
        if not things or any(english.counted(one.determiner) for one in things):
            raise Impossible("it is open what the exception is taken from", "write a rule for each of them")
        whole = tuple(tuple(Clause(one, more) for one in things for more in group) for group in denied(said))
        return replace(draft, whole=whole, but=True)
    lacking = f"not {said[0].text}" if len(said) == 1 else f"neither {' nor '.join(one.text for one in said)}"
    if all(one.text.startswith("with ") for one in said):
        lacking = " and ".join(f"without {one.text.removeprefix('with ')}" for one in said)
    clauses = [one for group in draft.whole for one in group]
    if any(one.said.owned or one.said.text.endswith(" visible") or _is_counted(one.subject) for one in clauses):
        raise Impossible("it is open what the exception is taken from", "write a rule for each of them")
    if any(one.owned or one.both for one in draft.said) or (draft.said and draft.whole):
        raise Impossible("it is open how much the exception is taken from", "write a rule for each of them")
    whole = tuple(tuple(replace(one, said=_and(one.said, lacking)) for one in group) for group in draft.whole)
    return replace(draft, whole=whole, said=tuple(_and(one, lacking) for one in draft.said), but=True)


def _and(said: Said, lacking: str) -> Said:
    return replace(said, text=f"{said.text} and {lacking}", both=())


def _is_counted(one: Thing) -> bool:
    return english.counted(one.determiner) or one.determiner == "no"
