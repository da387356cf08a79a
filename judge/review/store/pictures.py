"""The images and clips of a store: files called by the SHA-256 of their bytes, readable by their owner only."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from judge.files import open_regular, sha256_of

_CHUNK = 2**20


def path_of(folder: Path, sha256: str) -> Path:
    """Where the image with this digest is kept."""
    return folder / sha256[:2] / sha256


def keep(folder: Path, data: bytes) -> str:
    """Keep an image; its digest. What is kept already is not written again."""
    sha256 = hashlib.sha256(data).hexdigest()
    if not path_of(folder, sha256).exists():
        _write(folder, sha256, [data])
    return sha256


def keep_file(folder: Path, source: Path, sha256: str, most: int) -> str | None:
    """Keep a clip, which may be too large for the memory; its digest, or None where the file is another one (by now).

    Raises:
        OSError: it cannot be read, or has more than `most` bytes.
    """
    if sha256_of(source, most) != sha256:
        return None
    if not path_of(folder, sha256).exists():
        with open_regular(source) as file:
            return _write(folder, sha256, iter(lambda: file.read(_CHUNK), b""))
    return sha256


def _write(folder: Path, sha256: str, pieces: Iterable[bytes]) -> str | None:
    """Write a file whole or not at all; None where the pieces have another digest."""
    path, found = path_of(folder, sha256), hashlib.sha256()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                found.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())  # the item will say that the image is there
        if found.hexdigest() != sha256:
            return None
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return sha256
