"""Frames as they are shown: upright, as wide as the film says, and small. Runs in the process that `child` bounds."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from PIL import Image

from judge.media.reduce import fitted

if TYPE_CHECKING:
    from collections.abc import Callable

VIEW_PIXELS = 512 * 512  # of a copy that is looked at, as of an animation's frames at least
SEE_THROUGH = ("rgba", "bgra", "argb", "abgr", "yuva", "gbrap", "ya", "pal8")  # how such pixels are called
_TELLING = 256  # pixels of the longer side of a copy that tells frames apart
# Display matrices, as (a, b, c, d) by sign, and how PIL turns a frame as they say.
_TURNS: dict[tuple[int, ...], tuple[Image.Transpose | None, int]] = {
    (1, 0, 0, 1): (None, 0),
    (0, 1, -1, 0): (Image.Transpose.ROTATE_270, 90),
    (-1, 0, 0, -1): (Image.Transpose.ROTATE_180, 180),
    (0, -1, 1, 0): (Image.Transpose.ROTATE_90, 270),
    (-1, 0, 0, 1): (Image.Transpose.FLIP_LEFT_RIGHT, 0),
    (1, 0, 0, -1): (Image.Transpose.FLIP_TOP_BOTTOM, 0),
    (0, 1, 1, 0): (Image.Transpose.TRANSPOSE, 90),
    (0, -1, -1, 0): (Image.Transpose.TRANSVERSE, 270),
}


class Upright:
    """Makes copies of a stream's frames. odd: is told of a frame that is `turned` as nobody knows."""

    def __init__(self, stream: Any, odd: Callable[[str], None]) -> None:
        from av.video.reformatter import VideoReformatter

        self._stream, self._odd = stream, odd
        self._rotation: int | None = None
        self._turn: tuple[Image.Transpose | None, int] = (None, 0)
        self._scaler, self._telling, self._view = VideoReformatter(), VideoReformatter(), VideoReformatter()

    def shown(self, frame: Any) -> tuple[tuple[int, int], int]:
        """The size of a frame as it is shown, before it is turned, and by how many degrees clockwise it is turned."""
        if frame.rotation != self._rotation:  # what lies beside a frame holds on to it, so it is looked at but rarely
            self._rotation, self._turn = frame.rotation, self._turned(frame)
        ratio = float(self._stream.sample_aspect_ratio or 1)
        return (max(1, round(frame.width * (ratio if 0.1 <= ratio <= 10 else 1.0))), frame.height), self._turn[1]

    def copies(self, frame: Any) -> tuple[Image.Image, Callable[[], Image.Image]]:
        """A copy that tells frames apart, and what makes the one that is looked at. The frame itself, which is large,
        is read once: both are made of a small one."""
        shown, small = self.shown(frame)[0], self._small(frame)
        share = min(1.0, _TELLING / max(shown))
        telling = max(1, round(shown[0] * share)), max(1, round(shown[1] * share))
        return self._image(self._telling, small, telling), lambda: self._image(self._view, small, _view(shown))

    def view(self, frame: Any) -> Image.Image:
        """The copy that is looked at."""
        return self._image(self._view, self._small(frame), _view(self.shown(frame)[0]))

    def _small(self, frame: Any) -> Any:
        """In the frame's own kind of colours, where that is one that can be written and nothing shines through."""
        kind: str = frame.format.name
        own = kind.startswith("yuv") and not kind.startswith(SEE_THROUGH)
        return _scaled(self._scaler, frame, _view(self.shown(frame)[0]), kind if own else "rgb24")

    def _image(self, scaler: Any, small: Any, size: tuple[int, int]) -> Image.Image:
        image: Image.Image = _scaled(scaler, small, size, "rgb24").to_image()
        turn = self._turn[0]
        return image if turn is None else image.transpose(turn)

    def _turned(self, frame: Any) -> tuple[Image.Transpose | None, int]:
        for one in frame.side_data:
            if "DISPLAYMATRIX" in str(one.type).upper():
                matrix = struct.unpack("=9i", bytes(one)[:36])
                signs = tuple(round(matrix[place] / 65536) for place in (0, 1, 3, 4))
                if signs in _TURNS:
                    return _TURNS[signs]
                self._odd("turned")
        return None, 0


def _view(shown: tuple[int, int]) -> tuple[int, int]:
    return fitted(shown, VIEW_PIXELS)


def _scaled(scaler: Any, frame: Any, size: tuple[int, int], kind: str) -> Any:
    """A frame in another size, by a scaler that keeps its own memory. One thread: decoding has the others."""
    return scaler.reformat(frame, width=size[0], height=size[1], format=kind, interpolation="AREA", threads=1)
