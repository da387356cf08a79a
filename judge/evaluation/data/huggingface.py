"""Rows of a Hugging Face data set: a parquet file, a folder of them, one saved to disk, or a hub id. Knows no rule.

Pictures inside the data set are written once to a folder under the cache, named by their digest, because methods take
paths.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from judge.constitution.columns import check_columns, told_in
from judge.errors import UserError
from judge.evaluation.data.truth import COLUMNS, TAKEN
from judge.files import open_regular, sha256_of
from judge.settings import cache_room

# row from 1, what it is called, where it can be opened, its other columns, what it tells beside the image
Read = tuple[int, str, str, dict[str, Any], dict[str, Any]]


def rows(source: str, saved: Iterable[str], fields: Sequence[str] = ()) -> tuple[str, Iterator[Read]]:
    """The data set's name, and its rows. saved: files that mark a folder written by `save_to_disk`. fields: those that
    columns of their names tell beside an image.

    Raises:
        UserError: the package `datasets` is missing, no such data set, several splits, no column of images, or a column
            may be a field or something else.
    """
    try:
        import datasets
    except ImportError as error:
        raise UserError(
            "reading parquet and Hugging Face data sets needs the package 'datasets'",
            hint="pip install 'constitution-judge[eval]'",
        ) from error
    datasets.disable_progress_bars()
    table = _table(source, saved)
    if hasattr(table, "keys"):
        splits = ", ".join(table)
        raise UserError(f"{source} has several splits: {splits}", hint=_name_a_split(source, next(iter(table))))
    column = _image_column(table, source)
    table = table.cast_column(column, datasets.Image(decode=False))
    check_columns(table.column_names, fields, {**TAKEN, column: "the image"}, source)
    wanted = [name for name in (column, *COLUMNS, *fields) if name in table.column_names]
    return Path(source).name, _read(table.select_columns(wanted), column, fields)


def _table(source: str, saved: Iterable[str]) -> Any:
    """The one split that there is, or a mapping of splits."""
    import datasets

    path, kept = Path(source), str(cache_room("huggingface-datasets"))
    try:
        if path.is_dir() and any((path / name).is_file() for name in saved):
            return datasets.load_from_disk(source)
        if path.exists():
            files = [str(path)] if path.is_file() else sorted(str(one) for one in path.rglob("*.parquet"))
            for one in files:
                open_regular(one).close()  # the library would wait for a pipe
            return datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=kept)
        name, _, split = source.partition(":")
        found = datasets.load_dataset(name, split=split or None, cache_dir=kept)
    except Exception as error:  # of a missing name, an unreachable hub, a damaged file: dozens of types
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(
            f"cannot read the data set {source} ({said})",
            hint="is it a file or folder that does not exist, or does the hub not know it or cannot be reached?",
        ) from error
    return next(iter(found.values())) if hasattr(found, "keys") and len(found) == 1 else found


def _name_a_split(source: str, first: str) -> str:
    return f"name one of its folders: {source}/{first}" if Path(source).is_dir() else f"name one: {source}:{first}"


def _image_column(table: Any, source: str) -> str:
    import datasets

    found = [name for name, kind in table.features.items() if isinstance(kind, datasets.Image)]
    if not found and isinstance(table.features.get("image"), (dict, datasets.Value)):
        found = ["image"]  # written without the library: bytes and path, or a path alone, under the usual name
    if len(found) != 1:
        which = f"has several columns of images ({', '.join(found)})" if found else "has no column of images"
        raise UserError(f"{source} {which}; columns: {', '.join(table.column_names)}", hint="keep one, named `image`")
    return str(found[0])


def _read(table: Any, column: str, fields: Sequence[str]) -> Iterator[Read]:
    folder = cache_room("eval-images")
    for number, values in enumerate(table, 1):
        picture = values.pop(column) or {}
        named = picture.get("path") or ""
        data = picture.get("bytes")
        path = _kept(folder, data, Path(named).suffix) if data is not None else named
        yield number, f"{number:06d}{f'-{Path(named).name}' if named else ''}", path, values, told_in(values, fields)


def _kept(folder: Path, data: bytes, suffix: str) -> str:
    """Where the picture lies on disk, written there whole where it is not yet."""
    digest = hashlib.sha256(data).hexdigest()
    path = folder / digest[:2] / f"{digest}{suffix}"
    if not _is_kept(path, digest, len(data)):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(part).replace(path)
    return str(path)


def _is_kept(path: Path, digest: str, size: int) -> bool:
    try:
        return sha256_of(path, size) == digest
    except OSError:
        return False  # absent, or something else by now
