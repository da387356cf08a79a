"""The command's own output and talk, which may end on a full disk, or in a pipe that nobody reads any more."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any

from judge.errors import JudgeError


class OutputLost(JudgeError):
    """What was to be printed could not be written. No `OSError`: click takes that of a closed pipe for itself and exits
    with 1, which says violation here."""


class _Output(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            # Python writes what is left when it ends, and would complain of that, too.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            why = "nobody reads it any more" if error.errno == errno.EPIPE else error.strerror or str(error)
            raise OutputLost(f"the output could not be written to its end ({why})") from error


class _Talk(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:  # what could be said of that, and where? The output and the exit code stay as they are
            return memoryview(data).nbytes


def take_over() -> None:
    """Put streams in the place of Python's that raise `OutputLost`, or say nothing. Streams of somebody else's stay."""
    own: tuple[Any, Any] = (sys.__stdout__, sys.__stderr__)  # None where they are closed
    if own[0] is not None and sys.stdout is own[0]:
        sys.stdout = _like(own[0], _Output(own[0].fileno(), "wb", closefd=False))
    if own[1] is not None and sys.stderr is own[1]:
        sys.stderr = _like(own[1], _Talk(own[1].fileno(), "wb", closefd=False))


def finish() -> None:
    """Write what is still held.

    Raises:
        OutputLost: it cannot be.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def _like(stream: Any, raw: io.FileIO) -> io.TextIOWrapper:
    held = raw if stream.write_through else io.BufferedWriter(raw)  # PYTHONUNBUFFERED: two streams in one keep order
    return io.TextIOWrapper(
        held, stream.encoding, stream.errors,
        line_buffering=stream.line_buffering, write_through=stream.write_through,
    )  # fmt: skip
