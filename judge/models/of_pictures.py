"""Keeps what was computed of pictures, for as long as somebody else holds them: no picture stays in memory for it."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from PIL.Image import Image

Value = TypeVar("Value")


class OfPictures(Generic[Value]):
    """Values by picture (the object, not its pixels; None is none) and part of a picture's values, latest used last.

    An id is only its own while the object lives, so every value comes with a weak reference, and is forgotten when a
    new one is put beside those of pictures that are gone.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[int, str], tuple[weakref.ref[Image] | None, Value]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, image: Image | None, part: str = "") -> Value | None:
        """What is kept of the picture; it counts as used now."""
        reference, value = self._held.get((id(image), part), (None, None))
        if value is None or not _is(reference, image):
            return None
        self._held.move_to_end((id(image), part))
        return value

    def put(self, image: Image | None, value: Value, part: str = "") -> None:
        """Keep a value, and forget those of pictures that are gone."""
        gone = [key for key, (reference, _) in self._held.items() if reference is not None and reference() is None]
        for key in gone:
            del self._held[key]
        self._held[id(image), part] = None if image is None else weakref.ref(image), value

    def all_of(self, image: Image | None) -> list[Value]:
        """Every part's value of a picture, latest used first."""
        return [value for reference, value in reversed(self._held.values()) if _is(reference, image)]

    def values(self) -> list[Value]:
        """All values, latest used last."""
        return [value for _, value in self._held.values()]

    def drop_oldest(self) -> None:
        """Forget what was not used for longest."""
        self._held.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()


def _is(reference: weakref.ref[Image] | None, image: Image | None) -> bool:
    return image is None if reference is None else reference() is image
