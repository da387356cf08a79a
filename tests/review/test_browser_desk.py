"""The desk in a real Chromium, one person at it: shield and reveal, decisions by keyboard, undo, filters, uploads."""

from __future__ import annotations

import base64
import re
import time
import urllib.error
import urllib.request

import pytest

from judge.review.shield import revealed
from judge.review.store import Store
from tests.conftest import ROOT
from tests.review.browsing import CHROMIUM, press, samples, settled, visitor

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
READ = re.compile("json|html")  # the other answers are scripts, pictures, and a stream that never ends
EVIL = "<img src=x onerror=\"document.body.dataset.evil='yes'\">.png"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("desk")) as opened:
        shown = samples()
        for number, (verdict, image) in enumerate(shown):
            opened.add(verdict.model_copy(update={"image": EVIL} if number == 20 else {}), image, "batch")
        yield opened


@pytest.fixture
def page(browser, address):
    with visitor(browser, address) as opened:
        yield opened


def item_of(store, page):
    """The id of the item in hand, and its bytes."""
    number = int(page.locator("[data-open][aria-current]").get_attribute("data-open"))
    return number, store.image(number)


def choose(page, label, value):
    page.get_by_label(label, exact=True).select_option(value)
    settled(page)


def last(store):
    return store.log(last=1)[0]


def test_the_original_is_sent_on_a_recorded_reveal_only(store, browser, address):
    with visitor(browser, address) as page:
        bodies = []
        page.goto("about:blank")  # the bodies of a page that is left cannot be read
        page.on("response", lambda one: bodies.append(one))
        page.goto(address)
        page.locator("#cj-desk[data-state=item]").wait_for()
        number, image = item_of(store, page)
        secrets = [base64.b64encode(data).decode()[200:400] for data in (image, revealed(image, 1600))]
        before = len(store.log(item=number))
        received = "".join(one.text() for one in bodies if READ.search(one.headers.get("content-type", "")))
        assert "data:image/jpeg" in received, "the shielded picture should be among the responses"
        assert not any(secret in received + page.content() for secret in secrets)

        press(page, "r")
        page.locator(".cj-original").wait_for()
        assert secrets[1] in page.locator("#cj-stage img").get_attribute("src")
        assert [one.kind for one in store.log(item=number)[before:]] == ["reveal"]
        press(page, "r")
        assert page.locator(".cj-original").count() == 0
        assert secrets[1] not in page.content()

        page.keyboard.down("p")
        page.locator(".cj-original").wait_for()
        page.keyboard.up("p")
        page.locator(".cj-original").wait_for(state="detached")
        assert [one.kind for one in store.log(item=number)[before:]] == ["reveal", "reveal"]


def test_the_next_item_is_shielded_again(store, page):
    press(page, "r")
    page.locator(".cj-original").wait_for()
    press(page, "j")
    number, _ = item_of(store, page)
    assert page.locator(".cj-original").count() == 0
    assert "reveal" not in {one.kind for one in store.log(item=number)}

    peek = page.get_by_role("button", name="Hold to peek").bounding_box()
    page.mouse.move(peek["x"] + 9, peek["y"] + 9)
    page.mouse.down()
    page.locator(".cj-original").wait_for()
    page.mouse.up()
    page.locator(".cj-original").wait_for(state="detached")
    assert sorted(one.kind for one in store.log(item=number)) == ["added", "reveal"]


def test_no_file_is_served(store, address):
    sha256 = store.list(limit=1)[0].image_sha256
    kept = store.folder / "images" / sha256[:2] / sha256
    assert kept.is_file()
    for path in (kept, store.folder / "review.sqlite", ROOT / "app.py", "/etc/passwd"):
        with pytest.raises(urllib.error.HTTPError, match=r"403|404"):
            urllib.request.urlopen(f"{address}/gradio_api/file={path}", timeout=10)


def test_a_closed_page_gives_its_item_back(store, browser, address):
    with visitor(browser, address) as page:
        number = item_of(store, page)[0]
        assert store.item(number, "local").lease is not None
    for _ in range(100):
        if store.item(number, "local").lease is None:
            return
        time.sleep(0.2)
    pytest.fail("the lease outlives its page")


def test_decisions_by_keyboard_and_undo(store, page):
    choose(page, "Verdict", "violation")
    number, _ = item_of(store, page)
    ticked = page.locator("#cj-decision input:checked").evaluate_all("all => all.map(one => one.value)")
    assert ticked == list(store.item(number, "local").verdict.violations), "the judge's rules are ticked"

    press(page, "v")
    said = last(store)
    assert (said.item, said.decision, list(said.rules)) == (number, "violation", ticked)
    second, _ = item_of(store, page)
    assert second != number, "the next item comes by itself"
    assert f"Item {second}" in page.locator("#cj-live").inner_text()

    press(page, "u")
    assert item_of(store, page)[0] == number
    assert (last(store).kind, last(store).supersedes) == ("undo", said.seq)

    page.keyboard.press("n")
    assert page.get_by_role("group", name="No violation: why?").is_visible()
    page.keyboard.press("2")
    press(page, "Enter")
    assert (last(store).item, last(store).decision) == (number, "no_violation")
    assert last(store).reason == "An exception applies."

    page.keyboard.press("i")
    page.keyboard.type("v n s, and more")  # letters in a text box are text
    assert item_of(store, page)[0] == second
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    press(page, "Enter")
    assert (last(store).item, last(store).decision, last(store).reason) == (second, "escalate", "v n s, and more")
    third, _ = item_of(store, page)
    press(page, "s")
    assert (last(store).item, last(store).decision) == (third, "skip")


def test_a_violation_needs_a_rule(store, page):
    for box in page.locator("#cj-decision input:checked").all():
        box.uncheck()
    number, before = item_of(store, page)[0], last(store)
    page.keyboard.press("v")
    assert "Tick the rules" in page.get_by_role("alert").inner_text()
    assert item_of(store, page)[0] == number
    assert last(store) == before
    page.keyboard.press("1")
    press(page, "v")
    assert len(last(store).rules) == 1
    assert (last(store).item, last(store).decision) == (number, "violation")


def test_filters_narrow_list_and_queue(store, page):
    choose(page, "Rule", "drugs")
    page.wait_for_function("document.querySelectorAll('[data-open]').length < 5")
    for row in page.locator("[data-open]").all():
        verdict = store.item(int(row.get_attribute("data-open")), "local").verdict
        touched = {one.rule for one in verdict.findings if one.outcome in ("violated", "undecided")}
        assert "drugs" in touched
    page.get_by_label("from", exact=True).fill("0.9")
    page.get_by_label("to", exact=True).fill("0.1")
    page.keyboard.press("Tab")
    page.get_by_text("The lower score is above the upper one").wait_for()
    page.get_by_role("button", name="Clear filters").first.click()
    page.wait_for_function("document.querySelectorAll('[data-open]').length > 9")


def test_neighbours_in_the_list(store, page):
    first = item_of(store, page)[0]
    press(page, "j")
    second = item_of(store, page)[0]
    assert store.item(second, "local").lease.reviewer == "local"
    assert store.item(first, "local").lease is None, "the item left is given back"
    press(page, "k")
    assert item_of(store, page)[0] == first


def test_a_lost_lease_is_told_and_the_next_item_comes(store, page):
    number = item_of(store, page)[0]
    store.release(number, "local")
    store.take(number, "somebody else")
    page.keyboard.press("n")
    page.keyboard.press("1")
    press(page, "Enter")
    assert f"Item {number} is no longer yours" in page.locator("#cj-toasts").inner_text()
    assert item_of(store, page)[0] != number
    assert [one.kind for one in store.log(item=number) if one.who == "local" and one.kind == "decision"] == []
    store.release(number, "somebody else")


def test_texts_of_items_are_no_markup(page):
    assert page.locator("#cj-list").get_by_text("<img src=x").count() == 1
    assert page.evaluate("document.body.dataset.evil") is None


def test_a_gold_item_is_marked_by_keyboard(store, page):
    number, _ = item_of(store, page)
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.keyboard.press("1")
    press(page, "Enter")
    assert store.item(number, "local").gold
    assert item_of(store, page)[0] != number
    press(page, "u")
    assert not store.item(number, "local").gold
    assert item_of(store, page)[0] == number
    assert not page.locator("#cj-gold").is_checked()


def test_the_sheet_of_keys_and_how_to_turn_them_off(store, page):
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    assert sheet.is_visible()
    sheet.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    assert not sheet.is_visible()
    number, _ = item_of(store, page)
    before = len(store.log(item=number))
    page.keyboard.press("r")
    page.get_by_role("button", name="Skip").click()
    settled(page)
    assert item_of(store, page)[0] != number, "buttons act as before"
    assert [one.decision for one in store.log(item=number)[before:]] == ["skip"], "and no reveal"


@pytest.mark.parametrize("width", [720, 320])
def test_nothing_is_cut_off_when_zoomed(browser, address, width):
    """A 1440 pixels wide window at 200 % is 720 wide, a 1280 one at 400 % is 320."""
    with visitor(browser, address, viewport={"width": width, "height": 480}, color_scheme="dark") as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.get_by_role("button", name="No violation").is_visible()
        assert page.get_by_role("tab", name="Dashboard").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(browser, address, scheme):
    """Names, roles, labels, contrast: what axe-core checks, on the item with everything unfolded and on each overlay."""
    from axe_playwright_python.sync_playwright import Axe

    def faults():
        return [(one["id"], one["nodes"][0]["target"]) for one in Axe().run(page).response["violations"]]

    with visitor(browser, address, color_scheme=scheme) as page:
        choose(page, "Verdict", "violation")
        page.locator("#cj-desk").evaluate("desk => desk.querySelectorAll('details').forEach(one => one.open = true)")
        assert faults() == []
        page.keyboard.press("e")
        assert faults() == []
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        assert faults() == []
