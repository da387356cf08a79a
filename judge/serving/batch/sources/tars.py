"""WebDataset tars (img2dataset writes a folder of them) as sources, read in one pass, never unpacked."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from judge.errors import ImageError, UserError
from judge.judging.opening import name_of
from judge.media.folders import SAID_TO_BE_IMAGES
from judge.media.reading import check_bytes
from judge.printable import printable
from judge.serving.batch.sources.item import Item, refused
from judge.settings import Limits

_BESIDE = {".json", ".txt", ".cls", ".caption", ".npy", ".pyd", ".pth", ".id"}  # what WebDataset keeps beside an image


class TarSource:
    """Images in tar files, one file after the other; keys are `FILE.tar/MEMBER`.

    An item's bytes can be read only until the next one is asked for: a tar is read in one direction.
    """

    def __init__(self, name: str, files: list[str], limits: Limits) -> None:
        self.name, self._files, self._limits = name, files, limits
        self._skipped: Counter[str] = Counter()

    def items(self) -> Iterator[Item]:
        self._skipped.clear()
        for file in self._files:
            yield from self._inside(file)

    def says(self) -> list[str]:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in self._skipped.most_common())
        return [f"skipped {self._skipped.total()} members that are no images ({kinds})"] if self._skipped else []

    def count(self) -> None:
        """Nobody knows before the end."""

    def _inside(self, file: str) -> Iterator[Item]:
        short = Path(file).name
        try:
            with tarfile.open(file, "r|*") as tar:
                for member in tar:
                    tar.members = []  # type: ignore[attr-defined]  # or the names of a million would be held
                    if member.isdir():
                        continue
                    suffix = Path(member.name).suffix.lower()
                    if suffix in _BESIDE and suffix not in SAID_TO_BE_IMAGES:
                        self._skipped[suffix] += 1
                        continue
                    key = name_of(f"{short}/{member.name}")
                    if not member.isreg():
                        yield Item(key, key, refused("a link or a device in a tar, not a file"))
                        continue
                    yield Item(key, key, partial(self._read, tar, member))
        except (tarfile.TarError, OSError, EOFError) as error:
            said = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise UserError(
                f"{printable(file)} cannot be read to its end: {said}",
                hint="what came before it is kept; mend or remove it and run the same command again",
            ) from error

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
