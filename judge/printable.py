"""Text of others (file names, models, servers, templates) as it may stand in a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """A text in one line, without control characters and broken bytes: they could rewrite the terminal."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def printable_lines(text: str) -> str:
    """The same of a text whose line ends are ours."""
    return "\n".join(map(printable, text.split("\n")))
