"""Reads metadata.jsonl and metadata.csv (the conventions of Hugging Face's imagefolder) to rows. Knows no rule."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from judge.constitution.columns import check_columns, told_in
from judge.constitution.document import clipped
from judge.constitution.load import read_text
from judge.errors import Problem
from judge.evaluation.data.truth import COLUMNS, TAKEN
from judge.files import CELL
from judge.json_once import KeyTwice, once

_MOST = 2**30  # bytes: millions of rows


class MetadataRow(NamedTuple):
    """One image as the source describes it: where it stands, what it is called, where it can be opened.

    context: what the source tells beside it, as it stands there.
    """

    file: str
    line: int
    id: str
    path: str
    values: dict[str, Any]
    context: Mapping[str, Any]

    def problem(self, message: str, hint: str = "") -> Problem:
        return Problem(self.file, self.line, 1, message, hint)


def read_metadata(folder: Path, file: Path, fields: Sequence[str] = ()) -> tuple[list[MetadataRow], list[Problem]]:
    """The rows of a metadata file that name an image, and what is wrong with the others. fields: those that columns of
    their names tell beside an image.

    Raises:
        UserError: the file is not readable text, or a column may be a field or something else.
    """
    problems: list[Problem] = []
    rows = []
    lines = list(_json_lines(file, problems) if file.suffix == ".jsonl" else _csv_lines(file, problems))
    columns = dict.fromkeys(key for _, values in lines for key in values)
    check_columns(columns, fields, {**TAKEN, "file_name": "the image"}, str(file))
    for line, values in lines:
        name = values.get("file_name")
        if not isinstance(name, str) or not name:
            problems.append(Problem(str(file), line, 1, "`file_name` is missing", "name the image of this row"))
        elif PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            problems.append(Problem(str(file), line, 1, f"{clipped(name)} lies outside the folder", "move it inside"))
        else:
            told = told_in(values, fields)
            path = os.path.normpath(folder / name)
            rows.append(MetadataRow(str(file), line, os.path.normpath(name), path, values, told))
    return rows, problems


def _json_lines(file: Path, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in enumerate(read_text(file, _MOST).split("\n"), 1):
        if not text.strip():
            continue
        try:
            values = json.loads(text, object_pairs_hook=once)
        except KeyTwice as error:
            problems.append(Problem(str(file), line, 1, f"`{clipped(str(error))}` stands twice", "leave one out"))
            continue
        except (ValueError, RecursionError) as error:
            problems.append(Problem(str(file), line, 1, f"not JSON: {error}", "one object per line"))
            continue
        if isinstance(values, dict):
            yield line, values
        else:
            problems.append(Problem(str(file), line, 1, "not an object", 'such as {"file_name": "a.png", ...}'))


def _csv_lines(file: Path, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Cells are texts: a list is written in JSON or with `;` between its items, `tags` in JSON."""
    reader = csv.DictReader(io.StringIO(read_text(file, _MOST)))
    try:
        for values in reader:
            if any(isinstance(cell, str) and len(cell) > CELL for cell in values.values()):
                raise csv.Error(f"a cell is longer than {CELL} characters")
            if None in values or None in values.values():
                problems.append(Problem(str(file), reader.line_num, 1, "not as many cells as there are columns"))
            else:
                yield reader.line_num, {key: _cell(key, cell) for key, cell in values.items()}
    except csv.Error as error:  # such as a NUL character: nothing after it can be read
        problems.append(Problem(str(file), reader.line_num + 1, 1, f"not CSV: {error}"))


def _cell(key: str, cell: str) -> Any:
    if key == "unsafe":
        return {"true": True, "false": False}.get(cell.strip().lower(), cell)
    if key in COLUMNS and cell.lstrip().startswith(("[", "{")):
        try:
            return json.loads(cell)
        except ValueError:
            return cell
    if key in ("violates", "ok", "holds", "fails"):
        return [part.strip() for part in cell.split(";") if part.strip()]
    return cell
