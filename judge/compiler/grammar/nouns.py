"""Noun phrases: every way to read `cracked or dirty cups, plates or bowls on the floor`.

What stands before a noun may speak of the nouns after it as well, and what stands behind the last noun of the ones
before it: each is a reading of its own. Readings that no careful person has are left out here, each with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product as every

from judge.compiler.grammar import english, lexicon, nets, predicates
from judge.compiler.grammar.before import SHARES, determiners, joints, modifiers
from judge.compiler.grammar.chart import Chart, phrase
from judge.compiler.grammar.closed import OUT_OR_IN
from judge.compiler.grammar.lexicon import ADJECTIVE, BASE, ING, NOUN, PLURAL
from judge.compiler.grammar.things import Alternatives, Said, Thing, Things, listing
from judge.compiler.grammar.tokens import OWNERS, PREPOSITIONS

_OF_MANY = ("pair", "pairs", "set", "sets", "group", "groups", "crowd", "crowds", "bunch", "pack", "packet", "packets")
MOST_ITEMS = 12


@phrase
def things(chart: Chart, place: int, behind: str = "") -> Iterator[tuple[Things, int]]:
    """A list of things, or one. `behind`: the preposition that the list stands behind.

    With what stands behind the last noun read of that noun alone, and of all nouns.
    """
    for found, end in _all_lists(chart, place, behind):
        yield found, end
        if len(found.each) > 1 and not measures(found.each[-1]):
            *before, last = found.each
            if not last.behind and all(one.behind for one in before) and not chart.at(end, "that", "which", "who"):
                continue  # `fish in bowls or birds in boxes`: each has its own
            for said, after in predicates.behind_noun(chart, end, behind):
                if len(said) > 1 and any(english.counts_several(one.determiner) for one in found.each):
                    continue
                if not all(leaves_kinds(one, said) for one in found.each):
                    continue
                yield Things(tuple(one.with_behind(each) for one in found.each for each in said), found.joint), after


def _all_lists(chart: Chart, place: int, behind: str) -> Iterator[tuple[Things, int]]:
    for found, end in _lists(chart, place, behind):
        for either in _both_of_them(found):
            yield from ((owned, end) for owned in _owned_alike(either))


def _both_of_them(found: Things) -> Iterator[Things]:
    """`both the driver and the plate`: no two drivers. `both hands and feet` may count the hands."""
    first, *rest = found.each
    word, _, kept = first.determiner.partition(" ")
    if word != "both" or found.joint != "and" or len(rest) != 1:
        if first.determiner not in ("both a", "both an"):
            yield found
        return
    yield Things((replace(first, determiner=kept), *rest), found.joint, found.examples, both=True)
    if first.plural and not kept:
        yield found


_OWNER = re.compile(r"(?:.+? )??[\w-]+(?:'s|s') ")


def _owned_alike(found: Things) -> Iterator[Things]:
    """`a child's full name, school or books`: the child's books, or any; the name alone is full, or all of them."""
    first, *rest = found.each
    whose = _OWNER.match(first.words)
    if not whose or not rest or first.parts:
        yield found
        return
    before = first.words.partition(first.head)[0]
    spread = [one.words.startswith(before) for one in rest] if before != whose.group() else []
    if any(spread) and not all(spread):
        return  # `full school`, but no full address
    yield found
    if any(_is_free(one) for one in rest):
        yield replace(found, each=(first, *(_owned(one, first) if _is_free(one) else one for one in rest)))


def _is_free(one: Thing) -> bool:
    """Whether it may be the thing of whoever was named before it."""
    return not one.determiner and not _OWNER.match(one.words)


def _owned(one: Thing, by: Thing) -> Thing:
    """`mouth` as `a person's mouth`, by what `a person's hand` says."""
    whose = _OWNER.match(by.words)
    return replace(one, determiner=by.determiner, words=f"{whose.group()}{one.words}", modified=True) if whose else one


@dataclass(frozen=True)
class _List:
    """A list as far as it is read. closed: a word has joined it. last: its last unit. mixed: it holds alternatives."""

    things: Things
    end: int
    last: Things
    closed: bool
    mixed: bool
    single: bool = True

    def joined(self, joint: str, more: Things, end: int) -> _List | None:
        """The list with one more unit, or None where no list goes on so."""
        word = joint or more.joint or self.things.joint
        if (self.closed and not joint) or any(one not in ("", word) for one in (self.things.joint, more.joint)):
            return None
        first = more.each[0]
        if self.things.each[-1].counts and not first.determiner:
            return None  # `a crowd of more than ten people or animals`: of what does the number speak?
        if _names_doing(first) and self.things.each[-1].animate:
            return None  # `a person smoking or drinking`: no thing and an act
        if _names_doing(first) and self.things.each[-1].determiner and not first.determiner:
            return None  # `holding a phone or drinking`
        if _is_run(self.last) and not (first.modified or first.determiner):
            return None  # a modifier spreads over all the bare nouns of a run, or over none
        bare = not (first.determiner or first.plural or english.is_mass(first.head) or first.head[:1].isupper())
        if bare and self.things.each[-1].determiner and self.things.each[-1].behind:
            return None  # `holding a pet by its neck or tail`: it stands in the same phrase
        if bare and english.definite(self.things.each[-1].determiner) and first.behind == "of":
            return None  # `the roof or bonnet of a car`: of both
        if not _counted_alike(self.things.each[0].determiner, first.determiner):
            return None  # `two logos or badges`: two of each, of both together, or any badge
        mixed = self.mixed or _several(more)
        if (word == "and" and mixed) or not _continues(self.things.each[-1], first):
            return None
        each = self.things.each + _sharing(self.things.each[-1], more.each)
        return _List(Things(each, word), end, more, self.closed or bool(joint or more.joint), mixed, single=False)


def _lists(chart: Chart, place: int, behind: str) -> Iterator[tuple[Things, int]]:
    """Runs of units with commas, `or`, `and`; a comma alone joins only where a word does so later."""
    waiting = [_List(one, end, one, one.joint != "", _several(one)) for one, end in _units(chart, place, behind)]
    while waiting:
        so_far = waiting.pop()
        if so_far.closed or (so_far.single and not _is_run(so_far.things)):
            yield so_far.things, so_far.end
        for joint, after in joints(chart, so_far.end) if len(so_far.things.each) < MOST_ITEMS else ():
            units = () if so_far.things.each[-1].determiner and _is_verb(chart, after) else _units(chart, after, behind)
            found = (so_far.joined(joint, more, end) for more, end in units)
            waiting += [one for one in found if one is not None]


def _is_verb(chart: Chart, place: int) -> bool:
    """`hang on a stand or lie on a cushion`: no lie."""
    word = chart.word(place)
    return chart.can(place, BASE) and lexicon.rather(word, "v", "n") and chart.word(place + 1) in PREPOSITIONS


def _counted_alike(first: str, later: str) -> bool:
    """Whether a list that begins with a number, if it does, counts what follows in the same way."""
    quantity, other = first.split()[:-1], later.split()[:-1]
    return not english.counted(first) or (english.counted(later) and quantity == other)


def _is_run(found: Things) -> bool:
    """`forged tickets, vouchers`, of which a longer list may begin; no list by itself."""
    return not found.joint and len({one.head for one in found.each}) > 1


def _names_doing(one: Thing) -> bool:
    """`drinking`, and no drinking glass."""
    return (
        one.words.endswith("ing") and ING in lexicon.tags(one.head) and lexicon.kind(one.head) not in tuple("oafpbgs")
    )


def measures(one: Thing) -> bool:
    """`more than 20 percent of ...`: `of` belongs to it alone."""
    share = one.head in (*SHARES, "part", "parts", "majority", "most")
    return one.head == "percent" or (share and (one.behind == "of" or not one.modified))


def _several(found: Things) -> bool:
    """Whether alternatives stand inside one thing: `cracked or dirty cups`."""
    return len({one.head for one in found.each}) < len(found.each)


def _sharing(last: Thing, each: tuple[Thing, ...]) -> tuple[Thing, ...]:
    """`a bomb or other explosive`: the other one is an explosive. `a torch or candle`: a candle."""
    shared = []
    for one in each:
        determiner = one.determiner.replace("another", "").replace("other", "").strip()
        if not determiner and last.determiner in OWNERS:
            determiner = last.determiner  # `by its legs, tail or ears`
        elif not determiner and not one.plural and not english.is_mass(one.head):
            if last.determiner and _is_free(one) and _OWNER.match(last.words):
                shared.append(_owned(one, last))  # `a person's hand or mouth`
                continue
            if last.determiner in ("a", "an"):
                determiner = english.article(one.words)
            elif english.definite(last.determiner):
                determiner = last.determiner
        shared.append(replace(one, determiner=determiner))
    return tuple(shared)


def _continues(last: Thing, first: Thing) -> bool:
    """Whether a list that stood at `last` may go on with `first`.

    Not where `last` ends in a phrase that the new thing rather goes on with: `a person in swimwear or underwear`. Like
    joins like: only where the new thing has the kind and number of that inner one, and the outer one another number.
    """
    if last.behind in ("other", "except", "apart"):
        return False  # what is left out may be several things
    if last.behind in ("with", "without") and last.shape[0] != first.shape[0]:  # `boxes with dents or scratches`
        alike = _sort(last.inner) == _sort(first.shape)
    else:
        alike = last.inner == first.shape and last.shape[1] != first.shape[1]
    return not (alike and not first.behind and not first.determiner)


def _sort(shape: str) -> str:
    """A shape in which dents, stains, ears and cracks are alike: what is seen on something."""
    return shape if shape[:1] in tuple("oafp") else f"-{shape[1:]}"


@phrase
def others(chart: Chart, place: int) -> Iterator[tuple[Said, int]]:
    """`guide dogs`, `the sponsor's`: what a noun exception leaves out, said as `other than guide dogs`."""
    for found, end in things(chart, place):
        if len(found.each) == 1 or found.joint or _several(found):
            yield Said(f"other than {listing(found.each)}", left_out=tuple(one.head for one in found.each)), end
    for determiner, start in determiners(chart, place):
        if start < len(chart) and chart.tokens[start].is_owner:
            yield Said(" ".join(filter(None, ("other than", determiner, chart.tokens[start].text)))), start + 1


def leaves_kinds(one: Thing, said: Alternatives) -> bool:
    """Whether all that is left out of a thing is a kind of it: no `mannequins except jewellery`."""
    return all(nets.is_kind_of(noun, one.head) for each in said for noun in each.left_out)


@phrase
def _units(chart: Chart, place: int, behind: str) -> Iterator[tuple[Things, int]]:
    """One thing (or several by its adjectives), or a modifier spread over the nouns of a list."""
    for determiner, start in determiners(chart, place):
        for before, noun in modifiers(chart, start):
            if not _is_noun(chart, noun) or (before != ("",) and _is_doing(chart, noun)):
                continue
            yield from _one(chart, determiner, before, noun, behind)
            if before != ("",):
                yield from _spread(chart, determiner, before, noun)


def _is_doing(chart: Chart, noun: int) -> bool:
    """`a person smoking`: no kind of smoking, but what the person does; `underage drinking` is one."""
    token = chart.tokens[noun]
    named = lexicon.kind(token.word) in "oafpbgs"
    return ING in token.tags and not named and chart.can(noun - 1, NOUN) and not chart.can(noun - 1, ADJECTIVE)


def _one(
    chart: Chart, determiner: str, before: tuple[str, ...], noun: int, behind: str
) -> Iterator[tuple[Things, int]]:
    if len(before) > 1 and _is_compound(before):
        return
    several = english.counts_several(determiner)  # `more than two red or blue cars`: of each, or of both together?
    if several and len(before) > 1:
        return
    bare = tuple(_thing(chart, determiner, words, noun) for words in before)
    yield Things(bare), noun + 1
    for said, end in predicates.behind_noun(chart, noun + 1, behind):
        if (several and len(said) > 1) or not all(leaves_kinds(one, said) for one in bare):
            continue
        if chart.at(noun, *_OF_MANY) and any(map(_is_of_one, said)):
            continue  # `a pair of knife`
        more = tuple(one.with_behind(each) for one in bare for each in said)
        yield Things(more), end


def _is_compound(before: tuple[str, ...]) -> bool:
    """`a customer's credit card, passport or bank statement`: no credit passport."""
    first, *rest = (words.split() for words in before)
    owner = first[0].endswith(("'s", "s'")) and len(first) > 2 and all(words[:2] == first[:2] for words in rest)
    return owner and ADJECTIVE not in lexicon.tags(first[1]) and NOUN in lexicon.tags(first[1])


def _is_of_one(said: Said) -> bool:
    of, *rest = said.text.split()
    return of == "of" and said.inner.endswith("s") and not {"a", "an", "the", "one"} & set(rest)


# What is one word in all but the spelling: `selfie sticks or drones` are no selfie drones.
_COMPOUNDS = {
    "qr": ("code",),
    "selfie": ("stick",),
    "glue": ("stick",),
    "zebra": ("crossing",),
    "traffic": ("light",),
    "swear": ("word",),
    "family": ("photo", "picture"),
    "hard": ("hat",),
    "text": ("overlay", "watermark", "message"),
    "police": ("officer", "car", "station", "dog"),
    "gas": ("bottle", "cylinder", "mask"),
    "drug": ("paraphernalia",),
    "email": ("address",),
    "phone": ("number",),
    "web": ("address",),
    "price": ("tag", "label"),
    "bank": ("card", "note"),
    "identity": ("card",),
    "credit": ("card",),
    "license": ("plate",),
    "licence": ("plate",),
    "number": ("plate",),
}


def _spread(chart: Chart, determiner: str, before: tuple[str, ...], noun: int) -> Iterator[tuple[Things, int]]:
    """`forged tickets or vouchers` as `forged tickets or forged vouchers`; the later nouns must stand bare."""
    if any(lexicon.lemma(chart.word(noun), verb=False) in _COMPOUNDS.get(words.casefold(), ()) for words in before):
        return
    waiting: list[tuple[tuple[int, ...], int, str]] = [((noun,), noun + 1, "")]
    while waiting:
        nouns, end, joint = waiting.pop()
        plural = chart.can(nouns[-1], PLURAL) and chart.word(nouns[-1]).endswith("s")
        if len(nouns) > 1 and not (determiner in ("a", "an") and plural):  # `a white coat or scrubs`
            each = tuple(_thing(chart, determiner, words, one) for one, words in every(nouns, before))
            yield Things(each, "or" if len(before) > 1 and joint else joint), end
            if len(before) > 1 and joint == "and":  # `old or damaged books and magazines`: any magazines?
                bare = (_thing(chart, determiner, "", one) for one in nouns[1:])
                yield Things((*(_thing(chart, determiner, words, noun) for words in before), *bare), "or"), end
        for word, after in joints(chart, end):
            if (
                len(nouns) < MOST_ITEMS
                and _is_noun(chart, after)
                and (word or not joint)
                and word in (joint, "", "or", "and")
            ):
                if joint and word != joint:
                    continue
                waiting.append(((*nouns, after), after + 1, word or joint))


def _thing(chart: Chart, determiner: str, before: str, noun: int) -> Thing:
    head = chart.tokens[noun]
    text = head.text if head.is_name or head.kind != "word" else head.word
    if determiner in ("a", "an"):  # `a historical or educational context`
        determiner = english.article(f"{before} {text}".strip())
    return Thing(determiner, f"{before} {text}".strip(), text, modified=bool(before))


def _is_noun(chart: Chart, place: int) -> bool:
    if not chart.can(place, NOUN, PLURAL) or chart.at(place, "other", *OUT_OR_IN):
        return False
    token = chart.tokens[place]
    # `red` is a colour before it is a thing; `the dead` are no head of a list in a policy
    return PLURAL in token.tags or ADJECTIVE not in token.tags or token.kind == "quote" or _rather_noun(token.word)


def _rather_noun(word: str) -> bool:
    """A word that is an adjective too: whether it can name a thing by itself."""
    return lexicon.kind(word) in "oafbgs" or lexicon.rather(word, "n", "a")
