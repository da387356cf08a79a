"""What a decision does to an item: reasons, undo, blind second reads, escalations, gold items."""

from __future__ import annotations

import contextlib
import random

import pytest

from judge.errors import UserError
from judge.review.access import logins as access
from judge.review.audit import audit
from judge.review.store import Decision, Filters, GoldReads, ReviewSettings, Role, SecondReads, Store
from judge.review.store.upcoming import upcoming
from tests.review.shelf import FIRED, NOON, SAFE, fill, many, unmixed_store

store = pytest.fixture(unmixed_store)


def read_twice(store, share=1.0):
    store.configure(store.settings.model_copy(update={"second_reads": SecondReads(share=share)}), "test")


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        (Decision(action="violation", reason="bad"), "at least one rule"),
        (Decision(action="no_violation", reason="  "), "needs a reason"),
        (Decision(action="escalate"), "needs a reason"),
        (Decision(action="violation", rules=("body-in-fire",)), "did you mean 'body-on-fire'"),
    ],
)
def test_a_decision_without_its_reason_is_refused(store, decision, why):
    (item,) = fill(store, 1)
    store.next("ann", now=NOON)
    with pytest.raises(UserError, match=why):
        store.decide(item, "ann", decision, now=NOON)
    assert store.count().decided == 0 and not store.decisions()


def test_what_was_skipped_comes_last(store):
    first, second = fill(store, 2)
    store.next("ann", now=NOON)
    store.decide(first, "ann", Decision(action="skip"), now=NOON)
    assert store.next("ann", now=NOON).id == second
    assert store.next("bob", now=NOON).id == first
    store.release(first, "bob")
    store.decide(second, "ann", SAFE, now=NOON)
    assert store.next("ann", now=NOON).id == first  # nothing is lost


def test_undo_gives_the_item_back_and_deletes_nothing(store):
    first, second = fill(store, 2)
    for item in (first, second):
        store.take(item, "ann", now=NOON)
        decided = store.decide(item, "ann", SAFE, now=NOON)
    again = store.undo("ann", now=NOON)
    assert (again.id, again.state, again.lease.reviewer) == (second, "open", "ann")
    entry = store.log()[-1]
    assert (entry.kind, entry.supersedes) == ("undo", decided.seq)
    assert len(store.decisions()) == 1 and len(store.decisions(superseded=True)) == 2
    store.decide(second, "ann", FIRED, now=NOON)
    assert [one.action for one in store.decided()] == ["no_violation", "violation"]
    assert store.undo("ann", now=NOON).id == second
    assert store.undo("ann", now=NOON).id == first
    assert store.undo("ann", now=NOON) is None
    assert store.undo("bob", now=NOON) is None
    assert store.count().decided == 0


def test_undo_is_refused_once_somebody_else_has_read_it(store):
    (item,) = fill(store, 1)
    read_twice(store)
    store.next("ann", now=NOON)
    store.decide(item, "ann", SAFE, now=NOON)
    store.next("bob", now=NOON)
    with pytest.raises(UserError, match="bob is looking at it"):
        store.undo("ann", now=NOON)
    store.decide(item, "bob", SAFE, now=NOON)
    with pytest.raises(UserError, match="somebody else has decided"):
        store.undo("ann", now=NOON)
    assert store.undo("bob", now=NOON).read == "second"


def test_taking_back_a_skip_leaves_what_others_did(store):
    (item,) = fill(store, 1)
    read_twice(store)
    store.next("ann", now=NOON)
    store.decide(item, "ann", SAFE, now=NOON)
    store.next("bob", now=NOON)
    store.decide(item, "bob", Decision(action="skip"), now=NOON)
    store.undo("ann", now=NOON)
    store.release(item, "ann")
    again = store.undo("bob", now=NOON)
    assert (again.state, again.read) == ("open", "first")


def test_the_first_reader_never_becomes_the_second_by_undoing_something_else(store):
    (item,) = fill(store, 1)
    read_twice(store)
    store.next("ann", now=NOON)
    store.decide(item, "ann", SAFE, now=NOON)
    store.mark_gold(item, "ann", FIRED, now=NOON)
    again = store.undo("ann", now=NOON)
    assert (again.state, again.read, again.gold) == ("second_read", "policy", False)


@pytest.mark.parametrize("second", [FIRED, Decision(action="escalate", reason="unclear")])
def test_what_two_readers_left_open_is_settled_by_a_third(store, second):
    (item,) = fill(store, 1)
    read_twice(store)
    store.take(item, "ann", now=NOON)
    store.decide(item, "ann", SAFE, now=NOON)
    store.take(item, "bob", now=NOON)
    store.decide(item, "bob", second, now=NOON)
    for reader in ("ann", "bob"):
        assert upcoming(store, reader, Filters(), "oldest", 9) == ()
        assert store.next(reader, now=NOON) is None
        assert store.next(reader, Filters(state="escalated"), now=NOON) is None
        with pytest.raises(UserError, match=f"item {item} is escalated, and you have read it"):
            store.take(item, reader, now=NOON)
        told = store.recent(reader, everybody=True)
        assert [one.closed for one in told if one.item == item] == [False], "Open is not offered"
    assert store.next("carl", now=NOON).id == item
    store.decide(item, "carl", Decision(action="skip"), now=NOON)
    assert store.recent("carl", everybody=True)[0].closed
    store.take(item, "carl", now=NOON)
    store.decide(item, "carl", SAFE, now=NOON)
    assert store.item(item, "carl").state == "decided"
    store.take(item, "bob", now=NOON)  # what is settled may be decided anew, as before


@pytest.mark.parametrize("seed", [1, 2, 39])
def test_whatever_people_do_the_log_tells_the_state(store, seed):
    fill(store, 8)
    read_twice(store, 0.5)
    store.configure(store.settings.model_copy(update={"gold": GoldReads(share=0.3)}), "test")
    dice = random.Random(seed)
    acts = [SAFE, FIRED, Decision(action="escalate", reason="unclear"), Decision(action="skip")]
    held = {}
    for _ in range(160):
        name = dice.choice(["ann", "bob", "carl"])
        with contextlib.suppress(UserError):
            match dice.choice(["next", "next", "decide", "decide", "undo", "undo", "gold"]):
                case "next":
                    held[name] = store.next(name, order=dice.choice(["oldest", "uncertain"]), now=NOON)
                case "decide" if held.get(name):
                    store.decide(held[name].id, name, dice.choice(acts), now=NOON)
                case "undo":
                    held[name] = store.undo(name, now=NOON)
                case "gold" if dice.random() < 0.1:
                    store.mark_gold(dice.randint(1, 8), name, SAFE, now=NOON)
        leased = [one.lease.reviewer for one in store.list(Filters(state="leased"), now=NOON)]
        assert len(leased) == len(set(leased))
    assert audit(store).problems == ()
    reads = {}
    for one in store.decisions():
        if one.action != "skip" and one.read in ("first", "second"):
            assert (one.item, one.read) not in reads, "an item has one standing first read and one second"
            reads[one.item, one.read] = one.who
    assert all(who != reads[item, "first"] for (item, read), who in reads.items() if read == "second")
    assert {one.item for one in store.decided()} == {one.id for one in store.list(Filters(state="decided"))}
    assert len(store.log()) > 25


def test_a_second_read_is_blind_and_by_somebody_else(store):
    (item,) = fill(store, 1)
    read_twice(store)
    store.next("ann", now=NOON)
    store.decide(item, "ann", SAFE, now=NOON)
    assert store.next("ann", now=NOON) is None
    with pytest.raises(UserError, match="you were the first"):
        store.take(item, "ann", now=NOON)
    second = store.next("bob", now=NOON)
    assert (second.id, second.read, second.blind, second.decisions, second.state) == (item, "second", True, (), "open")
    store.decide(item, "bob", Decision(action="no_violation", reason="agreed"), now=NOON)
    assert store.item(item, "carl").state == "decided"
    assert [one.agrees for one in store.decisions()] == [None, True]
    assert len(store.item(item, "ann").decisions) == 2


def test_readers_who_differ_send_it_to_policy(store):
    (item,) = fill(store, 1)
    read_twice(store)
    for name, role in (("root", Role.ADMIN), ("ann", Role.REVIEWER), ("bob", Role.REVIEWER), ("pol", Role.POLICY)):
        access.add_user(store, name, role, "long enough 1", by="test")
    for name, decision in (("ann", SAFE), ("bob", FIRED)):
        store.next(name, now=NOON)
        store.decide(item, name, decision, now=NOON)
    assert store.item(item, "ann").state == "escalated"
    assert store.next("ann", now=NOON) is None and store.next("bob", now=NOON) is None
    with pytest.raises(UserError, match="escalated"):
        store.take(item, "bob", now=NOON)
    seen = store.next("pol", now=NOON)
    assert seen.read == "policy" and not seen.blind and len(seen.decisions) == 2
    with pytest.raises(UserError, match="any further"):
        store.decide(item, "pol", Decision(action="escalate", reason="hm"), now=NOON)
    store.decide(item, "pol", FIRED, now=NOON)
    assert [(one.action, one.rules) for one in store.decided()] == [("violation", ("body-on-fire",))]


def test_an_escalation_is_read_by_another_whose_word_stands(store):
    first, second = fill(store, 2)
    escalate = Decision(action="escalate", reason="who is this?")
    for item in (first, second):
        store.take(item, "ann", now=NOON)
        store.decide(item, "ann", escalate, now=NOON)
        store.take(item, "bob", now=NOON)
        store.decide(item, "bob", SAFE if item == first else escalate, now=NOON)
    assert [store.item(item, "x").state for item in (first, second)] == ["decided", "escalated"]
    assert [one.agrees for one in store.decisions()] == [None] * 4


def test_the_drawn_share_is_the_same_on_every_machine_and_of_the_wanted_size(tmp_path):
    drawn = []
    for folder in ("one", "two"):
        with Store.open(tmp_path / folder) as store:
            store.configure(ReviewSettings(second_reads=SecondReads(share=0.5), gold=GoldReads(share=0)), "test")
            for item in store.add_many(many(30), "batch"):
                store.take(item, "ann")
                store.decide(item, "ann", SAFE)
            drawn.append([one.image for one in store.list(Filters(state="second_read"), limit=100)])
    assert drawn[0] == drawn[1]
    assert 7 <= len(drawn[0]) <= 23  # 15 expected, three standard deviations


def test_gold_items_are_read_by_everybody_once_and_change_nothing(store):
    gold, other = fill(store, 2)
    store.mark_gold(gold, "pol", FIRED, now=NOON)
    assert store.item(gold, "pol").state == "decided"
    store.configure(store.settings.model_copy(update={"gold": GoldReads(share=1)}), "test")
    given = store.next("ann", now=NOON)
    assert (given.id, given.read, given.blind, given.state, given.decisions) == (gold, "gold", True, "open", ())
    store.decide(gold, "ann", SAFE, now=NOON)
    assert store.item(gold, "ann").state == "decided"
    assert store.next("ann", now=NOON).id == other
    assert store.next("pol", now=NOON) is None  # the one who marked it is not asked
    assert [one.action for one in store.decided()] == ["violation"]  # what ann said is not what stands
    store.undo("pol", now=NOON)
    assert not store.item(gold, "pol").gold and store.item(gold, "pol").state == "open"
