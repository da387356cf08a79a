"""Reading files so that nothing waits for ever or fills the memory, and writing them so that nobody reads half of one.

Whatever a user names, and whatever lies beside it, may have been put there by somebody else: a pipe waits for a
writer, a device has no end, and a file of a few bytes on disk may pretend to be gigabytes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

MOST = 2**26  # bytes of a text file, and of one line of a file that is read by lines, unless more is said
CELL = 2**17  # characters of a cell of CSV that holds words. Readers hold them against it themselves: the limit of
# Python's csv module is the whole process's, and tables with pictures in their cells raise it.
_OWN, _PUBLIC = 0o600, 0o666  # permissions of a new file, of which the user's umask takes its part
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_CHUNK = 2**20


class Unfit(OSError):
    """A path that is no regular file (`EINVAL`; a folder: `EISDIR`), or one that is too large (`EFBIG`). `strerror`
    says which, in words that stand in a sentence of the caller's."""


def open_regular(path: str | Path) -> BinaryIO:
    """A regular file, links followed, to be read. Nothing else is even opened: a pipe waits for a writer, and a device
    may do anything. What is put in the file's place meanwhile is opened without waiting, and refused.

    Raises:
        Unfit: no regular file.
        OSError, ValueError: it cannot be opened.
    """
    return os.fdopen(_regular(path, os.O_RDONLY), "rb")


def read_whole(path: str | Path, most: int = MOST) -> bytes:
    """The bytes of a regular file of at most `most`.

    Raises:
        Unfit: no regular file, or a larger one.
        OSError, ValueError: it cannot be read.
    """
    with open_regular(path) as file:
        data = file.read(_at_most(file, most) + 1)
    if len(data) > most:  # it grew meanwhile
        raise _too_large(most)
    return data


def read_text(path: str | Path, most: int = MOST) -> str:
    """The text of a regular file of at most `most` bytes: UTF-8, a byte order mark left out, and plain line ends.

    Raises:
        Unfit: no regular file, or a larger one.
        OSError, ValueError: it cannot be read. UnicodeDecodeError: no UTF-8.
    """
    return read_whole(path, most).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def sha256_of(path: str | Path, most: int | None = None) -> str:
    """The SHA-256 of a regular file, in hexadecimal. most: bytes; None where the file's owner may choose any size.

    Raises:
        Unfit: no regular file, or a larger one.
        OSError, ValueError: it cannot be read.
    """
    total, left = hashlib.sha256(), 0
    with open_regular(path) as file:
        left = _at_most(file, os.fstat(file.fileno()).st_size if most is None else most)
        while chunk := file.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0 and most is not None:
                raise _too_large(most)
            if left < 0:
                raise Unfit(errno.EFBIG, "it grows while it is read")
            total.update(chunk)
    return total.hexdigest()


def lines_of(file: TextIO, most: int = MOST) -> Iterator[str]:
    """The lines of an open text file, none of which may have more than `most` characters.

    Raises:
        Unfit: a longer line.
        OSError, UnicodeDecodeError: it cannot be read.
    """
    while line := file.readline(most + 1):
        if len(line) > most:
            raise Unfit(errno.EFBIG, f"a line of more than {size(most)}")
        yield line


def append(path: Path, text: str) -> None:
    """Append to a regular file, made for its owner only where there is none, and wait until the disk has it.

    Raises:
        Unfit: no regular file.
        OSError: it cannot be written.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN))
    handle = _regular(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def size(count: int) -> str:
    """A number of bytes in words."""
    return f"{count / 2**20:.3g} MiB" if count >= 2**20 else f"{count} bytes"


@contextlib.contextmanager
def whole(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """A file beside `path` to write to, which is put in its place at once at the end, or removed where something is
    raised. Folders are made as needed.

    A file that is there already keeps its permissions. A new one gets those that the user's umask leaves, as any file
    does; a `private` one is for its owner only.

    Raises:
        OSError: the folder cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f"{secrets.token_hex(8)}.part"
    handle = os.open(
        part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), _OWN if private else _PUBLIC
    )
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        with contextlib.suppress(FileNotFoundError):
            part.chmod(stat.S_IMODE(path.stat().st_mode))
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_whole(path: Path, text: str, *, private: bool = False) -> None:
    """Write `text` as `whole` does, with the line ends of the system.

    Raises:
        OSError: the folder cannot be written to.
    """
    with whole(path, private=private) as file:
        file.write(text.replace("\n", os.linesep).encode())


def remember(path: Path, text: str) -> None:
    """`write_whole` for caches, for their owner only: what was judged is nobody else's business. Where nothing can be
    written, nothing is kept, and it is computed again."""
    with contextlib.suppress(OSError):
        write_whole(path, text, private=True)


def _regular(path: str | Path, flags: int) -> int:
    _check_regular(path, Path(path).stat())
    handle = os.open(path, flags | _AT_ONCE)
    try:
        _check_regular(path, os.fstat(handle))
    except BaseException:
        os.close(handle)
        raise
    return handle


def _check_regular(path: str | Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        os.scandir(path).close()  # one that is closed to us says so, which tells more
        raise Unfit(errno.EISDIR, "a folder, not a file")
    if not stat.S_ISREG(found.st_mode):
        raise Unfit(errno.EINVAL, f"{_KINDS.get(stat.S_IFMT(found.st_mode), 'something')}, not a file")


def _at_most(file: BinaryIO, most: int) -> int:
    """`most`, unless the file is larger already: what is sparse is not read first."""
    if os.fstat(file.fileno()).st_size > most:
        raise _too_large(most)
    return most


def _too_large(most: int) -> Unfit:
    return Unfit(errno.EFBIG, f"larger than {size(most)}")
