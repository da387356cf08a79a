"""Mistakes in what statements read, which only the whole file shows. Works on raw data, beside other mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from judge.constitution.context import IMAGE, Reading, undeclared
from judge.constitution.document import Document, Path, clipped
from judge.constitution.schema import REFERENCE
from judge.errors import Problem


class _Read(NamedTuple):
    """A statement as it is written, with its parameters put in, and the fields that it reads."""

    path: Path
    text: str
    fields: tuple[str, ...]
    sees: bool


def reading_mistakes(document: Document) -> Iterator[Problem]:
    """Fields that are read and not declared, and statements that look at one thing here and at another there."""
    declared = document.data.get("context")
    first: dict[str, _Read] = {}
    for one in _statements(document.data):
        for place, field in enumerate(one.fields):
            if not isinstance(declared, dict) or field not in declared:
                message, hint = undeclared(clipped(field), list(declared) if isinstance(declared, dict) else ())
                yield document.problem((*one.path, "reads", place), message, hint)
        before = first.setdefault(one.text, one)
        if (before.fields, before.sees) != (one.fields, one.sees):
            line = document.problem(before.path, "").line
            yield document.problem(
                one.path,
                f"`{clipped(one.text)}` {_looks(one)}, and on line {line} it {_looks(before)}",
                "write the same `reads` and `sees` in both, or other words in one of them",
            )


def _looks(one: _Read) -> str:
    return str(Reading(one.fields, one.sees)) if one.fields else IMAGE


def _statements(data: dict[str, Any]) -> Iterator[_Read]:
    """Every statement that is one. What else there may be in its place, others complain of."""
    for index, rule in _items(data.get("rules")):
        if not isinstance(rule, dict):
            continue
        values = rule.get("parameters")
        values = values if isinstance(values, dict) else {}
        for part in ("preconditions", "exceptions"):
            for at, group in _items(rule.get(part)):
                path: Path = ("rules", index, part, at)
                several = isinstance(group, dict) and isinstance(group.get("any"), list)
                for which, one in _items(group["any"]) if several else [(None, group)]:
                    yield from _statement(path if which is None else (*path, "any", which), one, values)


def _statement(path: Path, one: Any, values: dict[str, Any]) -> Iterator[_Read]:
    written = {"statement": one} if isinstance(one, str) else one
    if not isinstance(written, dict) or not isinstance(written.get("statement"), str):
        return
    text = REFERENCE.sub(lambda found: str(values.get(found[1], found[0])), written["statement"].strip())
    reads = written.get("reads")
    fields = [reads] if isinstance(reads, str) else reads if isinstance(reads, list) else []
    read = tuple(each for each in fields if isinstance(each, str))
    yield _Read(path, text, read, bool(read) and written.get("sees") == "image")


def _items(value: Any) -> list[tuple[int, Any]]:
    return list(enumerate(value)) if isinstance(value, list) else []
