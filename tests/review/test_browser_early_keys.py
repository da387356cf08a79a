"""Keys that come while the page waits for an answer, or before anybody can have seen what is on it: none is taken for
another item, and none is dropped unsaid. In a real Chromium."""

from __future__ import annotations

import pytest

from judge.review.store import Store
from tests.review.browsing import CHROMIUM, press, ready, samples, settled, visitor
from tests.review.day import Wire

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
NOON = 1_800_000_000  # seconds
EARLY = "too early for this item"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("early")) as opened:
        for verdict, image in samples():
            opened.add(verdict, image, "batch")
        yield opened


def in_hand(page):
    return int(page.locator("[data-open][aria-current]").get_attribute("data-open"))


def decided(store, since):
    return [(one.item, one.decision) for one in store.log()[since:] if one.kind == "decision"]


def wired(page):
    wire = Wire(page)
    page.reload()
    ready(page)
    return wire


def grown(page):
    """The page looks at the queue by itself, as it does every now and then."""
    page.evaluate("document.dispatchEvent(new CustomEvent('cj-queue-grew'))")


def test_a_key_meant_for_a_lost_decision_does_not_decide_what_comes_with_the_page(store, browser, address):
    context = browser.new_context()
    page, since = context.new_page(), len(store.log())
    wire = Wire(page)
    page.goto(address)
    ready(page)
    first = in_hand(page)
    wire.lose_a_decision()
    page.keyboard.press("a")  # and no other key until the page is made anew, which takes seconds
    page.locator(".cj-toast", has_text="This was recorded before.").wait_for()
    page.keyboard.press("a")
    page.locator(".cj-toast", has_text=EARLY).wait_for()
    assert [item for item, _ in decided(store, since)] == [first]
    second = in_hand(page)
    page.wait_for_function("Date.now() > window.cjDeaf")
    press(page, "a")
    assert [item for item, _ in decided(store, since)] == [first, second]
    context.close()


def test_what_is_pressed_while_the_page_looks_by_itself_is_done_and_nothing_takes_its_place(store, browser, address):
    with visitor(browser, address) as page:
        wire = wired(page)
        since, first = len(store.log()), in_hand(page)
        with wire.held() as release:
            grown(page)
            page.keyboard.press("a")
            assert page.locator("#cj-desk[aria-busy]").count() == 1, "somebody waits for this"
            page.keyboard.press("j")
            release()
            settled(page)
        assert [item for item, _ in decided(store, since)] == [first]
        with wire.held() as release:
            grown(page)
            page.keyboard.press("h")
            release()
            page.locator("#cj-recent [data-line]").first.wait_for()


def test_letters_after_a_dropped_key_that_opens_a_field_are_no_decisions(store, browser, address):
    with visitor(browser, address) as page:
        wire = wired(page)
        page.clock.set_fixed_time(NOON)
        since, first = len(store.log()), in_hand(page)
        with wire.held() as release:
            page.keyboard.press("a")
            page.keyboard.press("n")  # no panel opens: there is no item to open it for
            release()
            settled(page)
        page.keyboard.type("a vase")
        page.locator(".cj-toast", has_text=EARLY).wait_for()
        settled(page)
        assert page.locator(".cj-toast", has_text=EARLY).count() == 1
        assert [item for item, _ in decided(store, since)] == [first]
        page.clock.set_fixed_time(NOON + 5)
        second = in_hand(page)
        press(page, "s")
        assert decided(store, since)[1:] == [(second, "skip")]


def test_what_the_server_never_came_to_is_not_done_later_by_itself(store, browser, address):
    with visitor(browser, address) as page:
        wire = wired(page)
        page.clock.install()
        since, first = len(store.log()), in_hand(page)
        with wire.held() as release:
            grown(page)
            page.keyboard.press("a")  # behind a look at the queue that never ends
            page.clock.fast_forward(21_000)
            page.locator(".cj-toast", has_text="The server does not answer").wait_for()
            release()
        page.clock.resume()
        press(page, "r")
        press(page, "r")
        assert decided(store, since) == [] and in_hand(page) == first
