"""Stored values exactly as they are, and against what the log tells: the same type and the same value.

SQLite keeps any value in any column, and whoever reads it takes it otherwise: to SQL a flag of 7 is not set, to Python
it is. So nothing is converted on the way here, and 7 is not 1, 1.0 is not 1, and bytes are no text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

_SHOWN = 60  # characters of a value in a message


def stored(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """The columns of a table, to be read without any conversion."""
    return [sa.type_coerce(column, sa.types.NullType()).label(column.name) for column in table.c]


def same(one: object, other: object) -> bool:
    """Whether two values have one type and one value."""
    return type(one) is type(other) and repr(one) == repr(other)


def unlike(found: Mapping[Any, Any], told: Mapping[str, Any]) -> list[str]:
    """The names of what the log tells whose values are not the told ones."""
    return [name for name in told if not same(found[name], told[name])]


def sentences(what: str, found: Mapping[Any, Any], told: Mapping[str, Any]) -> Iterator[str]:
    """The same with both values."""
    for name in unlike(found, told):
        yield f"{what}: {name} is {_shown(found[name])}, but the log says {_shown(told[name])}"


def in_hex(*columns: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The values of a row with their types as one text, which SQL's functions cut nowhere (text ends there at NUL)."""
    whole: sa.ColumnElement[Any] = sa.literal("")
    for column in columns:
        whole = whole.concat(sa.func.typeof(column)).concat(":").concat(sa.func.hex(column)).concat(";")
    return whole


def told_in_hex(*values: str | int) -> str:
    """The same of values that the log tells."""
    kinds = {str: "text", int: "integer"}
    return "".join(f"{kinds[type(one)]}:{str(one).encode().hex().upper()};" for one in values)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
