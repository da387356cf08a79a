"""Single frames of a clip, each by the time at which it shows, without decoding all of it: the decoder jumps to the
nearest place before it from which it can begin. Where a format cannot be jumped in, it is read from its beginning.
Runs in the process that `child` bounds.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from judge.media.clips.decoding import chosen, frames_of, opened
from judge.media.clips.upright import Upright

if TYPE_CHECKING:
    from collections.abc import Callable

_NEAR = 2_000  # milliseconds: what follows the last frame as closely is decoded on the way
_BACK = (0, 2_000, 10_000)  # milliseconds before the wanted time from which it is tried to begin
_QUALITY = 90


def frames_at(
    file: BinaryIO, pixels: int, seconds: float, times: Sequence[int], clock: Callable[[], float] = time.monotonic
) -> list[bytes]:
    """The frames that show at these times (in milliseconds, in order) as JPEG; empty where one cannot be had.

    pixels: most of one frame. seconds: most that it may take, looked at between frames.

    Raises:
        NoFilm: no frame can be had of it.
    """
    until = clock() + seconds
    with opened(file) as container:
        walk = _Walk(container, pixels, lambda: clock() > until)
        return [walk.at(ms) for ms in times]


class _Walk:
    """Goes forward through a film, and jumps where that is shorter."""

    def __init__(self, container: Any, pixels: int, late: Callable[[], bool]) -> None:
        self._container, self._pixels, self._late = container, pixels, late
        self._stream, self._looked = chosen(container, pixels)
        self._upright = Upright(self._stream, self._looked.odd)
        self._begin = container.start_time / 1_000_000 if container.start_time is not None else None
        self._jumps, self._jumped = True, False
        self._frames = self._decoded()
        self._here = next(self._frames, None)  # the last frame that was reached, with its time; and the one after it
        self._next: tuple[int, Any] | None = None
        self._last: tuple[int, bytes] | None = None  # what was given last, and when it shows

    def at(self, ms: int) -> bytes:
        """The frame that shows at a time, no earlier than the one asked for before."""
        if self._here is None or self._late():
            return b""
        if self._jumps and ms - self._here[0] > _NEAR and not self._reached(ms):
            self._jump(ms)
        while not self._reached(ms):
            if self._next is not None:
                self._here = self._next
            self._next = None if self._late() else next(self._frames, None)
            if self._next is None:
                break
        if self._here is None or self._late():
            return b""
        shows, frame = self._here
        if self._last is None or self._last[0] != shows:
            buffer = io.BytesIO()
            self._upright.view(frame).save(buffer, format="JPEG", quality=_QUALITY)
            self._last = shows, buffer.getvalue()
        return self._last[1]

    def _reached(self, ms: int) -> bool:
        """Whether the frame in hand is known to show until then."""
        return self._next is not None and self._next[0] > ms

    def _jump(self, ms: int) -> None:
        """Begin anew at a place from which the wanted frame is reached; where there is none, at the beginning."""
        for back in _BACK:
            if not self._seek(max(ms - back, 0)):
                break
            self._jumped = True
            first = next(self._frames, None)
            if first is not None and first[0] <= ms:
                self._here, self._next = first, None
                return
        self._jumps = self._jumped = False
        if self._seek(0):  # else on from where it stands: times are in order
            self._here, self._next = next(self._frames, None), None

    def _seek(self, ms: int) -> bool:
        import av

        try:
            self._container.seek(round(((self._begin or 0.0) + ms / 1000) * 1_000_000), backward=True)
        except (av.FFmpegError, OverflowError, ValueError):
            return False
        self._frames = self._decoded()
        return True

    def _decoded(self) -> Iterator[tuple[int, Any]]:
        """Whole frames with their times."""
        last, length = 0, 0
        for frame, _ in frames_of(self._container, self._stream, self._looked):
            if self._late():
                return
            if frame is None or frame.is_corrupt or frame.width * frame.height > self._pixels:
                continue
            if frame.pts is None:  # only counting from the beginning tells when it shows
                if self._jumped:
                    return
                self._jumps = False
                last += length
            else:
                at = float(frame.pts * (frame.time_base or self._stream.time_base))
                if self._begin is None:
                    self._begin = at
                last = max(round((at - self._begin) * 1000), 0)
            length = round(float(frame.duration * frame.time_base) * 1000) if frame.duration and frame.time_base else 40
            yield last, frame
