"""Writing files so that nobody ever reads half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

_OWN, _PUBLIC = 0o600, 0o666  # permissions of a new file, of which the user's umask takes its part


def write_whole(path: Path, text: str, *, private: bool = False) -> None:
    """Write `text` beside `path`, then put it in its place at once, folders made as needed.

    A file that is there already keeps its permissions. A new one gets those that the user's umask leaves, as any file
    does; a `private` one is for its owner only.

    Raises:
        OSError: the folder cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f"{secrets.token_hex(8)}.part"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN if private else _PUBLIC)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        with contextlib.suppress(FileNotFoundError):
            part.chmod(stat.S_IMODE(path.stat().st_mode))
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def remember(path: Path, text: str) -> None:
    """`write_whole` for caches, for their owner only: what was judged is nobody else's business. Where nothing can be
    written, nothing is kept, and it is computed again."""
    with contextlib.suppress(OSError):
        write_whole(path, text, private=True)
