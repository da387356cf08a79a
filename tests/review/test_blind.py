"""A blind read: neither what somebody else decided nor what the judge said, on no way to the page, until the decision."""

from __future__ import annotations

import json

import pytest

from judge.review.audit import audit
from judge.review.queue.desk import Desk
from judge.review.store import Decision, Filters, GoldReads, ReviewSettings, Role, SecondReads, Store
from judge.review.ui.context import Context, Person
from judge.serving.judges import Judges
from judge.settings import Settings
from judge.verdict import RuleOutcome
from tests.review.browsing import samples

READER = Person("second", Role.ADMIN)
TELLING = ("cj-is-", "cj-violation", "cj-no_violation", "cj-bar", "cj-boxes", "Violated", " checked", "preselected by")


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "data") as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=1.0), gold=GoldReads(share=0.0)), "chief")
        yield opened


def waiting(store, count=2):
    """Items that violate and were read once; their ids."""
    numbers = []
    for verdict, image in [one for one in samples() if one[0].violations][:count]:
        item = store.add(verdict, image, "batch")
        store.take(item, "first")
        store.decide(item, "first", Decision(action="no_violation", reason="a drawing of nothing bad"))
        numbers.append(item)
    return numbers


def ask(store, **asked):
    settings = Settings()
    desk = Desk(Context(store, settings, store.folder, False, Judges(settings)))
    return json.loads(desk.act({"serial": 1, **asked}, READER, "page"))


def sent(reply):
    """All that a reply shows of items; the filters name every verdict, and what may be decided every action."""
    slots = {name: text for name, text in reply["slots"].items() if name not in ("filters", "counts")}
    slots["decision"] = slots.get("decision", "").split("<fieldset")[-1].split('<p class="cj-sheet-end">')[0]
    return json.dumps({**reply, "slots": slots})


@pytest.mark.parametrize("filters", [{"state": "second_read"}, {"state": "waiting"}])
def test_what_the_judge_said_is_on_no_way_to_the_page(store, filters):
    number = waiting(store)[0]
    verdict = store.verdict(number)
    reply = ask(store, kind="take", open=number, filters=filters)
    revealed = ask(store, kind="reveal", item=number, filters=filters)
    listed = ask(store, kind="page", item=number, filters=filters)
    for one in (reply, revealed, listed):
        assert [word for word in TELLING if word in sent(one)] == []
    assert "Blind read" in reply["slots"]["verdict"] and "Blind read." in reply["slots"]["banner"]
    assert reply["announce"] == f"Item {number}. A blind read."
    places = [reply["slots"]["rules"].index(f"<b>{finding.rule}</b>") for finding in verdict.findings]
    assert places == sorted(places), "the policy can be read, in its own order"
    assert f"{store.item(number, 'second').score:.2f}" not in reply["slots"]["list"]


def test_two_verdicts_look_the_same(store):
    """The same picture, said to violate and said not to: all that is sent is the same."""
    verdict, image = next(one for one in samples() if one[0].violations)
    outcomes = tuple(one.model_copy(update={"outcome": RuleOutcome.NOT_VIOLATED}) for one in verdict.findings)
    other = verdict.model_copy(update={"findings": outcomes, "violations": (), "verdict": "no_violation"})
    pages = []
    for shown in (verdict, other):
        with Store.open(store.folder.parent / shown.verdict) as own:
            own.configure(store.settings, "chief")
            item = own.add(shown, image, "batch")
            own.take(item, "first")
            own.decide(item, "first", Decision(action="escalate", reason="unclear"))
            pages.append(sent(ask(own, kind="start")))
    assert pages[0] == pages[1]


@pytest.mark.parametrize("narrow", [{"verdict": "violation"}, {"rule": "blade-in-hand"}, {"min_score": 0.5}])
def test_a_blind_read_is_not_chosen_by_what_the_judge_said(store, narrow):
    waiting(store, 4)
    for state in ("waiting", "second_read"):
        reply = ask(store, kind="filter", filters={"state": state, **narrow})
        assert reply["item"] is None
        assert "data-open" not in reply["slots"]["list"]
    assert "not chosen by the verdict" in reply["slots"]["stage"]
    held = ask(store, kind="start", filters={"state": "second_read"})["item"]
    reply = ask(store, kind="start", item=held, filters={"state": "second_read", **narrow})
    assert reply["item"] is None, "nor is the one in hand kept because it matches"
    assert store.next("second", Filters(state="second_read", source="batch")) is not None


def test_a_second_read_with_the_verdict_shown_has_its_own_name(store):
    number = waiting(store)[0]
    shown = SecondReads(share=1.0, verdict_shown=True)
    store.configure(store.settings.model_copy(update={"second_reads": shown}), "chief")
    reply = ask(store, kind="take", open=number, filters={"state": "second_read", "verdict": "violation"})
    assert "Second read, verdict shown." in reply["slots"]["banner"]
    assert "cj-violation" in reply["slots"]["verdict"] and "cj-is-violated" in reply["slots"]["rules"]
    assert " checked" not in reply["slots"]["decision"] and "a drawing of nothing bad" not in json.dumps(reply)
    assert ask(store, kind="filter", filters={"state": "second_read", "verdict": "violation"})["item"] == number


def test_the_log_says_that_the_verdict_was_hidden(store):
    first, second = waiting(store)
    shown = store.settings.model_copy(update={"second_reads": SecondReads(share=1.0, verdict_shown=True)})
    for number, settings in ((first, store.settings), (second, shown)):
        store.configure(settings, "chief")
        ask(store, kind="take", open=number)
        ask(store, kind="decide", item=number, action="no_violation", reason="nothing to see")
    assert [one.extra.get("verdict_shown") for one in store.log(kind="second_read")] == [False, None]
    assert [one.extra.get("verdict_shown") for one in store.log(kind="decision")] == [None, None]
    assert audit(store).problems == ()
