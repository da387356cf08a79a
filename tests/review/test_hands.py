"""The seconds of a decision: from when the item came in hand, whatever the page does meanwhile."""

from __future__ import annotations

import pytest

from judge.review.queue.hands import Hands
from judge.review.store import GoldReads, ReviewSettings, SecondReads, Store
from tests.review.browsing import samples
from tests.review.test_desk import LOCAL, ask, desk_of


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        for verdict, image in samples()[:3]:
            opened.add(verdict, image, "batch")
        yield opened


def desk(store, clock):
    at = desk_of(store)
    at._hands = Hands(clock)
    return at


def decided(store, at, item):
    ask(at, kind="decide", item=item, action="no_violation", reason="A vase.")
    return store.log(item=item, kind="decision")[-1].extra["seconds"]


def test_a_second_tab_and_a_reload_begin_nothing_anew(store, clock):
    at = desk(store, clock)
    item = ask(at, kind="start")["item"]
    clock.now += 30
    assert ask(at, LOCAL, "other", kind="start")["item"] == item
    clock.now += 10
    at.left("page")  # the other tab has it still
    clock.now += 5
    at.left("other")
    clock.now += 1000  # on no page
    assert ask(at, LOCAL, "third", kind="start", open=item)["item"] == item
    clock.now += 2
    assert decided(store, at, item) == 47
    clock.now += 3
    assert decided(store, at, ask(at, kind="start")["item"]) == 3


def test_what_is_taken_back_comes_anew(store, clock):
    at = desk(store, clock)
    item = ask(at, kind="start")["item"]
    clock.now += 30
    assert decided(store, at, item) == 30
    clock.now += 100
    assert ask(at, kind="undo")["item"] == item
    clock.now += 4
    assert decided(store, at, item) == 4


def test_a_break_counts_for_no_item(store, clock):
    at = desk(store, clock)
    item = ask(at, kind="start")["item"]
    clock.now += 30
    ask(at, kind="break", item=item)
    clock.now += 600
    assert ask(at, kind="back")["item"] == item
    clock.now += 4
    assert decided(store, at, item) == 4
