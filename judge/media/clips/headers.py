"""Numbers out of a file's headers, wherever they lie, and no more of them than a film has."""

from __future__ import annotations

import os
from typing import BinaryIO

_MOST = 16_000_000  # reads: ten hours of a live recording, in which each frame and each bit of sound has a header
_MOST_BYTES = 2**24  # of one
_LATEST = 10**10  # milliseconds: no film is longer


class CutOff(Exception):
    """The file ends before something that it promises, or goes on in ways that no film does."""


class Headers:
    """A file of which headers are read. size: of the file. ms: how long it says that it lasts. another: whether it
    holds a further film, or a picture, beside the one that is decoded."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._reads = file, 0
        self.size = file.seek(0, os.SEEK_END)
        self.ms = 0
        self.another = False

    def some(self, place: int, count: int) -> bytes:
        """Bytes of the file, fewer at its end.

        Raises:
            CutOff: after more reads than a film takes.
        """
        self._reads += 1
        if self._reads > _MOST or count > _MOST_BYTES:
            raise CutOff
        if place >= self.size:
            return b""
        self._file.seek(place)
        return self._file.read(count)

    def take(self, place: int, count: int) -> bytes:
        """Bytes of the file.

        Raises:
            CutOff: it ends before.
        """
        found = self.some(place, count)
        if len(found) < count:
            raise CutOff
        return found

    def number(self, place: int, count: int, order: str = "big") -> int:
        """The number in so many bytes.

        Raises:
            CutOff: the file ends before.
        """
        return int.from_bytes(self.take(place, count), "little" if order == "little" else "big")

    def vint(self, place: int, most: int) -> bytes:
        """The bytes of a number of Matroska, the first of which says by its leading zeros how many there are.

        Raises:
            CutOff: there is none.
        """
        length = 9 - self.take(place, 1)[0].bit_length()
        if length > most:
            raise CutOff
        return self.take(place, length)

    def within(self, place: int) -> None:
        """Something ends there.

        Raises:
            CutOff: the file does before.
        """
        if place > self.size:
            raise CutOff

    def lasts(self, ms: float) -> None:
        """The file says that it lasts so long."""
        self.ms = max(self.ms, round(min(_LATEST, max(0.0, ms))))
