"""A decision whose answer never came to the page: it is told whether it was recorded, and nothing is recorded twice."""

from __future__ import annotations

import pytest

from judge.review.queue.unanswered import head, recorded_since
from judge.review.store import Decision, GoldReads, ReviewSettings, SecondReads, Store
from tests.review.browsing import samples
from tests.review.test_desk import ask, desk_of

NO = {"kind": "decide", "action": "no_violation", "reason": "A vase."}


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
    for again in ({"kind": "start", "decided": first["item"], "open": first["item"]}, {"item": first["item"], **NO}):
        reply = ask(desk_of(store), head=first["head"], **again)
        assert reply["toasts"][0]["text"].startswith("This was recorded before. Recorded: no violation")
        assert reply["toasts"][0]["line"] == before, "and can be taken back"
        assert (reply["decided"], reply["item"]) == (first["item"], 2)
    assert len(store.log()) == before


def test_what_did_not_arrive_is_told_and_stays_in_hand(store):
    at = desk_of(store)
    first = ask(at, kind="start")
    reply = ask(at, kind="start", decided=first["item"], head=first["head"], open=first["item"])
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
