"""Items, verdicts and images against the lines that added them, both ways. Changes nothing."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from judge.files import sha256_of
from judge.review.audit import exact
from judge.review.store import pictures
from judge.review.store.tables import clips, item_branches, item_rules, items, log_lines, verdicts
from judge.settings import DEFAULT_CLIP_LIMITS, MOST_IMAGE

DECIDING = ("decision", "second_read", "gold", "gold_marked")
BESIDE = ("note", "reopened")
MOST = 2**26  # bytes of a verdict that are unpacked; what a person put there may pretend to be more
_SHA256 = re.compile(r"[0-9a-f]{64}")


def listed(connection: sa.Connection) -> Iterator[str]:
    """Where an item or its verdict is gone, was never added, or is listed otherwise than it was added."""
    added = sa.select(log_lines).where(log_lines.c.kind == "added").subquery()
    gone = sa.select(added.c.seq, added.c.item).outerjoin(items, items.c.id == added.c.item).where(items.c.id.is_(None))
    for row in connection.execute(gone.order_by(added.c.seq)):
        yield f"item {row.item} was added by line {row.seq} of the log, but is not among the items"
    for table in (verdicts, item_rules, item_branches, clips):
        stray = sa.select(table.c.item).distinct().where(table.c.item.not_in(sa.select(items.c.id)))
        for item in connection.execute(stray).scalars():
            yield f"table {table.name} holds rows of item {item}, which is not among the items"
    kept = sa.exists().where(log_lines.c.item == items.c.id, log_lines.c.kind == "image_added")
    wanted: sa.Select[Any] = (
        sa.select(
            *exact.stored(items),
            added.c.seq,
            added.c.image.label("told_image"),
            added.c.constitution.label("told_constitution"),
            added.c.extra,
            sa.type_coerce(verdicts.c.json, sa.types.NullType()).label("json"),
            _rows(item_rules, item_rules.c.rule).label("rules"),
            _rows(item_branches, item_branches.c.branch, item_branches.c.statements).label("branches"),
            kept.label("image_added"),
            sa.type_coerce(clips.c.duration_ms, sa.types.NullType()).label("clip_ms"),
        )
        .outerjoin(clips, clips.c.item == items.c.id)
        .outerjoin(added, added.c.item == items.c.id)
        .outerjoin(verdicts, verdicts.c.item == items.c.id)
        .order_by(items.c.id, added.c.seq)
    )
    before = None
    for row in connection.execute(wanted):
        if row.seq is None:
            yield f"item {row.id} is among the items, but the log does not say that it was added"
        elif row.id == before:
            yield f"line {row.seq} of the log adds item {row.id} once more"
        else:
            yield from _differences(row)
        before = row.id


def shown(connection: sa.Connection) -> Iterator[str]:
    """Where a decision was made on another verdict than was added, or anything was done to an item that never was."""
    added = sa.alias(log_lines)
    both = sa.select(log_lines.c.seq, log_lines.c.item, log_lines.c.extra, added.c.extra.label("told"))
    joined = both.outerjoin(added, sa.and_(added.c.item == log_lines.c.item, added.c.kind == "added"))
    done = joined.add_columns(log_lines.c.kind).where(log_lines.c.kind.in_((*DECIDING, *BESIDE)))
    for row in connection.execute(done.order_by(log_lines.c.seq)):
        if row.told is None:
            does = "is about" if row.kind in BESIDE else "decides on"
            yield f"line {row.seq} of the log {does} item {row.item}, which was never added"
        elif row.kind not in BESIDE and json.loads(row.extra).get("verdict") != json.loads(row.told).get("verdict"):
            yield f"line {row.seq} of the log was shown another verdict of item {row.item} than was added"


def images(connection: sa.Connection, folder: Path) -> Iterator[str]:
    """Where the file of an image or a clip is gone or another."""
    clip = sa.func.max(clips.c.item).label("clip")
    wanted = sa.select(items.c.image_sha256, sa.func.min(items.c.id).label("item"), clip)
    wanted = wanted.outerjoin(clips, clips.c.item == items.c.id).where(sa.text("has_image IS NOT 0"))
    for row in connection.execute(wanted.group_by(items.c.image_sha256).order_by(sa.text("item"))):
        if not _SHA256.fullmatch(str(row.image_sha256)):
            continue  # `listed` has said so
        path, thing = pictures.path_of(folder, row.image_sha256), "image" if row.clip is None else "clip"
        try:
            found = sha256_of(path, MOST_IMAGE if row.clip is None else DEFAULT_CLIP_LIMITS.file_bytes)
        except OSError as error:
            yield f"the {thing} of item {row.item} is gone: {path} ({error.strerror})"
            continue
        if found != row.image_sha256:
            yield f"the {thing} of item {row.item} was changed on disk: {path}"


def _differences(row: Any) -> Iterator[str]:
    """Where an item differs from the line that added it."""
    said, found = json.loads(row.extra), row._mapping
    told = dict(said["listed"])
    rules = [exact.told_in_hex(rule) for rule in told.pop("rules")]
    branches = [exact.told_in_hex(*branch) for branch in told.pop("branches").items()]
    wrong = exact.unlike(found, told)
    wrong += ["rules"] if sorted(json.loads(row.rules)) != sorted(rules) else []
    wrong += ["branches"] if sorted(json.loads(row.branches)) != sorted(branches) else []
    wrong += [] if exact.same(row.image_sha256, row.told_image) else ["image digest"]
    wrong += [] if exact.same(row.constitution_digest, row.told_constitution) else ["constitution digest"]
    if wrong:
        yield f"item {row.id} differs from line {row.seq} of the log, which added it, in: {', '.join(wrong)}"
    if not exact.same(row.clip_ms, said.get("clip_ms")):
        yield f"item {row.id} is not {_length(said.get('clip_ms'))}, as line {row.seq} of the log has it"
    yield from exact.sentences(f"item {row.id}", found, {"has_image": int(said["has_image"] or row.image_added)})
    if row.json is None:
        yield f"the verdict of item {row.id} is gone"
    elif hashlib.sha256(_unpacked(row.json)).hexdigest() != said["verdict"]:
        yield f"the verdict of item {row.id} is not the one that line {row.seq} of the log added"


def _length(clip_ms: object) -> str:
    return "a picture" if clip_ms is None else f"a clip of {clip_ms} ms"


def _unpacked(packed: Any) -> bytes:
    """The verdict, where it is packed as a whole and nothing stands behind it."""
    unpacking = zlib.decompressobj()
    try:
        unpacked = unpacking.decompress(packed, MOST)
    except (zlib.error, TypeError):  # it may be no bytes at all
        return b""
    return unpacked if unpacking.eof and not unpacking.unused_data else b""


def _rows(table: sa.Table, *columns: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """An item's rows as a JSON list."""
    grouped = sa.func.json_group_array(exact.in_hex(*columns))
    return sa.select(grouped).where(table.c.item == items.c.id).correlate(items).scalar_subquery()
