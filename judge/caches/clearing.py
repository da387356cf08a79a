"""How large the cache folder is, and how it is emptied: of what was put there, and of nothing else.

`JUDGE_CACHE_DIR` may name any folder, so what lies in it may be anybody's. Only the rooms that are ours are looked at,
and in them only files that are called as ours are. Links are removed, never followed. Knows not what the files hold.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from judge.errors import JudgeError
from judge.settings import CacheRoom, cache_dir, cache_room

_OURS = re.compile(r"([0-9a-f]{32}|[0-9a-f]{64})(\.\w+)?|[0-9a-f]{16}\.part|tmp\w{8}\.part")
_OF_A_LIBRARY: tuple[CacheRoom, ...] = ("huggingface-datasets",)  # names files in its own way, in a folder for us alone


@dataclass(frozen=True)
class Cleared:
    """What became of the cache. files, size (bytes): removed. left: files in our rooms that are not called as ours."""

    files: int
    size: int
    left: tuple[Path, ...]


def cache_size() -> int:
    """Bytes of the files that were put into the cache folder."""
    return sum(_size(path) for path in _files() if _is_ours(path))


def clear_cache() -> Cleared:
    """Remove what was put into the cache folder. All of it is made again when it is wanted.

    Raises:
        JudgeError: a file cannot be removed; others may have been.
    """
    files = size = 0
    left = []
    try:
        for path in _files():
            if not _is_ours(path):
                left.append(path)
                continue
            size, files = size + _size(path), files + 1
            path.unlink(missing_ok=True)
        for room in _rooms():
            if room.name in _OF_A_LIBRARY:
                shutil.rmtree(room)
            else:
                _remove_empty(room)
    except OSError as error:
        raise JudgeError(
            f"the cache cannot be emptied: {error.filename} cannot be removed ({error.strerror})",
            hint="whose is it? JUDGE_CACHE_DIR may name another folder",
        ) from error
    return Cleared(files, size, tuple(left))


def _rooms() -> Iterator[Path]:
    """Those that are there. A link in the place of one leads to what somebody else looks after."""
    rooms = (cache_room(name) for name in get_args(CacheRoom))
    return (room for room in rooms if room.is_dir() and not room.is_symlink())


def _files() -> Iterator[Path]:
    for room in _rooms():
        for folder, inner, names in os.walk(room):
            links = [name for name in inner if Path(folder, name).is_symlink()]
            yield from (Path(folder, name) for name in (*names, *links))


def _is_ours(path: Path) -> bool:
    room = path.relative_to(cache_dir()).parts[0]
    return room in _OF_A_LIBRARY or _OURS.fullmatch(path.name) is not None


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0  # removed meanwhile


def _remove_empty(room: Path) -> None:
    for folder, _, _ in os.walk(room, topdown=False):
        with suppress(OSError):  # not empty
            Path(folder).rmdir()
