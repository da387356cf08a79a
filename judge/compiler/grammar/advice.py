"""What a refusal says to write: whole rules of the author's own words, each of which is read, or plain advice.

A rewording that is refused in its turn, or that lacks a word of the sentence, is not offered: followed to the letter it
would judge people by half a rule. Where none is left, preconditions written by hand always do. Knows no form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.checks import missing
from judge.compiler.grammar.denial import Swaps
from judge.compiler.grammar.pictures import PICTURES

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
    """Why a rule is not read, and how to write it. rewordings: whole rules, each of which is read in one way. both: two
    rules that say it together, each of which is read."""

    reason: str
    hint: str
    rewordings: tuple[str, ...] = ()
    both: tuple[str, ...] = ()

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
    text = " ".join(text.split()).strip(" ,.")
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


def turned(sentence: str) -> tuple[str, ...]:
    """The sentence with its parts in another order: the kind of picture in front."""
    found = (pattern.fullmatch(sentence) for pattern, _ in _TURNS)
    return tuple(_rule(_lower(match.expand(form))) for match, (_, form) in zip(found, _TURNS, strict=True) if match)


def _lower(text: str) -> str:
    """Sentences begin within the text no more."""
    first, _, rest = text.partition(", ")
    return f"{first}, {rest[0].lower()}{rest[1:]}" if rest and not rest[1:2].isupper() else text


_FRONT = re.compile(r"((?:when|whenever|if|where|while|in|on|at|inside|near) [^,]+, )(.+)", re.IGNORECASE)
_JOINT = re.compile(rf"(?:, and|, but|;| and| but|\.) (?=(?:[\w'-]+ ){{0,6}}{_MODAL}\b)", re.IGNORECASE)
_TRAILING = re.compile(r" (?:when|if|where|while|unless|except|whenever) ", re.IGNORECASE)


def halves(sentence: str) -> tuple[tuple[str, str], ...]:
    """A sentence that asks for two things, as two: `Cooks must wear a cap and may not wear rings`."""
    front = _FRONT.fullmatch(sentence)
    before, rest = (front[1], front[2]) if front else ("", sentence)
    subject = re.match(rf"(.+?) {_MODAL}\b", rest)
    found = []
    for joint in _JOINT.finditer(rest):
        first, second = rest[: joint.start()], rest[joint.end() :]
        if re.match(rf"{_MODAL}\b", second) and subject and " and " not in subject[1]:
            second = f"{subject[1]} {second}"
        if not _TRAILING.search(second):  # it may speak of both
            found.append((_rule(before + first), _rule(before + second)))
    return tuple(found)


def advised(sentence: str, refused: Unparsed, read: Callable[[str], Parsed | Unparsed]) -> Unparsed:
    """The refusal with those of its rewordings that are safe to follow, and its hint with them in it."""
    found = {text: read(text) for text in refused.rewordings}
    kept = tuple(text for text, made in found.items() if isinstance(made, Parsed) and not missing(sentence, text))
    pairs = () if kept else halves(sentence)
    both = next((pair for pair in pairs if _says_all(sentence, pair, read)), ())
    parts = ["did you mean " + " or ".join(f"`{text}`" for text in kept)] if kept else []
    parts += [f"it asks for two things, so write two rules: `{both[0]}` and `{both[1]}`"] if both else []
    parts += [refused.hint] if refused.hint and not both else []
    gone = {text: made.reason for text, made in found.items() if isinstance(made, Unparsed)}
    parts += [f"`{text}` is not read: {reason}" for text, reason in gone.items()]
    if gone or not (kept or both):
        parts += [f"{'if you mean that, ' if kept else 'or '}{by_hand(sentence)}" if parts else by_hand(sentence)]
    return replace(refused, hint="; ".join(parts), rewordings=kept, both=both)


def _says_all(sentence: str, pair: tuple[str, str], read: Callable[[str], Parsed | Unparsed]) -> bool:
    return all(isinstance(read(text), Parsed) for text in pair) and not missing(sentence, " ".join(pair))
