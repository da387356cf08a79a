"""Bytes from a disk, never more than the limit, and never from anything that could wait for ever."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from judge.errors import ImageError
from judge.settings import DEFAULT_LIMITS, Limits

_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_KINDS = {
    stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip


def read_bytes(source: str | Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Bytes of an image file.

    Raises:
        ImageError: no such file, no regular file, unreadable, empty or larger than `limits.file_bytes`.
    """
    try:
        with os.fdopen(open_regular(source), "rb") as file:
            data = file.read(limits.file_bytes + 1)
    except (OSError, ValueError) as error:
        raise unreadable(source, error) from error
    check_bytes(data, limits)
    return data


def open_regular(source: str | Path) -> int:
    """A descriptor of a regular file, links followed. Nothing else is even opened: a pipe waits for a writer, and a
    device may do anything. What is put in the file's place meanwhile is opened without waiting, and refused.

    Raises:
        ImageError: no regular file.
        OSError, ValueError: it cannot be opened.
    """
    _check_regular(source, Path(source).stat())
    handle = os.open(source, _AT_ONCE)
    try:
        _check_regular(source, os.fstat(handle))
    except BaseException:
        os.close(handle)
        raise
    return handle


def unreadable(source: str | Path, error: Exception) -> ImageError:
    """What is said of a file that the system does not give us. Trying again may help, but not with a broken link."""
    number = getattr(error, "errno", None)
    if number == errno.ELOOP:
        return ImageError("a link that leads back to itself", hint="remove it")
    if isinstance(error, FileNotFoundError):
        if Path(source).is_symlink():
            return ImageError("a link to something that is not there", hint="mend it or remove it")
        return ImageError("no such file", retryable=True)
    return ImageError(f"cannot be read ({getattr(error, 'strerror', None) or error})", retryable=True)


def check_bytes(data: bytes, limits: Limits) -> None:
    """Refuse an empty file and one over the limit."""
    if not data:
        raise ImageError("the file is empty (zero bytes)")
    if len(data) > limits.file_bytes:
        raise ImageError(f"larger than {_size(limits.file_bytes)}", hint="shrink it")


def _size(count: int) -> str:
    return f"{count / 2**20:.3g} MiB" if count >= 2**20 else f"{count} bytes"


def _check_regular(source: str | Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        os.scandir(source).close()  # one that is closed to us says so, which tells more
        raise ImageError("a folder, not an image", hint="name the files in it")
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something")
        raise ImageError(f"{kind}, not a file", hint="save the image to a file and name that")
