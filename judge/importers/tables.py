"""A table of a policy to its rows, where one column is plainly the rules. Knows cells as text, no markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from judge.importers.sentences import forbids

_FORBIDDEN = re.compile(
    r"(?:what(?: is|'s)? )?(?:not allowed|prohibited|forbidden|banned|disallowed|not permitted|don'?ts?)"
    r"(?: content| images?)?"
)
_RULE = re.compile(r"(?:the )?(?:rules?|polic(?:y|ies)|requirements?|standards?|guidelines?)(?: text)?")
_CATEGORY = re.compile(r"categor(?:y|ies)|topic|area|section|theme|type|group")
_EXCEPTION = re.compile(r"exceptions?|exempt(?:ions?|ed)?|unless|except(?: when)?|allowed (?:if|when)")
_SEVERITY = re.compile(r"severity|priority|level|risk")
_ID = re.compile(r"(?:rule )?id(?:entifier)?")
KNOWN = re.compile(
    "|".join(f"(?:{one.pattern})" for one in (_CATEGORY, _EXCEPTION, _SEVERITY, _ID))
)  # beside the rules
_NOTHING = frozenset(["", "-", "\u2013", "\u2014", "none", "n/a", "no", "na"])
NO_COLUMN = "a table in which no column is plainly the rules: call one `Rule` or `Not allowed`"
Severity = Literal["low", "medium", "high", "critical"]


@dataclass(frozen=True)
class TableRow:
    """One row: its rule, and what its other columns say of it. unknown_severity: what is none, as it was written."""

    rule: str
    category: str = ""
    exception: str = ""
    severity: Severity | None = None
    unknown_severity: str = ""
    id: str = ""


def is_rule_column(name: str) -> bool:
    """Whether a column that is called so holds the rules."""
    plain = name.casefold().strip(" :*")
    return any(called.fullmatch(plain) for called in (_FORBIDDEN, _RULE))


def rows_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[TableRow | None] | None:
    """A row for each that is given, None for one without a rule; None altogether where no column is the rules."""
    names = [name.casefold().strip(" :*") for name in head]
    column = _rule_column(names, rows)
    if column is None:
        return None
    forbidden = _FORBIDDEN.fullmatch(names[column]) is not None

    def cell(row: Sequence[str], wanted: re.Pattern[str]) -> str:
        found = (row[at] for at, name in enumerate(names) if wanted.fullmatch(name) and at < len(row))
        said = next(found, "").strip()
        return "" if said.casefold() in _NOTHING else said

    def read(row: Sequence[str]) -> TableRow | None:
        text = " ".join(row[column].split()) if column < len(row) else ""
        if text.casefold() in _NOTHING:
            return None
        said = cell(row, _SEVERITY)
        known = said.casefold() in get_args(Severity)
        return TableRow(
            rule=f"Not allowed: {text}" if forbidden and not forbids(text) else text,
            category=cell(row, _CATEGORY),
            exception=cell(row, _EXCEPTION),
            severity=cast("Severity", said.casefold()) if known else None,
            unknown_severity="" if known else said,
            id=cell(row, _ID),
        )

    return [read(row) for row in rows]


def _rule_column(names: Sequence[str], rows: Sequence[Sequence[str]]) -> int | None:
    """The column that is called so, else the only one in which every cell forbids something."""
    for called in (_FORBIDDEN, _RULE):
        found = [at for at, name in enumerate(names) if called.fullmatch(name)]
        if found:
            return found[0] if len(found) == 1 else None
    every = [at for at in range(len(names)) if rows and all(at < len(row) and forbids(row[at]) for row in rows)]
    return every[0] if len(every) == 1 else None
