"""What decoding one file may still cost: pixels over all its frames, and seconds. Knows no format."""

from __future__ import annotations

import time
from collections.abc import Callable

from judge.causes import Why
from judge.media.gaps import Gap
from judge.settings import Limits

_LEAST_VIEW = 512 * 512
_SHARED = 4  # all views of one file have so many times `view_pixels` together


class Budget:
    """Counts while one file is decoded. Ask before every frame: nothing here breaks off one that is under way.

    limits: what was allowed. weight: how many times a frame's pixels are gone over to decode it. late: whether time
    ran out.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits, self.weight, self.late = limits, 1, False
        self._clock, self._pixels, self._until = clock, 0, clock() + limits.seconds

    def take(self, pixels: int) -> Why | None:
        """Why no further frame of so many pixels may be decoded; None, and the pixels are counted, when it may."""
        pixels *= self.weight
        if self._clock() > self._until:
            self.late = True
            return Why.of(Gap.OUT_OF_TIME, seconds=self.limits.seconds)
        if self._pixels + pixels > self.limits.total_pixels:
            return Why.of(Gap.OUT_OF_PIXELS, megapixels=megapixels(self.limits.total_pixels))
        self._pixels += pixels
        return None

    def view_pixels(self, views: int) -> int:
        """Most pixels of each of so many views of the file."""
        each = _SHARED * self.limits.view_pixels // max(views, _SHARED)
        return max(_LEAST_VIEW, each)


def megapixels(pixels: int) -> str:
    """A number of pixels in millions, as it is read."""
    return f"{pixels / 1e6:.3g}" if pixels < 10**9 else str(pixels // 10**6)
