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

_QUOTES = "a list has a path in each line as it is, without quotes"
_ODD = {'"': _QUOTES, "'": _QUOTES, "#": "a list has no comments: every line of it is a path"}


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
        self._odd: dict[str, list[int]] = {}  # by what is to be said of them: lines that name no file

    def items(self) -> Iterator[SourceItem]:
        self._odd.clear()
        for number, written in self._written():
            path = os.path.join(self._base, written)  # noqa: PTH118
            yield SourceItem(name_of(written), name_of(path), partial(self._read, path, written, number))

    def says(self) -> list[str]:
        """Of lines that name no file, what they seem to be."""
        told = printable(self.name)
        return [
            f"{told}:{lines[0]} names no file{f', nor do {len(lines) - 1} more lines' * (len(lines) > 1)}: {said}"
            for said, lines in self._odd.items()
        ]

    def count(self) -> int:
        """Lines, or what the glob finds."""
        return sum(1 for _ in self._written())

    def _read(self, path: str, written: str, number: int) -> bytes:
        try:
            return read_bytes(path, self._limits)
        except ImageError:
            if self._file and (said := _ODD.get(written[0])) and not os.path.lexists(path):
                self._odd.setdefault(said, []).append(number)
            raise

    def _written(self) -> Iterator[tuple[int, str]]:
        """Paths as they are written, with their lines."""
        if not self._file:
            found = glob.iglob(str(PurePath(self.name)), recursive=True)  # noqa: PTH207 (a relative one stays relative)
            yield from enumerate(sorted(found), 1)
            return
        try:
            with open_text(Path(self._file)) as file:
                for number, line in enumerate(lines_of(file, 2**16), 1):
                    if line.strip():
                        yield number, line.rstrip("\r\n")
        except OSError as error:
            raise UserError(f"{printable(self._file)} cannot be read: {error.strerror}") from error
