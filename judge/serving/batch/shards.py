"""The tables of one run on disk: parquet files, and a log that says which of them count.

Every change is one line of `manifest.jsonl`: files that are added, with their digests, and files that they replace. A
file is written beside its place, synced and renamed before its line is; so what has a line is whole, and what has none
was never finished and is removed. A run that was killed at any moment is one that stopped between two lines.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.errors import JudgeError, UserError
from judge.files import append, read_text, sha256_of
from judge.serving.batch.schema import IMAGES, STATEMENTS, VERSION, Row

_TABLES: Mapping[str, Mapping[str, str]] = {"images": IMAGES, "statements": STATEMENTS}
_MOST_MANIFEST = 2**32  # bytes: ten million shards


@dataclass(frozen=True)
class Shard:
    """Rows that were written together. number: from 1, never given twice. files: SHA-256 by name, one per table."""

    number: int
    rows: int
    files: Mapping[str, str]

    def file(self, table: str) -> str:
        """The name of the file of one table, below the folder of the run."""
        return next(name for name in self.files if name.startswith(f"{table}/"))


class Shards:
    """The shards of a run in `folder`, which is made where it is not there. writing: whether this process alone has the
    folder; else nothing in it is changed, and another process may be writing to it.

    Raises:
        UserError: pyarrow is missing, or the folder holds what this version cannot have written.
        JudgeError: the folder cannot be written to, or a shard is not as it was written.
    """

    def __init__(self, folder: Path, *, writing: bool = True) -> None:
        need_arrow()
        self.folder, self._manifest, self._writing = folder, folder / "manifest.jsonl", writing
        for table in _TABLES if writing else ():
            (folder / table).mkdir(parents=True, exist_ok=True)
        self._live: dict[int, Shard] = {}
        self._last = 0
        for line in self._lines():
            self._apply(line)
        self._tidy()

    @property
    def live(self) -> list[Shard]:
        """The shards that count, oldest first."""
        return sorted(self._live.values(), key=lambda one: one.number)

    def check(self) -> None:
        """See that every shard is as it was written.

        Raises:
            JudgeError: one is missing or was changed.
        """
        for shard in self.live:
            for name, digest in shard.files.items():
                self._check(name, digest)

    def add(self, images: Sequence[Row], statements: Sequence[Row], replacing: Sequence[int] = ()) -> Shard:
        """Write one shard; with its line, those in `replacing` no longer count.

        Raises:
            JudgeError: the disk is full, or cannot be written to. What was written before stays as it is.
        """
        number = self._last + 1
        rows = {"images": images, "statements": statements}
        try:
            files = {}
            for table, columns in _TABLES.items():
                name = f"{table}/{number:06d}.parquet"
                _write(self.folder / name, rows[table], columns)
                files[name] = sha256_of(self.folder / name)
            for table in _TABLES:
                _sync_folder(self.folder / table)
            line = {
                "shard": number,
                "rows": len(images),
                "files": files,
                "replaces": sorted(replacing),
                "schema": VERSION,
            }
            append(self._manifest, json.dumps(line) + "\n")
        except OSError as error:
            raise JudgeError(
                f"{self.folder} cannot be written to: {error.strerror or error}",
                hint="nothing that was written is lost: make room and run the same command again",
            ) from error
        self._apply(line)
        self._tidy()
        return self._live[number]

    def rows(self, shard: Shard, table: str, columns: Sequence[str] | None = None) -> list[Row]:
        """The rows of a shard's table, whole or in some columns.

        Raises:
            JudgeError: the file is missing or was changed.
        """
        import pyarrow.parquet as pq

        name = shard.file(table)
        self._check(name, shard.files[name])
        found: list[Row] = pq.read_table(
            self.folder / name, columns=None if columns is None else list(columns)
        ).to_pylist()
        return found

    def _check(self, name: str, digest: str) -> None:
        path = self.folder / name
        try:
            if sha256_of(path) == digest:
                return
            said = "was changed after it was written"
        except OSError as error:
            said = f"cannot be read ({error.strerror or error})"
        raise JudgeError(
            f"{path} {said}",
            hint="bring it back from a copy, or judge anew into another folder; nothing else was touched",
        )

    def _lines(self) -> Iterator[dict[str, Any]]:
        """Lines of the manifest. One that a crash cut off is taken out of the file: it never counted."""
        try:
            text = read_text(self._manifest, _MOST_MANIFEST)
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            raise JudgeError(f"{self._manifest} cannot be read ({error})") from error
        whole, _, torn = text.rpartition("\n")
        if torn and self._writing:
            with self._manifest.open("r+b") as file:
                file.truncate(len((whole + "\n").encode()) if whole else 0)
                os.fsync(file.fileno())
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                held = json.loads(line)
                if held["schema"] != VERSION:
                    raise UserError(
                        f"{self._manifest} was written by another version (schema {held['schema']}, not {VERSION})",
                        hint="name another folder with -o",
                    )
                yield held
            except (ValueError, KeyError, TypeError) as error:
                raise JudgeError(
                    f"{self._manifest}:{number} is damaged",
                    hint="bring it back from a copy, or judge anew into another folder",
                ) from error

    def _apply(self, line: Mapping[str, Any]) -> None:
        self._last = max(self._last, line["shard"])
        for number in line["replaces"]:
            self._live.pop(number, None)
        if line["rows"]:
            self._live[line["shard"]] = Shard(line["shard"], line["rows"], line["files"])

    def _tidy(self) -> None:
        """Remove what has no line, or no longer counts."""
        if not self._writing:
            return
        known = {name for shard in self._live.values() for name in shard.files}
        for table in _TABLES:
            for path in (self.folder / table).iterdir():
                ours = path.suffix in (".parquet", ".part")
                if ours and f"{table}/{path.name}" not in known:
                    with contextlib.suppress(OSError):
                        path.unlink()


def need_arrow() -> None:
    """Nothing; before a model is loaded for it.

    Raises:
        UserError: pyarrow is missing.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise UserError(
            "a batch writes parquet, which needs pyarrow", hint="pip install 'constitution-judge[batch]'"
        ) from error


def arrow_schema(columns: Mapping[str, str]) -> Any:
    """The types of columns of `schema`, for Arrow."""
    import pyarrow as pa

    kinds = {
        "string": pa.string(),
        "strings": pa.list_(pa.string()),
        "bool": pa.bool_(),
        "int32": pa.int32(),
        "float64": pa.float64(),
    }
    return pa.schema(
        [pa.field(name, kinds[kind]) for name, kind in columns.items()], metadata={"judge_schema": str(VERSION)}
    )


def _write(path: Path, rows: Sequence[Row], columns: Mapping[str, str]) -> None:
    """A parquet file, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    part = path.with_suffix(".part")
    try:
        table = pa.Table.from_pylist(list(rows), schema=arrow_schema(columns))
    except UnicodeEncodeError:  # a name that is no text, in a message of the system's
        table = pa.Table.from_pylist([_as_text(row) for row in rows], schema=arrow_schema(columns))
    with part.open("wb") as file:
        pq.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _as_text(value: Any) -> Any:
    """With every text such that it can be written; what cannot is shown as its number."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {name: _as_text(one) for name, one in value.items()}
    return [_as_text(one) for one in value] if isinstance(value, list) else value


def _sync_folder(folder: Path) -> None:
    """Have the disk know a file's new name; only POSIX lets a folder be opened for that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
