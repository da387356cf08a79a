"""What looking through a clip leaves: small copies of its frames in order, and what was not seen. Knows no decoder."""

from __future__ import annotations

import bisect
import itertools
from dataclasses import dataclass
from functools import cached_property

from judge.causes import Why


@dataclass(frozen=True)
class Held:
    """A frame that was kept, and the frames behind it that were not, up to the next that was.

    ms: when it shows, in milliseconds from the beginning of the clip. until_ms: when the next one does. count: frames
    that it stands for, itself included. alike: whether these all look like it. shot: number of the shot it is in; a cut
    begins a new one. data: the copy as JPEG.
    """

    ms: int
    until_ms: int
    count: int
    alike: bool
    shot: int
    data: bytes


@dataclass(frozen=True)
class Unseen:
    """A stretch of time that was not looked at, in milliseconds, and why."""

    start_ms: int
    end_ms: int
    why: Why


@dataclass(frozen=True)
class Strip:
    """A clip that was looked through.

    sha256: of the file. format, codec: as its container has them. width, height: of a frame in pixels, upright, as it
    is shown. duration_ms: from the beginning to the end of the last frame, or as the container announces it where
    that is longer. frames: how many were decoded. rate: of frames a second, as the file says. turned: degrees by
    which its frames are turned clockwise to be shown. held: in order of time. unseen: stretches of time that no
    held frame tells anything of. gaps: what else was not looked at. notes: what changes nothing. late: whether
    time ran out, so that another try may come further.
    """

    sha256: str
    format: str
    codec: str
    width: int
    height: int
    duration_ms: int
    frames: int
    turned: int
    held: tuple[Held, ...]
    unseen: tuple[Unseen, ...] = ()
    gaps: tuple[Why, ...] = ()
    notes: tuple[Why, ...] = ()
    late: bool = False
    rate: float = 0.0

    def at(self, ms: float) -> int:
        """The place of the held frame that shows at a time."""
        return max(0, bisect.bisect_right(self._times, ms) - 1)

    def count(self, first: int, last: int) -> int:
        """Frames of the clip from the held one at place `first` up to, without, that at `last`."""
        return self._counts[last] - self._counts[first]

    @cached_property
    def _times(self) -> list[int]:
        return [one.ms for one in self.held]

    @cached_property
    def _counts(self) -> list[int]:
        return [0, *itertools.accumulate(one.count for one in self.held)]


def clock(ms: float) -> str:
    """A time in a clip as people read it: `0:07.250`, `1:02:03.000`."""
    seconds, rest = divmod(round(ms), 1000)
    hours, seconds = divmod(seconds, 3600)
    ahead = f"{hours}:{seconds // 60:02}" if hours else f"{seconds // 60}"
    return f"{ahead}:{seconds % 60:02}.{rest:03}"
