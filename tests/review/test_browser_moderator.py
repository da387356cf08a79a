"""What moderators and analysts do at the desk beside single decisions, in a real Chromium: one app, one page."""

from __future__ import annotations

import pytest

from judge.review.audit import audit
from judge.review.store import GoldReads, ReviewSettings, SecondReads, Store
from tests.review.browsing import CHROMIUM, press, serving, settled, visitor
from tests.review.test_near import FIRE, POOL, copies, put, saved

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("moderator")) as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        for image in copies(FIRE, 5):
            put(opened, FIRE, image)
        put(opened, POOL, saved(POOL))
        yield opened


@pytest.fixture(scope="module")
def page(browser, store):
    with serving(store.folder) as address, visitor(browser, address) as opened:
        yield opened


def current(page):
    return int(page.locator("[data-open][aria-current]").get_attribute("data-open"))


def from_its_top(page):
    """Whether the item is seen from its picture on."""
    return page.locator(".cj-left").evaluate("one => one.scrollTop") == 0


def until(page, so):
    """Wait for what the page does by itself."""
    for _ in range(200):
        if so():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come about")


def faults(page):
    from axe_playwright_python.sync_playwright import Axe

    return [(one["id"], one["nodes"][0]["target"]) for one in Axe().run(page).response["violations"]]


def test_near_identical_pictures_are_decided_by_one_key_and_taken_back_by_one(store, page):
    first = current(page)
    strip = page.get_by_role("region", name="Near-identical pictures")
    assert "4 near-identical waiting" in strip.inner_text()
    page.wait_for_function(
        "[...document.querySelectorAll('#cj-near-slot img')].every((one) => one.src.startsWith('data:'))"
    )
    widths = strip.locator("img").evaluate_all("all => all.map((one) => one.naturalWidth)")
    assert len(widths) == 4 and max(widths) <= 96, "shielded, and small"
    assert faults(page) == []
    others = [int(one) for one in strip.locator("[name=near]").evaluate_all("all => all.map((one) => one.value)")]
    store.take(others[3], "bob")
    press(page, "d")
    strip.get_by_text("Goes to 5 pictures.").wait_for()
    strip.get_by_label(f"Item {others[0]}").uncheck()
    strip.get_by_text("Goes to 4 pictures.").wait_for()
    page.keyboard.press("n")
    page.keyboard.type("A drawing for a test.")
    press(page, "Enter")
    toast = page.locator(".cj-toast", has_text=f"item {first} and 2 near-identical items ({others[1]}, {others[2]})")
    toast.wait_for()
    assert f"Left out: item {others[3]} is held by bob." in toast.inner_text()
    lines = [one for one in store.log() if one.decision == "no_violation"]
    assert [one.item for one in lines] == [first, *others[1:3]]
    assert [one.extra.get("like") for one in lines] == [None, lines[0].seq, lines[0].seq]
    toast.get_by_role("button", name="Undo").click()
    settled(page)
    page.locator(".cj-toast", has_text="3 decisions taken back").wait_for()
    assert current(page) == first
    assert store.count().decided == 0
    assert from_its_top(page)
    press(page, "d")
    page.locator(".cj-left").evaluate("one => { one.scrollTop = 400; }")
    assert not from_its_top(page), "what was scrolled to before"
    press(page, "v")
    assert store.count().decided == 4
    assert from_its_top(page)
    press(page, "u")
    assert store.count().decided == 0
    store.release(others[3], "bob")
    assert audit(store).problems == ()


def test_a_break_by_one_key_outlives_a_reload_and_ends_by_one(store, page):
    number = current(page)
    page.keyboard.press("q")
    page.locator("#cj-desk[data-state=break]").wait_for()
    assert page.get_by_role("heading", name="A break").is_visible()
    assert not page.locator("#cj-rail").is_visible() and not page.locator("#cj-decision").count()
    assert store.count().leased == 0
    assert faults(page) == []
    page.keyboard.press("j")
    page.reload()
    page.locator("#cj-desk[data-state=break]").wait_for()
    assert store.count().leased == 0
    page.get_by_role("button", name="I am back").click()
    page.locator("#cj-desk[data-state=item]").wait_for()
    assert current(page) == number
    assert [one.kind for one in store.log(who="local", last=2)] == ["break_begun", "break_ended"]


def test_a_reminder_of_a_break_is_kept_for_the_person_and_shown(store, page):
    press(page, "?")
    page.locator("#cj-remind-items").fill("1")
    page.keyboard.press("Tab")
    until(page, lambda: store.preferences("local").break_items == 1)
    page.get_by_role("dialog", name="Keys").get_by_role("button", name="Close").click()
    assert "Time for a break?" not in page.locator("#cj-banner").inner_text()
    page.keyboard.press("n")
    page.keyboard.type("A drawing.")
    press(page, "Enter")
    assert "1 item and 0 minutes since your last one" in page.locator("#cj-banner").inner_text()
    page.get_by_role("button", name="Take a break").click()
    page.locator("#cj-desk[data-state=break]").wait_for()
    page.keyboard.press("q")
    page.locator("#cj-desk[data-state=item]").wait_for()
    assert "Time for a break?" not in page.locator("#cj-banner").inner_text()


def test_a_decided_item_becomes_a_case_from_the_line_the_recent_ones_and_the_desk(store, page):
    from judge.cases.reading import load_cases
    from judge.resources import shipped_constitutions
    from judge.review.workbench.draft import read

    def cases():
        policy = read(shipped_constitutions()["demo"].read_text(encoding="utf-8")).whole()
        file = store.folder / "constitutions" / "demo" / "demo.test.yaml"
        return load_cases(file, policy) if file.is_file() else ()

    numbers = []
    for _ in range(3):
        numbers.append(current(page))
        page.keyboard.press("n")
        page.keyboard.type("A drawing.")
        press(page, "Enter")
    toast = page.locator(".cj-toast", has_text=f"item {numbers[2]}.")
    toast.get_by_role("button", name="Make a case").click()
    settled(page)
    page.locator(".cj-toast", has_text=f"Item {numbers[2]} is a case now, in demo.test.yaml").wait_for()
    assert len(cases()) == 1
    page.keyboard.press("h")
    page.get_by_role("dialog", name="Recent decisions").get_by_role("button", name=f"Case of item {numbers[1]}").click()
    page.locator(".cj-toast", has_text=f"Item {numbers[1]} is a case now").wait_for()
    page.keyboard.press("h")
    page.get_by_role("dialog", name="Recent decisions").get_by_role(
        "button", name=f"Open item {numbers[0]}", exact=True
    ).click()
    page.wait_for_function(f"location.hash.startsWith('#/queue/item/{numbers[0]}')")
    settled(page)
    assert faults(page) == []
    press(page, "c")
    page.locator(".cj-toast", has_text=f"Item {numbers[0]} is a case now").wait_for()
    press(page, "c")
    page.locator(".cj-toast-bad", has_text=f"Item {numbers[0]} has a case already").wait_for()
    assert len(cases()) == 3
    assert [one.kind for one in store.log(kind="case_added")] == ["case_added"] * 3
    assert audit(store).problems == ()
