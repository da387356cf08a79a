"""The command's own output and talk, which may end on a full disk, or in a pipe that nobody reads any more."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any

from judge.errors import JudgeError

_WHY = {errno.EBADF: "it is closed"}


class OutputLost(JudgeError):
    """What was to be printed could not be written. No `OSError`: click takes that of a closed pipe for itself and exits
    with 1, which says violation here."""


class PipeClosed(OutputLost):
    """Whoever read the output has read enough (`| head -1`), and need not be told."""


class _Output(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            # Python writes what is left when it ends, and would complain of that, too.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            if error.errno == errno.EPIPE:
                raise PipeClosed("nobody reads the output any more") from error
            why = _WHY.get(error.errno or 0) or error.strerror or str(error)
            raise OutputLost(f"the output could not be written to its end ({why})") from error


class _Talk(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:  # what could be said of that, and where? The output and the exit code stay as they are
            return memoryview(data).nbytes


def take_over() -> None:
    """Put streams in the place of Python's that raise `OutputLost`, or say nothing. Streams of somebody else's stay."""
    if sys.stdout is sys.__stdout__:
        sys.stdout = _like(sys.__stdout__, 1, _Output)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _like(sys.__stderr__, 2, _Talk)


def finish() -> None:
    """Write what is still held.

    Raises:
        OutputLost: it cannot be.
    """
    sys.stdout.flush()


def _like(stream: Any, number: int, kind: type[io.FileIO]) -> io.TextIOWrapper:
    """A stream of this kind in the place of Python's, which is None where the one of this number is closed."""
    if stream is None:
        raw = kind(_taking_nothing(number), "wb", closefd=False)
        return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=number == 2)
    raw = kind(stream.fileno(), "wb", closefd=False)
    held = raw if stream.write_through else io.BufferedWriter(raw)  # PYTHONUNBUFFERED: two streams in one keep order
    return io.TextIOWrapper(
        held,
        stream.encoding,
        stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _taking_nothing(number: int) -> int:
    """Something that cannot be written to under the number of a closed stream, or a higher one where that is taken.

    Left closed, the next file that is opened would get the number, and what libraries print would stand in it.
    """
    while (opened := os.open(os.devnull, os.O_RDONLY)) < number:
        pass
    return opened
