"""A break at the desk: a calm screen in the item's place, until the person says that they are back. Knows no Gradio."""

from __future__ import annotations

from datetime import datetime

from judge.review.queue.messages import QueueRequest, QueueUpdate
from judge.review.queue.recorded import otherwise, recorded
from judge.review.queue.unanswered import recorded_since, same, unanswered_of
from judge.review.store import Store
from judge.review.ui import render
from judge.review.ui.context import Person
from judge.review.ui.parts import toast

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

    def away(self, asked: QueueRequest, person: Person) -> QueueUpdate | None:
        """The answer to what cannot be done on a break: its screen; None for what can, and for whoever is on none.

        Of a decision, made on a page that knew of no break, it is told what came of it.
        """
        screen = self.screen(person) if asked.kind not in MEANWHILE else None
        if screen is None or asked.kind != "decide":
            return screen
        made = unanswered_of(asked, person.name)
        entry = recorded_since(self._store, person.name, made.item, made.head) if made is not None else None
        if made is None or entry is None:
            said = f"You are on a break: your decision on item {asked.item} was not recorded. Its words are kept."
            return screen.model_copy(update={"toasts": (toast(said, bad=True),)})
        if not same(entry, made):
            return screen.model_copy(update={"toasts": (otherwise(entry),)})
        return screen.model_copy(update={"toasts": (recorded(entry, before=True),), "decided": made.item})

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
