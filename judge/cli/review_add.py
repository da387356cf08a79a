"""`judge review add`: verdicts into the queue of the review app, from lines of `judge check --json` or from a batch."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli.audit import Data
from judge.errors import ImageError, UserError
from judge.printable import printable

if TYPE_CHECKING:
    from judge.report.tables import Tables
    from judge.review.store.clips import Judged

_LINES = "name a file of lines of `judge check --json`, the folder of a batch, or give lines on stdin: `-`"


@dataclass(frozen=True)
class _Given:
    """A verdict, where its image should be, and the digest of the bytes that were judged. any_image: whether what is
    there is taken, because nobody knows the digest."""

    verdict: Judged
    path: Path
    sha256: str | None
    any_image: bool = False


def add(
    source: Annotated[
        Path,
        typer.Argument(
            help="Lines of `judge check --json` (`-` is stdin), or the folder of a batch: what needs review of it.",
            metavar="FILE.jsonl|OUT",
        ),
    ],
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images. Default: where the verdicts say they are.")
    ] = None,
    data: Data = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Put verdicts into the queue, with their images and clips. Verdicts that are known are not added again."""
    if images is not None and not images.is_dir():
        raise UserError(f"no folder {images}", hint="name the folder of the judged images with --images")
    from judge.review.store import Store, data_dir

    without: list[str] = []
    with ExitStack() as held:
        bare = 0
        if os.path.isdir(source):  # noqa: PTH112 (of a name that cannot be looked at, too)
            from judge.report.tables import Tables

            tables = held.enter_context(Tables(source))
            bare = _without_evidence(tables, source)
            found = _of_batch(tables, images)
        else:
            found = _of_lines(source, images)
        store = held.enter_context(Store.open(data or data_dir()))
        newest, given, added = store.newest, 0, 0
        missing: deque[str | None] = deque()  # of what was read and is not in the queue yet
        for item in store.add_many(_with_images(found, missing), "batch"):
            name = missing.popleft()
            given += 1
            if item <= newest:  # known already: it was not added, with or without its image
                continue
            newest, added = item, added + 1
            without += [name] if name is not None else []
    if without:
        print(f"judge: {len(without)} added without an image, such as {printable(without[0])}", file=sys.stderr)
    if bare:
        print(f"judge: {bare} not added, because no evidence of them is kept; {_how_to_keep(source)}", file=sys.stderr)
    if json:
        from json import dumps

        print(dumps({"given": given, "added": added, "without_image": without, "without_evidence": bare}))
    else:
        print(f"{added} added, {given - added} known already", file=sys.stderr)


def _of_lines(file: Path, images: Path | None) -> Iterator[_Given]:
    from judge.review.store.clips import sha256_of
    from judge.verdict import Verdict

    for verdict in _verdicts(file):
        path = Path(verdict.image) if images is None else images / Path(verdict.image).name
        sha256 = sha256_of(verdict)
        yield _Given(verdict, path, sha256, any_image=sha256 is None and isinstance(verdict, Verdict))


def _of_batch(tables: Tables, images: Path | None) -> Iterator[_Given]:
    from judge.report.open_reviews import open_reviews
    from judge.review.store.closeness import uncertainty

    for one in open_reviews(tables, uncertainty):
        path = Path(one.verdict.image) if images is None else _of_key(images, one.key)
        yield _Given(one.verdict, path, one.sha256)


def _of_key(images: Path, key: str) -> Path:
    """Where the image of a key should be. A batch puts `#2` behind a key that it met before, as that of a picture with
    another context: its file goes by the key without. Its digest says whether it is the picture that was judged."""
    plain = re.sub(r"#\d+$", "", key)
    return images / (key if os.path.isfile(images / key) else plain)  # noqa: PTH113 (of a name that cannot be looked at)


def _without_evidence(tables: Tables, folder: Path) -> int:
    """How many need review and cannot be added; a mistake where that is all of them."""
    from judge.report.open_reviews import counted

    kept, bare = counted(tables)
    if bare and not kept:
        raise UserError(
            f"{bare} images of {printable(str(folder))} need review, and of none the evidence is kept",
            hint=_how_to_keep(folder),
        )
    return bare


def _how_to_keep(folder: Path) -> str:
    from judge.serving.batch.room import source_of_batch

    told = printable(source_of_batch(folder))
    return f"judge into another folder: judge batch {told} -o FOLDER --evidence violations"


def _verdicts(file: Path) -> Iterator[Judged]:
    from judge.files import lines_of, open_regular
    from judge.review.store.clips import parsed

    try:
        with nullcontext(sys.stdin) if str(file) == "-" else TextIOWrapper(open_regular(file), "utf-8") as lines:
            for number, line in enumerate(lines_of(lines), 1):
                if not line.strip():
                    continue
                try:
                    yield parsed(line.encode())
                except ValueError as error:
                    raise UserError(
                        f"{file}:{number}: no verdict as `judge check --json` prints it",
                        hint="mend the line and run it again: what is known already is not added twice",
                    ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {file} ({getattr(error, 'strerror', None) or error})", hint=_LINES) from error


def _with_images(found: Iterable[_Given], without: deque[str | None]) -> Iterator[tuple[Judged, bytes | Path | None]]:
    """Verdicts with their images, or the files of their clips. without: gets of each what its image is called where
    that is not found, else None."""
    from judge.verdict import Verdict

    for one in found:
        image = _image(one) if isinstance(one.verdict, Verdict) else _clip(one)
        without.append(one.verdict.image if image is None else None)
        yield one.verdict, image


def _clip(one: _Given) -> Path | None:
    """The file that was judged; None where it is not to be found (any more)."""
    from judge.files import sha256_of
    from judge.settings import DEFAULT_CLIP_LIMITS

    try:
        found = sha256_of(one.path, DEFAULT_CLIP_LIMITS.file_bytes) if one.sha256 is not None else None
    except (OSError, ValueError):
        return None
    return one.path if found is not None and found == one.sha256 else None


def _image(one: _Given) -> bytes | None:
    """The bytes that were judged; None where they are not to be found (any more)."""
    from judge.media import read_bytes

    try:
        data = read_bytes(one.path) if one.sha256 is not None or one.any_image else b""
    except ImageError:
        data = b""
    if not data or (not one.any_image and hashlib.sha256(data).hexdigest() != one.sha256):
        return None
    return data
