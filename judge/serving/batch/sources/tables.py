"""Rows of CSV, JSONL and parquet files as sources: a path, or the bytes of an image, per row.

One column says where the image is. Which one is never guessed: of the known names exactly one may be there, or the
user names it. A row's key is its value of the column `key`, where there is one, else the path as it is written, else
`FILE:NUMBER`: the line of a JSONL file, the row of another, from 1. Addresses (`https://`) are never fetched.
Columns that are called like fields of the constitution's `context` are what is told beside the image.
"""

from __future__ import annotations

import base64
import binascii
import csv
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from judge.constitution.columns import check_columns, plain_name, told_in
from judge.csv_rows import csv_rows
from judge.errors import UserError
from judge.files import lines_of
from judge.json_once import KeyTwice, once
from judge.judging.opening import name_of
from judge.media import read_bytes
from judge.printable import printable
from judge.serving.batch.sources.item import RefusedItem, SourceItem
from judge.serving.batch.sources.text import open_text
from judge.settings import Limits

PATHS = ("path", "image_path", "file", "file_name", "filename")
IMAGES = ("image", "bytes", "image_bytes", "jpg", "png")
ADDRESSES = ("url", "image_url")
_LINE = 2**27  # most characters of a line: an image of 64 MiB as base64, and something beside it
_ROWS = 64  # of parquet, held at once
Row = dict[str, Any]


class SourceRow(NamedTuple):
    """number: of a JSONL file the line, of another the row, from 1. place: what people call it. row: or, in words, what
    is wrong with it."""

    number: int
    place: str
    row: Row | str


class TableSource:
    """A CSV, JSONL or parquet file. Paths that are not absolute are below the folder of the file. context: fields that
    columns of their names tell beside each image; a cell without a value tells nothing, and an empty text is one.

    Raises:
        UserError: it has no rows, or not one column that can only be the image's, or a column may be a field or not.
    """

    def __init__(self, file: str, limits: Limits, column: str | None = None, context: Sequence[str] = ()) -> None:
        self.name, self._file, self._limits, self._context = file, Path(file), limits, tuple(context)
        damaged: SourceRow | None = None
        for found in self._rows():
            if not isinstance(found.row, str):
                self._column = _column(found.row, column, file)
                taken = {"key": "the key of each row", self._column: "the image"}
                check_columns(found.row, self._context, taken, file)
                break
            damaged = damaged or found
        else:
            if damaged is not None:
                said = f"{printable(file)}, {damaged.place}: {damaged.row}"
                raise UserError(said, hint="no row of it can be read: mend them")
            raise UserError(f"{printable(file)} has no rows")
        self._of_paths = self._column in PATHS

    def described(self) -> Iterator[tuple[SourceRow, SourceItem]]:
        """Every row with its item.

        Raises:
            UserError: the rows from here on cannot be read.
        """
        for found in self._rows():
            yield found, self._item(found)

    def items(self) -> Iterator[SourceItem]:
        number = 0
        try:
            for found, item in self.described():
                number = found.number
                yield item
        except UserError as error:  # the rows before it stand, and nobody shall think that there are no others
            name = f"{self._file.name}:{number + 1}"
            said = f"the rows from {number + 1} on cannot be read: {error.message}"
            yield SourceItem(name, name, RefusedItem(said, hint="mend the file", retryable=True))

    def says(self) -> list[str]:
        return []

    def count(self) -> int | None:
        """Of parquet, which says so itself."""
        if self._file.suffix.lower() != ".parquet":
            return None
        import pyarrow.parquet as pq

        return int(pq.read_metadata(self._file).num_rows)

    def _item(self, found: SourceRow) -> SourceItem:
        row, name = found.row, f"{self._file.name}:{found.number}"
        if isinstance(row, str):
            return SourceItem(name, name, RefusedItem(f"{found.place}: {row}", hint="mend the file"))
        return replace(self._image(row, name), context=told_in(row, self._context))

    def _image(self, row: Row, name: str) -> SourceItem:
        value = row.get(self._column)
        if isinstance(value, dict):  # as Hugging Face data sets write an image
            value = value.get("bytes") or value.get("path")
        key = name_of(str(row["key"])) if row.get("key") not in (None, "") else None
        if isinstance(value, bytes):
            return SourceItem(key or name, name, partial(_bytes, value, self._limits))
        if value is None or value == "":
            return SourceItem(key or name, name, RefusedItem(f"the row has no {self._column}"))
        if not isinstance(value, str):
            return SourceItem(key or name, name, RefusedItem(f"its {self._column} is no text"))
        if value.startswith(("http://", "https://")):
            return SourceItem(
                key or name_of(value), name, RefusedItem("an address, not a file", hint="download it first")
            )
        path = os.path.join(self._file.parent, value)  # noqa: PTH118
        if value.startswith("data:") or self._holds_bytes(value, path):
            return SourceItem(key or name, name, partial(_decoded, value, self._limits))
        if not self._of_paths and not os.path.lexists(path):
            said = f"its {self._column} is neither a file nor base64"
            return SourceItem(key or name_of(value), name, RefusedItem(said, retryable=True))
        return SourceItem(key or name_of(value), name_of(path), partial(read_bytes, path, self._limits), path)

    def _holds_bytes(self, value: str, path: str) -> bool:
        """Whether a text is an image as base64, and no path: nothing lies there, or it is too long for one."""
        if self._of_paths or len(value) < 2**12:
            return not self._of_paths and not os.path.lexists(path) and _is_base64(value)
        return True

    def _rows(self) -> Iterator[SourceRow]:
        suffix = self._file.suffix.lower()
        try:
            if suffix == ".parquet":
                for number, row in enumerate(_parquet(self._file), 1):
                    yield SourceRow(number, f"row {number}", row)
                return
            with open_text(self._file) as file:
                if suffix == ".jsonl":
                    yield from _jsonl(file)
                    return
                csv.field_size_limit(_LINE)
                for number, (line, cells, wrong) in enumerate(csv_rows(lines_of(file, _LINE), self.name), 1):
                    yield SourceRow(number, f"line {line}", wrong if cells is None else cells)
        except OSError as error:
            raise UserError(f"{printable(self.name)} cannot be read: {error.strerror or error}") from error


def _column(first: Row, named: str | None, file: str) -> str:
    there = printable(", ".join(map(str, first)))
    if named is not None:
        if named not in first:
            raise UserError(f"{printable(file)} has no column {named}", hint=f"columns: {there}")
        return named
    found = [name for name in (*PATHS, *IMAGES) if name in first]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            f"{printable(file)}: the image may be in any of {', '.join(found)}", hint=f"say which: --column {found[0]}"
        )
    if any(name in first for name in ADDRESSES):
        raise UserError(
            f"{printable(file)} has addresses of images only", hint="nothing is fetched: download them first"
        )
    near = next((name for name in first if plain_name(name) in (*PATHS, *IMAGES)), None)
    rename = "" if near is None else f"rename the column {printable(near)} to {plain_name(near)}, or "
    raise UserError(
        f"{printable(file)} has no column of images", hint=f"{rename}say which: --column NAME; columns: {there}"
    )


def _jsonl(file: Any) -> Iterator[SourceRow]:
    for number, line in enumerate(lines_of(file, _LINE), 1):
        if not line.strip():
            continue
        said = "it is no JSON object"
        try:
            row = json.loads(line, object_pairs_hook=once)
        except KeyTwice as error:
            row, said = None, f"`{printable(str(error))}` stands twice"
        except (ValueError, RecursionError):
            row = None
        yield SourceRow(number, f"line {number}", row if isinstance(row, dict) else said)


def _parquet(path: Path) -> Iterator[Row | str]:
    """Group by group: of one that is damaged every row is an image that cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                given = 0
                try:
                    for batch in file.iter_batches(batch_size=_ROWS, row_groups=[group]):
                        yield from batch.to_pylist()
                        given += batch.num_rows
                except (pa.ArrowException, OSError) as error:
                    said = f"its part of the file is damaged ({str(error).splitlines()[0][:200]})"
                    for _ in range(file.metadata.row_group(group).num_rows - given):
                        yield said
    except pa.ArrowException as error:
        raise UserError(f"{printable(str(path))} is no parquet file, or is damaged ({error})") from error


def _is_base64(text: str) -> bool:
    try:
        return len(text) >= 32 and bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False


def _bytes(data: bytes, limits: Limits) -> bytes:
    from judge.media.reading import check_bytes

    check_bytes(data, limits)
    return data


def _decoded(text: str, limits: Limits) -> bytes:
    from judge.errors import ImageError

    encoded = text.partition(",")[2] if text.startswith("data:") else text
    if len(encoded) > 2 * limits.file_bytes:
        raise ImageError(f"larger than {limits.file_bytes} bytes", hint="shrink it")
    try:
        return _bytes(base64.b64decode(encoded, validate=True), limits)
    except binascii.Error as error:
        raise ImageError(f"neither a file nor base64 ({error})") from error
