"""What the grammar makes: a rule's chain as statements, and when two chains say the same. Knows no sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from judge.compiler.grammar import english
from judge.compiler.grammar.clauses import VISIBLE, Clause
from judge.compiler.grammar.things import BE, MOST_ALTERNATIVES, PERSON, Thing
from judge.constitution import Precondition, Statement

MOST_PRECONDITIONS = 8
_PLAIN = {"person": "people are visible", "people": "people are visible", "animal": "animals are visible"}
_TOO_LARGE = frozenset({"person", "people", "animal", "animals", "one", "picture", "percent", "degrees", "degree"})


@dataclass(frozen=True)
class Parsed:
    """A rule's chain as the grammar reads it, and what a person should look at."""

    preconditions: tuple[Precondition, ...]
    exceptions: tuple[Precondition, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, groups: tuple[tuple[Statement, ...], ...], exceptions: tuple[Statement, ...] = ()) -> Parsed:
        """A chain from its statements: each once, and no precondition that another already says."""
        kept: list[Precondition] = []
        for group in groups:
            one = Precondition(any=tuple({text(each): each for each in group}.values()))
            if key_of(one) not in [key_of(other) for other in kept]:
                kept.append(one)
        lifting = {text(each): Precondition(any=(each,)) for each in exceptions}
        return cls(tuple(kept), tuple(lifting.values()))

    @property
    def key(self) -> object:
        """Equal for chains that say the same: order and articles do not count."""
        return frozenset(map(key_of, self.preconditions)), frozenset(map(key_of, self.exceptions))

    @property
    def conditions(self) -> tuple[Precondition, ...]:
        """Preconditions and exceptions."""
        return (*self.preconditions, *self.exceptions)

    @property
    def sound(self) -> bool:
        """Whether there is something to ask, not too much of it, and the exceptions leave something of the rule."""
        asked = {key_of(one) for one in self.preconditions}
        few = all(len(one.any) <= MOST_ALTERNATIVES for one in self.preconditions)
        lifted = {text(one) for each in self.exceptions for one in each.any}
        swallowed = any(one <= lifted for one in asked)
        return bool(asked) and few and len(asked) <= MOST_PRECONDITIONS and not swallowed


@dataclass(frozen=True)
class Meant:
    """One thing that a refused rule may mean: its chain. rules: what to write instead, each read as the chain in its
    place; more than one where it takes several rules, none where only preconditions say it."""

    chains: tuple[Parsed, ...]
    rules: tuple[str, ...] = ()


_BOTH = re.compile(r"\bboth (?=[\w -]+ and )")  # `with both a ball and a stick`: the two together, as without it
# Not of what stands before it in `cups beside a plate that are dirty`: there the word says which are.
_ARE = re.compile(r"(?<!that )(?<!which )(?<!who )\bare\b")


def text(statement: Statement) -> str:
    """A statement as it is compared: lower case, no articles, `is` for `are`."""
    return _compared(statement.statement)


@lru_cache(4096)  # each statement is compared with many
def _compared(statement: str) -> str:
    return _ARE.sub("is", _BOTH.sub("", english.without_articles(statement)))


def key_of(precondition: Precondition) -> frozenset[str]:
    """Equal for preconditions that say the same."""
    return frozenset(text(one) for one in precondition.any)


def statement(clause: Clause) -> Statement:
    """A clause as a statement that stands alone, with what a detector should look for."""
    subject, said = clause.subject, clause.said
    if said == VISIBLE:
        return Statement(statement=_visible(subject), central_objects=_objects(_core(subject)))
    if said.owned is not None:
        noun, predicate = said.owned
        be = "are" if english.is_plural(said.about, noun) else "is"
        owned = f"{noun} of {subject.text} {be} {predicate}"
        return Statement(statement=owned, central_objects=_objects(said.about))
    has_its_own = subject.behind not in ("", "of")  # `toys with small parts with babies` would be something else
    of_all = subject.text.split()[0] in ("every", "each", "all", "both")  # `every cup with a lid is visible` is more
    if said.text.startswith(f"{BE} with ") and not of_all and not has_its_own:
        whole = f"{subject.text} {said.text.removeprefix(f'{BE} ')} {subject.be} visible"
        return Statement(statement=whole, central_objects=_objects(said.about))
    return Statement(statement=clause.text, central_objects=_objects(said.about, _core(subject)))


def _visible(subject: Thing) -> str:
    if subject.determiner in ("", "a", "an", "any") and subject.words in _PLAIN:
        return _PLAIN[subject.words]
    first = subject.determiner.split()
    least = "at least " if len(first) == 1 and english.counted(subject.determiner) else ""
    return f"{least}{subject.text} {subject.be} visible"


def _core(subject: Thing) -> str:
    """The noun with what stands before it."""
    before, found, _ = subject.words.partition(subject.head)
    return "" if subject.parts else (before + found).strip()


def _objects(*words: str) -> tuple[str, ...]:
    """The first word that says enough to look for."""
    for word in words:
        plain = word.casefold().strip()
        if len(plain) > 1 and plain not in _TOO_LARGE | PERSON and "{" not in plain:
            return (plain,)
    return ()
