"""Uploads that wait, on disk: a file each in `waiting/` of the data folder, until they are judged or cancelled.

Each file is for its owner only: a line of JSON (whose upload it is, what it is judged by, what came with it), then the
picture as it came.
Knows no judge and no page.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from judge.errors import JudgeError, UserError
from judge.files import read_whole, whole
from judge.settings import MOST_IMAGE, Frozen

MOST_FILES: Final = 200  # that are looked at after a start
_HEAD: Final = 2**22  # bytes of the line before a picture: a context has up to 16 texts of 20,000 characters


class Record(Frozen):
    """What is known of a waiting upload beside its picture. source: the name or path of a constitution. sha256: of the
    picture."""

    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    who: str
    name: str = Field(max_length=200)
    source: str
    at: float
    sha256: str
    context: dict[str, str] = Field(default_factory=dict)


class Left(NamedTuple):
    """An upload that waited when the app stopped; `lost` says why its picture cannot be judged any more."""

    record: Record
    image: bytes
    lost: str = ""


class WaitingUploads:
    """The waiting uploads of a data folder. Only one app on a folder takes up what another left."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "waiting"
        self._lock = FileLock(self._folder / ".lock", mode=0o600)

    def keep(self, record: Record, image: bytes) -> None:
        """Write an upload down.

        Raises:
            UserError: it cannot be written.
        """
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with whole(self._path(record.id), private=True) as file:
                file.write(record.model_dump_json().encode() + b"\n" + image)
        except OSError as error:
            raise UserError(
                f"the upload cannot be kept until it is judged ({error.strerror})", hint="tell whoever runs the server"
            ) from error

    def drop(self, number: str) -> None:
        """Remove an upload that waits no longer."""
        with contextlib.suppress(OSError):
            self._path(number).unlink(missing_ok=True)

    def left(self) -> tuple[Left, ...]:
        """What another run left, oldest first; nothing while another app has the folder."""
        if self._folder.is_symlink():
            return ()
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._lock.acquire(timeout=0)
        except (Timeout, OSError):
            return ()
        for stray in self._folder.glob("*.part"):  # was being written
            with contextlib.suppress(OSError):
                stray.unlink()
        return tuple(sorted(self._read(), key=lambda one: (one.record.at, one.record.id)))

    def close(self) -> None:
        """Let another app take up what waits."""
        self._lock.release(force=True)

    def _read(self) -> Iterator[Left]:
        for place, path in enumerate(sorted(self._folder.glob("*.upload"))):
            if place >= MOST_FILES or path.is_symlink():
                continue
            try:
                text, _, image = read_whole(path, MOST_IMAGE + _HEAD).partition(b"\n")
                record = Record.model_validate_json(text)
            except (OSError, JudgeError, ValidationError):  # nobody knows whose it was
                with contextlib.suppress(OSError):
                    path.unlink()
                continue
            if record.id != path.stem:
                continue
            whole_one = hashlib.sha256(image).hexdigest() == record.sha256
            yield Left(record, image, "" if whole_one else "its file was damaged when the server stopped")

    def _path(self, number: str) -> Path:
        return self._folder / f"{number}.upload"
