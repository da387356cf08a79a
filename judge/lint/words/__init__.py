"""The word lists of the checks: one entry a line, `#` starts a comment. Edit them without touching code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from judge.compiler.grammar.lexicon import FOLDER


@cache
def words(name: str) -> tuple[str, ...]:
    """The entries of `NAME.txt`, in the order of the file; lists that compiling goes by too lie with its lexicon."""
    own = Path(__file__).parent / f"{name}.txt"
    text = (own if own.exists() else FOLDER / own.name).read_text(encoding="utf-8")
    entries = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return tuple(entry for entry in entries if entry)


@cache
def any_of(name: str) -> re.Pattern[str]:
    """Finds any entry of `NAME.txt` as whole words, longest first."""
    longest_first = sorted(words(name), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])", re.IGNORECASE)
