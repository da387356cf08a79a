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
from judge.files import open_regular
from judge.review.store.tables import connect, none_of_ours, unreadable
from judge.review.store.traits import upgrade

DATABASE = "review.sqlite"
_BESIDE = ("-wal", "-shm", "-journal")  # what SQLite reads beside it


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
            UserError: the folder cannot be used, or there is no store and none shall be made.
            StoreError: it holds something else, a damaged store, or one of another version.
        """
        try:
            if make:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                (folder / "images").mkdir(mode=0o700, exist_ok=True)
                (folder / DATABASE).touch(mode=0o600)  # SQLite gives its other files the same mode
            empty = (folder / DATABASE).stat().st_size == 0
        except (FileNotFoundError, NotADirectoryError) as error:
            if make or (folder / DATABASE).is_symlink():
                raise _unusable(folder, error) from error
            hint = "name its folder with --data, or make one: judge review"
            raise UserError(f"no review store in {folder}", hint=hint) from error
        except OSError as error:
            raise _unusable(folder, error) from error
        for name in (DATABASE, *(f"{DATABASE}{suffix}" for suffix in _BESIDE)):
            _check_regular(folder / name)
        if empty and not make:  # SQLite would begin to write
            raise none_of_ours(folder / DATABASE, "is empty:")
        return cls(folder, connect(folder / DATABASE, upgrade, make=make))

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
            self._damage_told(),
            self._turn,
            self._engine.connect().execution_options(writing=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.IntegrityError:  # what the tables refuse is a mistake of ours, or somebody's attempt
            raise
        except sa.exc.DatabaseError as error:
            raise unreadable(self.folder / DATABASE, error.orig) from error
        except (ValueError, zlib.error) as error:  # a row that no version writes
            raise StoreError(
                f"the review store {self.folder / DATABASE} holds what it never wrote ({type(error).__name__})",
                hint="judge audit says what was changed",
            ) from error


def _unusable(folder: Path, error: OSError) -> UserError:
    return UserError(f"cannot use the data folder {folder} ({error.strerror})", hint="choose another with --data")


def _check_regular(path: Path) -> None:
    """Before SQLite opens it, which says of a pipe or a folder only that something is wrong."""
    try:
        open_regular(path).close()
    except FileNotFoundError:
        return
    except OSError as error:
        raise unreadable(path, error.strerror) from error
