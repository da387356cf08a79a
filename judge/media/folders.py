"""What is in a folder: every entry below it, and which of them are plainly no images, by their content.

Whatever is not plainly something else is taken for an image: reading it says what is wrong with it, and the picture
goes to a person. So nothing in a folder can pass for clean by its name, its kind or the lack of a suffix.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from judge.files import open_regular
from judge.media.formats import SUFFIXES

# A file that calls itself a picture or a film is never passed over, whatever it holds.
SAID_TO_BE_IMAGES = SUFFIXES | {
    ".3fr",
    ".ai",
    ".arw",
    ".avi",
    ".avifs",
    ".blp",
    ".bw",
    ".cr2",
    ".cr3",
    ".cur",
    ".dcm",
    ".dcx",
    ".dds",
    ".dib",
    ".djvu",
    ".dng",
    ".emf",
    ".eps",
    ".exr",
    ".fit",
    ".fits",
    ".flc",
    ".fli",
    ".flif",
    ".gbr",
    ".hdr",
    ".icb",
    ".icns",
    ".ico",
    ".j2c",
    ".j2k",
    ".jbig2",
    ".jif",
    ".jls",
    ".jng",
    ".jp2",
    ".jpc",
    ".jpf",
    ".jpm",
    ".jpx",
    ".jxl",
    ".jxr",
    ".kra",
    ".m4v",
    ".mkv",
    ".mng",
    ".mov",
    ".mp4",
    ".mpeg",
    ".mpg",
    ".mpo",
    ".msp",
    ".nef",
    ".orf",
    ".palm",
    ".pam",
    ".pbm",
    ".pcd",
    ".pct",
    ".pcx",
    ".pdf",
    ".pfm",
    ".pgm",
    ".pic",
    ".pict",
    ".pnm",
    ".ppm",
    ".ps",
    ".psb",
    ".psd",
    ".pxr",
    ".qoi",
    ".raf",
    ".ras",
    ".raw",
    ".rgb",
    ".rgba",
    ".rw2",
    ".sgi",
    ".srw",
    ".svg",
    ".svgz",
    ".tga",
    ".vda",
    ".vst",
    ".wbmp",
    ".wdp",
    ".webm",
    ".wmf",
    ".wmv",
    ".xbm",
    ".xcf",
    ".xpm",
    ".xwd",
}
_SQLITE, _DS_STORE, _COMPOUND = b"SQLite format 3\0", b"\0\0\0\1Bud1", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_THUMBNAILS = ("thumbs.db", "ehthumbs.db")
_CHUNK = 2**16
_MOST_TEXT = 64 * 2**20
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_PICTURE_IN_TEXT = re.compile(
    r"<\s*([\w.-]+:)?svg|<!ENTITY|data:\s*image/|data:[^,]{0,99};\s*base64|Content-Type:\s*image/", re.IGNORECASE
)
_PICTURE_AS_TEXT = re.compile(
    r"\s*(P[1-7fF]\s|%!|%PDF|/\*\s*XPM|#define\s+\w+_width|SIMPLE  =|GIF8|\{\\rtf|push graphic-context|id=ImageMagick)"
)
_LONGEST = 256  # characters in which a pattern is found that lies across two chunks


@dataclass(frozen=True)
class Skipped:
    """An entry that is passed over. kind: of file; None for a folder that was looked at under another name."""

    path: str
    kind: str | None = None


def entries(folder: str) -> Iterator[str | Skipped]:
    """Everything below a folder that is no folder itself, links followed, in the order of paths.

    A folder is walked once, however many links lead to it. One that cannot be listed is given as it is, to be
    refused like a file that cannot be read. No more is held than the names in the folders on the way down.
    """
    seen: set[tuple[int, int]] = set()
    top = str(PurePath(folder))
    below = [iter(((top, True),))]
    while below:
        path, is_folder = next(below[-1], ("", False))
        if not path:
            below.pop()
        elif not is_folder:
            kind = plainly_no_image(path)
            yield path if kind is None else Skipped(path, kind)
        else:
            try:
                found = os.stat(path)  # noqa: PTH116 (no `Path` is made for every one of a million)
                if (found.st_dev, found.st_ino) in seen:
                    yield Skipped(path)
                    continue
                seen.add((found.st_dev, found.st_ino))
                names = _names(path)
            except OSError:
                yield path
                continue
            below.append(_inside("" if path == os.curdir else path, names))


def plainly_no_image(path: str) -> str | None:
    """What a file is that is no image beyond doubt; None where it may be one, or cannot be read."""
    if PurePath(path).suffix.lower() in SAID_TO_BE_IMAGES:
        return None
    try:
        with open_regular(path) as file:
            return _kind(file, os.path.basename(path).lower())  # noqa: PTH119
    except (OSError, ValueError):
        return None


def _names(folder: str) -> list[str]:
    """Names in a folder, those of folders with a slash behind them: so their order is that of whole paths."""
    with os.scandir(folder) as found:
        return sorted(one.name + os.sep * _is_folder(one) for one in found)


def _inside(folder: str, names: list[str]) -> Iterator[tuple[str, bool]]:
    for name in names:
        yield os.path.join(folder, name.removesuffix(os.sep)), name.endswith(os.sep)  # noqa: PTH118


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself
        return False


def _kind(file: BinaryIO, name: str) -> str | None:
    head = file.read(_CHUNK)
    if not head:
        return "empty"
    if head.startswith(_SQLITE):
        return "SQLite"
    if (name == ".ds_store" and head.startswith(_DS_STORE)) or (name in _THUMBNAILS and head.startswith(_COMPOUND)):
        return "housekeeping"
    return "text" if _is_plain_text(head, file) else None


def _is_plain_text(head: bytes, rest: BinaryIO) -> bool:
    """Whether all of a file is text that shows no picture: UTF-8, or UTF-16 with its mark, no control characters."""
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8-sig")()
    before, chunk, read = "", head, 0
    try:
        while chunk:
            text = decoder.decode(chunk)
            if (not read and _PICTURE_AS_TEXT.match(text)) or _CONTROL.search(text):
                return False
            if _PICTURE_IN_TEXT.search(before + text):
                return False
            before, read = text[-_LONGEST:], read + len(chunk)
            if read > _MOST_TEXT:
                return False  # too long to be sure of
            chunk = rest.read(_CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
