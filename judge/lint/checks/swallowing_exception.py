"""`swallowing-exception`: exceptions that hold whenever the chain does, so that nothing is ever a violation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from judge.chain import Chain, Outcome, resolve
from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject
from judge.lint.words import words

_ARTICLE = re.compile(r"\b(?:an?|the) ")
_SEEN = re.compile(r"(?P<thing>.+) (?:is|are) visible$")
_NOT_THERE = re.compile(r"(?:not (?:visible|shown|seen|there|in view|in the picture)|absent|missing)\b")


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        chain = _bare(at.chain, frozenset(words("verbs")) if at.rule.exceptions else frozenset())
        alone = [
            number
            for number, group in enumerate(chain.exceptions)
            if chain.preconditions and not _can_be_violated(Chain(chain.preconditions, (group,)))
        ]
        for number in alone:
            asked = {text for group in chain.preconditions for text in group}
            which = next(place for place, one in enumerate(chain.exceptions[number]) if one in asked)
            text = at.chain.exceptions[number][which]
            yield Hit(
                subject.span(subject.alternative(at, "exceptions", number, which), text),
                f"`{text}` holds whenever the preconditions do, so the rule can never be violated",
                "an exception must be something that a violating picture may lack",
            )
        if not alone and chain.preconditions and chain.exceptions and not _can_be_violated(chain):
            yield Hit(
                subject.key_span((*at.path, "exceptions")),
                "one of these exceptions holds whenever the preconditions do, so the rule can never be violated",
                "every alternative of a precondition is excepted: leave one of them out",
            )


def _bare(chain: Chain, verbs: frozenset[str]) -> Chain:
    """The chain without articles, with what each of its preconditions shows beside it: where a cat sleeps, a cat is
    visible. Only what an exception names is added."""
    exceptions = tuple(tuple(_ARTICLE.sub("", text) for text in group) for group in chain.exceptions)
    lifting = {text: found["thing"] for group in exceptions for text in group if (found := _SEEN.match(text))}
    groups = []
    for group in chain.preconditions:
        plain = tuple(_ARTICLE.sub("", text) for text in group)
        groups.append(plain)
        groups += [(text,) for text, thing in lifting.items() if all(_shows(one, thing, verbs) for one in plain)]
    return Chain(tuple(groups), exceptions)


def _shows(statement: str, thing: str, verbs: frozenset[str]) -> bool:
    """Whether a statement says something of a thing that must be there for it."""
    rest = statement.removeprefix(f"{thing} ")
    return rest != statement and rest.split()[0] in verbs and _NOT_THERE.search(rest) is None


def _can_be_violated(chain: Chain) -> bool:
    """Whether all preconditions can hold while every exception fails."""
    outcomes = dict.fromkeys(chain.statements, Outcome.HOLDS)
    outcomes.update({text: Outcome.FAILS for group in chain.exceptions for text in group})
    return resolve(chain, outcomes) is Outcome.HOLDS


SWALLOWING_EXCEPTION = Check(
    "swallowing-exception",
    Severity.ERROR,
    "The exceptions hold whenever the chain does, so no picture can violate the rule.",
    _find,
)
