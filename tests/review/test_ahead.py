"""What comes next is made ready by what is given next, and never shows what is hidden."""

from __future__ import annotations

import pytest

from judge.review.queue import ahead as module
from judge.review.queue.ahead import Ahead
from judge.review.queue.listing import QueueFilters
from judge.review.store import Decision, Filters, GoldReads, ReviewSettings, SecondReads, Store
from judge.review.store.upcoming import upcoming
from judge.review.ui.parts import rules_html
from tests.review.browsing import samples


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        for verdict, image in samples()[:8]:
            opened.add(verdict, image, "batch")
        yield opened


@pytest.mark.parametrize(
    "filters", [Filters(), Filters(state="all"), Filters(verdict="violation", state="all")], ids=str
)
def test_what_is_foreseen_is_what_is_given(store, filters):
    for _ in range(2):  # what they skipped comes last
        store.decide(store.next("ann").id, "ann", Decision(action="skip"))
    store.take(4, "ben")
    store.decide(4, "ben", Decision(action="escalate", reason="Unclear."))
    store.take(5, "ben")
    store.release(store.next("ann", filters).id, "ann")
    foreseen = upcoming(store, "ann", filters, "oldest", 4)
    given = []
    while len(given) < len(foreseen):
        item = store.next("ann", filters)
        given.append(item.id)
        store.decide(item.id, "ann", Decision(action="no_violation", reason="A vase."))
    assert given == list(foreseen) and given


def test_what_comes_next_is_made_once(store, monkeypatch):
    ready = Ahead(store)
    store.decide(store.next("ann").id, "ann", Decision(action="skip"))
    store.next("ann")
    ready.soon(QueueFilters(), "ann")
    ready._worker.submit(lambda: None).result(60)
    item = store.item(3, "ann")
    made = (ready.shield(item), ready.rules(item))
    assert made == (Ahead(store).shield(item), rules_html(item.verdict))
    monkeypatch.setattr(module, "rules_html", lambda _: pytest.fail("made again"))
    monkeypatch.setattr(module.stage, "shield", lambda *_, **__: pytest.fail("made again"))
    assert (ready.shield(item), ready.rules(item)) == made
    kept = sorted(key[1] for key in ready._made if key[0] == "rules")
    assert kept == [3, 4, 5], "neither the item in hand nor the skipped one"


def test_a_blind_reader_gets_neither_rules_nor_regions_of_what_others_saw(store):
    ready = Ahead(store)
    (item,) = [one for one in (store.item(number, "ann") for number in range(1, 9)) if "cj-boxes" in ready.shield(one)][
        :1
    ]
    store.take(item.id, "ann")
    assert ready.rules(item)
    store.decide(item.id, "ann", Decision(action="escalate", reason="Unclear."))
    blind = store.take(item.id, "ben")
    assert blind.blind and ready.rules(blind) == "" and "cj-boxes" not in ready.shield(blind)
