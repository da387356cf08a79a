"""Verdicts and images into the store, each with a line of the log. What is known already is not added again."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from judge.clip_verdict import ClipVerdict
from judge.errors import UserError
from judge.media.prints import PicturePrint, print_of
from judge.review.store import log, near, pictures, traits
from judge.review.store.clips import Judged, as_verdict, findings_of, sha256_of
from judge.review.store.closeness import image_score, uncertainty
from judge.review.store.records import Source
from judge.review.store.tables import clips, item_branches, item_rules, items, verdicts
from judge.settings import DEFAULT_CLIP_LIMITS
from judge.verdict import Branch, RuleOutcome, Verdict

_LISTED = (
    "identity",
    "image",
    "source",
    "added",
    "verdict",
    "violations",
    "constitution",
    "score",
    "uncertainty",
    "seconds",
)

# Built once: SQLAlchemy takes longer to build a statement, and to see that it knows it, than SQLite to execute it.
_KNOWN = sa.select(items.c.id, items.c.has_image).where(items.c.identity == sa.bindparam("identity"))
_NEW = items.insert().returning(items)
_VERDICT, _RULES, _BRANCHES, _CLIP = (one.insert() for one in (verdicts, item_rules, item_branches, clips))


class KeptPicture(NamedTuple):
    """An image or clip that was kept: its digest, and how a picture looks."""

    sha256: str
    look: PicturePrint | None = None


def keep(folder: Path, verdict: Judged, image: bytes | Path | None) -> KeptPicture | None:
    """Keep the image or clip that a verdict is about. A clip may be given as its file.

    Raises:
        UserError: it is another one, or its file cannot be read.
    """
    if image is None:
        return None
    judged = sha256_of(verdict)
    if isinstance(image, Path):
        return KeptPicture(_keep_file(folder, verdict, image, judged))
    found = hashlib.sha256(image).hexdigest()
    if judged is not None and found != judged:
        raise UserError(
            f"this is not the image that was judged: {verdict.image} (digest {found[:12]}, judged {judged[:12]})",
            hint="give the bytes of the judged file",
        )
    compared = isinstance(verdict, Verdict) and not verdict.context  # near pictures are decided together, texts are not
    return KeptPicture(pictures.keep(folder, image), print_of(image) if compared else None)


def _keep_file(folder: Path, verdict: Judged, file: Path, judged: str | None) -> str:
    try:
        kept = pictures.keep_file(folder, file, judged or "", DEFAULT_CLIP_LIMITS.file_bytes)
    except OSError as error:
        raise UserError(
            f"cannot read {file} ({error.strerror or error})", hint="name a file that can be read"
        ) from error
    if kept is None:
        raise UserError(f"this is not the file that was judged: {verdict.image}", hint="give the judged file")
    return kept


def insert(connection: sa.Connection, verdict: Judged, kept: KeptPicture | None, source: Source, now: datetime) -> int:
    """The id of the verdict's item, new or known; `kept`: its image, where that was kept."""
    sha256 = sha256_of(verdict) or (kept.sha256 if kept is not None else None)
    identity = _identity(verdict, sha256)
    known = connection.execute(_KNOWN, {"identity": identity}).first()
    if known is not None:
        if kept is not None and not known.has_image:
            row = connection.execute(
                items.update().where(items.c.id == known.id).values(has_image=True).returning(items)
            ).one()
            look = near.keep(connection, known.id, row.constitution_digest, kept.look)
            log.append(connection, at=now, who=source, kind="image_added", item=row, extra={"print": look})
        return int(known.id)
    made_by = verdict.provenance
    values = {
        "identity": identity,
        "image": verdict.image,
        "image_sha256": sha256,
        "has_image": kept is not None,
        "source": source,
        "added": log.stamp(now),
        "verdict": verdict.verdict,
        "violations": log.canonical(list(verdict.violations)),
        "constitution": made_by.constitution,
        "constitution_digest": made_by.constitution_digest,
        "score": image_score(verdict),
        "uncertainty": uncertainty(verdict),
        "seconds": verdict.timings.get("total") if isinstance(verdict, Verdict) else None,  # of pictures only
    }
    row = connection.execute(_NEW, values).one()
    item, said = int(row.id), verdict.model_dump_json().encode()
    connection.execute(_VERDICT, {"item": item, "json": zlib.compress(said)})
    touched = {one.rule for one in findings_of(verdict) if one.outcome in (RuleOutcome.VIOLATED, RuleOutcome.UNDECIDED)}
    if touched:
        connection.execute(_RULES, [{"item": item, "rule": rule} for rule in sorted(touched)])
    branches = _branches(verdict) if isinstance(verdict, Verdict) else Counter()  # of a clip few frames are kept whole
    if branches:
        rows = [{"item": item, "branch": name, "statements": count} for name, count in sorted(branches.items())]
        connection.execute(_BRANCHES, rows)
    vouched = {
        "verdict": hashlib.sha256(said).hexdigest(),
        "has_image": row.has_image,
        "listed": listed(row, sorted(touched), dict(branches)),
        "traits": traits.insert(connection, item, as_verdict(verdict)),
    }
    if isinstance(verdict, ClipVerdict):
        vouched["clip_ms"] = verdict.clip_facts.duration_ms
        connection.execute(_CLIP, {"item": item, "duration_ms": verdict.clip_facts.duration_ms})
    if kept is not None:
        vouched["print"] = near.keep(connection, item, row.constitution_digest, kept.look)
    log.append(connection, at=now, who=source, kind="added", item=row, extra=vouched)
    return item


def listed(row: Any, rules: list[str], branches: dict[str, int]) -> dict[str, Any]:
    """What lists and filters show of an item and nobody may change, as the log keeps it beside the verdict's digest.

    It could be worked out from the verdict again, but by another version perhaps otherwise. `row` is the item's.
    """
    return {**{name: getattr(row, name) for name in _LISTED}, "rules": rules, "branches": branches}


def _branches(verdict: Verdict) -> Counter[str]:
    """How many statements each step decided; a statement that several rules share counts once per view."""
    asked = {
        (finding.view, one.statement): one.branch.value
        for finding in verdict.findings
        for condition in (*finding.preconditions, *finding.exceptions)
        for one in condition.alternatives
        if one.branch is not Branch.NOT_ASKED
    }
    return Counter(asked.values())


def _identity(verdict: Judged, sha256: str | None) -> str:
    """A digest of the image, of what was told beside it, and of all that it was judged by. What has no image bytes is
    told apart by its verdict."""
    thing = sha256 or hashlib.sha256(verdict.model_dump_json(exclude={"timings"}).encode()).hexdigest()
    by = verdict.provenance.model_dump(
        mode="json", include={"constitution_digest", "models", "prompts", "thresholds", "calibration_digest", "limits"}
    )
    parts = [thing, by, *([verdict.limits.model_dump(mode="json")] if isinstance(verdict, ClipVerdict) else [])]
    parts += [{"context": verdict.context}] if verdict.context else []
    return hashlib.sha256(log.canonical(parts).encode()).hexdigest()
