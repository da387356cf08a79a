"""Several people in browser sessions of their own: sign-in, exclusive items, blind second reads, roles."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from judge.review.access.logins import add_user
from judge.review.store import Decision, Filters, GoldReads, ReviewSettings, Role, SecondReads, Store
from tests.review.browsing import CHROMIUM, press, ready, samples, settled, sign_in, visitor

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("team")) as opened:
        for name, role in (("ann", Role.ADMIN), ("bob", Role.REVIEWER), ("cyd", Role.REVIEWER)):
            add_user(opened, name, role, PASSWORD, by="ann")
        opened.configure(ReviewSettings(second_reads=SecondReads(share=1.0), gold=GoldReads(share=0.0)), "ann")
        for verdict, image in samples():
            opened.add(verdict, image, "batch")
        yield opened


def current(page):
    return int(page.locator("[data-open][aria-current]").get_attribute("data-open"))


def test_nothing_is_shown_without_signing_in(browser, address):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{address}/config", timeout=30)
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    sign_in(page, "bob", "wrong horse")
    page.get_by_text("The name or the password is wrong. 4 more tries").wait_for()
    assert page.get_by_label("Name").input_value() == "bob"
    assert page.locator("#cj-desk").count() == 0
    context.close()


def test_two_sessions_never_hold_the_same_item(store, browser, address):
    held = []
    with (
        visitor(browser, address, login=("bob", PASSWORD)) as bob,
        visitor(browser, address, login=("cyd", PASSWORD)) as cyd,
    ):
        assert "bob" in bob.locator("#cj-person").inner_text()
        for page in (bob, cyd):
            page.get_by_label("Show", exact=True).select_option("waiting")
        for page in (bob, cyd):
            settled(page)
            ready(page)
        cyd.wait_for_timeout(1100)  # keys that follow an item which came by itself decide nothing (PAUSE in keys.js)
        for _ in range(4):
            for page in (bob, cyd):
                held.append(current(page))
            assert current(bob) != current(cyd)
            for page in (bob, cyd):
                page.keyboard.press("n")
                page.keyboard.press("1")
                page.keyboard.press("Enter")
            for page in (bob, cyd):
                settled(page)
                ready(page)
    first_reads = [one for one in store.decisions() if one.read == "first"]
    assert len({one.item for one in first_reads}) == len(first_reads), "no item had two first readers"
    assert {one.who for one in first_reads} == {"bob", "cyd"}


def test_a_second_read_is_blind_and_by_somebody_else(store, browser, address):
    item = store.list(Filters(state="open", verdict="violation"))[0]
    store.take(item.id, "bob")
    store.decide(item.id, "bob", Decision(action="no_violation", reason="Bob's own words"))
    with visitor(browser, address, login=("cyd", PASSWORD)) as cyd:
        cyd.get_by_label("Show", exact=True).select_option("second_read")
        settled(cyd)
        row = cyd.locator(f"[data-open='{item.id}']")
        row.click()
        settled(cyd)
        assert current(cyd) == item.id
        assert cyd.get_by_text("Blind read.", exact=True).is_visible()
        assert cyd.locator("#cj-decision input:checked").count() == 0
        assert "Bob" not in cyd.content()
        assert "bob" not in cyd.locator("#cj-work").inner_text()
        assert cyd.locator("#cj-verdict").inner_text().startswith("Blind read")
        assert cyd.locator(".cj-bar, .cj-chip").count() == 0
        cyd.keyboard.press("1")
        press(cyd, "v")
    said = [one for one in store.decisions() if one.item == item.id]
    assert [(one.who, one.read, one.action) for one in said] == [
        ("bob", "first", "no_violation"),
        ("cyd", "second", "violation"),
    ]
    assert store.item(item.id, "ann").state == "escalated", "they disagree"


def test_roles_are_checked_by_the_server(store, browser, address):
    escalated = store.list(Filters(state="open"))[0]
    store.take(escalated.id, "bob")
    store.decide(escalated.id, "bob", Decision(action="escalate", reason="unclear"))
    store.take(escalated.id, "cyd")
    store.decide(escalated.id, "cyd", Decision(action="escalate", reason="unclear to me too"))
    with visitor(browser, address, login=("bob", PASSWORD)) as bob:
        states = bob.get_by_label("Show", exact=True).locator("option").all_inner_texts()
        assert "Escalated" not in states
        before = current(bob)
        bob.locator("[data-open]").last.evaluate("(row, id) => { row.dataset.open = id; row.click() }", escalated.id)
        bob.get_by_text("this is for the roles policy and admin", exact=False).wait_for()
        assert current(bob) == before
    with visitor(browser, address, login=("ann", PASSWORD)) as ann:
        ann.get_by_label("Show", exact=True).select_option("escalated")
        settled(ann)
        ann.locator(f"[data-open='{escalated.id}']").click()
        settled(ann)
        assert ann.get_by_text("For policy.", exact=True).is_visible()
        assert "unclear to me too" in ann.get_by_label("Earlier decisions").inner_text()
        assert ann.get_by_role("button", name="Escalate").count() == 0
        ann.keyboard.press("n")
        ann.keyboard.press("1")
        press(ann, "Enter")
    assert store.item(escalated.id, "ann").state == "decided"


def test_signing_out_ends_the_session(browser, address):
    with visitor(browser, address, login=("bob", PASSWORD)) as bob:
        bob.get_by_role("button", name="Sign out").click()
        bob.get_by_label("Password").wait_for()
        assert bob.locator("#cj-desk").count() == 0
