"""Folders, globs and lists of paths as sources. What is plainly no image is said, never passed over in silence."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePath

from judge.errors import ImageError, UserError
from judge.files import lines_of
from judge.judging.opening import name_of
from judge.media import read_bytes
from judge.media.folders import Skipped, entries
from judge.printable import printable
from judge.serving.batch.sources.item import SourceItem
from judge.serving.batch.sources.text import open_text
from judge.settings import Limits


class FolderSource:
    """Everything below a folder; keys are paths below it, with forward slashes."""

    def __init__(self, folder: str, limits: Limits) -> None:
        self.name, self._folder, self._limits = folder, folder, limits
        self._skipped: Counter[str] = Counter()

    def items(self) -> Iterator[SourceItem]:
        self._skipped.clear()
        for found in entries(self._folder):
            if isinstance(found, Skipped):
                self._skipped[found.kind or "looked at under another name"] += 1
                continue
            key = name_of(os.path.relpath(found, self._folder)).replace(os.sep, "/")
            yield SourceItem(key, name_of(found), partial(self._read, found))

    def count(self) -> int:
        """All files that names lead to; some may turn out to be no images."""
        return sum(len(names) for _, _, names in os.walk(self._folder))

    def _read(self, path: str) -> bytes:
        try:
            return read_bytes(path, self._limits)
        except ImageError:
            if not os.path.isdir(self._folder):  # noqa: PTH112
                raise UserError(
                    f"the folder {printable(self._folder)} is no longer there",
                    hint="what was judged is kept: bring it back and run the same command again",
                ) from None
            raise

    def says(self) -> list[str]:
        if not self._skipped:
            return []
        kinds = ", ".join(f"{count} {kind}" for kind, count in self._skipped.most_common())
        return [f"skipped {self._skipped.total()} entries of {printable(self.name)} that are no images ({kinds})"]


class PathsSource:
    """Paths that a glob finds, or that stand in `file`, one a line; those that are not absolute are then below its
    folder. Keys are paths as they are written, so one that stands there twice is one image; of a glob without `./`."""

    def __init__(self, name: str, limits: Limits, *, file: str = "") -> None:
        self.name, self._limits, self._file = name, limits, file
        self._base = os.path.dirname(file)  # noqa: PTH120

    def items(self) -> Iterator[SourceItem]:
        for written in self._written():
            path = os.path.join(self._base, written)  # noqa: PTH118
            yield SourceItem(name_of(written), name_of(path), partial(read_bytes, path, self._limits))

    def says(self) -> list[str]:
        return []

    def count(self) -> int:
        """Lines, or what the glob finds."""
        return sum(1 for _ in self._written())

    def _written(self) -> Iterator[str]:
        if not self._file:
            found = glob.iglob(str(PurePath(self.name)), recursive=True)  # noqa: PTH207 (a relative one stays relative)
            yield from sorted(found)
            return
        try:
            with open_text(Path(self._file)) as file:
                yield from (line.rstrip("\r\n") for line in lines_of(file, 2**16) if line.strip())
        except OSError as error:
            raise UserError(f"{printable(self._file)} cannot be read: {error.strerror}") from error
