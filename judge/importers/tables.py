"""A table of a policy to its rows, where one column is plainly the rules. Knows cells as text, no markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from judge.importers.orders import order_in
from judge.importers.sentences import forbids

_FORBIDDEN = re.compile(
    r"(?:what(?: is|'s)? )?(?:not allowed|prohibited|forbidden|banned|disallowed|not permitted|never"
    r"|(?:please )?do(?:n't|nt| not)s?)(?: content| images?| show)?"
)
# What must be: told to people who send pictures (`Do`), or named (`Required`).
_DONE = re.compile(r"(?:please )?do'?s?|always")
_NAMED = re.compile(r"(?:what(?: is|'s)? )?(?:required|mandatory|must(?: show| have| be visible)?)(?: content)?")
_ALLOWED = re.compile(
    r"(?:what(?: is|'s)? )?(?:allowed|permitted|acceptable|accepted|okay|ok|fine|may(?: show)?)(?: content| images?)?"
)
_RULE = re.compile(r"(?:the )?(?:rules?|polic(?:y|ies)|requirements?|standards?|guidelines?)(?: text)?")
_CATEGORY = re.compile(r"categor(?:y|ies)|topic|area|section|theme|type|group")
_EXCEPTION = re.compile(r"exceptions?|exempt(?:ions?|ed)?|unless|except(?: when)?|allowed (?:if|when)")
_SEVERITY = re.compile(r"severity|priority|level|risk")
_ID = re.compile(r"(?:rule )?id(?:entifier)?")
KNOWN = re.compile(
    "|".join(f"(?:{one.pattern})" for one in (_CATEGORY, _EXCEPTION, _SEVERITY, _ID, _ALLOWED))
)  # beside the rules
_NOTHING = frozenset(["", "-", "\u2013", "\u2014", "none", "n/a", "no", "na"])
NO_COLUMN = "a table in which no column is plainly the rules: call one `Rule` or `Not allowed`"
Severity = Literal["low", "medium", "high", "critical"]


@dataclass(frozen=True)
class TableRow:
    """One rule of a row, and what its other columns say of it. unknown_severity: what is none, as it was written."""

    rule: str
    category: str = ""
    exception: str = ""
    severity: Severity | None = None
    unknown_severity: str = ""
    id: str = ""


@dataclass(frozen=True)
class ReadRow:
    """What a row says: its rules, and what of it is no rule, each cell with the reason. open_exception: what lifts one
    of several rules of it."""

    rules: tuple[TableRow, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    open_exception: str = ""


@dataclass(frozen=True)
class Table:
    """What a table says: its rows, and the columns that nothing was taken from, each with the reason."""

    rows: tuple[ReadRow, ...]
    left_out: tuple[tuple[str, str], ...] = ()


def is_rule_column(name: str) -> bool:
    """Whether a column that is called so holds the rules."""
    return any(called.fullmatch(_plain(name)) for called in (_FORBIDDEN, _DONE, _NAMED, _RULE))


def _plain(name: str) -> str:
    return name.casefold().replace("\u2019", "'").strip(" :*.!")


def table_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table | None:
    """What a table says; None where no column is plainly the rules."""
    names = [_plain(name) for name in head]
    columns = _rule_columns(names, rows)
    if not columns:
        return None
    allowed = [at for at, name in enumerate(names) if at not in columns and _ALLOWED.fullmatch(name)]
    known = [at for at, name in enumerate(names) if at in columns or at in allowed or KNOWN.fullmatch(name)]
    others = tuple(
        (head[at], f"beside `{head[columns[0]]}`, it is open which are the rules" if is_rule_column(name) else _UNKNOWN)
        for at, name in enumerate(names)
        if at not in known and name
    )
    return Table(tuple(_read(names, columns, allowed, row) for row in rows), others)


_UNKNOWN = "a column that is not known here"


def _read(names: Sequence[str], columns: Sequence[int], allowed: Sequence[int], row: Sequence[str]) -> ReadRow:
    def text(at: int) -> str:
        said = " ".join(row[at].split()) if at < len(row) else ""
        return "" if said.casefold() in _NOTHING else said

    def cell(wanted: re.Pattern[str]) -> str:
        found = (row[at] for at, name in enumerate(names) if wanted.fullmatch(name) and at < len(row))
        said = next(found, "").strip()
        return "" if said.casefold() in _NOTHING else said

    left_out = [(said, _NO_BAN) for at in allowed if (said := text(at))]
    rules: list[str] = []
    for at in columns:
        if said := text(at):
            rule, why = rule_of(names[at], said)
            if rule:
                rules.append(rule)
            else:
                left_out.append((said, why))
    severity, exception = cell(_SEVERITY), cell(_EXCEPTION)
    known = severity.casefold() in get_args(Severity)
    made = TableRow(
        rule="",
        category=cell(_CATEGORY),
        exception=exception if len(rules) == 1 else "",
        severity=cast("Severity", severity.casefold()) if known else None,
        unknown_severity="" if known else severity,
    )
    each = tuple(replace(made, rule=rule, id=cell(_ID) if rule is rules[0] else "") for rule in rules)
    return ReadRow(each, tuple(left_out), exception if len(rules) > 1 else "")


_NO_BAN = "it is allowed, which no rule has to say; if a rule would forbid it, write it into that rule"


def rule_of(name: str, text: str) -> tuple[str, str]:
    """The rule that a cell is, in a column of that name; or nothing, and why it can't be read for certain."""
    if _RULE.fullmatch(name) or forbids(text) or not any(one.fullmatch(name) for one in (_FORBIDDEN, _DONE, _NAMED)):
        return text, ""
    demanded = re.search(r"\b(?:must|should|shall|has to|have to|needs? to|is required|are required)\b", text, re.I)
    order = order_in(text)
    if _FORBIDDEN.fullmatch(name):
        if demanded or order == "perhaps":
            return "", "it is open what is forbidden: write it as a sentence, as in `No dogs may be shown`"
        return (f"Do not {text[0].lower()}{text[1:]}" if order else f"Not allowed: {text}"), ""
    if demanded:
        return text, ""
    if order == "show":
        return f"Always {text[0].lower()}{text[1:]}", ""
    if not order and _NAMED.fullmatch(name):
        return f"{text.rstrip(' .')} must be visible.", ""
    return "", "it is open what every picture must show: write it as a sentence, as in `Photos must show the label`"


def _rule_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """The columns that are called so: what is forbidden, and what must be; else the only one in which every cell
    forbids something. None where two are called alike."""
    called = [[at for at, name in enumerate(names) if one.fullmatch(name)] for one in (_FORBIDDEN, _DONE, _NAMED)]
    if any(called):
        return tuple(sorted(at for found in called for at in found)) if all(len(found) <= 1 for found in called) else ()
    if found := [at for at, name in enumerate(names) if _RULE.fullmatch(name)]:
        return tuple(found) if len(found) == 1 else ()
    every = [at for at in range(len(names)) if rows and all(at < len(row) and forbids(row[at]) for row in rows)]
    return tuple(every) if len(every) == 1 else ()
