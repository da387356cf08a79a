"""The lock file that lies beside a constitution, as judging uses it. Makes nothing and writes nothing."""

from __future__ import annotations

import logging
from pathlib import Path

from judge.compiler.approval import approved_rules
from judge.compiler.lockfile import Lock, compare, lock_path, read_lock, with_chains
from judge.constitution import Constitution, load_constitution
from judge.constitution.load import locate
from judge.errors import UserError

log = logging.getLogger("judge")


def load_with_lock(source: str | Path) -> tuple[Constitution, Lock | None]:
    """A constitution, with the chains of the lock file beside it in the rules that have none of their own.

    A rule that has changed since the lock was made gets nothing from it; a warning says so.

    Raises:
        UserError, ConstitutionError: what is wrong with either file. Priors and bounds decide verdicts: a lock in which
            they are not as they were written is refused, and not used in part.
    """
    constitution, path = load_constitution(source), lock_path(locate(source))
    lock = read_lock(path)
    if lock is None:
        return _settled(constitution, None, source), None
    if lock.distrusted:
        hint = f"run `judge compile {source}` again, review and commit what it writes"
        raise UserError(f"{path} cannot be judged by: {lock.distrusted}", hint=hint)
    staleness, unwritten = compare(constitution, lock), set(constitution.without_chain)
    changed = [name for name in (*staleness.stale, *staleness.added) if name in unwritten]
    if changed:
        log.warning("%s is stale for %s: run `judge compile %s`", path, ", ".join(changed), source)
    return _settled(with_chains(constitution, lock, str(path)), lock, source, constitution), lock


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
