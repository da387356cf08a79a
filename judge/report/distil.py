"""Rows for training a small model on what the judge said: a statement about a picture as a question, and the answer.

What has no answer is left out, and counted. Where other models, or other settings, were asked the same of the same
picture in this folder, their votes stand beside it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from judge.errors import UserError
from judge.files import whole
from judge.printable import printable
from judge.report.tables import Tables

_TOGETHER = 1000  # rows per group of a parquet file
_ASKED = "statement IS NOT NULL AND outcome <> 'not_asked'"
# Rules with thresholds of their own may take one answer in two ways; then there is no answer to learn. A view that is
# not the picture as it is in its file (a frame, a ground, a part) is not what a model would be shown under its name.
# Bytes of a name that are no text stand in the tables as `\udcXX`: nothing opens a file by that.
_ROWS = rf"""
WITH one_each AS (
  SELECT key, name, sha256, error IS NOT NULL AS error, regexp_matches(name, '\\udc[89a-f][0-9a-f]') AS no_text
  FROM images WHERE sha256 IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY sha256 ORDER BY no_text, copy_of IS NOT NULL, key) = 1),
answers AS (
  SELECT sha256, view, statement, with_image, prior, score, label_mass, rationale,
         bool_or(branch = 'model_error') OVER asked AS failed, bool_or(outcome = 'undecided') OVER asked AS undecided,
         bool_and(outcome = 'holds') OVER asked AS yes, bool_and(outcome = 'fails') OVER asked AS no
  FROM statements WHERE {_ASKED}
  WINDOW asked AS (PARTITION BY sha256, view, statement)
  QUALIFY row_number() OVER (PARTITION BY sha256, view, statement ORDER BY rationale IS NULL, rule) = 1)
SELECT key, name, sha256, statement, if(yes, 'yes', 'no') AS answer, with_image, prior, score, label_mass, rationale,
       CASE WHEN error OR failed THEN 'failed' WHEN undecided OR with_image IS NULL THEN 'undecided'
            WHEN NOT yes AND NOT no THEN 'answered in two ways' WHEN view <> 'image' THEN 'of a frame, ground or part'
            WHEN no_text THEN 'of files whose names are no text'
       END AS left_out, %s
FROM answers JOIN one_each USING (sha256) %s
ORDER BY sha256, statement, view
"""  # noqa: S608 (words of ours)
_ONE_VOICE = f"""
SELECT sha256, statement, bool_and(outcome = 'holds') AS yes, bool_and(outcome = 'fails') AS no
FROM %s WHERE view = 'image' AND branch <> 'model_error' AND {_ASKED} GROUP BY ALL
"""  # noqa: S608
_VOTES = """
LEFT JOIN (
  SELECT sha256, statement, count(*) FILTER (yes) AS votes_yes, count(*) FILTER (no) AS votes_no,
         count(*) FILTER (NOT yes AND NOT no) AS votes_undecided
  FROM (%s) GROUP BY ALL HAVING count(*) > 1) USING (sha256, statement)
"""


@dataclass
class Distilled:
    """What was written. left_out: statements without an answer to learn, by why. unreadable: images that could not be
    judged, or not wholly."""

    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0


def distil(tables: Tables, to: Path) -> Distilled:
    """Write the rows as JSON lines or parquet, as the file's name says.

    Raises:
        UserError: the name ends in neither, or the file cannot be written.
        JudgeError: the tables change while they are read.
    """
    writer = {".jsonl": _jsonl, ".parquet": _parquet}.get(to.suffix)
    if writer is None:
        raise UserError(f"what shall {printable(to.name)} be?", hint="name a file that ends in .jsonl or .parquet")
    found = Distilled(unreadable=tables.rows("SELECT count(*) FROM images WHERE error IS NOT NULL")[0][0])
    try:
        with whole(to) as file:
            writer(_rows(tables, found), file)
    except OSError as error:
        raise UserError(
            f"cannot write {printable(str(to))}: {error.strerror or error}", hint="name another file"
        ) from error
    return found


def _rows(tables: Tables, found: Distilled) -> Iterator[dict[str, Any]]:
    voters = tables.voters()
    votes, join = "NULL AS votes_yes", ""
    if len(voters) > 1:
        votes = "votes_yes, votes_no, votes_undecided"
        join = _VOTES % " UNION ALL ".join(_ONE_VOICE % name for name in voters)
    for row in tables.stream(_ROWS % (votes, join)):
        if row["left_out"] is not None:
            found.left_out[row["left_out"]] += 1
            continue
        found.rows += 1
        yield _row(row)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    kept = ("key", "sha256", "statement", "answer", "with_image", "prior", "score", "label_mass", "rationale")
    question = [{"type": "image"}, {"type": "text", "text": row["statement"]}]
    several = row["votes_yes"] is not None
    return {
        "messages": [
            {"role": "user", "content": question},
            {"role": "assistant", "content": [{"type": "text", "text": row["answer"]}]},
        ],
        "images": [row["name"]],
        **{name: row[name] for name in kept},
        "votes": {word: row[f"votes_{word}"] for word in ("yes", "no", "undecided")} if several else None,
    }


def _jsonl(rows: Iterable[dict[str, Any]], to: BinaryIO) -> None:
    for row in rows:
        to.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def _parquet(rows: Iterable[dict[str, Any]], to: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, number = pa.string(), pa.float64()
    part = pa.struct({"type": text, "text": text})
    schema = pa.schema(
        {
            "messages": pa.list_(pa.struct({"role": text, "content": pa.list_(part)})),
            "images": pa.list_(text),
            **dict.fromkeys(("key", "sha256", "statement", "answer"), text),
            **dict.fromkeys(("with_image", "prior", "score", "label_mass"), number),
            "rationale": text,
            "votes": pa.struct(dict.fromkeys(("yes", "no", "undecided"), pa.int64())),
        }
    )
    remaining = iter(rows)
    with pq.ParquetWriter(to, schema, compression="zstd") as writer:
        while some := list(islice(remaining, _TOGETHER)):
            writer.write_table(pa.Table.from_pylist(some, schema=schema))
