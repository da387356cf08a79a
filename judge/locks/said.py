"""A chain said back in plain words, from the chain alone, with the smallest pictures on either side of it.

Whoever wrote the rule compares these words with what was meant. So nothing here reads the rule, and a statement is
turned round (`no gun is visible`) only where that cannot go wrong; else it stays whole after `it is not so that`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product

from judge.chain import Chain, Outcome, resolve

MOST_PICTURES = 3
_LOOKED_AT = 200  # ways through a chain: people read three, so a few hundred are enough to choose from
_AUXILIARY = re.compile(r" (is|are) ")
# With one of these a statement is about more than one thing, or about a number of things, or says "not" already.
_NOT_PLAIN = re.compile(
    r"\b(?:and|or|nor|but|not|no|none|never|without|who|which|that|whose|where|when|only|all|every|each|both|most|many"
    r"|more|less|fewer|least|several|few|some\w+|any\w*|either|neither|there|than|other|another|if)\b|n't|[,;:{\d]",
    re.IGNORECASE,
)
_OTHER_COUNT = {
    "more than": "at most",
    "at most": "more than",
    "fewer than": "at least",
    "at least": "fewer than",
}
_COUNTED = re.compile(
    r"(?P<count>more than|at most|fewer than|at least) (?P<rest>(?:\w+|\{\w+\}) (?P<what>.+) (?:is|are) visible)$"
)
# "The lid is not closed"; of "a person is not wearing a hat" there may be one who does and one who does not.
_DENIED = re.compile(r"(?P<what>the .+?|an? .+?(?= \w+ not visible$)) (?P<verb>is|are) not (?P<said>[\w -]+)$")
# "The lid of a bin is not closed": of two bins, one may have its lid closed.
_OF_ONE = re.compile(r"(?P<what>the [\w -]+? of )an? (?P<rest>[\w -]+? (?:is|are)) not (?P<said>[\w -]+)$")
_NONE = re.compile(r"no (?P<what>[\w -]+?) (?P<verb>is|are) visible$")
_NOT_SO = "it is not so that "
_ARTICLE = re.compile(r"^an? ")
_BARE_PLURAL = re.compile(r"^(?!(?:the|these|those|this|its?|their|his|her|he|she|they|you|we|one|two|three|four) )")
_REFERS = re.compile(r"^the |\b(?:that|this|these|those|its|their|his|her|them)\b", re.IGNORECASE)  # to what was named
_SMALL_WORDS = frozenset(
    re.findall(r"\w+", "a an the is are has have of in on at to with by for from visible be being")
)
_NO_CHAIN = "Every picture goes to a person: this rule has no chain that could be asked."
_SWALLOWED = "No picture can be flagged: the exceptions take back all that the rule says."


@dataclass(frozen=True)
class Described:
    """A picture in words: statements that hold on it, those that just do not, and whether the rule flags it."""

    shown: tuple[str, ...]
    missing: tuple[str, ...]
    flagged: bool

    def __str__(self) -> str:
        return f"{'flagged' if self.flagged else 'not flagged'}: {self.words}"

    @property
    def words(self) -> str:
        """What is to be seen on it, and what is not."""
        missing = " and ".join(not_so(one) for one in self.missing)
        if not self.shown:
            return missing or "a picture of anything else"
        *first, last = self.shown
        shown = f"{', '.join(first)} and {last}" if first else last
        return f"{shown}, but {missing}" if missing else shown


def said_back(chain: Chain) -> tuple[str, ...]:
    """When a picture is flagged, and when it is not: two sentences; one where there is no chain."""
    if not chain.preconditions:
        return (_NO_CHAIN,)
    lifting = dict.fromkeys(text for group in chain.exceptions for text in group)
    asked = "; and ".join(" or ".join(group) for group in chain.preconditions)
    unless = f"; unless {' or '.join(lifting)}" if lifting else ""
    missing = [_none_so(group) for group in chain.preconditions]
    return (f"Flagged when: {asked}{unless}.", f"Not flagged when: {'; or '.join((*missing, *lifting))}.")


def _none_so(group: tuple[str, ...]) -> str:
    """Every statement turned round. `It is not so that` comes last, so that it denies nothing that follows."""
    return " and ".join(sorted(map(not_so, group), key=lambda text: text.startswith(_NOT_SO)))


def pictures(chain: Chain) -> tuple[Described, ...]:
    """Up to `MOST_PICTURES` smallest pictures that the rule flags, and as many that it just does not.

    Of the latter first those that an exception lifts, then those that lack one thing, what is said last first: that is
    mostly what makes the rule. What cannot be missing beside the rest is left out: no weapon where a person holds a
    weapon, nobody where "the body" is on fire.
    """
    every = every_picture(chain)
    lacking = _alternating(iter(every.lifted), iter(every.lacking))
    return (*every.flagged[:MOST_PICTURES], *islice(lacking, MOST_PICTURES))


@dataclass(frozen=True)
class Pictures:
    """All the smallest pictures about a chain.

    lifted: by an exception, the last of `shown`. lacking: one thing, the first of `missing`.
    """

    flagged: tuple[Described, ...]
    lifted: tuple[Described, ...]
    lacking: tuple[Described, ...]


def every_picture(chain: Chain) -> Pictures:
    """Every picture that `pictures` chooses from."""
    flagged = list(_covering(chain))
    return Pictures(
        tuple(Described(one, _lifting(chain), flagged=True) for one in flagged),
        tuple(_lifted(chain, flagged)),
        tuple(_lacking(chain, flagged)),
    )


def in_words(chain: Chain) -> tuple[str, ...]:
    """The chain said back, and its pictures, a line each."""
    shown = pictures(chain)
    swallowed = chain.preconditions and not any(one.flagged for one in shown)
    return (*said_back(chain), *map(str, shown), *([_SWALLOWED] if swallowed else []))


def not_so(statement: str) -> str:
    """The statement turned round, in words that mean just that."""
    counted = _COUNTED.match(statement)
    if counted and not _NOT_PLAIN.search(counted["what"]):
        return f"{_OTHER_COUNT[counted['count']]} {counted['rest']}"
    lacking = _NONE.match(statement)
    if lacking and not _NOT_PLAIN.search(lacking["what"]):
        return f"{'at least one ' if lacking['verb'] == 'is' else ''}{lacking['what']} {lacking['verb']} visible"
    of_one = _OF_ONE.match(statement)
    if of_one and not _NOT_PLAIN.search(" ".join(of_one.groups())):
        return f"{of_one['what']}every {of_one['rest']} {of_one['said']}"
    denied = _DENIED.match(statement)
    if denied and not _NOT_PLAIN.search(f"{denied['what']} {denied['said']}"):
        return f"{denied['what']} {denied['verb']} {denied['said']}"
    found = _AUXILIARY.findall(statement)
    if len(found) == 1 and not _NOT_PLAIN.search(statement):
        before, verb, after = statement.partition(f" {found[0]} ")
        if _ARTICLE.match(before):
            return f"no {_ARTICLE.sub('', before)}{verb}{after}"
        if before.startswith("the "):
            return f"{before}{verb}not {after}"
        if _BARE_PLURAL.match(f"{before} ") and after == "visible":
            return f"no {before}{verb}{after}"
    return f"{_NOT_SO}{statement}"


def _lifting(chain: Chain) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for group in chain.exceptions for text in group))


def _flagged(chain: Chain, shown: Iterable[str]) -> bool:
    held = set(shown)
    outcomes = {text: Outcome.HOLDS if text in held else Outcome.FAILS for text in chain.statements}
    return resolve(chain, outcomes) is Outcome.HOLDS


def _smallest(chain: Chain) -> Iterator[tuple[str, ...]]:
    """Sets of statements that make the chain hold, none of which can be left out."""
    if not chain.preconditions:
        return
    longest = max(map(len, chain.preconditions))
    every_alternative = (tuple(group[at % len(group)] for group in chain.preconditions) for at in range(longest))
    for chosen in (*every_alternative, *islice(product(*chain.preconditions), _LOOKED_AT)):
        shown = tuple(dict.fromkeys(chosen))
        if _flagged(chain, shown) and not any(_flagged(chain, set(shown) - {one}) for one in shown):
            yield shown


def _covering(chain: Chain) -> Iterator[tuple[str, ...]]:
    """The smallest pictures of which each shows something that those before it do not."""
    seen: set[str] = set()
    for shown in sorted(dict.fromkeys(_smallest(chain)), key=len):
        if not set(shown) <= seen:
            seen |= set(shown)
            yield shown


def _lifted(chain: Chain, flagged: list[tuple[str, ...]]) -> Iterator[Described]:
    for text in _lifting(chain) if flagged else ():
        yield Described((*flagged[0], text), (), flagged=False)


def _lacking(chain: Chain, flagged: list[tuple[str, ...]]) -> Iterator[Described]:
    """Pictures that lack one thing; what else would do in its place is missing, too."""
    seen = set()
    for shown in flagged:
        for at, one in reversed(list(enumerate(shown))):
            rest = shown[:at] + shown[at + 1 :]
            gone = [text for group in chain.preconditions if not set(group) & set(rest) for text in group]
            missing = tuple(dict.fromkeys((one, *gone)))
            key = (frozenset(rest), frozenset(missing))
            possible = not any(said_by(text, rest) for text in missing)
            if possible and key not in seen and not any(map(_REFERS.search, shown[at + 1 :])):
                seen.add(key)
                yield Described(rest, missing, flagged=False)


def _alternating(first: Iterator[Described], second: Iterator[Described]) -> Iterator[Described]:
    """One of the first, two of the second, then what is left of either."""
    yield from islice(first, 1)
    yield from islice(second, MOST_PICTURES - 1)
    yield from first
    yield from second


def said_by(statement: str, others: Iterable[str]) -> bool:
    """Whether the others cannot hold without it, as far as words show."""
    own = _said(statement)
    return bool(own) and any(own < _said(other) for other in others)


def _said(statement: str) -> frozenset[str]:
    words = re.findall(r"[\w{}-]+", statement.casefold())
    return frozenset(_one(word) for word in words if word not in _SMALL_WORDS)


def _one(word: str) -> str:
    """A word in the singular, roughly: it is compared, never shown."""
    return {"people": "person", "men": "man", "women": "woman", "children": "child"}.get(word, word.removesuffix("s"))
