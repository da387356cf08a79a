"""The folder of a store: its database, its transactions, and what is said where the file is damaged."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from judge.errors import StoreError, UserError
from judge.review.store.tables import connect, unreadable

DATABASE = "review.sqlite"


def data_dir() -> Path:
    """Where reviews are kept: `JUDGE_REVIEW_DIR`, else the user's data folder."""
    named = os.environ.get("JUDGE_REVIEW_DIR")
    if named:
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "constitution-judge" / "review"


class DataFolder:
    """A data folder that is open. Safe from many threads and processes."""

    def __init__(self, folder: Path, engine: sa.Engine) -> None:
        self.folder = folder
        self._engine = engine
        self._images = folder / "images"
        self._turn = threading.Lock()  # threads queue here, because SQLite lets writers poll

    @classmethod
    def open(cls, folder: Path, *, make: bool = True) -> Self:
        """The store of a folder, which is made (for its owner only) where there is none and `make` is set.

        Raises:
            UserError: the folder cannot be used.
            StoreError: it holds something else, a damaged store, or one of another version.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "images").mkdir(mode=0o700, exist_ok=True)
            (folder / DATABASE).touch(mode=0o600)  # SQLite gives its other files the same mode
        except OSError as error:
            raise UserError(
                f"cannot use the data folder {folder} ({error.strerror})", hint="choose another with --data"
            ) from error
        return cls(folder, connect(folder / DATABASE, make=make))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def images(self) -> Path:
        """The folder of the images."""
        return self._images

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of everything and changes nothing.

        Raises:
            StoreError: the file is damaged.
        """
        with self._damage_told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that holds the write lock from its begin on.

        Raises:
            StoreError: the file is damaged, or cannot be written.
        """
        with (
            self._damage_told(), self._turn, self._engine.connect().execution_options(writing=True) as connection,
            connection.begin(),
        ):  # fmt: skip
            yield connection

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.IntegrityError:  # what the tables refuse is a mistake of ours, or somebody's attempt
            raise
        except sa.exc.DatabaseError as error:
            raise unreadable(self.folder / DATABASE, error) from error
        except (ValueError, zlib.error) as error:  # a row that no version writes
            raise StoreError(
                f"the review store {self.folder / DATABASE} holds what it never wrote ({type(error).__name__})",
                hint="judge audit says what was changed",
            ) from error
