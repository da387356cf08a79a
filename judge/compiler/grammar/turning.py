"""Puts the turns to use: how else a refused sentence can be written, for whoever reads it to be sure. Reads no rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from judge.compiler.grammar import english, lexicon, nets
from judge.compiler.grammar.lexicon import word_set
from judge.compiler.grammar.reword import as_yaml
from judge.compiler.grammar.tokens import NUMBERS, PREPOSITIONS
from judge.compiler.grammar.turns import TURNS
from judge.compiler.grammar.turns.words import WORDS

MOST_CHARACTERS = 240  # longer ones are looked at too long, and fit no turn
# Rules that say together what a sentence says; most often one.
Way = tuple[str, ...]
_DONE = {"worn": "wear", "carried": "carry", "used": "use", "held": "hold"}
_OPPOSITE = {"with": "without", "without": "with"}
_ON_THE_BODY = word_set("protection goggles mask glasses visor badge harness equipment gear hairnet lanyard apron tag")


@dataclass(frozen=True)
class Turned:
    """What a sentence can mean, each as ways to write it, the plainest first; examples: the same with a number put in.
    gone: words of the sentence that none of them needs. beside: which of the meanings are offered only beside the one
    before: alone, they would ask for less than is most likely meant."""

    meanings: tuple[tuple[Way, ...], ...]
    examples: tuple[str, ...]
    gone: str
    beside: tuple[bool, ...] = ()


@cache
def _pattern(text: str) -> re.Pattern[str]:
    while "$" in text:
        text = re.sub(r"\$([A-Z]+)", lambda found: WORDS[found[1]], text)
    return re.compile(text, re.IGNORECASE)


def turned(sentence: str, reason: str) -> Iterator[Turned]:
    """For each turn that fits a sentence refused for a reason, how to write it."""
    if len(sentence) > MOST_CHARACTERS:
        return
    if not sentence[1:2].isupper():
        sentence = f"{sentence[:1].lower()}{sentence[1:]}"
    for text, meanings, *why in TURNS:
        if why and not re.search(why[0], reason):
            continue
        found = _pattern(text).fullmatch(sentence)
        if found:
            gone = " ".join(value for name, value in found.groupdict().items() if name.startswith("gone") and value)
            plain = [meaning for meaning in meanings if not meaning.startswith("*")]
            said = tuple(_ways(found, meaning.removeprefix("+")) for meaning in plain)
            beside = tuple(meaning.startswith("+") for meaning in plain)
            examples = [_ways(found, meaning[1:]) for meaning in meanings if meaning.startswith("*")]
            yield Turned(said, tuple(way[0] for each in examples for way in each), gone, beside)


def _ways(found: re.Match[str], meaning: str) -> tuple[Way, ...]:
    each = (tuple(_filled(found, rule) for rule in way.split(" // ")) for way in meaning.split(" || "))
    return tuple(way for way in (tuple(map(_written, way)) for way in each if all(way)) if all(way))


def _written(rule: str) -> str:
    """Preconditions as they are written in YAML; a rule as it is."""
    if not rule.startswith("= "):
        return rule
    if " or " in rule or "," in rule or re.search(r" and .*visible", rule):
        return ""  # of several, each would be a statement of its own
    return as_yaml([[one.strip() for one in group.split("|")] for group in rule[2:].split(";")])


def _filled(found: re.Match[str], rule: str) -> str:
    """A rule with the words of the sentence in it; empty where they do not fit."""
    groups = {name: _plain(value or "") for name, value in found.groupdict().items()}
    parts = [_put(groups, *each) for each in _HOLE.findall(rule)]
    if None in parts:
        return ""
    rest = iter(parts)
    text = _HOLE.sub(lambda _: next(rest) or "", rule)
    return re.sub(r"\ban? (?=(\w+))", lambda each: f"{english.article(each[1])} ", text)


_HOLE = re.compile(r"<(?P<with>\w*?)(?P<mark>[~!=@#%^?&|/:+-]?)(?P<name>\w+)>")


def _plain(value: str) -> str:
    """Without the capital of a sentence that begins here."""
    first = re.match(r"[A-Z][a-z]+\b", value)
    return value[0].lower() + value[1:] if first and lexicon.known(first.group().lower()) else value


def _put(groups: dict[str, str], other: str, mark: str, name: str) -> str | None:
    value = groups[name] if mark else groups[other + name]
    head = value.split()[-1].casefold() if value.split() else ""
    if mark == "/":
        return groups[other] or value
    if mark in ("&", "|"):
        kind = nets.is_kind_of(_head(value), _head(groups["s"]))
        return None if kind != (mark == "&") else value if kind else f"{value} {_be(value)}"
    if mark == "=" and other and groups[other] not in ("one", "1"):
        return value
    if mark == "~":
        several = " or " in value or lexicon.PLURAL in lexicon.tags(head) or english.is_mass(head)
        said = value.split()[:1] and value.split()[0] in {"a", "an", "the"} | NUMBERS
        return None if not value else value if several or said else f"{english.article(value)} {value}"
    if mark == "?":
        return {"a": "animals", "p": "people", "f": "food"}.get(lexicon.kind(head), "objects")
    if mark == "=":
        return f"{value[: len(value) - len(head)]}{lexicon.lemma(head, verb=False)}"
    if mark == "@":
        return f"{value} {_be(value)}"
    if mark in ("+", "-"):
        return value if _is_worn(head) == (mark == "+") else None
    if mark == ":":
        return lexicon.lemma(head, verb=True)
    if mark in ("%", "^"):
        base = lexicon.lemma(head, verb=True)
        return english.ing(base) if mark == "^" else participle(base)
    return {"!": _DONE, "#": _OPPOSITE}[mark].get(head) if mark else value


def _be(value: str) -> str:
    """What follows things: by the noun before whatever stands behind it."""
    return "are" if english.is_plural(_head(value)) or " and " in value else "is"


def _head(value: str) -> str:
    """The noun before whatever stands behind it: `logo` of `the maker's logo on the product`."""
    words = value.casefold().split()
    for before, word in pairwise(words):
        done = {lexicon.ING, lexicon.PAST} & lexicon.tags(word) and lexicon.PLURAL in lexicon.tags(before)
        if done or word in PREPOSITIONS or word in ("that", "who", "which", "whose"):
            return before
    return words[-1]


def _is_worn(head: str) -> bool:
    return bool(_ON_THE_BODY & {head, lexicon.lemma(head, verb=False)}) or nets.is_kind_of(head, "clothing")


_IRREGULAR = {
    "hold": "held",
    "wear": "worn",
    "ride": "ridden",
    "drive": "driven",
    "tie": "tied",
    "take": "taken",
    "put": "put",
    "shut": "shut",
    "hide": "hidden",
    "cut": "cut",
}


def participle(verb: str) -> str | None:
    """`fastened` of `fasten`, as the lexicon knows it; None where it does not."""
    tries = (
        _IRREGULAR.get(verb, ""),
        f"{verb}d" if verb.endswith("e") else f"{verb}ed",
        f"{verb[:-1]}ied",
        f"{verb}{verb[-1:]}ed",
    )
    fits = (one for one in tries if lexicon.PAST in lexicon.tags(one) and lexicon.lemma(one, verb=True) == verb)
    return next(fits, None)
