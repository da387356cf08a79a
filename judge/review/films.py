"""Frames of clips, made from their files when somebody has the clip in hand, and kept in memory within bounds.

One clip is decoded at a time. What cannot be made is remembered as well, so that a broken file is not tried over and
over. Knows no page and no store.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from judge.errors import ImageError
from judge.media.clips import stills
from judge.settings import DEFAULT_CLIP_LIMITS, ClipLimits

KEPT: Final = 96 * 2**20  # bytes of frames that are kept, of all clips together
SECONDS: Final = 12.0  # that decoding the frames of one clip may take; what is not reached is said to be missing

_Key = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Frames:
    """Frames of a clip, in the order of the times asked for; None where one cannot be had. error: why there is none."""

    pictures: tuple[bytes | None, ...] = field(repr=False)
    error: ImageError | None = None

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return sum(len(one) for one in self.pictures if one is not None)


class Films:
    """Makes frames. One per app; safe from many threads."""

    def __init__(self, limits: ClipLimits = DEFAULT_CLIP_LIMITS) -> None:
        self._limits = limits.model_copy(update={"seconds": min(limits.seconds, SECONDS)})
        self._made: OrderedDict[_Key, Frames] = OrderedDict()
        self._guard, self._decoding = threading.Lock(), threading.Lock()

    def known(self, sha256: str, times: tuple[int, ...]) -> Frames | None:
        """The frames, where they were made already."""
        with self._guard:
            found = self._made.get((sha256, times))
            if found is not None:
                self._made.move_to_end((sha256, times))
            return found

    def frames(self, file: Path, sha256: str, times: tuple[int, ...]) -> Frames:
        """The frames of a clip that show at these times, in milliseconds."""
        with self._decoding:
            known = self.known(sha256, times)
            if known is not None and (known.error is None or file.exists()):
                return known
            try:
                made = Frames(stills(file, sha256, times, self._limits))
            except ImageError as error:
                made = Frames((None,) * len(times), error)
            with self._guard:
                self._made[sha256, times] = made
                while len(self._made) > 1 and sum(one.size for one in self._made.values()) > KEPT:
                    self._made.popitem(last=False)
            return made
