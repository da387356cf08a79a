"""What a refusal says to write: whole rules of the author's own words, each of which is read, or plain advice.

A rewording that is refused in its turn, or that lacks a word of the sentence, is not offered: followed to the letter it
would judge people by half a rule. Nor is one that says the reverse (`offers`). Where none is left, preconditions
written by hand always do. Knows no form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import yaml

from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.checks import faults, missing
from judge.compiler.grammar.denial import Swaps
from judge.compiler.grammar.offers import reverses
from judge.compiler.grammar.pictures import PICTURES
from judge.compiler.grammar.slots import pattern
from judge.compiler.grammar.turning import Way, turned
from judge.constitution import Rule

# Statements to write by hand, each as of a picture that breaks the rule: of what kind of rule, and how they look.
_DEMAND = "a rider is visible, the rider is not wearing a helmet"
_KIND = "the picture is a collage, a face is visible"
_LIMIT = "a dog on a train is visible, the dog is without a muzzle"
TEMPLATES = (_DEMAND, _KIND, _LIMIT)
BY_HAND = "write it as preconditions by hand: each says what is seen in a picture that breaks the rule, as in "
_MODAL = r"(?:must|may|should|shall|can)"
_DEMANDS = re.compile(r"\b(?:must|should|shall|has to|have to)\b(?! (?:not|never)\b)", re.IGNORECASE)
_OF_PICTURES = re.compile(
    rf"(?:no |never |do not )?(?:[\w-]+ ){{0,3}}(?:{'|'.join(sorted(PICTURES))})\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Unparsed:
    """Why a rule is not read, and how to write it.

    rewordings: whole rules, each of which is read in one way. several: rules that say it together, each of which is
    read. written: preconditions, each what one reading of the sentence asks. patterns: the sentence with something else
    in place of what stands in the way, each of which is read. blocked: the words that stand in the way. gone: words of
    the sentence that the rewordings leave out, as they say nothing more.
    """

    reason: str
    hint: str
    rewordings: tuple[str, ...] = ()
    several: tuple[tuple[str, ...], ...] = ()
    written: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    blocked: str = ""
    gone: str = ""

    @property
    def both(self) -> tuple[str, ...]:
        """The first of `several`."""
        return self.several[0] if self.several else ()

    def __str__(self) -> str:
        return f"{self.reason} ({self.hint})"


def by_hand(sentence: str) -> str:
    """How preconditions of a rule like this one look, which always work."""
    template = _KIND if _OF_PICTURES.match(sentence) else _DEMAND if _DEMANDS.search(sentence) else _LIMIT
    return f"{BY_HAND}`preconditions: [{template}]`"


def swapped(sentence: str, instead: Iterable[Swaps]) -> tuple[str, ...]:
    """The sentence with each of these put in, where all that is to be replaced stands in it."""
    return tuple(_rule(text) for swaps in instead if (text := _swap(sentence, swaps)))


def _rule(text: str) -> str:
    text = " ".join(text.split()).strip(" ,.").replace(" ,", ",")
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _swap(sentence: str, swaps: Swaps) -> str:
    for old, new in swaps:
        if old == "^":  # the beginning
            sentence = new + (sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:])
            continue
        found = re.search(rf"(?<![\w-]){re.escape(old)}(?![\w-])" if old else r"\Z", sentence, re.IGNORECASE)
        if not found:
            return ""
        sentence = sentence[: found.start()] + new + sentence[found.end() :]
    return sentence


_TURNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(rf"(.+?) (in (?:\w+ )?(?:{'|'.join(sorted(PICTURES))})) ({_MODAL} .+)", re.IGNORECASE),
        r"\2, \1 \3",
    ),
)


def kind_in_front(sentence: str) -> tuple[str, ...]:
    """The sentence with its parts in another order: the kind of picture in front."""
    found = (pattern.fullmatch(sentence) for pattern, _ in _TURNS)
    return tuple(_rule(_lower(match.expand(form))) for match, (_, form) in zip(found, _TURNS, strict=True) if match)


def _lower(text: str) -> str:
    """Sentences begin within the text no more."""
    first, _, rest = text.partition(", ")
    return f"{first}, {rest[0].lower()}{rest[1:]}" if rest and not rest[1:2].isupper() else text


_FRONT = re.compile(r"((?:when|whenever|if|where|while|in|on|at|inside|near) [^,]+, )(.+)", re.IGNORECASE)
_JOINT = re.compile(rf"(?:, and|, but|;| and| but|\.|,) (?=(?:[\w'-]+ ){{0,6}}{_MODAL}\b)", re.IGNORECASE)
_TRAILING = re.compile(r" (?:when|if|where|while|unless|except|whenever) ", re.IGNORECASE)


def halves(sentence: str) -> tuple[tuple[str, str], ...]:
    """A sentence that asks for two things, as two: `Cooks must wear a cap and may not wear rings`."""
    front = _FRONT.fullmatch(sentence)
    before, rest = (front[1], front[2]) if front else ("", sentence)
    subject = re.match(rf"(.+?) {_MODAL}\b", rest)
    found = []
    for joint in _JOINT.finditer(rest):
        first, second = rest[: joint.start()], rest[joint.end() :]
        if not re.search(rf" {_MODAL}\b", first):
            continue  # `No insects, including bees, may be shown`
        if re.match(rf"{_MODAL}\b", second) and subject and " and " not in subject[1]:
            second = f"{subject[1]} {second}"
        if not _TRAILING.search(second):  # it may speak of both
            found.append((_rule(before + first), _rule(before + second)))
    return tuple(found)


Read = Callable[[str], Parsed | Unparsed]


def advised(sentence: str, refused: Unparsed, read: Read) -> Unparsed:
    """The refusal with all that is safe to follow to the letter, and its hint with that in it."""
    found = {text: read(text) for text in refused.rewordings}
    lost = _without(sentence, refused.gone)
    kept = tuple((text,) for text in found if _says_all(lost, (text,), read) and not reverses(sentence, (text,), read))
    gone = {text: made.reason for text, made in found.items() if isinstance(made, Unparsed)}
    # one of two ways alone is no answer to which is meant
    written = tuple((one,) for one in refused.written) if kept else ()
    ways = Ways((*kept, *written), max(len(found), 1 + bool(refused.hint and not refused.blocked)), gone=refused.gone)
    if not refused.written and (not kept or refused.hint):
        ways = max((ways, *_other_ways(sentence, refused, read)), key=lambda one: (len(one.ways), len(one.examples)))
    if ways.ways:
        gone = gone if kept and ways.ways[: len(kept)] == kept else {}
        return _offered(sentence, refused, ways, gone)
    return _told(sentence, refused, ways, gone, read)


@dataclass(frozen=True)
class Ways:
    """How a sentence can be written, of how many meanings; examples; and which of its words are left out."""

    ways: tuple[Way, ...]
    meanings: int
    examples: tuple[str, ...] = ()
    gone: str = ""


def _other_ways(sentence: str, refused: Unparsed, read: Read) -> Iterator[Ways]:
    """Ways in other words, or as two rules; the first that are read."""
    for found in turned(sentence, refused.reason):
        lost = _without(sentence, found.gone)
        meanings = tuple(filter(None, map(_rules, found.meanings)))
        safe = ((way for way in each if not reverses(sentence, way, read)) for each in meanings)
        ways = [next((way for way in each if _says_all(lost, way, read)), ()) for each in safe]
        examples = tuple(_rule(one) for one in found.examples if isinstance(read(_rule(one)), Parsed))
        if any(ways) or examples:
            yield Ways(tuple(dict.fromkeys(filter(None, ways))), len(ways), examples, found.gone)
            return
    said = (pair for pair in halves(sentence) if _says_all(sentence, pair, read))
    pair = next((pair for pair in said if not reverses(sentence, pair, read)), None)
    if pair:
        yield Ways((pair,), 1)


def _rules(meaning: tuple[Way, ...]) -> tuple[Way, ...]:
    return tuple(way if way[0].startswith(_WRITTEN) else tuple(map(_rule, way)) for way in meaning)


def _without(sentence: str, gone: str) -> str:
    for word in gone.split():
        sentence = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", "", sentence, count=1, flags=re.IGNORECASE)
    return sentence


def _says_all(sentence: str, way: Way, read: Read) -> bool:
    if way[0].startswith(_WRITTEN):
        try:
            rule = Rule.model_validate({"id": "a", "rule": sentence, **yaml.safe_load(way[0])})
        except ValueError:  # two statements alike, too many
            return False
        return not any(fault.refuses for fault in faults(sentence, rule.preconditions, ()))
    return all(isinstance(read(text), Parsed) for text in way) and not missing(sentence, " ".join(way))


_IN_ITS_PLACE = "say what is visible in its place"
_WRITTEN = "preconditions: "
_COUNTED = {2: "two", 3: "three", 4: "four"}


def _offered(sentence: str, refused: Unparsed, ways: Ways, gone: dict[str, str]) -> Unparsed:
    """The refusal with whole rules to write."""
    said = [
        f"`{way[0]}`" if len(way) == 1 else f"{' and '.join(f'`{one}`' for one in way)} as {_COUNTED[len(way)]} rules"
        for way in ways.ways
    ]
    parts = ["did you mean " + ", or ".join(said)]
    parts += [f"with a number of your own, as in `{one}`" for one in ways.examples]
    parts += [refused.hint] if refused.hint and not refused.blocked and len(ways.ways) < ways.meanings else []
    parts += [f"`{text}` is not read: {reason}" for text, reason in gone.items()]
    if gone or len(ways.ways) < ways.meanings:
        parts += [f"if you mean that, {by_hand(sentence)}" if gone else f"if another is meant, {by_hand(sentence)}"]
    return replace(
        refused,
        hint="; ".join(parts),
        rewordings=tuple(way[0] for way in ways.ways if len(way) == 1 and not way[0].startswith(_WRITTEN)),
        written=tuple(way[0] for way in ways.ways if way[0].startswith(_WRITTEN)),
        several=tuple(way for way in ways.ways if len(way) > 1),
        patterns=ways.examples,
        gone=ways.gone,
    )


def _told(sentence: str, refused: Unparsed, ways: Ways, gone: dict[str, str], read: Read) -> Unparsed:
    """The refusal with what to change in words, and the sentence itself as a pattern for it."""
    parts = [f"write {' or '.join(f'`{one}`' for one in refused.written)}"] if refused.written else []
    shown = pattern(sentence, refused.blocked, read) if refused.blocked and not ways.examples else None
    hint = refused.hint.partition(", as in ")[0] if shown else refused.hint
    if shown and hint.startswith(_IN_ITS_PLACE):
        hint = hint.removeprefix(_IN_ITS_PLACE).partition("; ")[2]
    parts += [hint] if hint and not (shown and hint.startswith("say what is visible in")) else []
    parts += [str(shown)] if shown else []
    parts += [f"with a number of your own, as in `{one}`" for one in ways.examples]
    parts += [f"`{text}` is not read: {reason}" for text, reason in gone.items()]
    if not refused.written:
        parts += [f"or {by_hand(sentence)}" if parts else by_hand(sentence)]
    patterns = (*ways.examples, *((shown.text,) if shown else ()))
    return replace(refused, hint="; ".join(parts), rewordings=(), patterns=patterns, gone=refused.blocked)
