"""Panels of the workbench and ranges of the dashboard have addresses, in a real Chromium: shared, reloaded, gone back to."""

from __future__ import annotations

import pytest

from judge.review.store import Store
from tests.review.browsing import CHROMIUM, serving, visitor
from tests.review.test_dashboard import seed

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("addresses")) as opened:
        seed(opened, 24)
        with serving(opened.folder) as served:
            yield served


def at(page, wanted):
    page.wait_for_function("wanted => location.hash === wanted", arg=wanted)


def panel(page, name):
    """Wait until the panel of this name, and only it, is shown."""
    page.locator(f"#wb-tab-{name}[aria-selected=true]").wait_for()
    assert (
        page.locator("#wb-panel [role=tab][aria-selected=true], .wb-right [role=tab][aria-selected=true]").count() == 1
    )


def counted(page, days):
    page.wait_for_function("days => document.querySelector('#db-days')?.value === days", arg=days)
    text = page.locator(f"#db-days option[value='{days}']").inner_text()
    page.locator("#db-said", has_text=f"Counted: {text}.").wait_for(state="attached")


def test_places_can_be_gone_back_to_and_shared(browser, address):
    with visitor(browser, address) as page:

        def shared(place):
            page.goto("about:blank")
            page.goto(f"{address}/{place}")

        page.get_by_role("tab", name="Dashboard").click()
        counted(page, "30")
        at(page, "#/dashboard")
        page.get_by_label("Items that came in").select_option("7")
        counted(page, "7")
        at(page, "#/dashboard?days=7")
        page.get_by_label("Items that came in").select_option("all")
        counted(page, "all")
        page.get_by_role("tab", name="Policy workbench").click()
        page.locator("#wb-state", has_text="loads").wait_for()
        at(page, "#/policy-workbench")
        for name in ("chains", "try"):
            page.locator(f"#wb-tab-{name}").click()
            at(page, f"#/policy-workbench/{name}")
        page.go_back()
        panel(page, "chains")
        page.go_back()
        panel(page, "check")
        page.go_back()
        at(page, "#/dashboard?days=all")
        page.go_back()
        counted(page, "7")
        page.go_back()
        counted(page, "30")
        page.go_forward()
        counted(page, "7")
        page.reload()
        counted(page, "7")
        shared("#/policy-workbench/thresholds")
        panel(page, "thresholds")
        page.locator("#wb-state", has_text="loads").wait_for()
        page.get_by_role("tab", name="Queue").click()
        page.get_by_role("tab", name="Policy workbench").click()
        at(page, "#/policy-workbench/thresholds")
        shared("#/policy-workbench/nothing")
        panel(page, "check")
        shared("#/dashboard?days=999")
        counted(page, "30")


def opened(page, ref):
    page.wait_for_function("ref => document.querySelector('#wb-ref')?.value === ref", arg=ref)
    name = ref.split(":")[1].split("@")[0]
    page.locator("#wb-state", has_text=f"{name} ").wait_for()


def write(page, words):
    page.locator("#wb-code .cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type(words)
    page.locator("#wb-unsaved").wait_for()


def test_the_open_constitution_has_an_address_that_is_shared_and_gone_back_to(browser, address):
    with visitor(browser, address) as page:

        def shared(place):
            page.goto("about:blank")
            page.goto(f"{address}/{place}")

        page.get_by_role("tab", name="Policy workbench").click()
        opened(page, "shipped:demo")
        page.locator("#wb-ref").select_option("shipped:unsafe-diffusion")
        opened(page, "shipped:unsafe-diffusion")
        at(page, "#/policy-workbench?constitution=shipped:unsafe-diffusion")
        page.locator("#wb-tab-chains").click()
        at(page, "#/policy-workbench/chains?constitution=shipped:unsafe-diffusion")
        page.go_back()
        panel(page, "check")
        page.go_back()
        opened(page, "shipped:demo")
        at(page, "#/policy-workbench")
        page.go_forward()
        opened(page, "shipped:unsafe-diffusion")
        page.reload()
        opened(page, "shipped:unsafe-diffusion")
        shared("#/policy-workbench/chains?constitution=shipped:vhd11k")
        opened(page, "shipped:vhd11k")
        panel(page, "chains")
        at(page, "#/policy-workbench/chains?constitution=shipped:vhd11k")
        shared("#/policy-workbench?constitution=saved:nowhere@9.9.9")
        page.locator("#wb-toasts", has_text="no constitution saved:nowhere@9.9.9").wait_for()
        opened(page, "shipped:vhd11k")
        at(page, "#/policy-workbench?constitution=shipped:vhd11k")


def test_no_address_throws_edits_away_without_a_question(browser, address):
    with visitor(browser, address) as page:
        page.goto("about:blank")
        page.goto(f"{address}/#/policy-workbench?constitution=shipped:llavaguard")
        opened(page, "shipped:llavaguard")
        page.locator("#wb-ref").select_option("shipped:vhd11k")
        opened(page, "shipped:vhd11k")
        write(page, "# mine\n")
        page.go_back()
        dialog = page.get_by_role("dialog", name="Open another constitution?")
        dialog.get_by_role("button", name="Keep editing").click()
        at(page, "#/policy-workbench?constitution=shipped:vhd11k")
        assert page.locator("#wb-unsaved").is_visible()
        page.on("dialog", lambda one: one.accept())
        page.goto("about:blank")
        page.goto(f"{address}/#/policy-workbench?constitution=shipped:llavaguard")
        dialog.wait_for()
        assert page.locator("#wb-code").inner_text().count("# mine") == 1, "the edits are back, and asked about"
        dialog.get_by_role("button", name="Open and lose edits").click()
        opened(page, "shipped:llavaguard")
        at(page, "#/policy-workbench?constitution=shipped:llavaguard")
        assert not page.locator("#wb-unsaved").is_visible()
