"""A break at the desk: a calm screen in the item's place, until the person says that they are back. Knows no Gradio."""

from __future__ import annotations

from datetime import datetime

from judge.review.queue.messages import QueueRequest, QueueUpdate
from judge.review.store import Store
from judge.review.ui import render
from judge.review.ui.context import Person

MEANWHILE = frozenset({"start", "back", "prefer", "break"})  # what can be asked during one; the rest waits
_EMPTY = dict.fromkeys(("told", "verdict", "rules", "decision", "notes", "near", "list", "counts", "banner"), "")


class Pauses:
    """Answers for the desk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        """Begin a break; what was held goes back to the queue."""
        if self._store.on_break(person.name) is None:
            self._store.begin_break(person.name)
        return self.screen(person) or QueueUpdate()

    def screen(self, person: Person) -> QueueUpdate | None:
        """What a person on a break sees; None for whoever is on none."""
        since = self._store.on_break(person.name)
        return None if since is None else _screen(since)


def _screen(since: datetime) -> QueueUpdate:
    return QueueUpdate(
        slots={**_EMPTY, "stage": render.html("break", since=since)},
        item=None,
        state="break",
        original=False,
        announce="You are on a break. Nothing is held for you.",
    )
