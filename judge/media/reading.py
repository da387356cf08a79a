"""Bytes from a disk, never more than the limit, and never from anything that could wait for ever."""

from __future__ import annotations

import errno
import re
from pathlib import Path

from judge.errors import ImageError
from judge.files import Unfit, open_regular, size
from judge.settings import DEFAULT_LIMITS, Limits

_ADDRESS = re.compile(r"https?:/", re.IGNORECASE)


def read_bytes(source: str | Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Bytes of an image file.

    Raises:
        ImageError: no such file, no regular file, unreadable, empty or larger than `limits.file_bytes`.
    """
    try:
        with open_regular(source) as file:
            data = file.read(limits.file_bytes + 1)
    except (OSError, ValueError) as error:
        raise unreadable(source, error) from error
    check_bytes(data, limits)
    return data


def unreadable(source: str | Path, error: Exception) -> ImageError:
    """What is said of a file that the system does not give us. Trying again may help, but not with a broken link."""
    number = getattr(error, "errno", None)
    if isinstance(error, Unfit) and number == errno.EISDIR:
        return ImageError("a folder, not an image", hint="name the files in it")
    if isinstance(error, Unfit):
        return ImageError(str(error.strerror), hint="save the image to a file and name that")
    if number == errno.ELOOP:
        return ImageError("a link that leads back to itself", hint="remove it")
    if isinstance(error, FileNotFoundError):
        if Path(source).is_symlink():
            return ImageError("a link to something that is not there", hint="mend it or remove it")
        if _ADDRESS.match(str(source)):
            return ImageError("an address, not a file", hint="download it, and name the file")
        return ImageError("no such file", retryable=True)
    return ImageError(f"cannot be read ({getattr(error, 'strerror', None) or error})", retryable=True)


def check_bytes(data: bytes, limits: Limits) -> None:
    """Refuse an empty file and one over the limit."""
    if not data:
        raise ImageError("the file is empty (zero bytes)")
    if len(data) > limits.file_bytes:
        raise ImageError(f"larger than {size(limits.file_bytes)}", hint="shrink it")
