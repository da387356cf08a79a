"""Photographs every screen of the review app, in light and dark, into docs/screens: `python -m tools.screenshots`.

Needs a Chromium. The app runs on the shipped samples in a folder that is thrown away.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from judge.review.access import add_user
from judge.review.store import Role, Store
from tests.review.browsing import chromium, press, ready, serving, settled

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screens"
DESKTOP, TABLET, ZOOMED, PHONE = (1440, 900), (1024, 768), (720, 450), (390, 844)


def _violation(page: Page) -> None:
    page.get_by_label("Verdict", exact=True).select_option("violation")
    settled(page)


def _revealed(page: Page) -> None:
    _violation(page)
    press(page, "r")
    page.locator(".cj-original").wait_for()


def _why(page: Page) -> None:
    _violation(page)
    page.keyboard.press("n")


def _keys(page: Page) -> None:
    page.keyboard.press("?")


def _upload(page: Page) -> None:
    page.get_by_role("button", name="Judge an image").first.click()
    page.locator("#cj-upload").wait_for()


def _empty(page: Page) -> None:
    page.get_by_label("Constitution", exact=True).first.select_option("demo")
    page.get_by_label("from", exact=True).fill("0.999")
    page.get_by_label("to", exact=True).fill("1")
    page.keyboard.press("Tab")
    page.locator("#cj-desk[data-state=empty]").wait_for()


def _nothing(page: Page) -> None:
    pass


SCREENS: dict[str, tuple[tuple[int, int], Callable[[Page], None]]] = {
    "queue": (DESKTOP, _violation),
    "revealed": (DESKTOP, _revealed),
    "why": (DESKTOP, _why),
    "keys": (DESKTOP, _keys),
    "upload": (DESKTOP, _upload),
    "empty": (DESKTOP, _empty),
    "tablet": (TABLET, _nothing),
    "zoomed": (ZOOMED, _nothing),
    "phone": (PHONE, _nothing),
}


def main(wanted: list[str]) -> None:
    """All screens, or those that are named."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, chromium() as browser:
        with serving(Path(data) / "open") as address:
            for name, (size, act) in SCREENS.items():
                if not wanted or name in wanted:
                    _both(browser, address, name, size, act)
        if not wanted or "login" in wanted:
            with Store.open(Path(data) / "closed") as store:
                add_user(store, "ann", Role.ADMIN, "correct horse", by="ann")
            with serving(Path(data) / "closed") as address:
                _both(browser, address, "login", DESKTOP, _nothing, waits="input[type=password]")


def _both(
    browser: Browser, address: str, name: str, size: tuple[int, int], act: Callable[[Page], None], waits: str = ""
) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        page = context.new_page()
        page.goto(address)
        if waits:
            page.locator(waits).wait_for()
        else:
            ready(page)
        act(page)
        page.wait_for_timeout(400)
        with Image.open(io.BytesIO(page.screenshot())) as shot:
            shot.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(
                FOLDER / f"{name}-{scheme}.png", optimize=True
            )
        context.close()


if __name__ == "__main__":
    main(sys.argv[1:])
