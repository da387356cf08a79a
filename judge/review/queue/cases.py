"""From an item to a case of its constitution, in one action: at the desk, and from what was decided lately.

What a case is and who may make one: `judge.review.workbench.casebook`. Knows no Gradio.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judge.errors import UserError
from judge.review.queue.messages import QueueRequest, QueueUpdate
from judge.review.store import LogEntry, Right, Store
from judge.review.ui.context import Person
from judge.review.ui.parts import toast
from judge.review.workbench.casebook import CaseBook
from judge.review.workbench.library import Library


class CaseMaker:
    """Answers for the desk."""

    def __init__(self, store: Store, data: Path) -> None:
        self._store, self._book = store, CaseBook(Library(data), store)

    def make(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        """The item that was asked for, else the one in hand, as a case.

        Raises:
            UserError: it is not decided, or read blind; the person may not; or as `CaseBook.add`.
        """
        item = asked.open or asked.item
        if item is None or self._store.item(item, person.name).blind:
            raise UserError("there is no decided item to make a case of", hint="open one that is decided")
        found = next(iter(self._store.decided(item=item)), None)
        if found is None:
            raise UserError(f"item {item} is no decided picture", hint="decide it first; clips make no cases")
        made = self._book.add(found, person.name)
        expect = ", ".join(f"{rule}: {what}" for rule, what in made.expect.items())
        said = f"Item {item} is a case now, in {made.path.name}: {expect}. Line {made.entry.seq} of the log."
        return QueueUpdate(toasts=(toast(said),), announce=said)


def offered(entry: LogEntry, person: Person) -> dict[str, Any]:
    """What a line about a decision offers beside taking it back: a case, where the item is decided now, the person may,
    and the line may say so (see `recorded`)."""
    decided = entry.extra.get("state") == "decided" and entry.extra.get("read") in ("first", "policy")
    may = person.may(Right.EDIT_CONSTITUTIONS) and entry.decision in ("violation", "no_violation")
    return {"case": entry.item} if decided and may else {}
