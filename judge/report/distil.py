"""A batch as a training set. Where other models, or other settings, were asked the same of the same picture in this
folder, their votes stand beside it; where people decided, theirs is the label.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from judge.distilling.rows import COPIES, Distilled, HumanLabel, rows_of
from judge.distilling.splits import HELD_OUT, Splits
from judge.distilling.writing import write
from judge.errors import ImageError
from judge.media import read_bytes
from judge.media.prints import PicturePrint, prints_of
from judge.report.tables import Tables
from judge.serving.batch.room import models_of_run

# Bytes of a name that are no text stand in the tables as `\udcXX`: nothing opens a file by that.
_IMAGES = r"""
CREATE OR REPLACE TEMP VIEW one_each AS
SELECT key, name, sha256, context_digest, error, constitution_digest, lock_digest, model_digest, settings_digest,
       regexp_matches(name, '\\udc[89a-f][0-9a-f]') AS no_text
FROM images WHERE sha256 IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY sha256 ORDER BY no_text, error IS NOT NULL, copy_of IS NOT NULL, key) = 1
"""
_COPIES = "SELECT (SELECT count(*) FROM images WHERE sha256 IS NOT NULL) - (SELECT count(*) FROM one_each)"
_ROWS = """
SELECT one_each.*, statements.* EXCLUDE (sha256, context_digest), decisions.* EXCLUDE (sha256, constitution_digest), %s
FROM one_each JOIN statements USING (sha256, context_digest) LEFT JOIN decisions USING (sha256, constitution_digest) %s
ORDER BY sha256, rule, view, kind DESC, condition, statement
"""
_ONE_VOICE = """
SELECT sha256, statement, bool_and(outcome = 'holds') AS yes, bool_and(outcome = 'fails') AS no
FROM %s WHERE reads IS NULL AND view = 'image' AND branch <> 'model_error' AND statement IS NOT NULL
  AND outcome <> 'not_asked'
GROUP BY ALL
"""
_VOTES = """
LEFT JOIN (
  SELECT sha256, statement, count(*) FILTER (yes) AS runs_yes, count(*) FILTER (no) AS runs_no,
         count(*) FILTER (NOT yes AND NOT no) AS runs_silent
  FROM (%s) GROUP BY ALL HAVING count(*) > 1) USING (sha256, statement)
"""
Decided = Iterable[tuple[str, str, HumanLabel]]  # the digest of an image, that of the constitution, what people came to


def distil(tables: Tables, to: Path, held_out: float = HELD_OUT, decisions: Decided = ()) -> Distilled:
    """Write the rows as JSON lines or parquet, as the file's name says. held_out: the share of groups of images that
    look the same. decisions: of people, each on an image by a constitution; they are held in memory.

    Raises:
        UserError: the name ends in neither, or the file cannot be written.
        JudgeError: the tables change while they are read.
    """
    told = Distilled(unreadable=tables.rows("SELECT count(*) FROM images WHERE error IS NOT NULL")[0][0])
    tables.rows(_IMAGES)
    if copies := tables.rows(_COPIES)[0][0]:
        told.left_out[COPIES] += copies
    tables.hold("decisions", _columns(decisions))
    with Splits(held_out) as splits:
        for row in tables.stream("SELECT sha256, name, no_text FROM one_each ORDER BY sha256"):
            splits.add(row["sha256"], () if row["no_text"] else _looks(row["name"], row["sha256"]))
        write(_rows(tables, splits, told), to)
    return told


def _looks(name: str, sha256: str) -> tuple[PicturePrint, ...]:
    """The prints of a file, where it is still the one that was judged."""
    try:
        data = read_bytes(name)
    except ImageError:
        return ()
    return prints_of(data) if hashlib.sha256(data).hexdigest() == sha256 else ()


def _rows(tables: Tables, splits: Splits, told: Distilled) -> Iterator[dict[str, Any]]:
    voters, models = tables.voters(), models_of_run(tables.run)
    votes, join = "NULL AS runs_yes", ""
    if len(voters) > 1:
        votes = "runs_yes, runs_no, runs_silent"
        join = _VOTES % " UNION ALL ".join(_ONE_VOICE % name for name in voters)
    for sha256, some in groupby(tables.stream(_ROWS % (votes, join)), itemgetter("sha256")):
        asked = list(some)
        yield from rows_of(asked[0], asked, splits.of(sha256), models, _decision(asked[0]), told)


def _decision(row: dict[str, Any]) -> HumanLabel | None:
    if row["action"] is None:
        return None
    return HumanLabel(row["action"], tuple(row["rules"]), row["reason"], row["line"], row["beside_context"])


def _columns(decisions: Decided) -> dict[str, Any]:
    import pyarrow as pa

    every = [
        (sha256, digest, one.action, list(one.rules), one.reason, one.line, one.beside_context)
        for sha256, digest, one in decisions
    ]
    text = pa.string()
    kinds = {"sha256": text, "constitution_digest": text, "action": text, "rules": pa.list_(text), "reason": text}
    named = {**kinds, "line": pa.int64(), "beside_context": pa.bool_()}
    return {name: pa.array([row[place] for row in every], kind) for place, (name, kind) in enumerate(named.items())}
