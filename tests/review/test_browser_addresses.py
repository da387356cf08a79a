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
