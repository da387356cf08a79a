"""What decoding leaves: a picture and its views."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from judge.causes import Why

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class View:
    """One RGB rendering of a picture, and its name (`image`, `over white`, `frame 3`, ...).

    shows: which part of the frame it shows, as corners (left, top, right, bottom) in pixels of the upright frame at
    its full size. None: the whole frame, pixel for pixel.
    """

    name: str
    image: Image.Image
    shows: Corners | None = None

    @classmethod
    def of_frame(cls, name: str, image: Image.Image, size: tuple[int, int]) -> View:
        """The view of a whole upright frame of that size, at whatever size the image has."""
        return cls(name, image, None if image.size == size else (0.0, 0.0, float(size[0]), float(size[1])))

    def in_frame(self, box: Corners) -> Corners:
        """A box in pixels of `image`, in pixels of the frame."""
        if self.shows is None:
            return box
        left, top, right, bottom = self.shows
        across, down = (right - left) / self.image.width, (bottom - top) / self.image.height
        return left + box[0] * across, top + box[1] * down, left + box[2] * across, top + box[3] * down

    def in_image(self, box: Corners) -> Corners:
        """A box in pixels of the frame, in pixels of `image`."""
        if self.shows is None:
            return box
        left, top, right, bottom = self.shows
        across, down = self.image.width / (right - left), self.image.height / (bottom - top)
        return (box[0] - left) * across, (box[1] - top) * down, (box[2] - left) * across, (box[3] - top) * down


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded image file: its views, and the facts a verdict records.

    width, height: of the first frame in pixels, upright, as the file holds it; a view may be a smaller copy.
    notes: what changes nothing. gaps: what of the file was not looked at, or may be missing from it: a picture
    with gaps is never called safe, whatever its views show. late: whether time ran out, so that another try may see
    more.
    """

    source: str
    sha256: str
    format: str
    width: int
    height: int
    views: tuple[View, ...]
    notes: tuple[Why, ...] = ()
    gaps: tuple[Why, ...] = ()
    late: bool = False
