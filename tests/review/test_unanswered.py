"""A decision whose answer never came to the page: it is told whether it was recorded, and nothing is recorded twice."""

from __future__ import annotations

import pytest

from judge.review.queue.unanswered import head, recorded_since
from judge.review.store import Decision, GoldReads, ReviewSettings, Role, SecondReads, Store
from judge.review.ui.context import Person
from tests.review.browsing import samples
from tests.review.test_desk import ask, desk_of

NO = {"kind": "decide", "action": "no_violation", "reason": "A vase."}


def lost_of(who, first, *, action, rules=(), **_):
    return {"who": who, "item": first["item"], "head": first["head"], "action": action, "rules": rules}


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        for verdict, image in samples()[:4]:
            opened.add(verdict, image, "batch")
        yield opened


def test_a_page_that_had_no_answer_is_told_what_was_recorded(store):
    at = desk_of(store)
    first = ask(at, kind="start")
    assert first["head"] == head(store)
    ask(at, item=first["item"], head=first["head"], **NO)  # and the answer is lost
    before = len(store.log())
    lost = lost_of("local", first, **NO)
    for again in ({"kind": "start", "unanswered": [lost], "open": first["item"]}, {"item": first["item"], **NO}):
        reply = ask(desk_of(store), head=first["head"], **again)
        assert reply["toasts"][0]["text"].startswith("This was recorded before. Recorded: no violation")
        assert reply["toasts"][0]["line"] == before, "and can be taken back"
        assert (reply["decided"], reply["item"]) == (first["item"], 2)
    assert len(store.log()) == before


def test_what_did_not_arrive_is_told_and_stays_in_hand(store):
    at = desk_of(store)
    first = ask(at, kind="start")
    reply = ask(at, kind="start", unanswered=[lost_of("local", first, **NO)])
    assert "did not reach the server" in reply["toasts"][0]["text"] and reply["toasts"][0]["bad"]
    assert reply["toasts"][0]["until"] == first["item"], "it stays until that item is decided"
    assert reply["item"] == first["item"] and "decided" not in reply


def test_only_ones_own_decision_since_then_that_stands_counts(store):
    store.take(1, "ann")
    then = head(store)
    entry = store.decide(1, "ann", Decision(action="no_violation", reason="A vase."))
    assert recorded_since(store, "ann", 1, then) == entry
    assert recorded_since(store, "ben", 1, then) is None
    assert recorded_since(store, "ann", 1, entry.seq) is None
    store.undo("ann")
    assert recorded_since(store, "ann", 1, then) is None


def test_nobody_is_told_of_somebody_elses_decision(store):
    at, ben = desk_of(store), Person("ben", Role.REVIEWER)
    first = ask(at, kind="start")
    lost = lost_of("local", first, **NO)
    reply = ask(at, ben, "other", kind="start", unanswered=[lost])
    assert (reply["whose"], reply["toasts"]) == ("ben", [])
    assert reply["item"] != first["item"]
    both = [lost_of("ben", reply, **NO), lost]
    told = ask(at, ben, "other", kind="start", unanswered=both)["toasts"][0]["text"]
    assert f"Your decision on item {reply['item']} did not" in told


def test_what_is_done_on_somebody_elses_page_is_done_in_nobodys_name(store):
    at, ben = desk_of(store), Person("ben", Role.REVIEWER)
    hers = ask(at, kind="start", whose=None)
    held, before = ask(at, ben, "other", kind="start"), len(store.log())
    reply = ask(at, ben, whose=hers["whose"], item=held["item"], head=held["head"], **NO)
    assert "signed in as ben now, and this page was local's. Nothing was recorded" in reply["toasts"][0]["text"]
    assert (reply["whose"], len(store.log())) == ("ben", before)
    assert "decision" in reply["slots"], "the page is made anew"


def test_the_opposite_decided_in_another_tab_is_told_as_such_and_the_words_stay(store):
    at = desk_of(store)
    first = ask(at, kind="start")
    yes = {"action": "violation", "rules": [store.verdict(first["item"]).findings[0].rule]}
    ask(at, page="other", item=first["item"], head=first["head"], **NO)
    before = len(store.log())
    lost = lost_of("local", first, **yes)
    for again in ({"kind": "start", "unanswered": [lost]}, {"kind": "decide", "item": first["item"], **yes}):
        reply = ask(at, head=first["head"], **again)
        text = reply["toasts"][0]["text"]
        assert text.startswith(f"Not recorded: you decided item {first['item']} otherwise in another tab."), text
        assert reply["toasts"][0]["bad"] and "recorded before" not in text
        assert reply["toasts"][0]["line"] == before, "and it can be undone"
        assert reply.get("decided") is None, "or the page would forget what was typed"
    assert len(store.log()) == before
