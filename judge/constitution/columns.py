"""Which columns of a table tell something beside its images: those that are called like declared fields.

A column of which nobody can say whether it is a field is refused. Knows no table and no text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from judge.errors import UserError
from judge.printable import printable


def check_columns(columns: Iterable[Any], fields: Iterable[str], taken: Mapping[str, str], file: str) -> None:
    """Hold the columns of a table against the fields of a constitution's `context`.

    taken: by column what it means already, such as `the image`.

    Raises:
        UserError: a column may be a field or something else: it means something already, or is written like a field.
    """
    there = [str(one) for one in columns]
    for field in fields:
        if field in there and field in taken:
            raise UserError(
                f"{printable(file)}: the column {field} may be {taken[field]}, or the field `{field}` of the context",
                hint="rename the field in the constitution, or the column",
            )
        near = next((one for one in there if field not in there and plain_name(one) == plain_name(field)), None)
        if near is not None:
            raise UserError(
                f"{printable(file)}: the column {printable(near)} may be the field `{field}` of the context, or "
                "something else",
                hint=f"rename it to {field}, or to what no field is called",
            )


def told_in(row: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """What a row tells: a cell without a value tells nothing, and an empty text is one."""
    return {field: row[field] for field in fields if row.get(field) is not None}


def plain_name(column: str) -> str:
    """What a column is meant to be called that is written like `Path`, ` path` or `Image Path`."""
    return "_".join(column.casefold().replace("-", " ").replace("_", " ").split())
