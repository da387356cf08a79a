"""Every screen on a phone, and what stands beside every tab: nothing beyond the edge, nothing under something that stays."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from judge.review.store import Decision, GoldReads, ReviewSettings, SecondReads, Store
from tests.conftest import ROOT
from tests.review.browsing import CHROMIUM, LONG, press, settled, visitor
from tests.review.filmed import judged
from tests.review.shelf import drawing, samples

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "reduced_motion": "reduce"}
UNBROKEN = "W" * 296 + ".png"  # nothing in it to break a line at
ARABIC = "صورة.png"
READER = "a-reader-with-a-name-of-forty-eight-letters-or-so"
CLIP = 4
FOUND = """() => {
  const meant = ".db-scroll, .cj-frames, #wb-code, #wb-code *, .cj-hidden, .cj-stage, .cj-track, svg, svg *, input, select";
  const kept = (one) => { for (let up = one; up && up !== document.body; up = up.parentElement) if (getComputedStyle(up).overflowX !== "visible") return true; return false; };
  return [...document.querySelectorAll("body *")].filter((one) => {
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    if (box.width < 2 || !one.checkVisibility({ visibilityProperty: true }) || one.matches(meant) || one.matches(".cj-skip")) return false;
    const crops = style.overflowX !== "visible" && style.textOverflow !== "ellipsis" && one.scrollWidth > one.clientWidth + 1;
    return crops || (box.right > innerWidth + 1 || box.left < -1) && !kept(one.parentElement);
  }).map((one) => `${one.tagName} ${one.id} ${one.className}`).slice(0, 4);
}"""

CLEAR = """(whole) => {  // at the end of the page it lies on nothing, and is one line until it is unfolded
  scrollTo(0, document.documentElement.scrollHeight);
  const over = document.getElementById("up-tray").getBoundingClientRect(), under = document.querySelector(whole).getBoundingClientRect();
  return over.top >= under.bottom - 1 && over.height < 60;
}"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Names that are long, names that run from right to left, a clip; one item that was decided otherwise than judged."""
    with Store.open(tmp_path_factory.mktemp("narrow")) as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        named = (("body-on-fire-violating.png", UNBROKEN), ("drugs-violating.png", ARABIC))
        for kept, name in (*named, ("explosive-violating.png", UNBROKEN)):
            verdict = samples()[kept].model_copy(update={"image": name})
            opened.add(verdict, drawing(kept), "batch")
        opened.take(3, READER)
        opened.decide(3, READER, Decision(action="no_violation", reason="n" * 200))
        assert opened.add(*judged(), "batch") == CLIP
        yield opened


@contextmanager
def phone(browser, address, at="/"):
    with visitor(browser, address, at=at, **PHONE) as page:
        yield page


def reaches(page, where):
    """What stands beyond the page's edge, or is cut off by it."""
    assert page.evaluate(FOUND) == [], where
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where


LOW = """name => [...document.querySelectorAll("#db-chart-reviewers .db-label")]
    .filter(one => one.textContent.includes(name))
    .some(one => 0 < one.getBoundingClientRect().height && one.getBoundingClientRect().height < 45)"""


def test_names_as_long_as_names_get_crop_nothing(browser, address):
    with phone(browser, address) as page:
        reaches(page, "queue")
        page.get_by_role("button", name="List and filters").click()
        page.locator("#cj-list .cj-item").first.wait_for()
        reaches(page, "list and filters")
        row = page.locator("#cj-list .cj-item").first.inner_text()
        assert "W…W" in row and "WWW.png ·" in row, "it is said that a name was cut, and what kind of file it is"
        assert page.locator("#cj-list bdi", has_text=ARABIC).count() == 1, "what follows it runs its own way"
        press(page, "h")
        page.locator(".cj-recent li").first.wait_for()
        reaches(page, "recent decisions")
        close = page.locator("#cj-recent").get_by_role("button", name="Close")
        assert close.bounding_box()["y"] < 844, "without going to the end of the list"
        close.click()
        page.get_by_role("tab", name="Dashboard").click()
        page.get_by_label("Items that came in").select_option("all")
        page.locator("#db-chart-reviewers .db-label").first.wait_for()
        reaches(page, "dashboard")
        page.wait_for_function(
            LOW, arg=READER
        )  # two lines at most, not one letter a line; asked of charts drawn anew, too
        page.locator("#db-chart-rules button.db-part").first.click()
        page.locator("#db-behind [data-item]").first.wait_for()
        reaches(page, "the items behind a bar")
        page.keyboard.press("Escape")
        page.get_by_role("tab", name="Team").click()
        page.locator(".tm-root h2").first.wait_for()
        reaches(page, "team")


def test_a_clip_is_revealed_without_scrolling(browser, address):
    with phone(browser, address, f"/#/queue/item/{CLIP}") as page:
        page.locator(".cj-frames img:not([hidden])").first.wait_for()
        bar = page.locator(".cj-actions").bounding_box()["y"]
        for name in ("Reveal", "Hold to peek"):
            box = page.get_by_role("button", name=name).first.bounding_box()
            assert box["y"] + box["height"] <= bar, f"{name} lies under what is decided with"
        name = page.locator(".cj-row-name", has_text="blue")
        assert name.evaluate("one => one.scrollWidth <= one.clientWidth"), "how long it holds is not cut off"


def test_the_workbench_opens_at_any_of_its_addresses(browser, address):
    """The editor comes after the rest of the page, and its text after that."""
    for panel, drawn in (("cases", "[data-kind=case]"), ("thresholds", "#wb-slide"), ("check", ".wb-finding")):
        with phone(browser, address) as page:
            page.goto("about:blank")
            page.goto(f"{address}/#/policy-workbench/{panel}")
            page.locator("#wb-state", has_text="loads").wait_for()
            if panel == "check":
                page.locator("#wb-code .cm-line", has_text="constitution: demo").first.click()
                page.keyboard.press("End")
                page.keyboard.type("  # x\nrulez: 1")
                page.locator("#wb-code [data-found=bad]").first.wait_for()
            page.locator(drawn).first.wait_for()
            assert not page.get_by_text("The draft does not load").is_visible(), panel
            reaches(page, panel)
            every = page.locator("#wb-panel [role=tab]")
            assert all(one.bounding_box()["x"] + one.bounding_box()["width"] <= 390 for one in every.all()), (
                "all in sight"
            )


@pytest.mark.parametrize("size", [(390, 844), (1280, 800)])
def test_what_became_of_uploads_covers_nothing_of_other_tabs(browser, address, size):
    width, height = size
    with visitor(browser, address, viewport={"width": width, "height": height}) as page:
        page.get_by_role("button", name="Judge an image").first.click()
        page.locator("#cj-file").set_input_files(ROOT / "examples/images/weapon-in-hand-violating.png")
        page.locator("#cj-upload-go").click()
        page.locator("#up-sum", has_text="1 judged").wait_for(timeout=LONG)
        for tab, whole, drawn in (
            ("Policy workbench", ".wb-row", ".wb-live p"),
            ("Dashboard", "#db-charts", "#db-chart-days"),
            ("Team", ".tm-root", "#tm-chosen, .tm-root h2"),
        ):
            page.get_by_role("tab", name=tab).click()
            page.locator(drawn).first.wait_for()
            page.wait_for_function(CLEAR, arg=whole)
        page.goto("about:blank")
        page.goto(f"{address}/#/policy-workbench/chains")
        page.locator("#wb-state", has_text="loads").wait_for()
        page.locator("#up-sum").wait_for()
        assert not page.locator("#up-fold").evaluate("one => one.open"), "at an address as after a click"
        page.locator("#up-sum").click()
        while page.locator("#up-list").get_by_role("button", name="Dismiss").count():
            page.locator("#up-list").get_by_role("button", name="Dismiss").first.click()
        page.locator("#up-tray").wait_for(state="hidden")
        page.get_by_role("tab", name="Queue").click()
        settled(page)
