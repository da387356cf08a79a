"""A review log as a training set: what the judge said of each picture, and what people came to, which wins.

Rows name a picture by the path that it was judged by; the original that the store keeps is given to nobody (`reveal`).
Of a picture that several verdicts are about, each policy has one: the last that was decided, else the last.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from judge.clip_verdict import ClipVerdict
from judge.distilling.rows import COPIES, Distilled, HumanLabel
from judge.distilling.rows import rows_of as training_rows
from judge.distilling.splits import HELD_OUT, Splits
from judge.distilling.writing import write
from judge.media.prints import PicturePrint
from judge.review.store import Store
from judge.review.store.clips import Judged, parsed
from judge.review.store.tables import decisions, item_prints, items, log_lines, verdicts
from judge.serving.batch.schema import rows_of, rows_of_clip

_NO_TEXT = re.compile(r"[\ud800-\udfff]|\\udc[89a-f][0-9a-f]")  # bytes of a name, as they stand in text
_DECIDES = sa.select(
    decisions.c.item, decisions.c.action, decisions.c.rules, log_lines.c.reason, decisions.c.seq.label("line")
).join(log_lines, log_lines.c.seq == decisions.c.seq)


def distil(store: Store, to: Path, held_out: float = HELD_OUT) -> Distilled:
    """Write the rows as JSON lines or parquet, as the file's name says. held_out: the share of groups of pictures that
    look the same.

    Raises:
        UserError: the name ends in neither, or the file cannot be written.
        StoreError: the store is damaged.
    """
    told = Distilled()
    with store.reading() as connection, Splits(held_out) as splits:
        prints = sa.select(items.c.image_sha256, item_prints.c.hash, item_prints.c.fields).join(item_prints)
        wanted = prints.where(item_prints.c.hash.is_not(None)).order_by(items.c.image_sha256)
        for sha256, some in groupby(_streamed(connection, wanted), lambda row: row.image_sha256):
            looks = {PicturePrint(one.hash, one.fields) for one in some}
            splits.add(sha256, sorted(looks))
        write(_rows(connection, splits, told), to)
    return told


def decided(store: Store) -> Iterator[tuple[str, str, HumanLabel]]:
    """What people came to: the digest of a picture, that of the constitution, and the decision that stands; of several
    on one picture the last, and the last that was made of the picture alone where there is one."""
    found: dict[tuple[str, str], HumanLabel] = {}
    with store.reading() as connection:
        last = _standing().subquery()
        wanted = (
            sa.select(items.c.image_sha256, items.c.constitution_digest, last, verdicts.c.json)
            .join(last, last.c.item == items.c.id)
            .join(verdicts, verdicts.c.item == items.c.id)
        )
        for row in _streamed(connection, wanted.where(items.c.image_sha256.is_not(None)).order_by(last.c.line)):
            one, key = _decision(row, parsed(zlib.decompress(row.json))), (row.image_sha256, row.constitution_digest)
            if not one.beside_context or key not in found or found[key].beside_context:
                found[key] = one
    for (sha256, digest), one in found.items():
        yield sha256, digest, one


def _standing() -> sa.Select[Any]:
    """The last decision that was not taken back, of each item that is decided."""
    last = (
        sa.select(sa.func.max(decisions.c.seq))
        .join(items, items.c.id == decisions.c.item)
        .where(
            items.c.state == "decided",
            decisions.c.superseded_by.is_(None),
            decisions.c.action.in_(("violation", "no_violation")),
            decisions.c.read != "gold",
        )
        .group_by(decisions.c.item)
    )
    return _DECIDES.where(decisions.c.seq.in_(last))


def _rows(connection: sa.Connection, splits: Splits, told: Distilled) -> Iterator[dict[str, Any]]:
    last = _standing().subquery()
    wanted = (
        sa.select(items, last.c.action, last.c.rules, last.c.reason, last.c.line, verdicts.c.json)
        .join(verdicts, verdicts.c.item == items.c.id)
        .outerjoin(last, last.c.item == items.c.id)
        .where(items.c.image_sha256.is_not(None))
        .order_by(items.c.image_sha256, items.c.constitution_digest, last.c.line.desc().nulls_last(), items.c.id.desc())
    )
    for _, some in groupby(_streamed(connection, wanted), lambda row: (row.image_sha256, row.constitution_digest)):
        every = [(one, parsed(zlib.decompress(one.json))) for one in some]
        told.left_out[COPIES] += len(every) - 1
        said = [_decision(one, judged_one) for one, judged_one in every if one.action is not None]
        decision = next((one for one in said if not one.beside_context), next(iter(said), None))
        row, verdict = next(((one, its) for one, its in every if not its.context), every[0])
        if isinstance(verdict, ClipVerdict):
            judged = rows_of_clip(str(row.id), verdict, {}, "none", row.image_sha256)
        else:
            judged = rows_of(str(row.id), verdict, {}, "none", row.image_sha256)
        models = [f"{one.role}:{one.name}@{one.digest[:12]}" for one in verdict.provenance.models]
        image = {**judged.image, "no_text": _NO_TEXT.search(row.image) is not None}
        told.unreadable += image["error"] is not None
        yield from training_rows(image, judged.statements, splits.of(row.image_sha256), models, decision, told)


def _streamed(connection: sa.Connection, wanted: sa.Select[Any]) -> Iterator[Any]:
    yield from connection.execution_options(yield_per=200).execute(wanted)


def _decision(row: Any, verdict: Judged) -> HumanLabel:
    rules = tuple(json.loads(row.rules)) if row.action == "violation" else ()
    return HumanLabel(row.action, rules, row.reason, row.line, bool(verdict.context))
