"""JSON that people hand in: an object in which a key stands twice is refused, since readers take one or the other."""

from __future__ import annotations

from typing import Any


class KeyTwice(ValueError):
    """A key stands twice in one object; the message is the key."""


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `json.loads(..., object_pairs_hook=once)`.

    Raises:
        KeyTwice: a key stands twice.
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        raise KeyTwice(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return made
