"""Named queues: who keeps them, what is given from them, and that an audit knows of them."""

from __future__ import annotations

import html
import json
import re

import pytest

from judge.review.access.logins import add_user
from judge.review.audit import audit
from judge.review.store import NamedQueue, Role, named
from judge.review.ui.context import Person
from tests.review.shelf import SAFE, fill, unmixed_store
from tests.review.test_desk import ask, desk_of

store = pytest.fixture(unmixed_store)


def keep(at, name, share=0.0, person=None, **filters):
    return ask(at, **({"person": person} if person else {}), kind="keep_queue", name=name, share=share, filters=filters)


def test_filters_are_kept_as_a_queue_and_chosen_again(store):
    fill(store, 8)
    at = desk_of(store)
    reply = keep(at, "Needs a look", 0.5, verdict="violation", order="uncertain")
    shown = ask(at, kind="start")["slots"]["queues"]
    assert shown == reply["slots"]["queues"] and "Needs a look (50 %)" in shown
    preset = json.loads(html.unescape(re.search(r'data-filters="([^"]*)"', shown)[1]))
    assert (preset["verdict"], preset["order"], preset["rule"]) == ("violation", "uncertain", "")
    reply = ask(at, kind="filter", filters=preset)
    assert store.verdict(reply["item"]).verdict == "violation"
    keep(at, "Needs a look", 0.1, verdict="violation")
    assert [(one.name, one.share) for one in store.settings.queues] == [("Needs a look", 0.1)], "in place of the first"
    assert store.log(last=1)[0].extra["queues"][0]["name"] == "Needs a look"
    assert audit(store).problems == ()
    ask(at, kind="drop_queue", name="Needs a look")
    assert store.settings.queues == ()
    assert audit(store).problems == ()


def test_what_is_no_queue_is_refused(store):
    at = desk_of(store)
    keep(at, "Half", 0.5)
    for refused, why in (
        (keep(at, "More", 0.6), "more than 100 %"),
        (keep(at, " "), "no name"),
        (keep(at, "Done", state="decided"), "of what waits"),
        (ask(at, kind="drop_queue", name="None"), "no queue"),
    ):
        assert why in refused["toasts"][0]["text"]
    add_user(store, "root", Role.ADMIN, "correct horse", by="test")
    add_user(store, "pol", Role.POLICY, "correct horse", by="root")
    pol = Person("pol", Role.POLICY)
    assert "may not manage" in keep(at, "Mine", person=pol)["toasts"][0]["text"]
    shown = ask(at, pol, kind="start")["slots"]["queues"]
    assert "cj-keep" not in shown and "Half" in shown, "others choose"


def test_the_share_of_a_queue_is_given_before_the_rest(store):
    fill(store, 30)
    assert [one.verdict for one in store.list()[:2]] == ["no_violation"] * 2, "else the test tells nothing"
    for share, verdicts in ((1.0, {"violation"}), (0.0, {"no_violation"})):
        one = NamedQueue(name="Bad", verdict="violation", share=share)
        store.configure(store.settings.model_copy(update={"queues": (one,)}), "test")
        given = []
        for _ in range(2):
            item = store.next("ann")
            assert store.next("ann").id == item.id, "asking again gives the same"
            given.append(item.verdict.verdict)
            store.decide(item.id, "ann", SAFE)
        assert set(given) == verdicts


def test_half_a_share_is_about_half_of_what_is_given(store):
    fill(store, 60)
    half = (NamedQueue(name="Half", share=0.3), NamedQueue(name="Other", share=0.2))
    drawn = []
    for _ in range(40):
        with store.reading() as connection:
            drawn.append(named.drawn(connection, "ann", half))
        item = store.next("ann")
        store.decide(item.id, "ann", SAFE)
    names = [one.name if one else "" for one in drawn]
    assert 4 <= names.count("Half") <= 20 and 2 <= names.count("Other") <= 16 and 10 <= names.count("") <= 30


def test_a_queue_in_which_nothing_waits_keeps_nobody_waiting(store):
    fill(store, 2)
    one = NamedQueue(name="None", rule="no-such-rule", share=1.0)
    store.configure(store.settings.model_copy(update={"queues": (one,)}), "test")
    assert store.next("ann") is not None
