"""The desk without a browser: what it replies, whom it refuses, and where a bar's marks lie."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from judge.chain import Outcome
from judge.errors import UserError
from judge.judging.probability import by_prior
from judge.review.access.logins import add_user
from judge.review.app import is_local, wants_login
from judge.review.queue import desk
from judge.review.store import Breaks, Decision, GoldReads, ReviewSettings, Role, SecondReads, Store
from judge.review.ui import chains, render
from judge.review.ui.context import Context, Person
from judge.serving.judges import Judges
from judge.settings import Bounds, Settings, Thresholds
from judge.verdict import Answer, Evidence
from tests.review.browsing import samples

LOCAL = Person("local", Role.ADMIN)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        for verdict, image in samples()[:6]:
            opened.add(verdict, image, "batch")
        yield opened


def desk_of(store, settings=None):
    settings = settings or Settings()
    return desk.Desk(Context(store, settings, store.folder, False, Judges(settings)))


def ask(at, person=LOCAL, page="page", **asked):
    return json.loads(at.act({"serial": 7, **asked}, person, page))


def test_a_reply_carries_the_item_and_every_part(store):
    reply = ask(desk_of(store), kind="start")
    assert reply["serial"] == 7
    assert reply["state"] == "item"
    parts = {
        "stage",
        "film",
        "near",
        "told",
        "verdict",
        "rules",
        "decision",
        "list",
        "counts",
        "banner",
        "filters",
        "notes",
        "queues",
    }
    assert parts == set(reply["slots"])
    verdict = store.item(reply["item"], "local").verdict
    for finding in verdict.findings:
        assert finding.rule in reply["slots"]["rules"]
    assert verdict.provenance.constitution_digest in reply["slots"]["rules"]


def test_what_is_no_event_of_the_page_is_refused_politely(store):
    at = desk_of(store)
    for raw in (
        {"serial": 3, "kind": "drop"},
        {"serial": 3, "kind": "page", "offset": -1},
        {"serial": 3},
        {"serial": 3, "kind": "take", "open": 2**70},
        {"serial": 3, "kind": "decide", "item": 1, "action": "skip", "reason": "x" * 4001},
    ):
        reply = json.loads(at.act(raw, LOCAL, "page"))
        assert reply["serial"] == 3
        assert reply["toasts"][0]["bad"]
    for raw in (None, {"serial": "x", "kind": "start"}, {"serial": -1, "kind": "start"}):
        assert json.loads(at.act(raw, LOCAL, "page"))["toasts"][0]["bad"]


def test_nobody_decides_or_sees_what_somebody_else_holds(store):
    item = store.next("other")
    at, before = desk_of(store), len(store.log())
    for asked in ({"kind": "reveal"}, {"kind": "decide", "action": "no_violation", "reason": "mine"}):
        reply = ask(at, item=item.id, **asked)
        assert "no longer yours" in reply["toasts"][0]["text"]
        assert reply["item"] != item.id, "the next item comes instead"
        assert not reply["original"]
    assert len(store.log()) == before


def test_a_closed_page_gives_its_item_back(store):
    at = desk_of(store)
    item = ask(at, kind="start", page="one")["item"]
    assert ask(at, kind="start", page="two")["item"] == item, "the same person has the same item on two pages"
    at.left("one")
    assert store.item(item, "local").lease is not None, "the other page still shows it"
    at.left("two")
    assert store.item(item, "local").lease is None


def test_known_truth_becomes_a_gold_item(store):
    at = desk_of(store)
    item = ask(at, kind="start")["item"]
    wish = {"kind": "decide", "item": item, "action": "no_violation", "reason": "drawn so", "gold": True}
    assert "no longer yours" in ask(at, person=Person("else", Role.POLICY), **wish)["toasts"][0]["text"]
    reply = ask(at, **wish)
    assert reply["item"] != item
    assert store.item(item, "local").gold
    assert [one.kind for one in store.log(item=item)] == ["added", "gold_marked"]
    ask(at, kind="undo")
    assert not store.item(item, "local").gold


def test_reviewers_neither_mark_gold_nor_look_through_what_is_decided(store):
    add_user(store, "ann", Role.ADMIN, "correct horse", by="test")
    add_user(store, "bob", Role.REVIEWER, "correct horse", by="ann")
    at, bob = desk_of(store), Person("bob", Role.REVIEWER)
    reply = ask(at, person=bob, kind="start")
    assert "cj-gold" not in reply["slots"]["decision"]
    assert "cj-gold" in ask(at, person=Person("ann", Role.ADMIN), kind="start")["slots"]["decision"]
    wish = {"kind": "decide", "item": reply["item"], "action": "no_violation", "reason": "x", "gold": True}
    assert "may not mark gold" in ask(at, person=bob, **wish)["toasts"][0]["text"]
    assert store.decisions() == ()
    for state in ("decided", "escalated"):
        for kind in ("start", "filter", "page", "refresh"):
            refused = ask(at, person=bob, kind=kind, filters={"state": state})
            assert "for the roles policy and admin" in refused["toasts"][0]["text"]
            assert "list" not in refused.get("slots", {})


def test_whoever_reads_blind_marks_nothing(store):
    store.configure(ReviewSettings(second_reads=SecondReads(share=1.0), gold=GoldReads(share=0.0)), "chief")
    item = store.next("first").id
    store.decide(item, "first", Decision(action="no_violation", reason="x"))
    at = desk_of(store)
    reply = ask(at, kind="take", open=item)
    assert "Blind read" in reply["slots"]["banner"] and "cj-gold" not in reply["slots"]["decision"]
    refused = ask(at, kind="decide", item=item, action="no_violation", reason="x", gold=True)
    assert "do not read blind" in refused["toasts"][0]["text"]
    assert not store.item(item, "local").gold


def test_a_break_is_announced(store):
    store.configure(ReviewSettings(breaks=Breaks(every_minutes=1, for_minutes=20)), "chief")
    begun = datetime.now(UTC) - timedelta(minutes=10)
    item = store.next("local", now=begun)
    store.decide(item.id, "local", Decision(action="skip"), now=begun)
    assert "A break is due" in ask(desk_of(store), kind="start")["slots"]["banner"]


@pytest.mark.parametrize(
    "thresholds",
    [Thresholds(), Thresholds(debias="logit"), Thresholds(bounds=Bounds(fails_under=-1.0, holds_over=0.5))],
)
@pytest.mark.parametrize("prior", [0.02, 0.3, 0.72, 0.97])
def test_a_bar_shows_where_the_rule_decides(prior, thresholds):
    of = lambda share: Answer(p_yes=share, p_no=1 - share)  # noqa: E731
    bar = chains._bar(Evidence(statement="x", answer=of(0.5), prior=of(prior), score=0.0), thresholds)
    assert 0 < bar.low < bar.high < 100
    for mark, outcome in ((bar.low - 0.5, Outcome.FAILS), (bar.high + 0.5, Outcome.HOLDS)):
        if 0 <= mark <= 100:
            assert by_prior(of(mark / 100), of(prior), thresholds) is outcome
    for mark in (bar.low + 0.5, bar.high - 0.5):
        assert by_prior(of(mark / 100), of(prior), thresholds) is Outcome.UNDECIDED


def test_every_word_shown_is_escaped():
    assert "&lt;b&gt;" in render.html("empty", title="<b>", text="", filtered=False, may_upload=False)


def test_sign_in_is_wanted_off_this_machine_and_where_there_are_users(store):
    from judge.review.access.logins import add_user

    assert [is_local(one) for one in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "10.0.0.5", "judge.example")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert wants_login(store, "127.0.0.1", None) is False
    for host, auth in (("0.0.0.0", None), ("127.0.0.1", True)):
        with pytest.raises(UserError, match="no users yet") as caught:
            wants_login(store, host, auth)
        assert "judge review user add" in caught.value.hint
    with pytest.raises(UserError, match="cannot be turned off"):
        wants_login(store, "0.0.0.0", False)
    add_user(store, "ann", Role.ADMIN, "correct horse", by="ann")
    assert wants_login(store, "127.0.0.1", None) is True
    with pytest.raises(UserError, match="the store has users"):
        wants_login(store, "127.0.0.1", False)
