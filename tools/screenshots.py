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

from benchmarks.clips import encoded
from judge import load_judge
from judge.review.access.logins import add_user
from judge.review.store import Role, Store
from judge.settings import ClipLimits, Settings
from tests.review.browsing import chromium, press, ready, serving, settled, sign_in

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screens"
DRAWINGS = FOLDER.parent.parent / "examples" / "images"
FILMED = (
    "body-on-fire-borderline-campfire",
    "body-on-fire-borderline",
    "body-on-fire-violating",
    "explosive-borderline",
)
DESKTOP, TABLET, ZOOMED, PHONE = (1440, 900), (1024, 768), (720, 450), (390, 844)


# Nothing is asked of the server, nothing moves, every picture is there, and nothing has changed for a while;
# the editor's caret blinks for ever.
QUIET, GIVEN_UP = 700, 60_000  # milliseconds
STILL = """async ([quiet, end]) => {
  const busy = () => document.querySelector("[aria-busy=true], .generating")
    || [...document.images].some((one) => one.checkVisibility() && !one.complete)
    || document.getAnimations().some((one) => one.playState === "running" && !caret(one.effect.target));
  const caret = (one) => one?.matches(".cm-cursorLayer");
  await document.fonts.ready;
  const began = performance.now();
  let since = began;
  const watching = new MutationObserver(() => { since = performance.now(); });
  watching.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  while (performance.now() - since < quiet) {
    if (performance.now() - began > end) throw new Error("the page never stands still");
    if (busy()) since = performance.now();
    await new Promise((go) => setTimeout(go, 50));
  }
  watching.disconnect();
}"""


def still(page: Page) -> None:
    """Wait until the page stands still; one that never does is an error, not a picture of it on the way."""
    page.evaluate(STILL, [QUIET, GIVEN_UP])


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


def _workbench(page: Page, panel: str = "check") -> None:
    page.get_by_role("tab", name="Policy workbench").click()
    page.locator("#wb-state", has_text="loads").wait_for()
    page.locator(f"#wb-tab-{panel}").click()


def _retyped(page: Page, line: str, word: str, new: str) -> None:
    page.locator("#wb-code .cm-line", has_text=line).first.click()
    page.keyboard.press("End")
    for _ in word:
        page.keyboard.press("Backspace")
    page.keyboard.type(new)
    page.locator("#wb-code .cm-scroller").evaluate("scroller => { scroller.scrollLeft = 0 }")


def _lint(page: Page) -> None:
    _workbench(page)
    _retyped(page, "status: enforce", "enforce", "enforced")
    _retyped(page, "statement: fire is visible", "fire is visible", "a nice big fire is visible")
    page.locator(".wb-error").first.wait_for()
    page.locator(".wb-finding button").first.click()


def _chains(page: Page) -> None:
    _workbench(page, "chains")


def _cases(page: Page) -> None:
    _workbench(page, "cases")
    page.get_by_role("button", name="Make a case of item").first.click()
    page.locator(".wb-case-list .wb-case").first.wait_for()


def _compare(page: Page) -> None:
    _workbench(page, "compare")
    _retyped(page, "status: enforce", "enforce", "shadow")
    page.locator("#wb-compare-choice").select_option("violation")
    page.locator("[data-kind=compare]").click()
    page.locator(".wb-flips").wait_for(timeout=120_000)


def _thresholds(page: Page) -> None:
    _workbench(page, "thresholds")
    slider = page.locator("#wb-slide")
    slider.press("End")
    slider.press("ArrowLeft")


def _save(page: Page) -> None:
    _workbench(page, "save")
    _retyped(page, "status: enforce", "enforce", "shadow")
    page.locator("#wb-why").fill("Watch fires for a week first")
    page.locator("[data-kind=propose]").click()
    page.locator("[data-kind=save]").wait_for()


def _dashboard(page: Page) -> None:
    page.get_by_role("tab", name="Dashboard").click()
    page.locator("#db-chart-branches .db-part").first.wait_for()


def _team(page: Page) -> None:
    sign_in(page, "ann", "correct horse")
    ready(page)
    page.get_by_role("tab", name="Team").click()
    page.locator("#tm-chosen").wait_for()


def _clip(page: Page) -> None:
    page.locator(".cj-frames img:not([hidden])").first.wait_for()
    page.locator(".cj-reel").wait_for(state="attached")


def _film_drawings(store: Store) -> None:
    """One item: a clip of shipped drawings that move, judged by the bundled model."""
    pictures: list[Image.Image] = []
    for name in FILMED:
        with Image.open(DRAWINGS / f"{name}.png") as opened:
            drawing = opened.convert("RGB").resize((384, 384))
        for step in range(18):
            pictures.append(Image.new("RGB", (640, 384), drawing.getpixel((2, 2))))
            pictures[-1].paste(drawing, (128 + 3 * (step - 9), 0))
    data = encoded(pictures)
    judge = load_judge("demo", Settings(clips=ClipLimits(frames=16)))
    store.add(judge.judge_clip(data, name="camp.mp4"), data, "batch")


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
    "workbench-check": (DESKTOP, _lint),
    "workbench-chains": (DESKTOP, _chains),
    "workbench-cases": (DESKTOP, _cases),
    "workbench-compare": (DESKTOP, _compare),
    "workbench-thresholds": (DESKTOP, _thresholds),
    "workbench-save": (DESKTOP, _save),
    "workbench-phone": (PHONE, _chains),
    "dashboard": (DESKTOP, _dashboard),
    "dashboard-phone": (PHONE, _dashboard),
}


def main(wanted: list[str]) -> None:
    """All screens, or those that are named."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, chromium() as browser:
        with serving(Path(data) / "open") as address:
            for name, (size, act) in SCREENS.items():
                if not wanted or name in wanted:
                    _both(browser, address, name, size, act)
        if not wanted or "clip" in wanted:
            with Store.open(Path(data) / "clips") as store:
                _film_drawings(store)
            with serving(Path(data) / "clips") as address:
                _both(browser, address, "clip", DESKTOP, _clip)
        if not wanted or {"login", "team"} & set(wanted):
            with Store.open(Path(data) / "closed") as store:
                for name, role in (("ann", Role.ADMIN), ("ben", Role.REVIEWER), ("pat", Role.POLICY)):
                    add_user(store, name, role, "correct horse", by="ann")
            with serving(Path(data) / "closed") as address:
                for name, act in (("login", _nothing), ("team", _team)):
                    if not wanted or name in wanted:
                        _both(browser, address, name, DESKTOP, act, waits="input[type=password]")


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
        still(page)
        with Image.open(io.BytesIO(page.screenshot())) as shot:
            shot.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
                FOLDER / f"{name}-{scheme}.png", optimize=True
            )
        context.close()


if __name__ == "__main__":
    main(sys.argv[1:])
