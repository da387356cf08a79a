"""A policy that is a table in a file (CSV, TSV), one rule a row, to a constitution file. Knows no markdown."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from judge.constitution.document import MAX_BYTES
from judge.errors import UserError
from judge.files import CELL
from judge.importers.gathering import Gathering, Imported
from judge.importers.tables import NO_COLUMN, is_rule_column, table_of
from judge.importers.writing import Written, slug

_BETWEEN = ",;\t"
_HINT = (
    "the first line names the columns: `rule` (or `not allowed`), and, where there are, `exception`, `category`,"
    " `severity` and `id`"
)


def is_csv(text: str, name: str) -> bool:
    """Whether a file is such a table: by its name, or because its first two lines have cells and one is the rules."""
    if re.search(r"\.[ct]sv$", name, re.IGNORECASE):
        return True
    lines = [line for line in text.splitlines() if line.strip()][:2]
    if len(lines) < 2 or lines[0].lstrip().startswith(("#", "|", "-", "*")):
        return False
    between = _between(lines[0])
    head = [cell.strip(' "') for cell in lines[0].split(between)]
    return len(head) > 1 and between in lines[1] and any(map(is_rule_column, head)) and all(map(_short, head))


def import_csv(text: str, *, file: str) -> Imported:
    """The constitution file of a table; `file` is its name, for comments and messages.

    Raises:
        UserError: no column is plainly the rules, a row has more cells than there are columns, an id stands twice, or
            there is no rule.
    """
    if len(text) > MAX_BYTES:
        raise UserError(f"{file}: larger than {MAX_BYTES // 2**20} MiB", hint="split it")
    records = list(_records(text.removeprefix("\ufeff"), file))
    head = [cell.strip() for cell in records[0][1]] if records else []
    if len(records) < 2:
        raise UserError(f"{file}: no rules found", hint=_HINT)
    first = records[0][0]
    names = [name.casefold() for name in head]
    for name in filter(None, names):
        if names.count(name) > 1:
            raise UserError(f"{file}:{first}: the column `{name}` stands twice", hint="leave one of them out")
    for line, cells in records[1:]:
        if len(cells) > len(head):
            told = f"{file}:{line}: {len(cells)} cells, where the first line names {len(head)}"
            raise UserError(told, hint='put a text that has commas into quotes: "no guns, no knives"')
    read = table_of(head, [cells for _, cells in records[1:]])
    if read is None:
        raise UserError(f"{file}: {NO_COLUMN}", hint=_HINT)
    found = Gathering()
    for name, why in read.left_out:
        found.skip(first, name, why)
    taken: dict[str, int] = {}
    for (line, cells), row in zip(records[1:], read.rows, strict=True):
        found.rows(row, line, " ".join(cells), category=None)
        for identifier in filter(None, (slug(one.id) for one in row.rules)):
            if identifier in taken:
                told = f"{file}:{line}: the id `{identifier}` is taken by line {taken[identifier]}"
                raise UserError(told, hint="give each rule an id of its own")
            taken[identifier] = line
    if not found.drafts:
        raise UserError(f"{file}: no rules found", hint=_HINT)
    title = re.sub(r"\.\w+$", "", file.rsplit("/", 1)[-1])
    return found.imported(
        Written(slug(title) or "imported-policy", title, "0.1.0", file, f"Imported from {file}.", language=None)
    )


def _short(name: str) -> bool:
    return len(name) <= 40


def _between(line: str) -> str:
    """What stands between the cells of a head."""
    return max(_BETWEEN, key=line.count)


def _records(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not empty, with the 1-based line that it begins on."""
    lines = text.splitlines(keepends=True)
    head = next((line for line in lines if line.strip()), "")
    reader = csv.reader(lines, delimiter=_between(head), strict=True)
    begun = 1
    try:
        for cells in reader:
            if any(len(cell) > CELL for cell in cells):
                raise csv.Error(f"a cell is longer than {CELL} characters")
            if cells:
                yield begun, cells
            begun = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{file}:{begun}: not a table ({error})", hint="mend the row, quotes above all") from error
