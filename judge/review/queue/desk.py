"""What happens at the desk: one event of the page in, the parts of the page that change out. Knows no Gradio.

1. `QueueRequest` is what the page says a person did; 2. `Desk.act` does it, in the person's name, by way of the store,
which checks leases and rights; 3. `QueueUpdate` carries the parts to put in place, the item now in hand, and what to
announce. The page's own claims (which item, which filters) are wishes: an item is acted on only by whom the store says
holds it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from judge.errors import ImageError, JudgeError, UserError
from judge.review.films import Films
from judge.review.queue import keys, listing, queues, stage
from judge.review.queue.ahead import Ahead
from judge.review.queue.cases import CaseMaker
from judge.review.queue.decided import decided, held_by
from judge.review.queue.hands import Hands
from judge.review.queue.listing import POLICY_STATES, QueueFilters
from judge.review.queue.messages import QueueRequest, QueueUpdate, in_words, misunderstood, serial_of, whole
from judge.review.queue.near import near_html
from judge.review.queue.pauses import Pauses
from judge.review.queue.policies import KnownPolicies
from judge.review.queue.recorded import otherwise, recorded, taken_back
from judge.review.queue.reel import Reel
from judge.review.queue.showing import announced, item_html, nothing_html
from judge.review.queue.traces import Traces, notes_html
from judge.review.queue.unanswered import head, recorded_since, same, unanswered_of
from judge.review.store import Item, Right, Store
from judge.review.ui import render
from judge.review.ui.context import Context, Person
from judge.review.ui.parts import toast
from judge.review.workbench.library import Library


class Desk:
    """The desks of everybody who has the page open; what a desk shows lives in its page and in the store."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store: Store = context.store
        traces, self._pauses = Traces(context.store), Pauses(context.store)
        self.reel = Reel(context.store, Films())
        self._policies = KnownPolicies(context.store, Library(context.data))
        self._hands = Hands()
        self._pages: dict[str, tuple[str, int]] = {}  # page: whose it is, and the item on it
        self._guard = threading.Lock()
        self._ahead = Ahead(context.store)
        self._handlers: dict[str, Callable[[QueueRequest, Person], QueueUpdate]] = {
            "start": self._start,
            "filter": self._filter,
            "page": self._page,
            "take": self._take,
            "reveal": self._reveal,
            "hide": self._hide,
            "decide": self._decide,
            "undo": self._undo,
            "refresh": self._refresh,
            "prefer": self._prefer,
            "keep_queue": lambda asked, person: queues.keep(context.store, asked, person),
            "drop_queue": lambda asked, person: queues.drop(context.store, asked, person),
            "break": self._pauses.begin,
            "back": self._back,
            "case": CaseMaker(context.store, context.data).make,
            "note": traces.note,
            "recent": traces.recent,
            "reopen": traces.reopen,
        }

    def act(self, raw: Any, person: Person, page: str = "") -> str:
        """Do what was asked; the reply as JSON. A person's mistakes and lost leases are told, never raised."""
        try:
            asked = QueueRequest.model_validate(raw)
        except ValidationError as error:
            return QueueUpdate(serial=serial_of(raw), toasts=(misunderstood(error),)).json_text()
        try:
            if asked.filters.state in POLICY_STATES and not person.may(Right.DECIDE_ESCALATED):
                raise UserError("these items are for the roles policy and admin", hint="show what waits instead")
            if asked.whose not in (None, person.name):
                reply = self._another(asked, person)
            else:
                away = self._pauses.away(asked, person)
                reply = away or self._handlers[asked.kind](asked, person)
        except JudgeError as error:
            allowed = asked.filters.state not in POLICY_STATES or person.may(Right.DECIDE_ESCALATED)
            wanted = asked if allowed else asked.model_copy(update={"filters": QueueFilters()})
            reply = self._after_error(wanted, person, error)
        with self._guard:
            if reply.state == "break":
                self._hands.done(person.name)
            if "item" in reply.model_fields_set and page:
                self._pages.pop(page, None)
                if reply.item is not None:
                    self._pages[page] = (person.name, reply.item)
        return reply.model_copy(update={"serial": asked.serial, "whose": person.name}).json_text()

    def left(self, page: str) -> None:
        """A page was closed: its item is given back at once, unless the person has it open on another page."""
        with self._guard:
            mine = self._pages.pop(page, None)
            elsewhere = mine in self._pages.values()
            if mine is not None and not elsewhere:
                self._hands.left(*mine)
        if mine is not None and not elsewhere:
            self._store.release(mine[1], mine[0])

    # What can be asked

    def _start(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        reply = self._pauses.screen(person) or self._before(asked, person) or self._begun(asked, person)
        chosen = self._store.preferences(person.name)
        who = render.html("person", person=person, signed_in=self._context.authenticated)
        slots = {
            **reply.slots,
            "filters": self._filters(asked, person),
            "queues": queues.queues_html(self._store, person),
        }
        return reply.model_copy(
            update={"slots": slots, "person": who, "filters": asked.filters, "preferences": whole(chosen)}
        )

    def _another(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        """The page anew for who is signed in now; what was done on somebody else's page is not done in their name."""
        reply = self._start(QueueRequest(kind="start", serial=asked.serial), person)
        said = f"You are signed in as {person.name} now, and this page was {asked.whose}'s. Nothing was recorded."
        return reply.model_copy(update={"toasts": (toast(said, bad=True), *reply.toasts)})

    def _begun(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        """The item that was asked for, or the next; of a decision that the page had no answer to, that it was lost."""
        made = unanswered_of(asked, person.name)
        asked = asked if made is None else asked.model_copy(update={"open": made.item})
        reply = self._opened(asked, person) if asked.open is not None else self._next(asked, person)
        if made is None:
            return reply
        lost = f"Your decision on item {made.item} did not reach the server. Nothing was recorded: decide it again."
        told = {**toast(lost, bad=True), "until": made.item}  # it stays: nothing else says that work was lost
        return reply.model_copy(update={"toasts": (told, *reply.toasts)})

    def _before(self, asked: QueueRequest, person: Person) -> QueueUpdate | None:
        """The next item, where a decision that the page had no answer to was recorded, or another one on the same item;
        it is told."""
        made = unanswered_of(asked, person.name)
        entry = recorded_since(self._store, person.name, made.item, made.head) if made is not None else None
        if made is None or entry is None:
            return None
        if not same(entry, made):
            return self._next(asked, person, toasts=(otherwise(entry),))  # not "decided": the page keeps the words
        reply = self._next(asked, person, toasts=(recorded(entry, before=True),))
        return reply.model_copy(update={"decided": made.item})

    def _opened(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        """The item of a shared address, or why not, and the next one."""
        try:
            return self._shown(asked, person, self._store.take(asked.open or 0, person.name))
        except UserError as error:
            return self._next(asked, person, toasts=(toast(in_words(error), bad=True),))

    def _filter(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        lowest, highest = asked.filters.min_score, asked.filters.max_score
        if lowest != "" and highest != "" and lowest > highest:
            raise UserError("the lower score is above the upper one", hint="swap them")
        if asked.item is not None:
            self._store.release(asked.item, person.name)  # else it would be given again, whatever state is wanted
        return self._next(asked, person)

    def _page(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        held = held_by(self._store, asked.item, person)
        return QueueUpdate(slots=self._lists(asked, person, held), offset=asked.offset)

    def _take(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        if asked.open is None:
            raise UserError("there is no item to open")
        return self._shown(asked, person, self._store.take(asked.open, person.name))

    def _reveal(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        if asked.item is None:
            raise UserError("there is no item to reveal")
        item = self._store.item(asked.item, person.name)
        if item.clip is not None:
            shown = self.reel.original(item, item.clip, person.name)
            return QueueUpdate(slots={"stage": shown}, original=True, announce="Frames revealed.")
        image = self._store.reveal(asked.item, person.name)
        try:
            shown = stage.original(item.verdict, image, regions=item.verdict_shown)
            return QueueUpdate(slots={"stage": shown}, original=True, announce="Image revealed.")
        except ImageError as error:
            raise UserError(f"the image cannot be shown: {error.message}", hint="decide by the evidence") from error

    def _hide(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        if asked.item is None:
            return QueueUpdate(original=False)
        item = self._store.item(asked.item, person.name)
        return QueueUpdate(slots={"stage": self._shield(item)}, original=False, announce="Shielded.")

    def _decide(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        with self._guard:
            seconds = self._hands.seconds(person.name, asked.item)
        said = decided(self._store, self._policies, asked, person, seconds)
        with self._guard:
            self._hands.done(person.name)
        return self._next(asked, person, toasts=(said,)).model_copy(update={"decided": asked.item})

    def _undo(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        taken = self._store.take_back(person.name, line=asked.line, whole=asked.whole)
        if taken.item is None:
            return QueueUpdate(toasts=(toast("There is no decision of yours to take back."),))
        item, said = self._store.item(taken.item, person.name), taken_back(taken)
        undone = taken.first or self._store.log(item=item.id, who=person.name, kind="undo", last=1)[0].supersedes
        reply = self._shown(asked, person, item, before="Taken back. ", toasts=(said,))
        return reply.model_copy(update={"undone": undone})

    def _back(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        self._store.end_break(person.name)
        reply = self._before(asked, person) or self._begun(asked, person)  # what a break began in the midst of
        return reply.model_copy(update={"announce": f"Welcome back. {reply.announce}"})

    def _refresh(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        if asked.item is None:
            return self._start(asked, person)
        self._store.renew(asked.item, person.name)
        return QueueUpdate(slots=self._lists(asked, person, self._store.item(asked.item, person.name)))

    def _prefer(self, asked: QueueRequest, person: Person) -> QueueUpdate:
        """Keys and levels that the person chose; what cannot be kept is told, and the page has what is kept."""
        kept, told = self._store.preferences(person.name), tuple[dict[str, Any], ...]()
        if asked.preferences is not None:
            try:
                kept = asked.preferences.model_copy(update={"keys": keys.changed(asked.preferences.keys)})
                self._store.prefer(person.name, kept)
            except UserError as error:
                told = (toast(in_words(error), bad=True),)
        return QueueUpdate(preferences=whole(kept), toasts=told)

    # How a reply is made

    def _next(
        self, asked: QueueRequest, person: Person, *, before: str = "", toasts: tuple[Any, ...] = ()
    ) -> QueueUpdate:
        """The desk with the next item on it."""
        item = self._store.next(person.name, asked.filters.for_next(), asked.filters.order)
        return self._shown(asked, person, item, before=before, toasts=toasts)

    def _shown(
        self, asked: QueueRequest, person: Person, item: Item | None, *, before: str = "", toasts: tuple[Any, ...] = ()
    ) -> QueueUpdate:
        """The desk with this item on it, or with none."""
        slots = self._lists(asked, person, item)
        if item is None:
            slots |= nothing_html(asked.filters, blind=not self._store.settings.second_reads.verdict_shown)
            return QueueUpdate(
                slots=slots,
                item=None,
                state="empty",
                original=False,
                toasts=toasts,
                announce=f"{before}Nothing is waiting.",
            )
        with self._guard:
            self._hands.came(person.name, item.id)
        rules = self._policies.rules_of(item.verdict)
        beside = item_html(item, person, rules, self._ahead.rules(item))
        slots |= {"stage": self._shield(item), **beside, "notes": notes_html(item)}
        slots["near"] = near_html(self._store, item)
        slots["film"] = self.reel.html(item)
        self._ahead.soon(asked.filters, person.name)
        return QueueUpdate(
            slots=slots,
            item=item.id,
            state="item",
            has_image=item.has_image,
            head=head(self._store),
            original=False,
            toasts=toasts,
            announce=before + announced(item),
        )

    def _lists(self, asked: QueueRequest, person: Person, item: Item | None) -> dict[str, str]:
        counts = self._store.count(asked.filters.for_list())
        return {
            "counts": listing.counts_html(counts),
            "list": listing.list_html(self._store, asked.filters, counts, asked.offset, item, person),
            "banner": self._banner(person, item),
        }

    def _filters(self, asked: QueueRequest, person: Person) -> str:
        return listing.filters_html(asked.filters, self._store.choices(), person)

    def _banner(self, person: Person, item: Item | None) -> str:
        session = self._store.session(person.name)
        return render.html(
            "banner",
            blind=item is not None and item.blind,
            verdict_shown=item is None or item.verdict_shown,
            read=item.read if item else "",
            session=session,
            unsettled=self._store.unsettled(person.name) if person.may(Right.DECIDE_ESCALATED) else 0,
        )

    def _shield(self, item: Item) -> str:
        return self._ahead.shield(item) if item.clip is None else self.reel.shield(item, item.clip)

    def _after_error(self, asked: QueueRequest, person: Person, error: JudgeError) -> QueueUpdate:
        """Tell what went wrong; who lost the item they were at is given the next one."""
        told = toast(in_words(error), bad=True)
        if asked.item is None or held_by(self._store, asked.item, person) is not None:
            return QueueUpdate(toasts=(told,))
        if (before := self._before(asked, person)) is not None:
            return before
        said = f"Item {asked.item} is no longer yours: its lease ended. Nothing was recorded; this is the next one."
        lost = toast(said, bad=True)
        return self._next(asked, person, toasts=(lost,))
