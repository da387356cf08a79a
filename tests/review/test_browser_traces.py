"""What the page keeps of a person's doings, in a real Chromium: decisions told, places, what is typed, sessions."""

from __future__ import annotations

import pytest

from judge.review.access.logins import add_user, set_password
from judge.review.audit import audit
from judge.review.store import GoldReads, ReviewSettings, Role, SecondReads, Store
from tests.review.browsing import CHROMIUM, press, ready, samples, serving, settled, sign_in, visitor

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("traces")) as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        for verdict, image in samples():
            opened.add(verdict, image, "batch")
        yield opened


@pytest.fixture
def page(browser, address):
    with visitor(browser, address) as opened:
        yield opened


def current(page):
    return int(page.locator("[data-open][aria-current]").get_attribute("data-open"))


def decide(page, key, reason):
    page.keyboard.press(key)
    page.keyboard.type(reason)
    press(page, "Enter")


def test_a_decision_is_told_and_the_button_takes_exactly_it_back(store, page):
    first = current(page)
    decide(page, "n", "Nothing bad is shown.")
    toast = page.locator(".cj-toast", has_text=f"Recorded: no violation, item {first}.")
    toast.wait_for()
    second = current(page)
    decide(page, "e", "Unclear.")
    page.locator(".cj-toast", has_text=f"Escalated item {second}. Somebody else reads it next").wait_for()
    assert "1 second read" in page.locator("#cj-counts").inner_text()
    assert "1 second reads" not in page.locator("#cj-counts").inner_text()
    toast.get_by_role("button", name="Undo").click()
    settled(page)
    assert current(page) == first
    assert [one.kind for one in store.log(item=first)] == ["added", "decision", "undo"]
    assert [one.kind for one in store.log(item=second)] == ["added", "decision"], "the later one stands"
    assert toast.count() == 0


def at(page):
    return page.evaluate("location.hash")


def test_item_filter_and_tab_have_addresses_that_go_back(store, page, browser, address):
    first = current(page)
    page.wait_for_function(f"location.hash === '#/queue/item/{first}'")
    press(page, "j")
    second = current(page)
    assert at(page) == f"#/queue/item/{second}"
    page.get_by_label("Verdict", exact=True).select_option("violation")
    settled(page)
    third = current(page)
    assert at(page) == f"#/queue/item/{third}?verdict=violation"
    page.get_by_role("tab", name="Dashboard").click()
    page.wait_for_function("location.hash === '#/dashboard'")
    page.reload()
    page.locator("#db-tiles, .db-root").first.wait_for()
    page.wait_for_function("document.querySelector('[role=tab][aria-selected=true]').textContent.includes('Dashboard')")
    page.go_back()
    page.wait_for_function("document.querySelector('[role=tab][aria-selected=true]').textContent.includes('Queue')")
    page.wait_for_function(f"document.querySelector('[data-open][aria-current]')?.dataset.open === '{third}'")
    assert page.get_by_label("Verdict", exact=True).input_value() == "violation"
    page.go_back()
    page.wait_for_function(f"document.querySelector('[data-open][aria-current]')?.dataset.open === '{second}'")
    assert page.get_by_label("Verdict", exact=True).input_value() == ""
    page.go_forward()
    page.wait_for_function(f"document.querySelector('[data-open][aria-current]')?.dataset.open === '{third}'")
    shared = at(page)
    with visitor(browser, address, at=f"/{shared}") as other:
        assert current(other) == third
        assert other.get_by_label("Verdict", exact=True).input_value() == "violation"
    with visitor(browser, address, at="/#/queue/item/99999?verdict=nonsense&state=decided") as other:
        assert "not understood" in other.locator("#cj-toasts").inner_text()
        assert other.locator("#cj-desk").get_attribute("data-state") == "item", "and the queue opens all the same"


def test_what_is_typed_survives_a_reload_until_it_is_recorded(store, page):
    number = current(page)
    page.keyboard.press("i")
    page.keyboard.type("Half a rea")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    ticks = page.locator("#cj-decision input:checked").evaluate_all("all => all.map(one => one.value)")
    page.reload()
    settled(page)
    page.locator("#cj-desk[data-state=item]").wait_for()
    assert current(page) == number
    assert page.locator("#cj-reason").input_value() == "Half a rea"
    assert page.locator("#cj-decision input:checked").evaluate_all("all => all.map(one => one.value)") == ticks
    press(page, "j")
    assert page.locator("#cj-reason").input_value() == "", "it is that item's"
    press(page, "k")
    assert page.locator("#cj-reason").input_value() == "Half a rea"
    page.keyboard.press("n")
    page.keyboard.type("son.")
    press(page, "Enter")
    assert store.log(item=number, kind="decision")[-1].reason == "Half a reason."
    press(page, "u")
    assert page.locator("#cj-reason").input_value() == "", "it was recorded"


def test_a_restart_signs_nobody_out_and_a_changed_password_does(browser, tmp_path):
    with Store.open(tmp_path) as store:
        for name in ("ann", "ben"):
            add_user(store, name, Role.ADMIN, "correct horse", by="test")
        for verdict, image in samples()[:4]:
            store.add(verdict, image, "batch")
        context = browser.new_context()
        page = context.new_page()
        with serving(tmp_path) as address:
            page.goto(address)
            sign_in(page, "ann", "correct horse")
            ready(page)
            first = current(page)
            page.keyboard.press("i")
            page.keyboard.type("Half a rea")
            page.keyboard.press("Escape")
        with serving(tmp_path, port=int(address.rsplit(":", 1)[1])):
            press(page, "j")
            assert current(page) != first, "the open page goes on"
            page.reload()
            ready(page)
            press(page, "k")
            assert page.locator("#cj-reason").input_value() == "Half a rea"
            set_password(store, "ann", "another horse", by="ann")
            page.keyboard.press("j")
            page.get_by_role("button", name="Sign in again").click()
            sign_in(page, "ann", "another horse")
            ready(page)
            assert current(page) == first, "where one was, with what was typed"
            assert page.locator("#cj-reason").input_value() == "Half a rea"
            page.evaluate(
                "keep => sessionStorage.setItem('cj-unanswered', JSON.stringify([keep]))",
                {"who": "ann", "item": first, "head": 1, "action": "skip"},
            )
            context.clear_cookies()
            page.reload()
            sign_in(page, "ben", "correct horse")
            ready(page)
            while current(page) != first:
                press(page, "j")
            assert page.locator("#cj-reason").input_value() == "", "it is hers"
            assert page.locator("#cj-toasts").get_by_text("did not reach").count() == 0
            context.clear_cookies()
            page.reload()
            sign_in(page, "ann", "another horse")
            ready(page)
            page.locator("#cj-toasts").get_by_text(f"Your decision on item {first} did not reach").wait_for()
            assert page.locator("#cj-reason").input_value() == "Half a rea"
        context.close()


def test_notes_and_recent_decisions_by_key(store, page):
    from axe_playwright_python.sync_playwright import Axe

    def faults():
        return [(one["id"], one["nodes"][0]["target"]) for one in Axe().run(page).response["violations"]]

    number = current(page)
    page.keyboard.press("m")
    page.keyboard.type("Like the one of last week.")
    press(page, "Enter")
    page.locator("#cj-notes li", has_text="Like the one of last week.").wait_for()
    assert current(page) == number
    decide(page, "n", "Nothing bad is shown.")
    page.keyboard.press("h")
    dialog = page.get_by_role("dialog", name="Recent decisions")
    row = dialog.locator("li", has_text=f"Item {number} ").first
    row.wait_for()
    row.get_by_role("button", name=f"Reopen item {number}").click()
    assert faults() == []
    page.keyboard.type("Looked at too quickly.")
    press(page, "Enter")
    page.locator(".cj-toast", has_text=f"Item {number} is open again").wait_for()
    assert store.item(number, "local").state == "open"
    assert [one.kind for one in store.log(item=number)][-3:] == ["note", "decision", "reopened"]
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert audit(store).problems == ()


def test_filters_are_kept_as_a_queue(store, page):
    page.get_by_label("Verdict", exact=True).select_option("violation")
    settled(page)
    page.get_by_text("Keep these filters as a queue").click()
    page.locator("#cj-keep-form").get_by_label("Name").fill("Violations")
    page.locator("#cj-keep-form").get_by_role("button", name="Keep").click()
    page.locator("#cj-queue").wait_for()
    assert page.locator("#cj-queue").input_value() == "Violations", "the filters are that queue's"
    page.locator("#cj-queue").select_option("")
    settled(page)
    assert page.get_by_label("Verdict", exact=True).input_value() == ""
    page.locator("#cj-queue").select_option("Violations")
    settled(page)
    assert store.verdict(current(page)).verdict == "violation"
    assert at(page).endswith("?verdict=violation")
    page.get_by_role("button", name="Clear filters").first.click()
    settled(page)
    page.get_by_label("Severity", exact=True).select_option("high")
    page.get_by_label("Language", exact=True).select_option("en")
    settled(page)
    assert at(page).endswith("?severity=high&language=en")
    verdict = store.verdict(current(page))
    found = [one for one in verdict.findings if one.enforced and one.outcome in ("violated", "undecided")]
    assert "high" in {one.severity for one in found} and "critical" not in {one.severity for one in found}
    page.reload()
    ready(page)
    assert page.get_by_label("Severity", exact=True).input_value() == "high"
