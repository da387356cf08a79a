"""Bytes from a disk, never more than the limit."""

from __future__ import annotations

from pathlib import Path

from judge.errors import ImageError

MAX_BYTES = 64 * 2**20


def read_bytes(source: str | Path) -> bytes:
    """Bytes of an image file.

    Raises:
        ImageError: no such file, a folder, unreadable, empty or larger than 64 MiB.
    """
    path = Path(source)
    try:
        with path.open("rb") as file:  # a device or a pipe has no size to ask for beforehand
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ImageError("no such file") from error
    except IsADirectoryError as error:
        raise ImageError("a folder, not an image", hint="name the files in it") from error
    except (OSError, ValueError) as error:
        raise ImageError(f"cannot be read ({getattr(error, 'strerror', None) or error})") from error
    check_bytes(data)
    return data


def check_bytes(data: bytes) -> None:
    """Refuse an empty file and one over the limit."""
    if not data:
        raise ImageError("the file is empty (zero bytes)")
    if len(data) > MAX_BYTES:
        raise ImageError(f"larger than {MAX_BYTES // 2**20} MiB", hint="shrink it")
