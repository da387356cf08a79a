"""Hugging Face data sets as sources, streamed: written by `save_to_disk`, or by their hub id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from judge.constitution.columns import check_columns, told_in
from judge.errors import UserError
from judge.media import read_bytes
from judge.media.reading import check_bytes
from judge.printable import printable
from judge.serving.batch.sources.item import RefusedItem, SourceItem
from judge.settings import Limits


class HubSource:
    """One split of a data set with one column of images; keys are row numbers from 1. context: fields that columns of
    their names tell beside each image.

    Raises:
        UserError: the package `datasets` is missing, no such data set, several splits, not one column of images, or a
            column may be a field or something else.
    """

    def __init__(self, name: str, limits: Limits, *, saved: bool, context: Sequence[str] = ()) -> None:
        self.name, self._limits, self._context = name, limits, tuple(context)
        self._table = _table(name, saved=saved)
        self._column = _image_column(self._table, name)
        columns = list(self._table.features)
        check_columns(columns, self._context, {self._column: "the image"}, name)
        told = [field for field in self._context if field in columns]
        self._table = _undecoded(self._table, self._column, told)

    def items(self) -> Iterator[SourceItem]:
        for number, row in enumerate(self._table, 1):
            picture, key = row[self._column] or {}, f"{number:09d}"
            name = f"{self.name}:{number}"
            told = told_in(row, self._context)
            if picture.get("bytes") is not None:
                yield SourceItem(key, name, partial(_whole, picture["bytes"], self._limits), context=told)
            elif picture.get("path"):
                yield SourceItem(key, name, partial(read_bytes, picture["path"], self._limits), context=told)
            else:
                yield SourceItem(key, name, RefusedItem("the row has no image"), context=told)

    def says(self) -> list[str]:
        return []

    def count(self) -> int | None:
        """Of a data set on disk; a stream does not say."""
        return len(self._table) if hasattr(self._table, "__len__") else None


def _whole(data: bytes, limits: Limits) -> bytes:
    check_bytes(data, limits)
    return data


def _table(name: str, *, saved: bool) -> Any:
    try:
        import datasets
    except ImportError as error:
        raise UserError(
            "Hugging Face data sets need the package 'datasets'", hint="pip install 'constitution-judge[eval]'"
        ) from error
    datasets.disable_progress_bars()
    hub_id, _, split = name.partition(":")
    try:
        if saved:
            found = datasets.load_from_disk(name)
        else:
            found = datasets.load_dataset(hub_id, split=split or None, streaming=True)
    except Exception as error:  # of a missing name, an unreachable hub, a damaged file: dozens of types
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"cannot read the data set {printable(name)} ({said})") from error
    if not hasattr(found, "keys"):
        return found
    if len(found) > 1:
        first = next(iter(found))
        hint = f"name a folder in it: {name}/{first}" if saved else f"name one: {hub_id}:{first}"
        raise UserError(f"{printable(name)} has several splits: {', '.join(found)}", hint=hint)
    return next(iter(found.values()))


def _image_column(table: Any, name: str) -> str:
    import datasets

    found = [column for column, kind in (table.features or {}).items() if isinstance(kind, datasets.Image)]
    if len(found) != 1:
        which = f"has several columns of images ({', '.join(found)})" if found else "has no column of images"
        raise UserError(f"{printable(name)} {which}")
    return str(found[0])


def _undecoded(table: Any, column: str, told: Sequence[str]) -> Any:
    """With the bytes as they are: they are decoded here, within limits."""
    import datasets

    return table.cast_column(column, datasets.Image(decode=False)).select_columns([column, *told])
