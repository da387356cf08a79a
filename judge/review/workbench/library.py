"""Constitutions that ship, and the versions saved in a data folder: `constitutions/NAME/VERSION.yaml`.

Names and versions come from a browser, so they are only ever looked up: nothing but a name and a version of the
constitution schema becomes a path, and what is found must lie in the data folder itself (no links out of it).
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

from judge.constitution.load import read_text
from judge.errors import JudgeError, UserError
from judge.locks.lockfile import Lock, lock_path, read_lock
from judge.resources import shipped_constitutions
from judge.settings import Frozen

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]{1,60}))?")
_BESIDE = (".lock", ".test")  # `1.0.0.lock.yaml` lies beside `1.0.0.yaml`


class Ref(Frozen):
    """Which constitution: one that ships, or a saved version. As text `shipped:NAME` or `saved:NAME@VERSION`."""

    origin: Literal["shipped", "saved"]
    name: str
    version: str = ""

    def __str__(self) -> str:
        return f"shipped:{self.name}" if self.origin == "shipped" else f"saved:{self.name}@{self.version}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """The reference that `text` writes.

        Raises:
            UserError: it is none.
        """
        origin, _, rest = text.partition(":")
        name, _, version = rest.partition("@")
        if origin == "shipped" and NAME.fullmatch(name) and not version:
            return cls(origin="shipped", name=name)
        if origin == "saved" and NAME.fullmatch(name) and is_version(version):
            return cls(origin="saved", name=name, version=version)
        raise UserError(f"no constitution '{text[:80]}'", hint="choose one from the list")


class Library:
    """The constitutions that a workbench can open, and where it saves new versions."""

    def __init__(self, data: Path) -> None:
        self.folder = data / "constitutions"

    def refs(self) -> tuple[Ref, ...]:
        """Everything there is: saved versions by name, the newest first, then what ships."""
        saved = [ref for name in self._names() for ref in self.versions(name)]
        return (*saved, *(Ref(origin="shipped", name=name) for name in shipped_constitutions()))

    def versions(self, name: str) -> tuple[Ref, ...]:
        """The saved versions of a constitution, the newest first."""
        folder = self.folder_of(name)
        if not folder.is_dir() or folder.is_symlink():
            return ()
        found = [one.name.removesuffix(".yaml") for one in folder.glob("*.yaml") if not one.is_symlink()]
        ordered = sorted(filter(is_version, found), key=precedence, reverse=True)
        return tuple(Ref(origin="saved", name=name, version=version) for version in ordered)

    def latest(self, name: str) -> Ref | None:
        """What a new version of `name` follows: the newest saved one, else the shipped one; None where it is new."""
        saved = self.versions(name)
        if saved:
            return saved[0]
        return Ref(origin="shipped", name=name) if name in shipped_constitutions() else None

    def text(self, ref: Ref) -> str:
        """The text of a constitution.

        Raises:
            UserError: there is none (any more).
        """
        path = self.path(ref)
        inside = ref.origin == "shipped" or path.resolve().is_relative_to(self.folder.resolve())
        if not inside or not path.is_file():
            raise UserError(f"there is no constitution {ref}", hint="choose another from the list")
        return read_text(path)

    def path(self, ref: Ref) -> Path:
        """Where a constitution lies, or would.

        Raises:
            UserError: no such shipped one, or no name or version of a constitution.
        """
        if ref.origin == "saved":
            if not is_version(ref.version):
                raise UserError(f"'{ref.version[:40]}' is no version", hint="write it like 1.2.0")
            return self.folder_of(ref.name) / f"{ref.version}.yaml"
        known = shipped_constitutions()
        if ref.name not in known:
            raise UserError(f"no constitution '{ref.name[:80]}' ships", hint=f"there are: {', '.join(known)}")
        return known[ref.name]

    def lock(self, ref: Ref) -> Lock | None:
        """The lock file beside a constitution; None where there is none, or it cannot be trusted or read."""
        path = lock_path(self.path(ref))
        try:
            key = (str(path), path.stat().st_mtime_ns)
        except OSError:
            return None
        if ref.origin == "saved" and not path.resolve().is_relative_to(self.folder.resolve()):
            return None
        return _lock(*key)

    def folder_of(self, name: str) -> Path:
        """Where the versions of a constitution lie.

        Raises:
            UserError: no name of a constitution.
        """
        if not NAME.fullmatch(name):
            raise UserError(f"'{name[:80]}' is no name of a constitution", hint="use a-z, 0-9 and hyphens")
        return self.folder / name

    def _names(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return sorted(one.name for one in self.folder.iterdir() if NAME.fullmatch(one.name))


@lru_cache(maxsize=16)
def _lock(path: str, _changed: int) -> Lock | None:
    """Read once until it changes, because every letter typed asks for it."""
    try:
        found = read_lock(Path(path))
    except JudgeError:
        return None
    return None if found is None or found.distrusted else found


def is_version(text: str) -> bool:
    """Whether `text` can name a version, and its file be told from a lock or a test file."""
    return VERSION.fullmatch(text) is not None and not text.endswith(_BESIDE)


def precedence(version: str) -> tuple[int, int, int, bool, str]:
    """What versions are sorted by: a pre-release comes before its release."""
    match = VERSION.fullmatch(version)
    if match is None:
        raise UserError(f"'{version[:40]}' is no version", hint="write it like 1.2.0")
    major, minor, patch, early = match.groups()
    return int(major), int(minor), int(patch), early is None, early or ""
