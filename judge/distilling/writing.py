"""A training set as a file: JSON lines or parquet, a few rows in memory at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from judge.errors import UserError
from judge.files import whole
from judge.printable import printable

_TOGETHER = 1000  # rows per group of a parquet file


def write(rows: Iterable[dict[str, Any]], to: Path) -> None:
    """Write the rows whole or not at all, as the file's name says.

    Raises:
        UserError: the name ends in neither .jsonl nor .parquet, the file cannot be written, or pyarrow is missing.
    """
    writer = {".jsonl": _jsonl, ".parquet": _parquet}.get(to.suffix)
    if writer is None:
        raise UserError(f"what shall {printable(to.name)} be?", hint="name a file that ends in .jsonl or .parquet")
    try:
        with whole(to) as file:
            writer(rows, file)
    except OSError as error:
        raise UserError(
            f"cannot write {printable(str(to))}: {error.strerror or error}", hint="name another file"
        ) from error


def _jsonl(rows: Iterable[dict[str, Any]], to: BinaryIO) -> None:
    for row in rows:
        to.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def _parquet(rows: Iterable[dict[str, Any]], to: BinaryIO) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UserError("parquet needs pyarrow", hint="pip install 'constitution-judge[batch]'") from error

    text, number = pa.string(), pa.float64()
    part = pa.struct({"type": text, "text": text})
    digests = dict.fromkeys(("constitution_digest", "lock_digest", "model_digest", "settings_digest"), text)
    schema = pa.schema(
        {
            "messages": pa.list_(pa.struct({"role": text, "content": pa.list_(part)})),
            "images": pa.list_(text),
            **dict.fromkeys(("key", "sha256", "split", "group", "rule", "statement", "answer"), text),
            **dict.fromkeys(("soft", "with_image", "prior", "score", "label_mass"), number),
            **dict.fromkeys(("decided_by", "rationale"), text),
            "votes": pa.struct(dict.fromkeys(("yes", "no", "silent"), pa.int64())),
            "provenance": pa.struct({**digests, "models": pa.list_(text), "decision": pa.int64()}),
        }
    )
    remaining = iter(rows)
    with pq.ParquetWriter(to, schema, compression="zstd") as writer:
        while some := list(islice(remaining, _TOGETHER)):
            writer.write_table(pa.Table.from_pylist(some, schema=schema))
