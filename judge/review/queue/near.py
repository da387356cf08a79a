"""The strip of items that wait with nearly the same picture as the one in hand, which may be decided with it.

Its thumbnails are shielded, and come by an event of their own. Knows no Gradio.
"""

from __future__ import annotations

import base64
import contextlib
from typing import Any

from pydantic import Field, ValidationError

from judge.errors import JudgeError
from judge.media import prints
from judge.review.queue.messages import MOST, serial_of
from judge.review.shield import shielded
from judge.review.store import Item, Store
from judge.review.ui import render
from judge.review.ui.context import Person
from judge.settings import Frozen

_SIDE = 96


class NearRequest(Frozen):
    """The item in hand, whose neighbours are to be seen."""

    serial: int = Field(ge=0, le=MOST)
    item: int = Field(ge=1, le=MOST)


class NearUpdate(Frozen):
    """Their shielded pictures, as data URIs, by their numbers."""

    serial: int
    thumbnails: dict[int, str] = Field(default_factory=dict)


def near_html(store: Store, item: Item) -> str:
    """What waits with nearly the same picture; nothing where there is none, or this is no first read."""
    found = store.near(item.id) if item.read == "first" and item.has_image else ()
    if not found:
        return ""
    rows = [{"one": one, "name": render.named(one.image)} for one in found]
    free = sum(one.held_by is None for one in found)
    return render.html("near", rows=rows, free=free, bits=prints.NEAR_BITS, levels=prints.NEAR_LEVELS)


class Thumbnails:
    """Answers for the strip's pictures."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def act(self, raw: Any, person: Person) -> str:
        """The pictures of what is near the item in hand, as JSON; none where the person does not hold it."""
        try:
            asked = NearRequest.model_validate(raw)
        except ValidationError:
            return NearUpdate(serial=serial_of(raw)).model_dump_json()
        found: dict[int, str] = {}
        with contextlib.suppress(JudgeError):  # an item or a picture that is gone: the desk tells of it
            item = self._store.item(asked.item, person.name)
            mine = item.lease is not None and item.lease.reviewer == person.name and item.read == "first"
            for one in self._store.near(item.id) if mine else ():
                picture = base64.b64encode(shielded(self._store.image(one.id), _SIDE)).decode()
                found[one.id] = f"data:image/jpeg;base64,{picture}"
        return NearUpdate(serial=asked.serial, thumbnails=found).model_dump_json()
