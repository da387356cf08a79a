"""What the YAML parser says of a mistake, in the words of somebody who writes a policy. Knows no rules."""

from __future__ import annotations

from typing import Any

_USUAL = "check quotes, colons and indentation here"
_ASKEW = ("this line does not line up with those above it", "indent it as its neighbours")
# By what libyaml says: what is wrong, and what to do; {line} is where the thing that is not ended begins.
_WORDS = {
    "mapping values are not allowed": (
        "a colon where none can stand",
        "put a text with a colon in quotes, and line up the keys of a rule",
    ),
    "did not find expected key": _ASKEW,
    "did not find expected '-' indicator": _ASKEW,
    "did not find expected ',' or ']'": ("the list that begins on line {line} is not closed", "close it with `]`"),
    "did not find expected ',' or '}'": ("the brace on line {line} is not closed", "close it with `}`"),
    "unexpected end of stream": ("the quote that opens on line {line} is not closed", "close it"),
    "cannot start any token": ("a text cannot begin with this character", "put the text in quotes"),
    "block sequence entries are not allowed": ("a list cannot begin here", "begin it on a line of its own"),
    "did not find expected node content": ("a bracket or comma without anything before it", "remove it, or quote it"),
    "could not find expected ':'": ("a key without its colon", "write `key: value`"),
    "unknown escape character": ("a backslash in double quotes that means nothing", "use single quotes"),
    "found undefined alias": (
        "a text that begins with `*` stands for what is marked with `&`, and nothing is",
        "put it in quotes",
    ),
    "found another document": ("a second document begins here", "remove the line `---`: a file holds one constitution"),
}


def in_words(said: str, error: Any, at: str) -> tuple[str, str]:
    """What is wrong and what to do. error: the parser's, with the place where what it was reading begins.

    at: the line on which it noticed.
    """
    began = getattr(error, "context_mark", None)
    line = began.line + 1 if began is not None else "?"
    message, hint = next((words for part, words in _WORDS.items() if part in said), (said, _USUAL))
    if "\t" in at:
        hint = "indent with spaces: YAML takes no tabs"
    return message.replace("{line}", str(line)), hint
