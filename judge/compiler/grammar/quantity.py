"""`all`, `every`, `each` and `both` within a statement: where they say of how many places, owners or things it is true.

`smoking is in all carriages` is false of a picture in which one carriage is free of smoke: that is not what forbids
smoking. So no statement says it of a place, an owner or what is touched, but one that is turned round (`salt is not on
every table`: one without it is enough). What a statement begins with is what it speaks of, and is asked as it stands
(`all doors are closed`). Knows words alone.
"""

from __future__ import annotations

import re

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.denial import Swaps
from judge.compiler.grammar.lexicon import word_set
from judge.compiler.grammar.tokens import PREPOSITIONS

_EVERY = word_set("all every each everything everywhere")
_POINTING = word_set("the of these those")
# `a bottle in each hand`: of one who has two of them.
_PAIRED = word_set("hand arm foot leg ear eye shoulder wrist ankle knee")
_TURNED = re.compile(r"\b(?:is|are|does|do) not ", re.IGNORECASE)
# A rule that is broken where something is lacking, and forbids nothing.
_DEMANDS = re.compile(
    r"(?!.*\b(?:no|not|never|nobody|none|neither|only|without|can't|don't|mustn't|forbidden|prohibited|banned)\b)"
    r".*\b(?:must|should|shall|has to|have to|needs?|(?:is|are) (?:required|mandatory|compulsory))\b",
    re.IGNORECASE,
)

_CONDITION = re.compile(r"\b(?:if|when|whenever|unless|except|only|without|while|where)\b", re.IGNORECASE)


def of_several(rule: str, statement: str) -> str:
    """The words in a statement that say that it holds of all of several, where one of them is enough to break the
    rule; empty where there are none."""
    turned = _TURNED.search(statement)
    end = turned.start() if turned and _DEMANDS.match(rule) else len(statement)
    words = statement[:end].split()
    for at, word in enumerate(words[1:], 1):
        before = words[at - 1].casefold()
        every = word.casefold() in _EVERY
        if not every and not (word.casefold() == "both" and before in PREPOSITIONS - {"with"}):
            continue
        phrase = _phrase(words[at:])
        noun = lexicon.lemma(phrase[-1].casefold(), verb=False)
        if noun in _PAIRED and len(words) > at and "with" in (one.casefold() for one in words[:at]):
            continue
        return " ".join(phrase)
    return ""


def _phrase(words: list[str]) -> list[str]:
    """`every moving train` of `every moving train are open`."""
    found = words[:1]
    for word in words[1:]:
        if word.casefold() in (PREPOSITIONS | word_set("is are that who which and or without")) - _POINTING:
            break
        if word.casefold() in PREPOSITIONS and len(found) > 1:
            break
        found.append(word.rstrip(","))
    return found


def instead_of_several(statement: str) -> str:
    """What to write in words: of what is lacking, that each must have it; `a table` would ask for less."""
    if _is_lacking(statement):
        return "say it of each one that must have it, as in `Every jar must have a label`"
    return "if one is enough, write `a` or `any` in its place, as in `No bottle may be on a table`"


def _is_lacking(statement: str) -> bool:
    return bool(re.search(r" not visible$| without ", statement, re.IGNORECASE))


def of_any(rule: str, phrase: str, statement: str) -> tuple[Swaps, ...]:
    """What to write for such words where one is enough: `a train` for `every train`, `trains` for `all trains`. Nothing
    in a rule with a condition, or about what is lacking: there both may be meant. Nor where a statement says what is
    not there: `a label on a jar` asks for less than one on every jar, as `around a hole, cones must stand` does."""
    fronted = rule.casefold().find(f" {phrase.casefold()}") == len(rule.split(" ", 1)[0])
    if _CONDITION.search(rule) or _is_lacking(statement) or (fronted and _DEMANDS.match(rule)):
        return ()
    first, *rest = phrase.split()
    while rest and rest[0].casefold() == "of":
        rest = rest[1:]
    if not rest or first.casefold() == "both":
        return ()
    words = " ".join(rest)
    return (((phrase, words if first.casefold() == "all" else f"{english.article(words)} {words}"),),)
