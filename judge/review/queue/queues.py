"""Named queues at the desk: chosen by everybody, kept by whoever manages the settings. Knows no Gradio."""

from __future__ import annotations

import json

from judge.errors import UserError
from judge.review.queue.listing import QueueFilters
from judge.review.queue.messages import QueueRequest, QueueUpdate
from judge.review.store import NamedQueue, Right, Store
from judge.review.ui import render
from judge.review.ui.context import Person
from judge.review.ui.parts import toast

_PARTS = ("verdict", "rule", "source", "constitution", "severity", "language", "min_score", "max_score", "order")


def queues_html(store: Store, person: Person) -> str:
    """The queues to choose from, and for whoever may, a field to keep the filters as another."""
    queues = [
        {"name": one.name, "share": one.share, "filters": json.dumps(_wanted(one))} for one in store.settings.queues
    ]
    return render.html("queues", queues=queues, may=person.may(Right.MANAGE))


def keep(store: Store, asked: QueueRequest, person: Person) -> QueueUpdate:
    """Keep the filters as a queue, in place of one of the same name.

    Raises:
        UserError: the role may not, the name is empty or the filters are those of no queue, the shares are over one.
    """
    store.require(person.name, Right.MANAGE)
    name, wanted, settings = asked.name.strip(), asked.filters, store.settings
    if not name:
        raise UserError("the queue has no name", hint="write one, such as the rule's")
    if wanted.state != "waiting":
        raise UserError("a queue is of what waits", hint="show what waits, then keep the filters")
    values = {part: getattr(wanted, part) for part in _PARTS if getattr(wanted, part) != ""}
    one = NamedQueue.model_validate({"name": name, "share": asked.share, **values})
    others = tuple(other for other in settings.queues if other.name != name)
    if sum(other.share for other in others) + one.share > 1.0 + 1e-9:
        raise UserError("the shares of the queues come to more than 100 %", hint="lower this one, or another")
    if len(others) >= 20:
        raise UserError("there are 20 queues already", hint="remove one first")
    store.configure(settings.model_copy(update={"queues": (*others, one)}), person.name)
    return QueueUpdate(slots={"queues": queues_html(store, person)}, toasts=(toast(f"Queue {name} kept."),))


def drop(store: Store, asked: QueueRequest, person: Person) -> QueueUpdate:
    """Remove a queue; its items stay.

    Raises:
        UserError: the role may not, or there is no such queue.
    """
    store.require(person.name, Right.MANAGE)
    settings = store.settings
    others = tuple(one for one in settings.queues if one.name != asked.name)
    if len(others) == len(settings.queues):
        raise UserError(f"there is no queue '{asked.name[:40]}'", hint="reload the page")
    store.configure(settings.model_copy(update={"queues": others}), person.name)
    return QueueUpdate(slots={"queues": queues_html(store, person)}, toasts=(toast("Queue removed. Its items stay."),))


def _wanted(one: NamedQueue) -> dict[str, str]:
    """The filters of a queue as the page has them."""
    values = {part: getattr(one, part) for part in _PARTS}
    plain = QueueFilters().model_dump()
    return {part: str(plain[part] if value is None else value) for part, value in values.items()}
