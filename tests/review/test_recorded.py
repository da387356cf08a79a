"""What the desk says was recorded, and taking exactly that back; what the list says of itself."""

from __future__ import annotations

import re

import pytest

from judge.errors import UserError
from judge.review.access.logins import add_user
from judge.review.queue import tab
from judge.review.store import Decision, GoldReads, ReviewSettings, Role, SecondReads
from judge.review.ui import render
from judge.review.ui.context import Person
from tests.review.shelf import SAFE, fill, unmixed_store
from tests.review.test_desk import ask, desk_of

store = pytest.fixture(unmixed_store)
NONE = {"action": "no_violation", "reason": "a drawing"}


def seconds(store, share):
    store.configure(ReviewSettings(second_reads=SecondReads(share=share), gold=GoldReads(share=0)), "test")


def said(reply):
    (one,) = reply["toasts"]
    assert not one["bad"]
    return one["text"]


def listed(reply):
    """How much there is, as the list says."""
    return re.search(r"cj-muted cj-small\">([^<]*)<", reply["slots"]["list"])[1].replace("\N{EN DASH}", "-")


def test_each_decision_is_told_with_its_line(store):
    first, second, third, fourth = fill(store, 4)
    at = desk_of(store)
    ask(at, kind="start")
    reply = ask(at, kind="decide", item=first, **NONE)
    assert said(reply) == f"Recorded: no violation, item {first}."
    assert reply["toasts"][0]["line"] == store.log(item=first, kind="decision")[0].seq
    rule = store.verdict(second).findings[0].rule
    assert said(ask(at, kind="decide", item=second, action="violation", rules=[rule])).endswith(
        f"violation ({rule}), item {second}."
    )
    assert said(ask(at, kind="decide", item=third, action="skip")).startswith(f"Skipped item {third}.")
    gold = said(ask(at, kind="decide", item=fourth, gold=True, **NONE))
    assert gold == f"Recorded: no violation, item {fourth}, as a gold item."


def test_an_escalation_says_that_it_is_read_again_first(store):
    (item,) = fill(store, 1)
    at = desk_of(store)
    ask(at, kind="start")
    reply = ask(at, kind="decide", item=item, action="escalate", reason="unclear")
    assert "Somebody else reads it next" in said(reply)
    assert "<b>1</b> second read</span>" in reply["slots"]["counts"], "and it is counted there"
    assert "<b>0</b> escalated" in reply["slots"]["counts"]
    other = ask(at, Person("other", Role.ADMIN), kind="take", open=item)
    assert other["item"] == item
    reply = ask(at, Person("other", Role.ADMIN), kind="decide", item=item, action="escalate", reason="unclear")
    assert said(reply) == f"Escalated item {item}."
    assert "<b>1</b> escalated" in reply["slots"]["counts"]


def test_a_blind_read_is_told_the_same_whatever_it_was(store):
    """Else a reader would learn what was gold, and what the first reader said."""
    seconds(store, 1)
    told = set()
    ids = fill(store, 2)
    for item, first in zip(ids, (SAFE, Decision(action="escalate", reason="x")), strict=True):
        store.take(item, "ann")
        store.decide(item, "ann", first)
    for item in ids:
        store.take(item, "local")
        reply = ask(desk_of(store), kind="decide", item=item, **NONE)
        told.add(said(reply).replace(str(item), "N"))
    assert len(told) == 1


def test_the_line_takes_back_that_decision_and_no_other(store):
    first, second, _ = fill(store, 3)
    at = desk_of(store)
    ask(at, kind="start")
    line = ask(at, kind="decide", item=first, **NONE)["toasts"][0]["line"]
    ask(at, kind="decide", item=second, **NONE)
    reply = ask(at, kind="undo", line=line)
    assert (reply["item"], reply["undone"]) == (first, line)
    assert (store.item(first, "local").state, store.item(second, "local").state) == ("open", "decided")
    again = ask(at, kind="undo", item=first, line=line)
    assert "no decision of yours that stands" in again["toasts"][0]["text"]
    assert store.item(second, "local").state == "decided"
    with pytest.raises(UserError, match="no decision of yours"):
        store.undo("else", line=store.log(item=second, kind="decision")[0].seq)


def test_the_list_counts_the_item_in_hand(store):
    at = desk_of(store)
    assert "The list is empty: nothing waits." in ask(at, kind="start")["slots"]["list"]
    assert "No item matches" in ask(at, kind="filter", filters={"rule": "none"})["slots"]["list"]
    fill(store, 1)
    assert listed(ask(at, kind="start")) == "1-1 of 1"
    fill(store, 60)
    assert "· score 0." in ask(at, kind="start")["slots"]["list"]
    item = ask(at, kind="start")["item"]
    pages = [ask(at, kind="page", item=item, offset=offset) for offset in (0, 25, 50)]
    assert [listed(one) for one in pages] == ["1-26 of 60", "27-51 of 60", "52-60 of 60"]


def test_the_scripts_of_the_queue_share_a_page_and_no_name():
    """They are joined: a name declared twice would stop all of them."""
    script = "\n".join(render.static(f"{name}.js") for name in tab._PARTS.split())
    names = re.findall(r"^(?:const|let|function) ([\w$]+)", script, re.M)
    assert len(names) > 50
    assert sorted({one for one in names if names.count(one) > 1}) == []


def test_open_is_offered_only_where_it_is_given(store):
    first, second, third = fill(store, 3)
    at, bob = desk_of(store), Person("bob", Role.REVIEWER)
    add_user(store, "ann", Role.ADMIN, "correct horse", by="test")
    add_user(store, "bob", Role.REVIEWER, "correct horse", by="ann")
    ask(at, person=bob, kind="start")
    ask(at, person=bob, kind="decide", item=first, action="escalate", reason="Unclear.")
    ask(at, person=bob, kind="decide", item=second, action="skip")
    ask(at, person=bob, kind="decide", item=third, **NONE)
    shown = ask(at, person=bob, kind="recent")["slots"]["recent"]
    offered = [int(one) for one in re.findall(r'data-show="(\d+)"', shown)]
    assert offered == [second], "the others wait for somebody else"
    assert ask(at, person=bob, kind="take", open=second)["item"] == second
    for item in (first, third):
        assert ask(at, person=bob, kind="take", open=item)["toasts"][0]["bad"]


def test_notes_and_recent_decisions_at_the_desk(store):
    first, second = fill(store, 2)
    at = desk_of(store)
    ask(at, kind="start")
    reply = ask(at, kind="note", item=first, reason="Seen <before>?")
    assert "Seen &lt;before&gt;?" in reply["slots"]["notes"]
    assert "empty" in ask(at, kind="note", item=first, reason=" ")["toasts"][0]["text"]
    line = ask(at, kind="decide", item=first, **NONE)["toasts"][0]["line"]
    shown = ask(at, kind="recent", item=second)["slots"]["recent"]
    assert f'data-line="{line}"' in shown and f'data-again="{first}"' in shown
    reply = ask(at, kind="reopen", item=second, open=first, reason="The rule changed.")
    assert f"Item {first} is open again" in said(reply)
    assert "Nothing was decided yet" in reply["slots"]["recent"]
    assert store.item(first, "local").state == "open"
    history = ask(at, kind="take", item=second, open=first)["slots"]
    assert "opened it again: The rule changed." in history["verdict"]
    assert "Seen" in history["notes"] and "Seen" not in history["verdict"]
