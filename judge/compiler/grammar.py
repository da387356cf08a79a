"""The rule grammar: a well-formed English rule to a chain of statements, without a model (docs/rule-grammar.md).

1. the exception is split off (`unless ...`, `except ...`); 2. the main sentence is matched to one of three forms
(`No A may be shown ...`, `A must not be shown ...`, `A is not allowed ...`); 3. the things, the tail (`with ...`,
`holding ...`) and the condition (`when ...`, `where ...`) each become preconditions (`phrases`).

What it cannot read it refuses with the reason: half a reading of a policy is worse than none. It knows no model,
no file and no other language; the statements it makes are for a person to read and approve.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from judge.compiler.phrases import (
    Groups,
    Reader,
    Unreadable,
    clause,
    nouns_visible,
    things,
)
from judge.constitution import Precondition
from judge.constitution.schema import REFERENCE

MOST_CHARACTERS = 600
_SHOWN = r"(?:be (?:shown|visible|depicted|seen|displayed|pictured|portrayed)|appear)"
_MAY = r"(?:may|must|can|should|shall)"
_FORMS = (
    re.compile(rf"no (?P<things>.+?) {_MAY} (?:ever )?{_SHOWN}(?P<tail> .*|)", re.IGNORECASE),
    re.compile(
        r"no (?P<things>.+?) (?:is|are) (?:ever )?(?:allowed|permitted|acceptable)(?P<tail> .*|)", re.IGNORECASE
    ),
    re.compile(
        rf"(?P<things>.+?) (?:{_MAY} (?:not|never)|cannot|can't|mustn't|shouldn't) (?:ever )?{_SHOWN}(?P<tail> .*|)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?P<things>.+?) (?:is|are) (?:(?:not|never) (?:allowed|permitted|acceptable)|forbidden|prohibited|banned)"
        r"(?P<tail> .*|)",
        re.IGNORECASE,
    ),
)
_EXCEPT = re.compile(r",? (unless|except(?: for| when| where| if| that| in| on| as)?) ", re.IGNORECASE)
_CONDITION = re.compile(r",?(?:^| )(when|whenever|where|if) ", re.IGNORECASE)
_SAME_PICTURE = re.compile(r" in the (?:same )?(?:picture|image|photo|photograph|frame)(?=$|,)", re.IGNORECASE)
_PRONOUN = re.compile(r"\b(it|they|them|he|she|him|this|these|those)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Parsed:
    """A rule's chain as the grammar reads it, and what a person should look at."""

    preconditions: tuple[Precondition, ...]
    exceptions: tuple[Precondition, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unparsed:
    """Why a rule is not well-formed, and how to write it."""

    reason: str
    hint: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.hint})"


def parse_rule(text: str) -> Parsed | Unparsed:
    """Read one rule. Never raises, whatever the text."""
    try:
        return _parsed(text)
    except Unreadable as error:
        return Unparsed(error.reason, error.hint)


def _parsed(text: str) -> Parsed:
    sentence = " ".join(text.split()).removesuffix(".").strip()
    if len(sentence) > MOST_CHARACTERS:
        raise Unreadable(f"longer than {MOST_CHARACTERS} characters", "split it into several rules")
    if re.search(r"[.;:!?](?: |$)", sentence):
        raise Unreadable("more than one sentence", "one rule is one sentence; put the others into rules of their own")
    main, exceptions, reader = *_exceptions(sentence), Reader()
    matched = _main(main)
    tail, condition = _condition(_SAME_PICTURE.sub("", matched["tail"]).strip(" ,"))
    subjects, groups = things(_SAME_PICTURE.sub("", matched["things"]).strip(" ,"), reader)
    groups += reader.tail(subjects, tail)
    groups += clause(condition, reader) if condition else []
    parsed = Parsed(_preconditions(groups), _lifted(exceptions, reader), reader.warnings_for(groups))
    _checked(sentence, parsed)
    return parsed


def _exceptions(sentence: str) -> tuple[str, tuple[str, str] | None]:
    parts = _EXCEPT.split(sentence)
    if len(parts) == 1:
        return sentence, None
    if len(parts) > 3:
        raise Unreadable("more than one exception", "join them: `unless A or B is visible`")
    main, word, rest = parts
    return main.strip(), (word.casefold(), rest.strip(" ,"))


def _main(main: str) -> re.Match[str]:
    if re.match(rf"no .* {_MAY} (?:not|never) ", main, re.IGNORECASE):
        raise Unreadable("two negations", "write `No A may be shown`, or `A must not be shown`")
    for form in _FORMS:
        matched = form.fullmatch(main)
        if matched:
            return matched
    if re.search(rf"\b{_MAY} (?:always )?{_SHOWN}", main, re.IGNORECASE):
        raise Unreadable("it says what must be shown, not what must not", "write `No A may be shown without B`")
    raise Unreadable("it is in no form this grammar knows", "begin with `No A may be shown` or `A is not allowed`")


def _condition(tail: str) -> tuple[str, str]:
    parts = _CONDITION.split(tail, maxsplit=1)
    return (tail, "") if len(parts) == 1 else (parts[0].strip(" ,"), parts[2].strip(" ,"))


def _lifted(exception: tuple[str, str] | None, reader: Reader) -> tuple[Precondition, ...]:
    """Exceptions lift the rule one by one, so alternatives become exceptions of their own."""
    if exception is None:
        return ()
    word, rest = exception
    if word in ("except in", "except on", "except as", "except that"):
        raise Unreadable(f"`{word} {rest}` can mean several things", "write `unless the picture is ...`")
    groups: Groups = nouns_visible(rest, reader) if word in ("except", "except for") else clause(rest, reader)
    if len(groups) > 1:
        raise Unreadable("an exception of two conditions that must both hold", "write it as one statement")
    return tuple(Precondition(any=(one,)) for one in groups[0])


def _preconditions(groups: Groups) -> tuple[Precondition, ...]:
    return tuple(dict.fromkeys(Precondition(any=tuple(dict.fromkeys(group))) for group in groups))


def _checked(sentence: str, parsed: Parsed) -> None:
    """Statements stand alone, and a number the rule names must not get lost."""
    statements = [one.statement for each in (*parsed.preconditions, *parsed.exceptions) for one in each.any]
    for text in statements:
        pronoun = _PRONOUN.search(text)
        if pronoun:
            hint = "name what it stands for: each statement is asked alone"
            raise Unreadable(f"`{pronoun.group()}` in `{text}` stands for something else", hint)
    lost = set(REFERENCE.findall(sentence)) - set(REFERENCE.findall(" ".join(statements)))
    if lost:
        names = ", ".join(f"{{{name}}}" for name in sorted(lost))
        raise Unreadable(f"{names} would get lost", "put it into what is said to be visible")
