"""Every screen by keyboard alone: Tab comes to every control and round again, each is in sight and marked while it has the
focus, and arrow keys go along rows of tabs."""

from __future__ import annotations

import pytest

from judge.review.access.logins import add_user
from judge.review.store import Role, Store
from tests.review.browsing import CHROMIUM, press, serving, visitor
from tests.review.tabbing import arrows, walk
from tests.review.test_dashboard import seed

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
ANN = ("ann", "correct horse")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("tabbing")) as opened:
        seed(opened, 24)
        add_user(opened, ANN[0], Role.ADMIN, ANN[1], by="ann")
        with serving(opened.folder) as served:
            yield served


@pytest.fixture(scope="module")
def page(browser, address):
    with visitor(browser, address, login=ANN, viewport={"width": 1280, "height": 800}) as opened:
        yield opened


def to_tab(page, name):
    """To a tab, by arrow keys from the one that is open."""
    page.locator("[role=tablist] [role=tab][aria-selected=true]").first.focus()
    for _ in range(4):
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"arrow keys do not come to {name}")


def test_the_walk_sees_what_cannot_be_reached_or_seen(browser):
    context = browser.new_context()
    page = context.new_page()
    page.set_content(
        "<style>:focus { outline: 2px solid } .bare:focus { outline: none }</style><button>one</button>"
        "<button class=bare>two</button><button style='position: fixed; top: -99px'>three</button>"
        "<button tabindex=0 id=four>four</button><select></select>"
        "<script>document.querySelector('select').addEventListener('focus', (event) => event.target.blur())</script>"
    )
    found = walk(page)
    assert (found["no mark"], found["out of sight"]) == (["button two"], ["button three"])
    assert found["missed"] == ["select"]
    page.set_content("<button onkeydown='event.preventDefault()'>one</button><button>two</button>")
    found = walk(page)
    assert (found["missed"], found["trap"]) == (["button two"], ["button one"])
    context.close()


def test_the_queue_and_its_panels(page):
    assert arrows(page) == []
    to_tab(page, "Queue")
    assert walk(page) == {}
    assert walk(page, back=True) == {}, "and backwards"
    for key, there in (("n", "#cj-panel[data-action]"), ("?", "#cj-keys"), ("h", "#cj-recent [data-show]")):
        page.locator("#cj-work").focus()
        press(page, key)
        page.locator(there).first.wait_for()
        assert walk(page) == {}, there
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Judge an image").focus()
    page.keyboard.press("Enter")
    page.locator("#cj-upload").wait_for()
    assert walk(page) == {}, "uploads"
    page.keyboard.press("Escape")


def test_the_queue_on_a_narrow_screen(page):
    """As at 400 %, with a keyboard: the list and the filters are folded, what is asked is a sheet."""
    to_tab(page, "Queue")
    page.set_viewport_size({"width": 390, "height": 844})
    assert walk(page) == {}
    page.get_by_role("button", name="List and filters").focus()
    page.keyboard.press("Enter")
    assert walk(page) == {}, "with the list"
    page.locator("#cj-work").focus()
    page.keyboard.press("n")
    assert walk(page) == {}, "with the sheet"
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_the_dashboard_and_the_items_behind_a_bar(page):
    to_tab(page, "Dashboard")
    page.get_by_label("Items that came in").select_option("all")
    bar = page.locator("#db-chart-rules button.db-part").first
    bar.wait_for()
    assert walk(page) == {}
    bar.focus()
    page.keyboard.press("Enter")
    page.locator("#db-behind [data-item]").first.wait_for()
    assert walk(page) == {}, "items behind a bar"
    page.keyboard.press("Escape")
    assert bar.evaluate("one => one === document.activeElement"), "one is where one was"


def test_the_team(page):
    to_tab(page, "Team")
    page.locator("#tm-chosen").wait_for()
    assert walk(page) == {}


def test_the_workbench_and_its_panels(page):
    to_tab(page, "Policy workbench")
    page.locator("#wb-state", has_text="loads").wait_for()
    assert arrows(page) == []
    to_tab(page, "Policy workbench")
    for name in ("check", "chains", "cases", "try", "compare", "thresholds", "save"):
        page.locator(f"#wb-tab-{name}").focus()
        page.keyboard.press("Enter")
        page.locator("#wb-panel:not([aria-busy])").wait_for()
        assert walk(page) == {}, name
