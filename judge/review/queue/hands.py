"""How long each person has had their item in hand. Knows no Gradio, and no store.

It is counted from when they were given it until they decide, whatever the page does: a reload and a second tab show the
same item, and begin nothing anew. While no page has it, it is in nobody's hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class _Held:
    item: int
    since: float
    left: float | None = None


class Hands:
    """What everybody has in hand, and since when; lost with the process. Call it under a lock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[str, _Held] = {}

    def came(self, person: str, item: int) -> None:
        """The item is put before the person, perhaps again."""
        now, held = self._clock(), self._held.get(person)
        if held is None or held.item != item:
            self._held[person] = _Held(item, now)
        elif held.left is not None:  # the time without it does not count
            self._held[person] = _Held(item, held.since + now - held.left)

    def left(self, person: str, item: int) -> None:
        """The person's last page with the item was closed."""
        held = self._held.get(person)
        if held is not None and held.item == item and held.left is None:
            self._held[person] = replace(held, left=self._clock())

    def done(self, person: str) -> None:
        """The person decided, or went on a break: what comes next comes anew."""
        self._held.pop(person, None)

    def seconds(self, person: str, item: int | None) -> float | None:
        """How long the person has had this item; None where that is not known."""
        held = self._held.get(person)
        return self._clock() - held.since if held is not None and held.item == item and held.left is None else None
