"""Notes, recent decisions and reopening: what they change, who may, and that an audit follows them."""

from __future__ import annotations

import json

import pytest

from judge.errors import UserError
from judge.review.access.logins import add_user, remove_user
from judge.review.audit import audit
from judge.review.store import Decision, GoldReads, ReviewSettings, Role, SecondReads, Store
from judge.review.ui.context import Person
from tests.review.audited import tamper
from tests.review.shelf import SAFE, fill, unmixed_store
from tests.review.test_desk import ask, desk_of

store = pytest.fixture(unmixed_store)


def decided(store, who="ann", item=None):
    item = item or fill(store, 1)[0]
    store.take(item, who)
    store.decide(item, who, SAFE)
    return item


def roles(store):
    for name, role in (("root", Role.ADMIN), ("pol", Role.POLICY), ("ann", Role.REVIEWER), ("bob", Role.REVIEWER)):
        add_user(store, name, role, "correct horse", by="root")


def test_a_note_is_a_line_of_the_log_and_changes_nothing(store):
    roles(store)
    (item,) = fill(store, 1)
    with pytest.raises(UserError, match="do not hold"):
        store.note(item, "ann", "Seen before?")
    store.take(item, "ann")
    line = store.note(item, "ann", " Seen before? ")
    assert (line.kind, line.item, line.reason, line.decision) == ("note", item, "Seen before?", None)
    assert [one.reason for one in store.item(item, "ann").decisions] == ["Seen before?"]
    assert store.item(item, "ann").state == "open"
    store.note(item, "pol", "Yes.")
    for text in ("", "  ", "x" * 5000):
        with pytest.raises(UserError, match="note is"):
            store.note(item, "pol", text)
    assert audit(store).problems == ()


def test_who_reads_blind_sees_no_note(store):
    store.configure(ReviewSettings(second_reads=SecondReads(share=1), gold=GoldReads(share=0)), "test")
    (item,) = fill(store, 1)
    store.take(item, "ann")
    store.note(item, "ann", "Clearly fine.")
    store.decide(item, "ann", SAFE)
    assert store.take(item, "bob").decisions == ()


def test_reopening_takes_the_decisions_back_and_the_item_waits_again(store):
    store.configure(ReviewSettings(second_reads=SecondReads(share=1), gold=GoldReads(share=0)), "test")
    item = decided(store)
    decided(store, "bob", item)
    assert store.item(item, "pol").state == "decided"
    line = store.reopen(item, "pol", "The rule changed.")
    assert (line.kind, line.extra["state"], len(line.extra["takes_back"])) == ("reopened", "open", 2)
    assert store.decisions() == ()
    assert {one.superseded_by for one in store.decisions(superseded=True)} == {line.seq}
    again = store.next("ann")
    assert (again.id, again.state, again.read) == (item, "open", "first"), "for anybody, its first readers too"
    assert store.undo("bob") is None, "what was taken back is not taken back again"
    assert audit(store).problems == ()
    store.decide(item, "ann", SAFE)
    assert audit(store).problems == ()


def test_a_gold_item_that_is_opened_is_gold_no_longer(store):
    (item,) = fill(store, 1)
    store.mark_gold(item, "pol", SAFE)
    store.reopen(item, "pol", "It was wrong.")
    assert not store.item(item, "pol").gold
    assert audit(store).problems == ()


def test_reopening_is_for_policy_and_for_what_is_decided(store):
    roles(store)
    item = decided(store)
    with pytest.raises(UserError, match="may not decide escalated"):
        store.reopen(item, "ann", "Mine.")
    with pytest.raises(UserError, match="reason is empty"):
        store.reopen(item, "pol", " ")
    store.take(item, "pol")
    with pytest.raises(UserError, match="held by pol"):
        store.reopen(item, "root", "Now.")
    store.reopen(item, "pol", "Mine to open.")
    with pytest.raises(UserError, match="is not decided"):
        store.reopen(item, "pol", "Twice.")
    assert audit(store).problems == ()


def test_recent_decisions_are_ones_own_and_for_policy_everybodys(store):
    first, second, third = fill(store, 3)
    decided(store, "ann", first)
    decided(store, "bob", second)
    store.take(third, "ann")
    store.decide(third, "ann", Decision(action="escalate", reason="unclear"))
    assert [(one.item, one.decided) for one in store.recent("ann")] == [(third, False), (first, True)]
    assert [one.item for one in store.recent("bob")] == [second]
    everybody = store.recent("bob", everybody=True)
    assert [one.item for one in everybody] == [second, first], "not what waits for a blind read"
    store.reopen(first, "pol", "Again.")
    assert [one.item for one in store.recent("ann")] == [third]


def test_what_nobody_is_left_to_settle_is_said_and_may_be_opened_again(store):
    store.configure(ReviewSettings(second_reads=SecondReads(share=1), gold=GoldReads(share=0)), "test")
    add_user(store, "ann", Role.ADMIN, "correct horse", by="ann")
    add_user(store, "ben", Role.REVIEWER, "correct horse", by="ann")
    first, second = fill(store, 2)
    for item, last in ((first, Decision(action="escalate", reason="unclear")), (second, SAFE)):
        decided(store, "ben", item)
        store.take(item, "ann")
        store.decide(item, "ann", last)
    assert store.item(first, "ann").state == "escalated" and store.next("ann") is None
    at = desk_of(store)
    for who, told in (("ann", True), ("ben", False)):
        banner = ask(at, Person(who, store.role_of(who)), kind="start")["slots"]["banner"]
        assert ("1 escalated item has nobody to settle it" in banner) == told, who
    stuck = store.recent("ann", everybody=True)[0]
    assert (stuck.item, stuck.stuck, stuck.decided) == (first, True, False), "before what was decided later"
    add_user(store, "pol", Role.POLICY, "correct horse", by="ann")
    assert store.unsettled("ann") == 0 and not store.recent("ann", everybody=True)[0].stuck
    with pytest.raises(UserError, match="is escalated"):
        store.reopen(first, "ann", "We talked.")
    remove_user(store, "pol", by="ann")
    assert store.reopen(first, "ann", "We talked.").extra["before"] == "escalated"
    assert store.next("ben").id == first and store.unsettled("ann") == 0
    assert audit(store).problems == ()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ("UPDATE decisions SET superseded_by = NULL", "superseded_by"),
        ("UPDATE items SET state = 'decided'", "state is 'decided'"),
    ],
)
def test_an_audit_follows_what_was_opened_again(tmp_path, changes, named):
    with Store.open(tmp_path / "data") as store:
        item = decided(store)
        store.reopen(item, "pol", "Again.")
        assert audit(store).problems == ()
        tamper(store, changes)
        assert any(named in one for one in audit(store).problems)


def test_an_audit_finds_a_reopening_that_takes_back_too_little(store, monkeypatch):
    from judge.review.store import log

    item = decided(store)
    append = log.append

    def forged(connection, **fields):
        if fields["kind"] == "reopened":
            fields["extra"] = {**fields["extra"], "takes_back": []}
        return append(connection, **fields)

    monkeypatch.setattr(log, "append", forged)
    store.reopen(item, "pol", "Again.")
    assert any("takes back other decisions than stood" in one for one in audit(store).problems)
    assert json.dumps(store.log(item=item)[-1].extra["takes_back"]) == "[]"
