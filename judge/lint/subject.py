"""What the checks look at: the rules of one file, in whatever state, with a place for every text.

A file that does not load is looked at too, rule by rule: those that are whole are checked beside the
mistakes of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from judge.chain import Chain, chain_of
from judge.constitution import Precondition, Rule
from judge.constitution.document import Document, Path
from judge.constitution.schema import REFERENCE
from judge.lint.span import Span
from judge.locks.chains import joined
from judge.locks.lockfile import Lock


@dataclass(frozen=True)
class Text:
    """A text that is judged: where it stands, as written, and with its parameters put in. reads: whether it is about
    what is told beside a picture, and not only about what can be seen."""

    path: Path
    written: str
    filled: str
    reads: bool = False


@dataclass(frozen=True)
class RuleAt:
    """A rule, and its place in the list of rules. compiled: its chain stands in the lock file."""

    index: int
    rule: Rule
    compiled: bool = False

    @cached_property
    def chain(self) -> Chain:
        """The rule's chain, with texts that mean the same written the same."""

        def plain(groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
            return tuple(tuple(plainly(text) for text in group) for group in groups)

        chain = chain_of(self.rule)
        return Chain(plain(chain.preconditions), plain(chain.exceptions))

    @property
    def path(self) -> Path:
        return ("rules", self.index)


@dataclass
class Subject:
    """One file to lint.

    older: ids and texts of the rules of an older version; None where there is none to compare with.
    cases: the cases of the test file, outcome by rule id; None where there is no test file.
    test_file: the name of the test file, for messages.
    bundled: whether the constitution is meant for the bundled model.
    lock: the lock file, where there is one; its chains are looked at in the rules that have none of their own.
    """

    document: Document
    lines: list[str]
    older: dict[str, str] | None = None
    cases: list[dict[str, str]] | None = None
    test_file: str = ""
    bundled: bool = False
    lock: Lock | None = None
    rules: tuple[RuleAt, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.rules = tuple(_chained(at, self.lock) for at in _whole_rules(self.document.data))

    def judged(self, at: RuleAt) -> Iterator[Text]:
        """What a model is asked: the statements of a rule, or its text where it has none."""
        yield from self.statements(at)
        if not at.rule.preconditions or at.compiled:
            yield self.rule_text(at)

    def rule_text(self, at: RuleAt) -> Text:
        """The rule as people read it."""
        return Text((*at.path, "rule"), at.rule.rule, at.rule.text)

    def statements(self, at: RuleAt, keys: tuple[str, ...] = ("preconditions", "exceptions")) -> Iterator[Text]:
        """Every alternative of every precondition and exception that people wrote."""
        if not at.compiled:
            yield from self.asked(at, keys)

    def asked(self, at: RuleAt, keys: tuple[str, ...] = ("preconditions", "exceptions")) -> Iterator[Text]:
        """Every alternative of every precondition and exception; compiled ones stand where their rule does."""
        for key in keys:
            groups: tuple[Precondition, ...] = getattr(at.rule, key)
            for number, group in enumerate(groups):
                for which, one in enumerate(group.any):
                    path = self.alternative(at, key, number, which)
                    yield Text(path, one.statement, at.rule.fill(one.statement), reads=bool(one.reads))

    def alternative(self, at: RuleAt, key: str, number: int, which: int = 0) -> Path:
        """The path of an alternative as the file has it, whichever form it was written in."""
        if at.compiled:
            return (*at.path, "rule")
        path: Path = (*at.path, key, number)
        if (*path, "any") in self.document.values:
            path = (*path, "any", which)
        return (*path, "statement") if (*path, "statement") in self.document.values else path

    def span(self, path: Path, words: str = "", nth: int = 0) -> Span:
        """Where the value at `path` stands; with `words`, their `nth` appearance in it."""
        while path and path not in self.document.values:
            path = path[:-1]
        line, column = self.document.values.get(path, (1, 1))
        return self._within(line, column, words, nth) or Span(line, column)

    def span_of(self, text: Text, start: int, end: int) -> Span:
        """Where a part of a text stands, by its offsets in `text.written`."""
        part = text.written[start:end]
        return self.span(text.path, part, len(_spread(part).findall(text.written, 0, start)))

    def key_span(self, path: Path) -> Span:
        """Where the key of `path` stands, or its nearest enclosing value."""
        if path in self.document.keys:
            return Span(*self.document.keys[path], length=len(str(path[-1])))
        return self.span(path)

    def id_span(self, at: RuleAt) -> Span:
        """Where the id of a rule stands."""
        return self.span((*at.path, "id"), at.rule.id)

    def _within(self, line: int, column: int, words: str, nth: int) -> Span | None:
        """YAML may fold a text over lines: a word is looked for from the value's start, a few lines on."""
        if not words:
            return None
        pattern = _spread(words)
        for number in range(line, min(line + 20, len(self.lines) + 1)):
            found = list(pattern.finditer(self.lines[number - 1], column - 1 if number == line else 0))
            if nth < len(found):
                return Span(number, found[nth].start() + 1, max(1, len(found[nth].group())))
            nth -= len(found)
        return None


def _spread(words: str) -> re.Pattern[str]:
    """Finds words whatever space is between them."""
    return re.compile(r"\s+".join(map(re.escape, words.split())), re.IGNORECASE)


def plainly(text: str) -> str:
    """A text without what changes nothing of its meaning: case, runs of spaces, a full stop."""
    return " ".join(text.casefold().split()).rstrip(" .")


def _whole_rules(data: Any) -> Iterator[RuleAt]:
    rules = data.get("rules") if isinstance(data, dict) else None
    seen = set()
    for index, raw in enumerate(rules if isinstance(rules, list) else ()):
        try:
            rule = Rule.model_validate(raw)
        except ValidationError:
            continue
        if rule.id not in seen and _references_exist(rule):
            seen.add(rule.id)
            yield RuleAt(index, rule)


def _chained(at: RuleAt, lock: Lock | None) -> RuleAt:
    entry = lock.rules.get(at.rule.id) if lock is not None else None
    if at.rule.preconditions or entry is None or not entry.preconditions or not entry.is_of(at.rule):
        return at
    exceptions = joined(at.rule.exceptions, entry.exceptions)
    rule = at.rule.model_copy(update={"preconditions": entry.preconditions, "exceptions": exceptions})
    return RuleAt(at.index, rule, compiled=True) if _references_exist(rule) else at


def _references_exist(rule: Rule) -> bool:
    groups = (*rule.preconditions, *rule.exceptions)
    texts = [rule.rule, *(one.statement for group in groups for one in group.any)]
    return all(name in rule.parameters for text in texts for name in REFERENCE.findall(text))
