"""What must be at every one of several: `a sign beside every exit`, said as an exit without a sign beside it.

Said of the sign, as `a sign beside an exit is not visible`, one exit that has one would be enough for all of them; so
it is said of the exits. Knows things and what is said of them, no form of a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.clauses import Groups
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.lexicon import ING, PAST
from judge.compiler.grammar.only import AT
from judge.compiler.grammar.pronouns import it_or_them
from judge.compiler.grammar.things import Alternatives, Said, Thing, Things
from judge.compiler.grammar.tokens import CLOSED, COMPOUND_PREPOSITIONS

_EACH = r"(?:every|each|all(?: of)?(?: the)?)"
_WHICH = r"(?:that|which|who|whose|with|without)\b"
_AT_EACH = re.compile(
    rf"(?P<where>.+?) (?P<of>of )?(?P<each>{_EACH}) (?P<noun>(?!{_WHICH})[\w-]+(?: (?!{_WHICH})[\w-]+)?)"
    rf"(?: (?P<which>{_WHICH}.+))?"
)
_AT_ANY_EACH = re.compile(rf"(?P<where>.+?) (?P<of>of )?{_EACH} .+")
# What says which of them, and can speak of nothing else: `that is open`, `that is in use`, `whose lid is open`, `with a
# patient in it`. A closed list: `at every door with a torch` may say who stands there.
_SAYS_WHICH = re.compile(
    r"(?:that|which|who) (?P<be>is|are|has|have) (?:(?:not |in |on |an? )?[\w-]+)"
    r"|whose [\w-]+ (?:is|are) (?:not )?[\w-]+"
    r"|(?:with|without) (?:an? )?[\w-]+(?: [\w-]+)? [\w-]+ (?P<it>it|them)"
)
_OF_EACH = re.compile(rf"\b{_EACH} (?=\w)")
_COMPOUNDS = tuple(" ".join(words) for words in COMPOUND_PREPOSITIONS)
# How people are somewhere: `guards must stand at every door` asks for some at each, `visitors must look at every
# painting` each of them for all. A closed list: what it lacks is refused.
_STAND = frozenset({"standing", "sitting", "waiting", "stationed", "posted", "placed", "seated"})


@dataclass(frozen=True)
class _Lacking:
    """One of those that must each have something, and what is said of it where it has none."""

    each: Thing
    said: Said


def lack_it(things: Things, said: Alternatives, conditions: Groups = ()) -> Draft | None:
    """`A sign must be visible beside every exit`: an exit without a sign beside it. None where nothing is said of
    every one of several, or the things do so, each of them (`visitors must look at every painting`).

    Raises:
        Impossible: it is open which things must be there for each.
    """
    parts = tuple(part for one in said for part in one.both or (one,))
    if said[0].owned or not any(_is_where(one.text) and _some_of(things, one.text) for one in parts):
        return None
    listed = len(parts) > 1 or " or " in said[0].text or any(one.behind for one in things.each)
    return _draft(things, tuple(_lacking(one, said[0].text, listed) for one in things.each), conditions)


def lack_theirs(things: Things, conditions: Groups = ()) -> Draft | None:
    """The same where it stands behind the noun: `there must be a sign beside every exit`. None where nothing does.

    Raises:
        Impossible: it is open which things must be there for each.
    """
    found = [_OF_EACH.search(one.words) if not english.definite(one.determiner) else None for one in things.each]
    if not any(found):
        return None
    if not all(found):
        raise Impossible(
            "it is open which of these must be there for each one",
            "write a rule for each, as in `Every jar must have a label`",
        )
    bare = (one.words.partition(f"{one.head} ") for one in things.each)
    each = tuple(
        _lacking(Thing(one.determiner, f"{before}{one.head}", one.head, modified=bool(before)), behind, False)
        for one, (before, _, behind) in zip(things.each, bare, strict=True)
    )
    return _draft(things, each, conditions)


def _some_of(things: Things, said: str) -> bool:
    return all(_some(one, said) for one in things.each)


def _some(one: Thing, said: str) -> bool:
    """Whether some must be there, and nothing is asked of each thing: a label, labels, guards that stand there."""
    if one.determiner in ("a", "an"):
        return True
    first = said.split()[0]
    return not one.determiner and (not one.animate or first in AT or first in _STAND)


def _is_where(said: str) -> bool:
    """`beside every exit`, `hanging in front of`, `stuck on`, `on the wall of`; not `on a leash in every park`."""
    found = _AT_ANY_EACH.fullmatch(said)
    if not found:
        return False
    words = found["where"].split()
    if words and lexicon.tags(words[0]) & {ING, PAST} and words[0] not in AT:
        words = words[1:]
    if not words:
        return True
    where = " ".join(words) + (" of" if found["of"] else "")
    return where in AT or where in _COMPOUNDS or bool(re.fullmatch(r"(?:at|on|in) (?:the|both) [\w-]+ of", where))


def _lacking(one: Thing, where: str, listed: bool) -> _Lacking | None:
    found = _AT_EACH.fullmatch(where)
    counted = english.counted(one.determiner) or one.determiner in ("some", "any")
    if not found or counted or listed:
        return None
    noun, first = found["noun"], found["where"].split()[0]
    if found["each"].startswith("all"):
        *before, last = noun.split()
        noun = " ".join((*before, lexicon.single(last)))
        if not lexicon.single(last):
            return None
    inside = f"{found['where']} of"
    part = found["of"] and not inside.endswith(_COMPOUNDS)
    head = noun.split()[-1]
    which = _says_which(found["which"] or "", head)
    if CLOSED & set(noun.split()) or which is None or not (first in AT or lexicon.tags(first) & {ING, PAST}):
        return None
    where = found["where"] if part else f"{inside if found['of'] else found['where']} {it_or_them(head)}"
    behind = which.split(" ")[0]
    each = Thing(english.article(noun), f"{noun} {which}".strip(), head, modified=" " in noun, behind=behind)
    return _Lacking(each, Said(f"without {one.text} {where}", one.head))


def _says_which(which: str, head: str) -> str | None:
    """`that is cut` of `that are cut`, for one of them; None where it may speak of something else."""
    found = _SAYS_WHICH.fullmatch(which) if which else None
    if not found:
        return None if which else ""
    if found["be"]:
        return re.sub(r" (?:are|is) ", " is ", re.sub(r" have ", " has ", which), count=1)
    return f"{which.removesuffix(found['it'])}{it_or_them(head)}" if found["it"] else which


def _draft(things: Things, found: tuple[_Lacking | None, ...], conditions: Groups) -> Draft:
    each = tuple(one for one in found if one is not None)
    if len(each) < len(found) or len({one.each for one in each}) > 1 or len(each) > 1 != (things.joint == "and"):
        raise Impossible(
            "it is open how many of these must be there for each one",
            "say it of the one that must have it, as in `Every jar must have a label`",
        )
    return Draft(((each[0].each,),), tuple(one.said for one in each), conditions=conditions)
