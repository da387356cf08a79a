"""Who is let in: how many images may wait, so that whoever is let in is soon answered. Knows no process and no request.

The measure is time, in units of a batch: where a batch for each process waits, the last of it is taken when those that
are being judged are done, at the latest, and is answered within about two batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Overloaded(Exception):
    """There is no room for more now. seconds: after which there may be."""

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(why)
        self.seconds = seconds


class Coming:
    """Images of a request that was let in, before they are in the queue."""

    def __init__(self, room: WaitingRoom, images: int) -> None:
        self._room, self._left = room, images

    def arrived(self, images: int = 1) -> None:
        """So many of them are there, or never will be."""
        gone = min(images, self._left)
        self._left -= gone
        self._room.expected -= gone

    def given_up(self) -> None:
        """None of the others will be."""
        self.arrived(self._left)


class WaitingRoom:
    """most: images that may wait; None is a batch for each process that is ready. expected: images that were let in and
    are not in the queue yet: they count, else all that come at one moment would be let in."""

    def __init__(self, most: int | None, batch: int) -> None:
        self._most, self._batch, self.expected = most, batch, 0

    def most(self, ready: int) -> int:
        """How many images may wait for so many processes."""
        return self._most or self._batch * max(1, ready)

    def check(self, waiting: int, ready: int, pace: float) -> None:
        """Refuse what would wait too long. waiting: in the queue. pace: seconds that an image takes a process.

        Raises:
            Overloaded: too much waits.
        """
        waiting += self.expected
        if waiting >= self.most(ready):
            raise Overloaded("too many images wait to be judged", waiting * pace / max(1, ready))

    @contextmanager
    def coming(self, images: int) -> Iterator[Coming]:
        """Let in so many images."""
        self.expected += images
        coming = Coming(self, images)
        try:
            yield coming
        finally:
            coming.given_up()
