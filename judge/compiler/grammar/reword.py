"""A chain said back: in plain words, and as a rule that is read as this chain and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.tokens import LACKING, PREPOSITIONS
from judge.constitution import Precondition

_VISIBLE = re.compile(r"(?P<thing>.+?) (?:is|are) visible")
# What stands behind a noun, and could be taken to speak of the nouns before it too.
_BEHIND = re.compile(rf" (?:{'|'.join(sorted(PREPOSITIONS))}|who|that|which|whose|\w+ing) ")
_BOTH = re.compile(r"(?P<who>[^,]+? (?:with|\w+ing)) (?P<two>(?!both |.*\b(?:not|without)\b)[^,]+ and [^,]+)")
_PLAIN = {"people": "a person", "animals": "an animal"}


def when_flagged(chain: Parsed) -> str:
    """`flagged when a cup is visible or a plate is visible, and ...`."""
    said = ", and ".join(_group(one) for one in chain.preconditions)
    lifted = " or ".join(_group(one) for one in chain.exceptions)
    return f"flagged when {said}" + (f", unless {lifted}" if lifted else "")


def _group(precondition: Precondition) -> str:
    texts = [one.statement for one in precondition.any]
    things = [match["thing"] for text in texts if (match := _VISIBLE.fullmatch(text))]
    if len(things) == len(texts) > 1:
        return f"{', '.join(things[:-1])} or {things[-1]} is visible" if things else ""
    return " or ".join(texts)


def as_rule(chain: Parsed) -> Iterator[str]:
    """Rules that may say this chain, the simplest first; the caller reads each and keeps one that does.

    Things are parted by articles, by `any`, or by semicolons, which leave nothing open.
    """
    first, *rest = chain.preconditions
    things = [match["thing"] for one in first.any if (match := _VISIBLE.fullmatch(one.statement))]
    if len(things) == len(first.any):
        things = [_PLAIN.get(thing, thing) for thing in things]
        if len(things) == 1 and not rest and (pair := _BOTH.fullmatch(things[0])):
            for lifted in _exceptions(chain.exceptions):
                yield f"{_upper(pair['who'])} both {pair['two']} must not be shown{lifted}."
        pair = _BOTH.fullmatch(_visible_thing(rest[0]) or "") if len(things) == len(rest) == 1 else None
        if pair and pair["who"].startswith(f"{things[0]} "):
            said = pair["who"].removeprefix(f"{things[0]} ")
            for lifted in _exceptions(chain.exceptions):
                yield f"{_upper(things[0])} must not be shown {said} both {pair['two']}{lifted}."
        if len(things) == len(rest) == 1 and (said := _said_of(things[0], rest[0])):
            yield from (
                f"{_upper(things[0])} must not be shown {said}{lifted}." for lifted in _exceptions(chain.exceptions)
            )
        for more in _conditions(rest):
            for lifted in _exceptions(chain.exceptions):
                yield from (f"{_upper(text)}{lifted}." for text in _forbidden(things, more))
    yield from (f"{_upper(text)}{lifted}." for text in _denied(chain) for lifted in _exceptions(chain.exceptions))


def as_preconditions(chain: Parsed) -> str:
    """The chain as a rule's `preconditions` and `exceptions` in YAML, each on one line."""
    lines = {"preconditions": chain.preconditions, "exceptions": chain.exceptions}
    texts = {name: [[one.statement for one in group.any] for group in each] for name, each in lines.items() if each}
    return "` and `".join(as_yaml(each, name) for name, each in texts.items())


def as_yaml(groups: list[list[str]], name: str = "preconditions") -> str:
    """`preconditions: [...]` on one line."""
    plain = [each[0] if len(each) == 1 else {"any": each} for each in groups]
    return f"{name}: {yaml.safe_dump(plain, default_flow_style=True, width=10_000, allow_unicode=True).strip()}"


def _visible_thing(group: Precondition) -> str:
    """What the one statement of a group says: `a child with a ball`, of `is visible`; `a child holding a ball`."""
    text = group.any[0].statement if len(group.any) == 1 else ""
    seen = _VISIBLE.fullmatch(text)
    return seen["thing"] if seen else re.sub(r" (?:is|are) (?=\w+ing )", " ", text)


def _said_of(thing: str, group: Precondition) -> str:
    """`without a lid or without a label`, where that is said of the one thing."""
    said = rf"{re.escape(thing)} (?:is|are) (?P<said>(?:{'|'.join(sorted(LACKING))}) .+)"
    texts = [re.fullmatch(said, one.statement) for one in group.any]
    return " or ".join(text["said"] for text in texts if text) if all(texts) else ""


def _forbidden(things: list[str], more: str) -> Iterator[str]:
    when = f" when {more}" if more else ""
    if len(things) == 1 or not any(_BEHIND.search(thing) for thing in things):
        yield f"{_or(things)} must not be shown{when}"
    if len(things) == 1:
        return
    bare = sorted(things, key=lambda thing: len(thing.split()))
    if not any(_BEHIND.search(thing) for thing in things):
        each = [thing if re.match(r"(?:an?|the|\w+ than) ", thing) else f"any {thing}" for thing in bare]
        yield f"{_or(each)} must not be shown{when}"
    front = f"when {more}, " if more else ""
    yield f"{front}the following must not be shown: {'; '.join(things)}"


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _or(parts: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _conditions(groups: list[Precondition]) -> Iterator[str]:
    """What follows `when`; `either` keeps alternatives together."""
    if not groups:
        yield ""
        return
    lines = [[one.statement for one in group.any] for group in groups]
    shared = [_shared(group) for group in groups]
    whole = [" or ".join(texts) for texts in lines]
    several = any(len(texts) > 1 for texts in lines)
    either = ["either " * (len(texts) > 1) for texts in lines]
    for said in (shared, whole) if several else (whole,):
        if len(groups) == 1 or not several:
            yield " and ".join(said)
        if several:
            yield ", and ".join(word + text for word, text in zip(either, said, strict=True))


def _shared(group: Precondition) -> str:
    """`a child is near`, `a dog is near` to `a child or a dog is near`."""
    texts = [one.statement for one in group.any]
    ends = [re.split(r" (?=is |are )", text, maxsplit=1) for text in texts]
    if all(len(end) == 2 for end in ends) and len({end[1].split(" ", 1)[1] for end in ends}) == 1:
        return f"{_or([end[0] for end in ends])} {ends[-1][1]}"
    return _or(texts)


def _exceptions(exceptions: tuple[Precondition, ...]) -> Iterator[str]:
    if not exceptions:
        yield ""
        return
    texts = [one.statement for group in exceptions for one in group.any]
    if len(texts) == 1:
        yield f", unless {texts[0]}"
    yield ". Exceptions: " + "; ".join(texts)


def _denied(chain: Parsed) -> Iterator[str]:
    """`the lid is not closed`: `The lid must be closed`."""
    if len(chain.preconditions) == 1 and len(chain.preconditions[0].any) == 1:
        match = re.fullmatch(r"(?P<thing>.+?) (?:is|are) not (?P<rest>.+)", chain.preconditions[0].any[0].statement)
        if match:
            yield f"{match['thing']} must be {match['rest'].replace('visible', 'shown')}"
