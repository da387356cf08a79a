"""Whether an offer says the reverse of its sentence: what it leaves out forbidden, what it demands there already.

Held against what each rule of the offer asks, in two small pictures: one in which a single part of the exception holds,
which must not be flagged; and one in which what must have something has nothing, which must. What breaks a plain demand
lacks something, and what breaks a plain ban does not. Knows words alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.chains import Parsed
from judge.constitution import Precondition

Read = Callable[[str], object]
_LEFT_OUT = re.compile(
    r"\b(?:except(?:ing)?(?: (?:for|if|when|where))?|unless|apart from|excluding|other than"
    r"|only(?: (?:if|when|where))?) (?P<parts>[^,.;]+(?:(?:, [^,.;]+)*,? or [^,.;]+$)?)",
    re.IGNORECASE,
)
_PARTS = re.compile(r",? or |, ", re.IGNORECASE)
_WORD = re.compile(r"[\w'{}%-]+")
_DROPPED = lexicon.word_set("a an the any is are be being visible shown it they at least")
_DENYING = lexicon.word_set("not no neither nor than fewer never")
_DEMAND = re.compile(
    r"(?:at least (?:one|an?) |an? )(?P<things>.+?) (?:must|should|shall|has to|have to) .*\b(?:every|each) (?P<of>.+)",
    re.IGNORECASE,
)


def reverses(sentence: str, way: tuple[str, ...], read: Read) -> bool:
    """Whether some rule of a way forbids what the sentence allows, or demands nothing where it demands something."""
    chains = [made for text in way if isinstance(made := read(text), Parsed)]
    return _forbids_a_part(sentence, chains) or _demands_of_another(sentence, chains) or turns_round(sentence, chains)


def demands(sentence: str) -> bool:
    """Whether a sentence says what must be, and forbids and excepts nothing."""
    return bool(_MUST.search(sentence)) and not _DENIES.search(sentence)


def turns_round(sentence: str, chains: Iterable[Parsed]) -> bool:
    """Whether what must be there is forbidden, or what must not be there demanded: what breaks a plain demand lacks
    something, and what breaks a plain ban lacks nothing."""
    lacking = [any(map(_LACKS.search, _texts([chain]))) for chain in chains]
    if demands(sentence):
        return not all(lacking)
    return bool(_BANS.fullmatch(sentence.rstrip(" ."))) and any(lacking)


_MUST = re.compile(
    r"\b(?:must|should|shall|has to|have to|needs? to|(?:is|are) (?:required|mandatory))\b", re.IGNORECASE
)
_LACKING = (
    r"no|not|never|nobody|neither|nor|nothing|none|without|with no|lacking|free|fewer|less|at most|only|more than"
)
_DENIES = re.compile(
    rf"\b(?:{_LACKING}|unless|except|other than|up to|maximum|smaller|shorter|larger|bigger|may|can|allowed|permitted"
    r"|forbidden|prohibited|banned|avoided?|removed|rejected)\b|n['\u2019]t\b|\bun\w+|\w+(?:er|less|free)\b",
    re.IGNORECASE,
)
_LACKS = re.compile(r"\b(?:no|not|neither|without|fewer|less|at most|other than|more than)\b")
# One denial, and nothing that turns it: `No dogs may be shown`, `Dogs and cats must not be shown`.
_THING = rf"(?:(?!(?:{_LACKING}|unless|except|other|but|if|when|who|that|which|whose|exactly|at|must|may)\b)[\w', -])+?"
_BANS = re.compile(
    rf"(?:no {_THING}(?: may be (?:shown|visible))?|(?:do not|never) show {_THING}"
    rf"|{_THING} (?:must|may) not be (?:shown|visible))",
    re.IGNORECASE,
)


def _forbids_a_part(sentence: str, chains: list[Parsed]) -> bool:
    for left_out in _LEFT_OUT.finditer(sentence):
        parts = [_words(part) for part in _PARTS.split(left_out["parts"])]
        if len(parts) == 1 and not any(_holds(text, parts[0], ()) is not None for text in _texts(chains)):
            continue  # in other words: nothing can be told
        for part in parts:
            others = tuple(other for other in parts if other != part)
            if any(_flagged(chain, part, others) for chain in chains):
                return True
    return False


def _texts(chains: Iterable[Parsed]) -> Iterator[str]:
    for chain in chains:
        for group in (*chain.preconditions, *chain.exceptions):
            yield from (one.statement for one in group.any)


def _flagged(chain: Parsed, part: tuple[str, ...], others: tuple[tuple[str, ...], ...]) -> bool:
    """Whether a picture is flagged in which this part of the exception holds alone; what is not about it is true."""

    def holds(group: Precondition, unless: bool) -> bool:
        found = [_holds(one.statement, part, others) for one in group.any]
        return any(not unless if one is None else one for one in found)

    lifted = any(holds(group, unless=True) for group in chain.exceptions)
    return not lifted and all(holds(group, unless=False) for group in chain.preconditions)


def _holds(statement: str, part: tuple[str, ...], others: tuple[tuple[str, ...], ...]) -> bool | None:
    """Whether a statement is true where `part` holds, and none of the others; None where it speaks of neither."""
    words = _words(statement)
    if (said := _said(words, part)) is not None:
        return said
    found = [said for other in others if (said := _said(words, other)) is not None]
    return not any(found) if found else None


def _said(words: tuple[str, ...], part: tuple[str, ...]) -> bool | None:
    """Whether words say a part, or deny it; None where they do not speak of it."""
    flipped, core = (True, part[1:]) if part[:1] in (("not",), ("no",)) else (False, part)
    at = next((at for at in range(len(words)) if core and words[at : at + len(core)] == core), None)
    if at is None:
        return None
    denied = False
    for word in words[:at]:
        denied = word in _DENYING or (denied and word not in ("or", "who", "that", "which"))
    return denied == flipped


def _words(text: str) -> tuple[str, ...]:
    """The words that say something, in one form; `without` as `not with`."""
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        found += ["not", "with"] if word == "without" else [] if word in _DROPPED else [_base(word)]
    return tuple(found)


def _base(word: str) -> str:
    return min(lexicon.lemma(word, verb=True), lexicon.lemma(word, verb=False), key=len)


def _demands_of_another(sentence: str, chains: list[Parsed]) -> bool:
    """`A ruler must be beside every dent`: no rule that asks for a ruler before it looks at the dents."""
    found = _DEMAND.match(sentence)
    if not found:
        return False
    things = {_words(thing) for thing in re.split(r",? or |, | and ", found["things"])}
    return any(
        all(one.statement.endswith(" visible") and _words(one.statement) in things for one in group.any)
        for chain in chains
        for group in chain.preconditions
    )
