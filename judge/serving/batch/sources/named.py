"""What an input is, by what it is called and what lies there. What may be two things is refused with both."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from judge.errors import UserError
from judge.media.folders import Skipped, entries
from judge.printable import printable
from judge.serving.batch.sources.files import FolderSource, PathsSource
from judge.serving.batch.sources.hub import HubSource
from judge.serving.batch.sources.item import Source
from judge.serving.batch.sources.tables import TableSource
from judge.serving.batch.sources.tars import TarSource
from judge.settings import DEFAULT_LIMITS, Limits

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+(:[\w.-]+)?")
_SAVED = ("state.json", "dataset_dict.json")  # what `save_to_disk` leaves
_SIGNS = "*?["  # of a glob
_TABLES = {".csv", ".jsonl", ".parquet"}
_FILES = {*_TABLES, ".txt", ".tar", ".tgz", ".gz"}  # a name with such an end is a file's, and no data set's
_FORMS = (
    "a folder, a glob in quotes, a list of paths (.txt), .csv, .jsonl or .parquet, WebDataset .tar files or a folder "
    "of them, a folder written by `save_to_disk`, or a Hugging Face id (ORG/NAME or ORG/NAME:SPLIT)"
)


def source_of(
    named: str, limits: Limits = DEFAULT_LIMITS, *, column: str | None = None, context: Sequence[str] = ()
) -> Source:
    """The source that `named` is. column: of a table, the one that holds paths or images. context: fields that columns
    of a table or a data set tell beside them; other sources tell nothing.

    Raises:
        UserError: nothing is there, it is of no kind that is known, it may be read in two ways, or has no columns.
    """
    if not named:
        raise UserError("the name of the input is empty", hint="is a shell variable unset?")
    source = _of_its_kind(Path(named), named, limits, column, context)
    if column is not None and not isinstance(source, TableSource):
        raise UserError(
            f"{printable(named)} is no table with a column {printable(column)}",
            hint="leave --column out, or name a .csv, .jsonl or .parquet",
        )
    return source


def _of_its_kind(path: Path, named: str, limits: Limits, column: str | None, context: Sequence[str]) -> Source:
    if path.is_dir():
        return _folder(path, named, limits, context)
    suffix = path.suffix.lower()
    if path.exists():
        if suffix in _TABLES:
            return TableSource(named, limits, column, context)
        if suffix == ".txt":
            return PathsSource(named, limits, file=named)
        if suffix in (".tar", ".tgz") or named.endswith(".tar.gz"):
            return TarSource(named, [named], limits)
        raise UserError(f"{printable(named)} is one file of no kind that holds many images", hint=f"give {_FORMS}")
    if any(sign in named for sign in _SIGNS):
        return _glob(named, limits)
    if _HUB_ID.fullmatch(named) and suffix not in _FILES:
        return HubSource(named, limits, saved=False, context=context)
    raise UserError(f"no such input: {printable(named)}", hint=f"give {_FORMS}")


def place_of(named: str) -> str:
    """The same for every spelling of one input under which its images have the same keys: where a folder or file is, a
    glob without `./`; another name as it is."""
    if os.path.exists(named):  # noqa: PTH110 (of a name that is too long, too)
        return os.path.realpath(named)
    return str(PurePath(named)) if any(sign in named for sign in _SIGNS) else named


def _folder(path: Path, named: str, limits: Limits, context: Sequence[str]) -> Source:
    if any((path / name).is_file() for name in _SAVED):
        return HubSource(named, limits, saved=True, context=context)
    tars = sorted(str(one) for one in path.glob("*.tar"))
    if not tars:
        return FolderSource(named, limits)
    other = next((one for one in entries(named) if not isinstance(one, Skipped) and not _of_tars(one)), None)
    if other is not None:
        raise UserError(
            f"{printable(named)} may be read in two ways: as tar files of images, or as a folder of images such as "
            f"{printable(other)}",
            hint=f"name the tars in quotes ('{printable(named)}/*.tar'), or move them away",
        )
    return TarSource(named, tars, limits)


def _of_tars(path: str) -> bool:
    """A tar, or what img2dataset writes beside one."""
    return Path(path).suffix.lower() in (".tar", ".parquet", ".json")


def _glob(named: str, limits: Limits) -> Source:
    import glob

    found = sorted(glob.glob(named, recursive=True))  # noqa: PTH207
    if not found:
        raise UserError(f"nothing is called {printable(named)}")
    tars = [one for one in found if one.endswith(".tar")]
    if tars and len(tars) < len(found):
        raise UserError(f"{printable(named)} names tar files and other files", hint="name either")
    return TarSource(named, tars, limits) if tars else PathsSource(named, limits)
