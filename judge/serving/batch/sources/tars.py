"""WebDataset tars (img2dataset writes a folder of them) as sources, read in one pass, never unpacked."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Self, cast

from judge.errors import ImageError
from judge.judging.opening import name_of
from judge.media.reading import check_bytes
from judge.serving.batch.sources.item import RefusedItem, SourceItem
from judge.settings import Limits

_BESIDE = {".json", ".txt", ".cls", ".caption", ".npy", ".pyd", ".pth", ".id"}  # what WebDataset keeps beside an image
_GZIP = b"\x1f\x8b"
_PADDING = 2**20  # most zeros behind the end: nobody writes a tar in larger records
_BROKEN = (tarfile.TarError, OSError, EOFError, zlib.error)


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
        try:
            with _opened(file) as stream, tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member) as tar:
                for member in tar:
                    tar.members = []  # type: ignore[attr-defined]  # or the names of a million would be held
                    item = self._member(short, tar, member)
                    if item is not None:
                        yield item
                said = _behind(tar)
        except _BROKEN as error:
            said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if said:  # the others are read all the same
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
        except _BROKEN as error:
            raise ImageError(f"cannot be read from its tar ({error})", retryable=True) from error
        if len(data) < member.size:
            raise ImageError("the tar ends in the middle of it", retryable=True)
        check_bytes(data, self._limits)
        return data


def _opened(file: str) -> BinaryIO:
    """A tar without compression. `tarfile` itself takes the first part of a gzipped file that has several for all."""
    with open(file, "rb") as opened:  # noqa: PTH123
        packed = opened.read(len(_GZIP)) == _GZIP
    return cast("BinaryIO", gzip.open(file)) if packed else open(file, "rb")  # noqa: PTH123


def _behind(tar: tarfile.TarFile) -> str:
    """What is wrong with what stands behind the last member that was found; nothing where it is padding. A place that
    is damaged, and a tar that another one was joined to, look like an end, and what follows would never be looked at.
    """
    if not getattr(tar, "has_ended", False):
        return "it ends without the mark that a tar ends with"
    zeros = 0
    while piece := cast("BinaryIO", tar.fileobj).read(2**16):
        if piece.count(0) < len(piece):
            return "something stands behind the mark that it ends with"
        zeros += len(piece)
        if zeros > _PADDING:
            return "nothing but zeros stands in the rest of it"
    return ""
