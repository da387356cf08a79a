"""Constitutions that the server judges by, by name; a file that changes is read anew, and a broken one changes nothing.

Each has up to three sides: the one that judges, a `shadow` that judges the same images and is only counted, and a
`canary` that judges a share of them in its place. Knows no request.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from judge.constitution.load import locate
from judge.errors import JudgeError, UserError
from judge.locks.loading import load_policy
from judge.locks.lockfile import lock_path

if TYPE_CHECKING:
    from judge.locks.loading import Policy
    from judge.serving.http.engine import Engine
    from judge.serving.http.settings import ServedConstitution
    from judge.verdict import Provenance

log = logging.getLogger("judge")
Stamp = tuple[tuple[int, int, int] | None, ...]  # of files, as far as a look at the folder tells


@dataclass(frozen=True)
class Active:
    """A policy that is judged by. key: what the engine calls it. since: when it was loaded."""

    key: str
    policy: Policy
    provenance: Provenance
    since: datetime
    said: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of the constitution."""
        return self.policy.constitution.constitution


@dataclass(eq=False)
class Side:
    """One of the files behind a name. active: what is judged by; trouble: why it is not what stands in the file."""

    source: str
    active: Active | None = None
    trouble: str | None = None
    stamp: Stamp = ()
    seen: Stamp = ()

    @property
    def now(self) -> Active:
        """What is judged by."""
        assert self.active is not None, "load first"
        return self.active


@dataclass(eq=False)
class ServedPolicy:
    """A name, and what judges where a request names it."""

    settings: ServedConstitution
    main: Side
    shadow: Side | None = None
    canary: Side | None = None
    sides: tuple[Side, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.sides = tuple(side for side in (self.main, self.shadow, self.canary) if side is not None)

    def judging(self, subject: str) -> Active:
        """What judges an image: always the same for the same bytes with the same context."""
        drawn = hashlib.sha256(subject.encode()).hexdigest() if ":" in subject else subject
        if self.canary is not None and int(drawn[:8], 16) < self.settings.canary_share * 2**32:
            return self.canary.now
        return self.main.now


class Policies:
    """All constitutions of a server."""

    def __init__(self, settings: Sequence[ServedConstitution], engine: Engine) -> None:
        self._engine = engine
        self._all = [
            ServedPolicy(
                one,
                Side(one.constitution),
                Side(one.shadow) if one.shadow else None,
                Side(one.canary) if one.canary else None,
            )
            for one in settings
        ]
        self._by_name: dict[str, ServedPolicy] = {}

    @property
    def names(self) -> list[str]:
        """Of all of them; the first is judged by where none is named."""
        return list(self._by_name)

    def __iter__(self) -> Iterator[tuple[str, ServedPolicy]]:
        return iter(self._by_name.items())

    def of(self, name: str | None) -> ServedPolicy | None:
        """What goes by a name; None where nothing does."""
        return self._by_name.get(name) if name else next(iter(self._by_name.values()), None)

    async def load(self) -> None:
        """Load all of them.

        Raises:
            UserError, ConstitutionError: one cannot be judged by, or two have one name.
            ModelError: the models cannot be loaded.
        """
        found: dict[str, ServedPolicy] = {}
        read: list[tuple[Side, Policy]] = []
        for served in self._all:  # mistakes in files are found before models are loaded, which may take minutes
            for side in served.sides:
                side.stamp = side.seen = await asyncio.to_thread(_stamp, side.source)
                read.append((side, await _read(side.source)))
            constitution = read[-len(served.sides)][1].constitution
            name = constitution.constitution
            if name in found:
                hint = "each has to have a name of its own: `constitution:` in the file"
                raise UserError(f"two constitutions are called '{name}'", hint=hint)
            rules = [rule.id for rule in constitution.rules]
            for rule in served.settings.moderation:
                if rule not in rules:
                    raise UserError(f"moderation: no rule '{rule}' in {name}", hint=f"its rules: {', '.join(rules)}")
            found[name] = served
        for side, policy in read:
            side.active = await self._active(policy)
            for line in side.active.said:
                log.warning("%s", line)
        self._by_name = found

    async def look(self) -> list[tuple[str, bool]]:
        """Read anew what has changed and is no longer being written. Names of constitutions that were tried, and
        whether they are judged by from now on."""
        tried = []
        for name, served in self._by_name.items():
            for side in served.sides:
                stamp = await asyncio.to_thread(_stamp, side.source)
                still, side.seen = stamp == side.seen, stamp
                if still and stamp != side.stamp:
                    side.stamp = stamp
                    tried.append((name, await self._renew(side, name if side is served.main else None)))
        return tried

    async def _renew(self, side: Side, name: str | None) -> bool:
        old = side.now
        try:
            new = await self._active(await _read(side.source), old, name)
        except JudgeError as error:
            side.trouble = str(error)
            log.error("%s is judged by as it was before: %s", side.source, error)
            return False
        side.active, side.trouble = new, None
        if new is not old:
            log.warning("%s is judged by as it is now (version %s)", side.source, new.policy.constitution.version)
            if all(one.active is None or one.active.key != old.key for each in self._all for one in each.sides):
                self._engine.forget(old.key)
        return True

    async def _active(self, policy: Policy, known: Active | None = None, name: str | None = None) -> Active:
        """What stood in a file, loaded. known: what did before. name: that it is to have."""
        if name is not None and policy.constitution.constitution != name:
            changed = f"its name has changed from '{name}' to '{policy.constitution.constitution}'"
            raise UserError(changed, hint="start the server anew")
        key = key_of(policy)
        if known is not None and known.key == key:
            return known
        provenance, said = await self._engine.load(key, policy)
        return Active(key, policy, provenance, datetime.now(UTC), said)


async def _read(source: str) -> Policy:
    try:
        return await asyncio.to_thread(load_policy, source)
    except OSError as error:
        raise UserError(f"{source} cannot be read ({error.strerror})") from error


def key_of(policy: Policy) -> str:
    """A digest of all in a policy that verdicts depend on."""
    lock = policy.lock.digest if policy.lock is not None else ""
    return hashlib.sha256(f"{policy.constitution.model_dump_json()}\n{lock}".encode()).hexdigest()


def _stamp(source: str) -> Stamp:
    """What the folder says of a constitution's file and of its lock; nothing of one that ships."""
    try:
        file = locate(source)
    except JudgeError:
        return (None, None)
    return tuple(_of_file(one) for one in (file, lock_path(file)))


def _of_file(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
