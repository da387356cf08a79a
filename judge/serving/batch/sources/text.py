"""Text files that list images: UTF-8, and names in them that are no text stay what they are on disk."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TextIO

from judge.errors import UserError
from judge.files import open_regular
from judge.printable import printable

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # the first begins UTF-32, too


def open_text(path: Path) -> TextIO:
    """A file to be read by lines, its line ends as they are, a byte order mark left out.

    Raises:
        UserError: it is in UTF-16, as spreadsheets write it: its lines would be read as other names.
        OSError: it cannot be opened.
    """
    with open_regular(path) as file:
        head = file.read(4)
    if head.startswith(_WIDE) or b"\0" in head:
        raise UserError(
            f"{printable(str(path))} is not in UTF-8 (UTF-16?)",
            hint="save it again as UTF-8; spreadsheets call that `CSV UTF-8`",
        )
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")  # as paths are
