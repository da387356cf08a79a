"""At the desk beside deciding: a note, what was decided lately, and opening it again. Knows no Gradio."""

from __future__ import annotations

from judge.errors import UserError
from judge.review.queue.listing import age
from judge.review.queue.messages import QueueRequest, QueueUpdate
from judge.review.store import Item, Right, Store
from judge.review.ui import render
from judge.review.ui.context import Person
from judge.review.ui.parts import toast


class Traces:
    """Answers for the desk. Who may what is the store's business."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        """Record a note about the item in hand."""
        if asked.item is None:
            raise UserError("there is no item to write a note about")
        self._store.note(asked.item, person.name, asked.reason)
        item = self._store.item(asked.item, person.name)
        return QueueUpdate(slots={"notes": notes_html(item)}, announce="Note recorded.")

    def recent(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        """The last decisions."""
        return QueueUpdate(slots={"recent": self._recent_html(person)})

    def reopen(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        """Open what is decided again."""
        if asked.open is None:
            raise UserError("there is no item to open again")
        self._store.reopen(asked.open, person.name, asked.reason)
        said = toast(f"Item {asked.open} is open again, and its decisions are taken back. The log keeps them.")
        return QueueUpdate(slots={"recent": self._recent_html(person)}, toasts=(said,))

    def _recent_html(self, person: Person) -> str:
        everybody = person.may(Right.DECIDE_ESCALATED)
        rows = self._store.recent(person.name, everybody=everybody)
        entries = [{"one": one, "age": age(one.at), "mine": one.who == person.name} for one in rows]
        return render.html("recent", entries=entries, everybody=everybody, cases=person.may(Right.EDIT_CONSTITUTIONS))


def notes_html(item: Item) -> str:
    """The notes about an item, and a field for another."""
    return render.html("notes", notes=[one for one in item.decisions if one.kind == "note"], blind=item.blind)
