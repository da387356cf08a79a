"""A clip in hand: its timeline, and its frames, which come by an event of their own so that nobody waits for them.

Shielded like pictures, until they are revealed, which is a line of the log. Knows no Gradio.
"""

from __future__ import annotations

import base64
from typing import Any

from pydantic import Field, ValidationError

from judge.clip_verdict import ClipVerdict
from judge.errors import JudgeError, UserError
from judge.review.films import Films, Frames
from judge.review.queue import stage
from judge.review.queue.messages import MOST, in_words, serial_of
from judge.review.queue.moments import Timeline, timeline
from judge.review.shield import shielded
from judge.review.store import Item, Store
from judge.review.ui import render
from judge.review.ui.context import Person
from judge.settings import Frozen

THUMB = 160  # pixels: of colour fields, which the stage enlarges


class ReelRequest(Frozen):
    """The frames of the item in hand are wanted."""

    serial: int = Field(ge=0, le=MOST)
    item: int | None = Field(default=None, ge=1, le=MOST)


class ReelUpdate(Frozen):
    """The shielded frames: as the stage, and a small picture for each moment (empty where there is none)."""

    serial: int
    item: int | None = None
    stage: str = ""
    thumbs: tuple[str, ...] = ()


class Reel:
    """The clips of everybody who has one in hand."""

    def __init__(self, store: Store, films: Films) -> None:
        self._store, self._films = store, films

    def act(self, raw: Any, person: Person) -> str:
        """The frames of the item that the page has, as JSON; none where the person does not hold it."""
        try:
            asked = ReelRequest.model_validate(raw)
            item = self._store.item(asked.item or 0, person.name)
            if item.clip is None or item.lease is None or item.lease.reviewer != person.name:
                raise UserError("it is not in hand")
            line = timeline(item.clip, shown=item.verdict_shown)
            frames = self._frames(item, line)
        except (ValidationError, JudgeError):  # the desk tells who lost an item
            return ReelUpdate(serial=serial_of(raw)).model_dump_json()
        thumbs = tuple(_uri(shielded(one, THUMB)) if one is not None else "" for one in frames.pictures)
        shown = self._stage(item.clip, line, frames, original=False)
        return ReelUpdate(serial=asked.serial, item=item.id, stage=shown, thumbs=thumbs).model_dump_json()

    def html(self, item: Item) -> str:
        """The timeline of an item; nothing where it is a picture."""
        if item.clip is None:
            return ""
        line = timeline(item.clip, shown=item.verdict_shown)
        return render.html("film", line=line, kept=item.has_image, blind=not item.verdict_shown)

    def shield(self, item: Item, clip: ClipVerdict) -> str:
        """The frames as fields of colour; where they are not made yet, that they are being made."""
        line = timeline(clip, shown=item.verdict_shown)
        if not item.has_image:
            return render.html("no_film", text="No clip was kept for this item. Decide by the evidence, or escalate.")
        known = self._films.known(item.image_sha256 or "", line.times)
        if known is None:
            return render.html("no_film", text="")
        return self._stage(clip, line, known, original=False)

    def original(self, item: Item, clip: ClipVerdict, reviewer: str) -> str:
        """The frames as they are; recorded.

        Raises:
            UserError: the reviewer does not hold it, or the clip's file is gone or damaged.
        """
        line = timeline(clip, shown=item.verdict_shown)
        frames = self._frames(item, line)
        if frames.error is not None:
            raise UserError(_why(frames), hint="decide by the evidence")
        self._store.reveal_clip(item.id, reviewer)
        return self._stage(clip, line, frames, original=True)

    def _frames(self, item: Item, line: Timeline) -> Frames:
        return self._films.frames(self._store.clip(item.id), item.image_sha256 or "", line.times)

    def _stage(self, clip: ClipVerdict, line: Timeline, frames: Frames, *, original: bool) -> str:
        if frames.error is not None:
            return render.html("no_film", text=f"{_why(frames)}. Decide by the evidence, or escalate.")
        pictures = frames.pictures if original else [one and shielded(one, THUMB) for one in frames.pictures]
        facts = clip.clip_facts
        return stage.frames(line, pictures, (facts.width or 16, facts.height or 9), original=original)


def _why(frames: Frames) -> str:
    assert frames.error is not None, "asked only where there is one"
    return f"the frames of the clip cannot be shown: {in_words(frames.error).rstrip('.')}"


def _uri(picture: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
