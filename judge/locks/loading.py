"""A constitution and the lock file beside it, as judging uses them. Makes nothing and writes nothing.

1. `load_policy`: both files, read and held against each other; 2. `under_lock`: what of the lock fits the models that
will judge, once they are loaded.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from judge.constitution import Constitution, load_constitution
from judge.constitution.load import locate
from judge.errors import UserError
from judge.locks.approval import approved_rules
from judge.locks.calibrated import calibrated
from judge.locks.chains import with_chains
from judge.locks.lockfile import Lock, compare, lock_path, read_lock
from judge.locks.priors import priors_in
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity

log = logging.getLogger("judge")


@dataclass(frozen=True)
class Policy:
    """What is judged by. constitution: with the chains of its lock in the rules that have none of their own, and with
    rules that wait for an approval as shadow. lock: the one beside it, if any. path: of the constitution's file.
    """

    constitution: Constitution
    lock: Lock | None
    path: Path


@dataclass(frozen=True)
class Locked:
    """What a lock file adds to judging: its digest, priors of this model under this prompt, and the digest of the
    calibration whose bounds are in the constitution's rules, if any."""

    digest: str
    priors: Mapping[str, Answer] = field(default_factory=dict)
    calibration: str | None = None


def load_policy(source: str | Path) -> Policy:
    """A constitution by the name that it ships under, or its file, and the lock file beside it.

    A rule that has changed since the lock was made gets nothing from it; a warning says so.

    Raises:
        UserError, ConstitutionError: what is wrong with either file. Priors and bounds decide verdicts: a lock in which
            they are not as they were written is refused, and not used in part.
    """
    file = locate(source)
    constitution, path = load_constitution(source), lock_path(file)
    lock = read_lock(path)
    if lock is None:
        return Policy(_settled(constitution, None, source), None, file)
    if lock.distrusted:
        hint = f"run `judge compile {source}` again, review and commit what it writes"
        raise UserError(f"{path} cannot be judged by: {lock.distrusted}", hint=hint)
    staleness, unwritten = compare(constitution, lock), set(constitution.without_chain)
    changed = [name for name in (*staleness.stale, *staleness.added) if name in unwritten]
    if changed:
        log.warning("%s is stale for %s: run `judge compile %s`", path, ", ".join(changed), source)
    return Policy(_settled(with_chains(constitution, lock, str(path)), lock, source, constitution), lock, file)


def under_lock(
    constitution: Constitution, lock: Lock | None, models: tuple[ModelIdentity, ...], settings: Settings
) -> tuple[Constitution, Locked | None]:
    """A constitution (with its lock's chains in it) with what else the lock holds: priors of the first of `models`, and
    calibrated bounds, where they were made with these models; a warning says which are not used, and why."""
    if lock is None:
        return constitution, None
    priors = priors_in(lock, models[0], constitution)
    applied = calibrated(constitution, lock, models, settings)
    for why in applied.refused:
        log.warning("calibration in the lock file not used: %s; run `judge calibrate` again", why)
    return applied.constitution, Locked(lock.digest, priors, applied.digest)


def _settled(
    chained: Constitution, lock: Lock | None, source: str | Path, written: Constitution | None = None
) -> Constitution:
    """`chained` as it is judged; `written` is the same without the chains of the lock, which approvals belong to."""
    approved = approved_rules(written or chained, lock)
    settled = chained.settled(approved)
    shadowed = [new.id for old, new in zip(chained.rules, settled.rules, strict=True) if new.status != old.status]
    if shadowed:
        told = (
            "%s requires approval: not approved, so recorded and never enforced: %s (`judge compile %s --interactive`)"
        )
        log.warning(told, source, ", ".join(shadowed), source)
    return settled
