"""Breaks: what a person holds goes back, the break outlives pages and sign-ins, and reminders come when wanted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from judge.errors import UserError
from judge.review.audit import audit
from judge.review.store import Decision, Preferences, Store, log
from tests.review.audited import NOON
from tests.review.shelf import SAFE, fill, unmixed_store
from tests.review.test_desk import ask, desk_of

store = pytest.fixture(unmixed_store)
MINUTE = timedelta(minutes=1)


def test_a_break_gives_back_what_is_held_and_ends_with_what_is_done_next(store):
    (item,) = fill(store, 1)
    store.take(item, "ann", NOON)
    assert store.begin_break("ann", NOON) == item
    assert store.next("bob", now=NOON).id == item, "somebody else can have it at once"
    assert store.on_break("ann") == NOON and store.on_break("bob") is None
    with pytest.raises(UserError, match="on a break already"):
        store.begin_break("ann", NOON)
    store.record("ann", "login")
    assert store.on_break("ann") == NOON, "a new sign-in ends nothing"
    with Store.open(store.folder) as again:
        assert again.on_break("ann") == NOON
    store.end_break("ann", NOON + 9 * MINUTE)
    store.end_break("ann", NOON + 9 * MINUTE)
    assert store.on_break("ann") is None
    assert [(one.kind, one.extra) for one in store.log(who="ann")] == [
        ("break_begun", {"gave_back": item}), ("login", {}), ("break_ended", {"begun": 3}),
    ]  # fmt: skip
    assert audit(store).problems == ()


def test_an_audit_finds_the_end_of_a_break_that_nobody_began(store):
    fill(store, 1)
    store.begin_break("ann", NOON)
    store.take(1, "ann", NOON)
    store.decide(1, "ann", SAFE, NOON)
    with store.writing() as connection:
        log.append(connection, at=NOON, who="ann", kind="break_ended", extra={"begun": 3})
    assert audit(store).problems == ("line 5 of the log ends a break that ann did not begin just before",)


def test_on_a_break_no_page_of_the_person_is_given_anything(store):
    fill(store, 2)
    at = desk_of(store)
    item = ask(at, kind="start")["item"]
    reply = ask(at, kind="break", item=item)
    assert (reply["state"], reply["item"]) == ("break", None) and "A break" in reply["slots"]["stage"]
    assert store.count().leased == 0
    for asked in (
        {"kind": "start"}, {"kind": "refresh"}, {"kind": "take", "open": 1}, {"kind": "filter"}, {"kind": "undo"},
        {"kind": "decide", "item": item, "action": "no_violation", "reason": "x"}, {"kind": "break"},
    ):  # fmt: skip
        assert ask(at, page="another", **asked)["state"] == "break"
    assert store.count().leased == 0 and not store.decisions()
    assert ask(at, kind="prefer", preferences={"blur": 1})["preferences"]["blur"] == 1
    reply = ask(at, kind="back")
    assert reply["state"] == "item" and reply["announce"].startswith("Welcome back.")


def test_a_decision_in_the_midst_of_which_a_break_began_is_told_of(store):
    """On a page that knew of no break it is not recorded; one that had no answer is told of after the break."""
    fill(store, 3)
    at = desk_of(store)
    first = ask(at, kind="start")
    said = {"action": "no_violation", "reason": "A vase.", "item": first["item"], "head": first["head"]}
    lost = {"who": "local", "item": first["item"], "head": first["head"], "action": "no_violation"}
    ask(at, page="another", kind="break")
    reply = ask(at, kind="decide", **said)
    assert reply["state"] == "break" and "was not recorded" in reply["toasts"][0]["text"]
    assert reply["toasts"][0]["bad"] and reply.get("decided") is None, "or the page would forget what was typed"
    assert ask(at, kind="start", unanswered=[lost]).get("toasts", []) == [], "a calm screen"
    reply = ask(at, kind="back", unanswered=[lost])
    assert reply["announce"].startswith("Welcome back. Item ")
    assert "did not reach the server" in reply["toasts"][0]["text"] and reply["item"] == first["item"]
    ask(at, kind="decide", **said)
    ask(at, kind="break")
    for asked in ({"kind": "decide", **said}, {"kind": "back", "unanswered": [lost]}):
        reply = ask(at, **asked)
        assert reply["toasts"][0]["text"].startswith("This was recorded before. Recorded: no violation")
        assert reply["decided"] == first["item"]
    assert len(store.decisions()) == 1


@pytest.mark.parametrize("wish", [{"break_minutes": 30}, {"break_items": 3}])
def test_who_wants_to_be_reminded_is_after_so_much_since_the_last_break(store, wish):
    fill(store, 9)

    def decide(minute, item, action="no_violation"):
        store.take(item, "ann", NOON + minute * MINUTE)
        store.decide(item, "ann", Decision(action=action, reason="nothing bad"), NOON + minute * MINUTE)

    def due(minute):
        return store.session("ann", NOON + minute * MINUTE).reminder

    store.prefer("ann", Preferences(**wish))
    for minute, item in ((0, 1), (4, 2)):
        decide(minute, item)
    for minute in range(8, 30, 4):
        decide(minute, 9, "skip")  # no item, but work
    assert due(29) is None
    if "break_items" in wish:
        decide(29, 3)
        assert due(29).items == 3
    else:
        assert due(31).minutes == 31
    store.begin_break("ann", NOON + 32 * MINUTE)
    store.end_break("ann", NOON + 33 * MINUTE)
    assert due(34) is None
    decide(35, 4)
    decide(36, 5)
    decide(37, 6)
    assert (due(37) is not None) == ("break_items" in wish)
    store.prefer("ann", Preferences())
    assert due(37) is None
