"""What is said of a picture, in words."""

from __future__ import annotations

from collections.abc import Sequence

from judge.causes import Why


def words_of(found: Sequence[Why]) -> tuple[str, ...]:
    return tuple(map(str, found))
