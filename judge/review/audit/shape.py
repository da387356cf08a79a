"""Tables, indexes, triggers and views against those that a store is made with, both ways. Changes nothing.

Triggers keep the log from being changed; a foreign one may change rows whenever the app writes, and a foreign view or
index has no business there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlalchemy as sa

from judge.review.store import tables

_ORDER = ("trigger", "table", "index", "view")
_STATISTICS = {  # what ANALYZE makes; a trigger, view or other table of these names is none of that
    "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "CREATE TABLE sqlite_stat3(tbl,idx,neq,nlt,ndlt,sample)",
    "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
}
_WORD = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+|[^ \t\r\n]""")

Part = tuple[str, str]  # kind and name


def shaped(connection: sa.Connection) -> Iterator[str]:
    """Where what the database is made of differs from what the code makes."""
    engine = sa.create_engine("sqlite://")
    with engine.connect() as made:
        tables.create(made)
        wanted = _parts(made)
    engine.dispose()
    found = _parts(connection)
    for kind, name in sorted(wanted.keys() | found.keys(), key=_place):
        here, there = found.get((kind, name), []), wanted.get((kind, name), [])
        if not here:
            yield f"{kind} {name} is missing"
        elif not there:
            yield f"{kind} {name} is none of a review store's: {_line(here[0])}"
        elif len(here) > 1:
            yield f"{kind} {name} stands in the database {len(here)} times: {_line(here[1])}"
        elif not _alike(kind, here[0], there[0]):
            yield f"{kind} {name} was changed: {_line(here[0])}"


def _parts(connection: sa.Connection) -> dict[Part, list[tuple[str, str]]]:
    """The table of each part and what made it, by its kind and name."""
    found: dict[Part, list[tuple[str, str]]] = {}
    for kind, name, table, sql in connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master"):
        if not (kind == "table" and sql in _STATISTICS and sql.startswith(f"CREATE TABLE {name}(")):
            found.setdefault((str(kind), str(name)), []).append((str(table), str(sql or "")))
    return found


def _place(part: Part) -> tuple[int, str, str]:
    kind, name = part
    return (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), kind, name)


def _alike(kind: str, one: tuple[str, str], other: tuple[str, str]) -> bool:
    """To the letter; tables and indexes word by word, because another version of SQLAlchemy may put other blanks
    between the words, and quotes around names."""
    if kind == "trigger":
        return one == other
    return one[0] == other[0] and _words(one[1]) == _words(other[1])


def _words(sql: str) -> list[str]:
    return [re.sub(r'^"(\w+)"$', r"\1", word) for word in _WORD.findall(sql)]


def _line(part: tuple[str, str]) -> str:
    return " ".join(part[1].split())[:200]
