"""Workbench, dashboard and team as they look: what axe-core finds, zoom, motion, and empty, waiting and failing screens."""

from __future__ import annotations

import pytest

from judge.review.access.logins import add_user
from judge.review.store import Role, Store
from tests.review.browsing import CHROMIUM, serving, visitor
from tests.review.test_dashboard import seed

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("screens")) as opened:
        seed(opened, 24)
        add_user(opened, "ann", Role.ADMIN, PASSWORD, by="ann")
        add_user(opened, "bob", Role.REVIEWER, PASSWORD, by="ann")
        with serving(opened.folder) as served:
            yield served


def faults(page, where):
    from axe_playwright_python.sync_playwright import Axe

    found = []
    for _ in ("light", "dark"):
        page.evaluate("document.body.classList.toggle('dark')")
        axe = Axe().run(page, context=where, options={"resultTypes": ["violations"]})
        found += [(one["id"], [each["html"][:160] for each in one["nodes"][:3]]) for one in axe.response["violations"]]
    return found


def test_axe_finds_no_fault_on_any_screen_in_light_and_dark(browser, address):
    with visitor(browser, address, login=("ann", PASSWORD), reduced_motion="reduce") as page:
        page.get_by_role("tab", name="Dashboard").click()
        page.get_by_label("Items that came in").select_option("all")
        page.locator("#db-chart-rules button.db-part").first.wait_for()
        for one in page.locator(".db-table summary").all():
            one.click()
        assert faults(page, ".db-root") == []
        page.locator("#db-chart-rules button.db-part").first.click()
        page.locator("#db-behind [data-item]").first.wait_for()
        assert faults(page, "#db-behind") == []
        page.keyboard.press("Escape")
        page.get_by_role("tab", name="Team").click()
        page.locator("#tm-chosen").wait_for()
        assert faults(page, ".tm-root") == []
        page.get_by_role("tab", name="Policy workbench").click()
        page.locator("#wb-state", has_text="loads").wait_for()
        page.locator("#wb-code .cm-line", has_text="status: enforce").first.click(position={"x": 60, "y": 8})
        page.keyboard.press("End")
        page.keyboard.type("d")
        page.locator("#wb-code [data-found=bad]").wait_for()
        assert faults(page, "#wb-bar, #wb-here, .wb-finding") == []
        page.keyboard.press("Backspace")
        page.locator("#wb-state", has_text="loads").wait_for()
        for name in ("chains", "cases", "try", "compare", "thresholds", "save"):
            page.locator(f"#wb-tab-{name}").click()
            page.locator("#wb-panel:not([aria-busy])").wait_for()
        page.evaluate("document.querySelectorAll('.wb-right [data-for]').forEach((one) => { one.hidden = false; })")
        assert faults(page, ".wb-right") == [], "with every panel at once"
        moving = "[...document.getAnimations()].filter((one) => one.playState === 'running').length"
        assert page.evaluate(moving) == 0


def test_nothing_is_cut_off_at_twice_the_size_or_on_a_phone(browser, address):
    """A 1280 pixels wide window at 200 % is 640 wide."""
    with visitor(browser, address, login=("ann", PASSWORD), viewport={"width": 640, "height": 450}) as page:
        for width in (640, 390):
            page.set_viewport_size({"width": width, "height": 450})
            for name, drawn in (
                ("Dashboard", "#db-chart-days svg"),
                ("Team", "#tm-chosen"),
                ("Policy workbench", "#wb-panel"),
            ):
                page.get_by_role("tab", name=name).click()
                page.locator(drawn).first.wait_for()
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)


def test_empty_waiting_and_failing_screens_say_so(browser, tmp_path):
    with Store.open(tmp_path) as opened:
        add_user(opened, "ann", Role.ADMIN, PASSWORD, by="ann")
        opened.configure(opened.settings, "ann")
        seeded = opened.folder
    with serving(seeded) as served, visitor(browser, served, login=("ann", PASSWORD)) as page:
        held, holding = [], [True]
        page.route("**/gradio_api/**", lambda route: held.append(route) if holding else route.continue_())
        page.get_by_role("tab", name="Dashboard").click()
        page.get_by_text("Counting…").wait_for()
        assert page.locator(".db-waiting > div").count() == 5
        holding.clear()
        for one in held:
            one.continue_()
        page.locator("#db-chart-gold").get_by_text("No gold item was read during this time.").wait_for()
        dashes = "[...document.querySelectorAll('.db-none path')].map((one) => getComputedStyle(one).strokeDasharray)"
        assert set(page.evaluate(dashes)) == {"none"}, (
            "a drawing this small reads as a broken picture when it is dashed"
        )
        holding.append(True)
        page.clock.install()
        page.get_by_role("button", name="Count again").click()
        page.clock.fast_forward(31_000)
        page.get_by_role("alert").get_by_text("The server does not answer").wait_for()
        assert page.locator("#db-chart-gold").count() == 1, "what was counted stays"
        holding.clear()
        page.get_by_role("button", name="Try again").click()
        page.locator("#db-error").wait_for(state="hidden")
