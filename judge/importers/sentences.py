"""A passage of a policy to its sentences, each with the line it stands on. Knows words, no markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_ENDS = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\betc)(?<!\bvs)(?<=[.!?])[\"')\]]?\s+(?=[\"'(\[]?[^\W\d_a-z])")
# "3.1 Weapons", "(a) no weapons", "IV. Weapons"; and not "3.5 mm needles"
_CLAUSE = re.compile(
    r"(?:§+\s*\d+[\w.]*|\d+(?:\.\d+)*[.)]?|[IVXLC]+\.)\s+(?=[\"'(]?[^\W\d_a-z])|\((?:\d+|[a-z]|[ivx]+)\)\s+|[a-z]\)\s+"
)
_NEW_CLAUSE = re.compile(rf"\n(?={_CLAUSE.pattern})")
_OWN_RULE = re.compile(r"(?:no|nobody|never|neither|do not|don't)\b", re.IGNORECASE)
_EXCEPTION = re.compile(
    r"(?:exceptions?|except|unless)\b[\s:,]*(?:(?:when|if|where|that|for)\b[\s:,]*)?", re.IGNORECASE
)
_ONLY = re.compile(r"only (?=(?:if|when|where|while|in|inside|on|at|with|for|by|as|under)\b)", re.IGNORECASE)
# `it is on a plate`, `the label is covered`: of each thing that the rule speaks of, which its own sentence alone tells.
_POINTS = re.compile(r"\b(?:it|its|they|them|their|this|that|these|those|the)\b", re.IGNORECASE)
_GRANTED = re.compile(
    r"exceptions?\b[^.]{0,60}?\b(?:granted|approved|requested|reviewed|documented|decided|logged)\b", re.IGNORECASE
)
_NOT_APPLYING = re.compile(
    r"(?:this|it|the rule|this rule) (?:does not|doesn't) apply (?:to|when|if|where)\b[\s:,]*", re.IGNORECASE
)
_VERB = re.compile(r"\b(?:is|are|has|have|was|were|can|does|do|shows?|wears?|holds?|appears?)\b", re.IGNORECASE)
_MODAL = re.compile(r"\b(?:must|may|shall|should|needs?)\b", re.IGNORECASE)
_PERMITS = re.compile(
    r"\b(?:(?:is|are) (?:\w+ )?(?:allowed|permitted|acceptable|fine|exempt|exempted|okay|ok)"
    r"|may (?:\w+ )?be (?:shown|posted|shared|visible))\b",
    re.IGNORECASE,
)
_FORBIDS = re.compile(
    r"\b(?:no|nobody|never|neither|(?:must|may|shall|should|can|do|is|are) not|cannot|can't|don't|prohibit\w*|forbid\w*"
    r"|banned|bans|disallow\w*|unacceptable)\b",
    re.IGNORECASE,
)


class Sentence(NamedTuple):
    """A sentence, and the 1-based line that it begins on."""

    text: str
    line: int


class Exempt(NamedTuple):
    """What lifts a rule: a clause that can hold of a picture, or what can only stand in the rule's own sentence
    (`clause` False), with the words that join it there."""

    text: str
    clause: bool
    joint: str = ", except"


def sentences(text: str, line: int) -> Iterator[Sentence]:
    """The sentences of a passage that begins on `line` and keeps its line breaks, without the numbers of clauses."""
    for start, passage in _parts(text, _NEW_CLAUSE):
        number = _CLAUSE.match(passage)
        cut = number.end() if number else 0
        for place, sentence in _parts(passage[cut:], _ENDS):
            begun = line + text.count("\n", 0, start + cut + place)
            yield from (Sentence(" ".join(one.split()), begun) for one in _own_rules(sentence) if one.strip())


def forbids(text: str) -> bool:
    """Whether words in it forbid something, whatever else it says."""
    return _FORBIDS.search(text) is not None


def exempt(text: str) -> Exempt | None:
    """What a sentence says that lifts the rule before it; None where it says something else.

    "Unless a guard is visible, no gun may be shown" is a rule, though it begins like an exception.
    """
    if who_grants(text):
        return None
    only = _ONLY.match(text)
    found = only or _EXCEPTION.match(text) or _NOT_APPLYING.match(text)
    if found is None:
        return None
    said = text[found.end() :].strip().rstrip(".;,")
    rest = said if only else said.partition(",")[2]
    if forbids(rest) or _MODAL.search(rest):
        return None
    if only:
        return Exempt(said, clause=False, joint=" only")
    clause = _VERB.search(said) is not None and _VERB.match(said) is None
    if clause and _POINTS.search(said):
        return Exempt(said, clause=False, joint=", unless")
    return Exempt(said, clause=clause)


def permitted(text: str) -> Exempt | None:
    """What takes something back that the rule before it may forbid (`Toys are allowed.`), to be said in one breath with
    it; None where it says something else, such as what alone is allowed."""
    if not _PERMITS.search(text) or forbids(text) or re.search(r"\bonly\b", text, re.IGNORECASE):
        return None
    return Exempt(text.rstrip(" ."), clause=False, joint=".")


def who_grants(text: str) -> bool:
    """Whether it says who may lift rules, and not what does."""
    return _GRANTED.match(text) is not None


def pieces(cell: str) -> list[str]:
    """The exceptions in one cell of a table: parted by semicolons or lines."""
    return [" ".join(one.split()) for one in re.split(r"[;\n\v]", cell) if one.strip()]


def without_number(text: str) -> str:
    """A heading or an item without the number of its clause."""
    return _CLAUSE.sub("", text, count=1) if _CLAUSE.match(text) else text


def _own_rules(sentence: str) -> list[str]:
    """`No guns; no knives` is two rules: each part forbids by itself."""
    parts = sentence.split(";")
    return parts if all(_OWN_RULE.match(part.strip()) for part in parts) else [sentence]


def _parts(text: str, between: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """What lies between matches, with the place where it begins."""
    start = 0
    for found in between.finditer(text):
        yield start, text[start : found.start()] + found.group().rstrip()
        start = found.end()
    yield start, text[start:]
