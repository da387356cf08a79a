"""Verdicts and images into the store, each with a line of the log. What is known already is not added again."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from judge.errors import UserError
from judge.review.store import log, pictures, traits
from judge.review.store.closeness import image_score, uncertainty
from judge.review.store.records import Source
from judge.review.store.tables import item_branches, item_rules, items, verdicts
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
_VERDICT, _RULES, _BRANCHES = verdicts.insert(), item_rules.insert(), item_branches.insert()


def keep(folder: Path, verdict: Verdict, image: bytes | None) -> str | None:
    """Keep the image that a verdict is about; its digest.

    Raises:
        UserError: it is another image.
    """
    if image is None:
        return None
    judged = verdict.image_facts.sha256
    found = hashlib.sha256(image).hexdigest()
    if judged is not None and found != judged:
        raise UserError(
            f"this is not the image that was judged: {verdict.image} (digest {found[:12]}, judged {judged[:12]})",
            hint="give the bytes of the judged file",
        )
    return pictures.keep(folder, image)


def insert(connection: sa.Connection, verdict: Verdict, kept: str | None, source: Source, now: datetime) -> int:
    """The id of the verdict's item, new or known; `kept` is the digest of its image, where that was kept."""
    sha256 = verdict.image_facts.sha256 or kept
    identity = _identity(verdict, sha256)
    known = connection.execute(_KNOWN, {"identity": identity}).first()
    if known is not None:
        if kept is not None and not known.has_image:
            row = connection.execute(
                items.update().where(items.c.id == known.id).values(has_image=True).returning(items)
            ).one()
            log.append(connection, at=now, who=source, kind="image_added", item=row)
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
        "seconds": verdict.timings.get("total"),
    }
    row = connection.execute(_NEW, values).one()
    item, said = int(row.id), verdict.model_dump_json().encode()
    connection.execute(_VERDICT, {"item": item, "json": zlib.compress(said)})
    touched = {one.rule for one in verdict.findings if one.outcome in (RuleOutcome.VIOLATED, RuleOutcome.UNDECIDED)}
    if touched:
        connection.execute(_RULES, [{"item": item, "rule": rule} for rule in sorted(touched)])
    branches = _branches(verdict)
    if branches:
        rows = [{"item": item, "branch": name, "statements": count} for name, count in sorted(branches.items())]
        connection.execute(_BRANCHES, rows)
    vouched = {
        "verdict": hashlib.sha256(said).hexdigest(),
        "has_image": row.has_image,
        "listed": listed(row, sorted(touched), dict(branches)),
        "traits": traits.insert(connection, item, verdict),
    }
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


def _identity(verdict: Verdict, sha256: str | None) -> str:
    """A digest of the image and of all that it was judged by. What has no image bytes is told apart by its verdict."""
    thing = sha256 or hashlib.sha256(verdict.canonical_json().encode()).hexdigest()
    by = verdict.provenance.model_dump(
        mode="json", include={"constitution_digest", "models", "prompts", "thresholds", "calibration_digest", "limits"}
    )
    return hashlib.sha256(log.canonical([thing, by]).encode()).hexdigest()
