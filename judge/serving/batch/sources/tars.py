"""WebDataset tars (img2dataset writes a folder of them) as sources, read in one pass, never unpacked."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Self

from judge.errors import ImageError
from judge.judging.opening import name_of
from judge.media.reading import check_bytes
from judge.serving.batch.sources.item import RefusedItem, SourceItem
from judge.settings import Limits

_BESIDE = {".json", ".txt", ".cls", ".caption", ".npy", ".pyd", ".pth", ".id"}  # what WebDataset keeps beside an image


class _Member(tarfile.TarInfo):
    """Notes that the end of the archive was reached: where a tar is cut off between two members, nothing is raised."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> Self:
        """See `tarfile.TarInfo`."""
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            tarfile_.has_ended = True  # type: ignore[attr-defined]
            raise


class TarSource:
    """Images in tar files, one file after the other; keys are `FILE.tar/MEMBER`.

    An item's bytes can be read only until the next one is asked for: a tar is read in one direction.
    """

    def __init__(self, name: str, files: list[str], limits: Limits) -> None:
        self.name, self._files, self._limits = name, files, limits
        self._skipped: Counter[str] = Counter()

    def items(self) -> Iterator[SourceItem]:
        self._skipped.clear()
        for file in self._files:
            yield from self._inside(file)

    def says(self) -> list[str]:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in self._skipped.most_common())
        return [f"skipped {self._skipped.total()} members that are no images ({kinds})"] if self._skipped else []

    def count(self) -> None:
        """Nobody knows before the end."""

    def _inside(self, file: str) -> Iterator[SourceItem]:
        short = Path(file).name
        whole, said = False, "it ends without the mark that a tar ends with"
        try:
            with tarfile.open(file, "r|*", tarinfo=_Member) as tar:
                for member in tar:
                    tar.members = []  # type: ignore[attr-defined]  # or the names of a million would be held
                    item = self._member(short, tar, member)
                    if item is not None:
                        yield item
                whole = getattr(tar, "has_ended", False)
        except (tarfile.TarError, OSError, EOFError) as error:
            said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if not whole:  # the others are read all the same
            key = name_of(short)
            hint = "mend the tar, or remove it"
            yield SourceItem(
                key, key, RefusedItem(f"the tar cannot be read to its end: {said}", hint=hint, retryable=True)
            )

    def _member(self, short: str, tar: tarfile.TarFile, member: tarfile.TarInfo) -> SourceItem | None:
        suffix = Path(member.name).suffix.lower()
        if member.isdir():
            return None
        if suffix in _BESIDE:
            self._skipped[suffix] += 1
            return None
        key = name_of(f"{short}/{member.name}")
        if not member.isreg():
            return SourceItem(key, key, RefusedItem("a link or a device in a tar, not a file"))
        return SourceItem(key, key, partial(self._read, tar, member))

    def _read(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
        if member.size > self._limits.file_bytes:
            raise ImageError(f"larger than {self._limits.file_bytes} bytes", hint="shrink it")
        try:
            file = tar.extractfile(member)
            data = b"" if file is None else file.read()
        except (tarfile.TarError, OSError, EOFError) as error:
            raise ImageError(f"cannot be read from its tar ({error})", retryable=True) from error
        if len(data) < member.size:
            raise ImageError("the tar ends in the middle of it", retryable=True)
        check_bytes(data, self._limits)
        return data
