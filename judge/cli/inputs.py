"""What a command line names: images, and folders of them.

A named file is always judged. In a named folder, and below it, everything is, but what is plainly no image: that is
said on stderr, never passed over in silence (see `judge.media.folders`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from judge.errors import UserError
from judge.printable import printable

NAMED = 20  # most names in the line that is said at the end
_AGAIN = "looked at under another name"


class Inputs:
    """The images that are named, found while they are asked for: a folder of a million is never held as a list.

    each: say every entry that is passed over on stderr when it is, in a line of its own, not only the first ones at
    the end.

    Raises:
        UserError: an empty name, a folder without anything that may be an image, or only names of nothing. Beside
            others such a name is given on: it may be there when its turn comes, and else its verdict says so.
    """

    def __init__(self, named: Iterable[str], *, each: bool = False) -> None:
        self._named, self._each = list(named), False
        self._forget()
        for name in self._named:
            if not name:  # `Path("")` is the folder we are in
                raise UserError("the name of an image is empty", hint="is a shell variable unset?")
            if is_folder(name) and next(self._inside(name), None) is None:
                said = "; ".join(self.skipped())
                raise UserError(f"no images in the folder {printable(name)}", hint=said or "it is empty")
            self._forget()
        if self._named and not any(map(_is_something, self._named)):
            listed = _listed([printable(name) for name in self._named[:NAMED]], len(self._named))
            raise UserError(f"no such file: {listed}", hint="is it spelt right, and is this the folder it is in?")
        self._each = each

    def __iter__(self) -> Iterator[str]:
        self._forget()
        for name in self._named:
            if is_folder(name):
                yield from self._inside(name)
            else:
                yield name

    @property
    def count(self) -> int | None:
        """How many there are; None where folders are named: nobody has counted."""
        return None if any(map(is_folder, self._named)) else len(self._named)

    def skipped(self) -> list[str]:
        """What was passed over so far, in a line for files and one for folders."""
        kinds = {kind: count for kind, count in self.counts.items() if kind is not None}
        folders = self.counts.get(None, 0)
        lines = []
        if files := sum(kinds.values()):
            what = "file that is no image" if files == 1 else "files that are no images"
            of_kinds = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
            lines.append(f"skipped {files} {what}: {_listed(self._files, files)} ({of_kinds})")
        if folders:
            what = "folder that was" if folders == 1 else "folders that were"
            lines.append(f"skipped {folders} {what} {_AGAIN}: {_listed(self._folders, folders)}")
        return lines

    def tell(self) -> None:
        """Say on stderr what was passed over."""
        for line in self.skipped():
            print(f"judge: {line}", file=sys.stderr)

    def _inside(self, folder: str) -> Iterator[str]:
        from judge.media.folders import Skipped, entries

        for one in entries(folder):
            if not isinstance(one, Skipped):
                yield one
                continue
            self.counts[one.kind] = self.counts.get(one.kind, 0) + 1
            if self._each:
                print(f"judge: skipped {printable(one.path)} ({one.kind or _AGAIN})", file=sys.stderr)
            names = self._folders if one.kind is None else self._files
            if len(names) < NAMED:
                names.append(printable(one.path))

    def _forget(self) -> None:
        self.counts: dict[str | None, int] = {}
        self._files: list[str] = []
        self._folders: list[str] = []


def expand(named: Iterable[str]) -> list[str]:
    """All images that are named, as a list; what is passed over is said on stderr.

    Raises:
        UserError: see `Inputs`.
    """
    inputs = Inputs(named)
    found = list(inputs)
    inputs.tell()
    return found


def is_folder(name: str) -> bool:
    """Whether a name is that of a folder; one that cannot be looked at is taken for a file, which says why."""
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):
        return False


def _is_something(name: str) -> bool:
    """Whether anything goes by a name, be it a link to nothing; one that cannot be looked at may."""
    try:
        Path(name).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True


def _listed(names: list[str], count: int) -> str:
    return ", ".join(names) + (f" and {count - len(names)} more" if count > len(names) else "")
