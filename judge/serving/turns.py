"""A lock that goes to whoever has waited longest. Knows nothing of what it guards."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class Turns:
    """One thread at a time, in the order in which they came; the one whose turn it is may enter again.

    Of Python's own lock, a thread that lets it go and takes it again at once keeps the others waiting for ever.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._holder: int | None = None
        self._depth = 0

    @property
    def waiting(self) -> int:
        """How many threads wait for their turn."""
        return len(self._waiting)

    def __enter__(self) -> None:
        me, ticket = threading.get_ident(), object()
        with self._changed:
            if self._holder != me:
                self._waiting.append(ticket)
                try:
                    self._changed.wait_for(lambda: self._holder is None and self._waiting[0] is ticket)
                    self._holder = me
                finally:  # an interrupted wait must not keep the next one from its turn
                    self._waiting.remove(ticket)
                    self._changed.notify_all()
            self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._depth -= 1
            if self._depth == 0:
                self._holder = None
                self._changed.notify_all()
