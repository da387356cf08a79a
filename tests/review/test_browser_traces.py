"""What the page keeps of a person's doings, in a real Chromium: lines that offer to take a decision back."""

from __future__ import annotations

import pytest

from judge.review.store import GoldReads, ReviewSettings, SecondReads, Store
from tests.review.browsing import CHROMIUM, press, samples, serving, settled, visitor

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("traces")) as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        for verdict, image in samples():
            opened.add(verdict, image, "batch")
        yield opened


@pytest.fixture(scope="module")
def address(store):
    with serving(store.folder) as served:
        yield served


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
