"""Rows of a CSV file under the names of its head. What is not a row of it is told, never cut or filled up."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from judge.errors import UserError
from judge.printable import printable

_OTHERS = {";": "`;`", "\t": "tabs"}  # what spreadsheets put between cells in place of commas


class CsvRow(NamedTuple):
    """line: on which it begins, from 1. cells: by the names of the head; None where it has more or fewer. wrong: what
    is wrong with such a row, in words."""

    line: int
    cells: dict[str, str] | None
    wrong: str = ""


def csv_rows(lines: Iterable[str], name: str) -> Iterator[CsvRow]:
    """The rows below the head; lines without a cell are none. name: of the file, for what is told.

    Raises:
        UserError: there is no head, or a name stands in it twice, or what comes from here on is no CSV.
    """
    reader = csv.reader(lines, strict=True)
    told, heads, begun = printable(name), None, 1
    try:
        for cells in reader:
            if heads is None:
                if cells:
                    heads = _heads(cells, told)
            elif len(cells) == len(heads):
                yield CsvRow(begun, dict(zip(heads, cells, strict=True)))
            elif cells:
                count = f"{len(cells)} cell{'s' * (len(cells) > 1)}"
                yield CsvRow(begun, None, f"it has {count}, and the head has {len(heads)}")
            begun = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{told} cannot be read from line {begun} on: {error}", hint="is it a CSV file?") from error
    if heads is None:
        raise UserError(f"{told} has no rows", hint="the first one names the columns")


def _heads(cells: list[str], told: str) -> list[str]:
    for between, word in _OTHERS.items():
        if len(cells) == 1 and between in cells[0]:
            raise UserError(
                f"{told} has one column, {printable(cells[0])}",
                hint=f"its cells stand between {word}: save it with commas between them",
            )
    twice = [one or "without a name" for one, count in Counter(cells).items() if count > 1]
    if twice:
        raise UserError(f"{told}: the column {printable(twice[0])} stands there twice", hint="rename or remove one")
    return cells
