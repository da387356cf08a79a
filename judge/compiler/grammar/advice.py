"""What a refusal says to write: whole rules of the author's own words, each of which is read, or plain advice.

A rewording that is refused in its turn, or that lacks a word of the sentence, is not offered: followed to the letter it
would judge people by half a rule. Nor is one that says more than the sentence, or the reverse (`offers`). Where none is
left, preconditions written by hand always do. Knows no form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import yaml

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.chains import Meant, Parsed
from judge.compiler.grammar.checks import faults, missing, new_words
from judge.compiler.grammar.denial import Swaps
from judge.compiler.grammar.kept import keeps
from judge.compiler.grammar.offers import demands, reverses, turns_round
from judge.compiler.grammar.pictures import PICTURES
from judge.compiler.grammar.plausible import plausible
from judge.compiler.grammar.reword import as_preconditions
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

    choices: what it may mean, each with what to write for it. rewordings: whole rules, each of which is read in one
    way; several: rules that say it together; both are those of the choices, once it was `advised`. examples: rules with
    a number of our own in them. blocked: the words that stand in the way. gone: words of the sentence that the
    rewordings leave out, as they say nothing more.
    """

    reason: str
    hint: str
    rewordings: tuple[str, ...] = ()
    several: tuple[tuple[str, ...], ...] = ()
    choices: tuple[Meant, ...] = ()
    examples: tuple[str, ...] = ()
    blocked: str = ""
    gone: str = ""

    @property
    def written(self) -> tuple[str, ...]:
        """The choices that no rule says, as preconditions."""
        return tuple(as_preconditions(one.chains[0]) for one in self.choices if not one.rules)

    @property
    def both(self) -> tuple[str, ...]:
        """The first of `several`."""
        return self.several[0] if self.several else ()

    def __str__(self) -> str:
        return f"{self.reason} ({self.hint})"


def by_hand(sentence: str) -> str:
    """How preconditions of a rule like this one look, which always work."""
    return f"{BY_HAND}`preconditions: [{broken_by(sentence)}]`"


def broken_by(sentence: str) -> str:
    """Statements of a picture that breaks a rule of this kind."""
    return _KIND if _OF_PICTURES.match(sentence) else _DEMAND if _DEMANDS.search(sentence) else _LIMIT


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
_FORBIDDING = re.compile(r"`[^`]*\b(?:must not be shown|are prohibited|may be shown)\b[^`]*`")


def _is_the_lesser(reason: str, offered: list[str], safe: list[str]) -> bool:
    """Whether what is left of several meanings is the one that is less likely meant, and would be the only one: one
    where all may be meant, or another thing than the rule speaks of first."""
    if not safe or len(safe) == len(offered):
        return False
    return "or one is enough" in reason or ("stands for" in reason and offered[0] not in safe)


def advised(sentence: str, refused: Unparsed, read: Read) -> Unparsed:
    """The refusal with all that is safe to follow to the letter, and its hint with that in it."""
    if demands(sentence) and _FORBIDDING.search(refused.hint):
        refused = replace(refused, hint="")  # its example is a ban: followed, what must be there would be forbidden
    if refused.choices:  # its readings: all of them stay, in preconditions where no rule is safe to write
        lost = _without(sentence, refused.gone)
        safe = (one if _safe(sentence, lost, one.rules, read) else replace(one, rules=()) for one in refused.choices)
        kept = tuple(safe)
        return _offered(sentence, refused, Ways(kept, len(kept)), {})
    found = {text: read(text) for text in refused.rewordings}
    slip = refused.gone and not all(map(lexicon.known, refused.gone.casefold().split()))
    lost = f"{_without(sentence, refused.gone)} {lexicon.nearest(refused.gone.casefold()) if slip else ''}"
    gone = {text: made.reason for text, made in found.items() if isinstance(made, Unparsed)}
    safe_ones = [text for text in found if _safe(sentence, lost, (text,), read)]
    if _is_the_lesser(refused.reason, list(found), safe_ones):
        safe_ones, found = [], {}
    choices = _choices(((text,) for text in safe_ones), read)
    ways = Ways(choices, max(len(found), 1 + bool(refused.hint and not refused.blocked)), gone=refused.gone)
    if not choices or refused.hint:
        ways = max((ways, *_other_ways(sentence, refused, read)), key=lambda one: (len(one.choices), len(one.examples)))
    if ways.choices:
        return _offered(sentence, refused, ways, gone if ways.choices == choices else {})
    return _told(sentence, refused, ways, gone)


@dataclass(frozen=True)
class Ways:
    """How a sentence can be written, of how many meanings; examples; and which of its words are left out."""

    choices: tuple[Meant, ...]
    meanings: int
    examples: tuple[str, ...] = ()
    gone: str = ""


def _other_ways(sentence: str, refused: Unparsed, read: Read) -> Iterator[Ways]:
    """Ways in other words, or as two rules; the first that are read."""
    for found in turned(sentence, refused.reason):
        lost = _without(sentence, found.gone)
        meanings = tuple(filter(None, map(_rules, found.meanings)))
        ways = [next((way for way in each if _safe(sentence, lost, way, read)), ()) for each in meanings]
        if len(meanings) == len(found.beside) and not all(ways) and any(found.beside):
            ways = [way for way, beside in zip(ways, found.beside, strict=True) if not beside]
        examples = tuple(_rule(one) for one in found.examples if isinstance(read(_rule(one)), Parsed))
        if any(ways) or examples:
            yield Ways(_choices(ways, read), len(ways), examples, found.gone)
            return
    pair = next((pair for pair in halves(sentence) if _safe(sentence, sentence, pair, read)), None)
    if pair:
        yield Ways(_choices((pair,), read), 1)


def _rules(meaning: tuple[Way, ...]) -> tuple[Way, ...]:
    return tuple(way if way[0].startswith(_WRITTEN) else tuple(map(_rule, way)) for way in meaning)


def _without(sentence: str, gone: str) -> str:
    for word in gone.split():
        sentence = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", "", sentence, count=1, flags=re.IGNORECASE)
    return sentence


def _safe(sentence: str, lost: str, way: Way, read: Read) -> bool:
    """Whether a way is read, says all that the sentence says, nothing more, and not the reverse. lost: the sentence
    without the words that say nothing more."""
    if not way:
        return False
    if way[0].startswith(_WRITTEN):
        rule = _as_written(way[0], sentence)
        if rule is None or any(one.refuses for one in faults(lost, rule.preconditions, ())):
            return False
        by_hand_made = (Parsed(rule.preconditions),)
        turned_round = turns_round(sentence, by_hand_made)
        return not turned_round and keeps(sentence, by_hand_made) and plausible(sentence, by_hand_made)
    chains = [made for text in way if isinstance(made := read(text), Parsed)]
    statements = tuple(one.statement for made in chains for each in made.conditions for one in each.any)
    whole = len(chains) == len(way) and not missing(lost, " ".join(way))
    added = any(new_words(f"{sentence} {lost} {_PUT_IN}", statements))
    meant = keeps(sentence, tuple(chains)) and plausible(sentence, chains)
    return whole and not added and not reverses(sentence, way, read) and meant


def _as_written(preconditions: str, sentence: str = "Anything.") -> Rule | None:
    try:
        return Rule.model_validate({"id": "a", "rule": sentence, **yaml.safe_load(preconditions)})
    except ValueError:  # two statements alike, too many
        return None


def _choices(ways: Iterable[Way], read: Read) -> tuple[Meant, ...]:
    """Ways that are safe, with what they come to."""
    found: list[Meant] = []
    for way in dict.fromkeys(filter(None, ways)):
        if way[0].startswith(_WRITTEN):
            rule = _as_written(way[0])
            found += [Meant((Parsed(rule.preconditions),))] if rule else []
        else:
            found.append(Meant(tuple(made for text in way if isinstance(made := read(text), Parsed)), way))
    return tuple(found)


_WRITTEN = "preconditions: "
_PUT_IN = "wear member piece pair"  # what `goggles are required` says of people, `all staff` of one of them
_COUNTED = {2: "two", 3: "three", 4: "four"}


def _offered(sentence: str, refused: Unparsed, ways: Ways, gone: dict[str, str]) -> Unparsed:
    """The refusal with what to write for each thing that the sentence may mean."""
    written = [one for one in ways.choices if not one.rules]
    said = [_in_words(one) for one in ways.choices]
    parts = [("write " if len(written) == len(said) else "did you mean ") + ", or ".join(said)]
    parts += [f"with a number of your own, as in `{one}`" for one in ways.examples]
    parts += [refused.hint] if refused.hint and not refused.blocked and len(ways.choices) < ways.meanings else []
    parts += [f"`{text}` is not read: {reason}" for text, reason in gone.items()]
    if gone or len(ways.choices) < ways.meanings:
        parts += [f"if you mean that, {by_hand(sentence)}" if gone else f"if another is meant, {by_hand(sentence)}"]
    return replace(
        refused,
        hint="; ".join(parts),
        rewordings=tuple(one.rules[0] for one in ways.choices if len(one.rules) == 1),
        several=tuple(one.rules for one in ways.choices if len(one.rules) > 1),
        choices=ways.choices,
        examples=ways.examples,
        gone=ways.gone,
    )


def _in_words(one: Meant) -> str:
    if not one.rules:
        return f"`{as_preconditions(one.chains[0])}`"
    rules = " and ".join(f"`{text}`" for text in one.rules)
    return rules if len(one.rules) == 1 else f"{rules} as {_COUNTED[len(one.rules)]} rules"


def _told(sentence: str, refused: Unparsed, ways: Ways, gone: dict[str, str]) -> Unparsed:
    """The refusal with what to change in words."""
    parts = [refused.hint] if refused.hint else []
    parts += [f"say what is visible in place of `{refused.blocked}`"] if refused.blocked and not parts else []
    parts += [f"with a number of your own, as in `{one}`" for one in ways.examples]
    parts += [f"`{text}` is not read: {reason}" for text, reason in gone.items()]
    parts += [f"or {by_hand(sentence)}" if parts else by_hand(sentence)]
    return replace(refused, hint="; ".join(parts), rewordings=(), examples=ways.examples, gone="")
