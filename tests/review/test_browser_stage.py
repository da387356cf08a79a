"""The picture under review in a real Chromium: all of it is seen, whatever its shape, and it can be looked at closely."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image, ImageDraw

from judge.review.store import Store
from tests.review.browsing import CHROMIUM, press, samples, serving, settled, visitor

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
SHAPES = ((1600, 900), (1800, 600), (600, 1800), (2400, 1800), (64, 64))


def drawn(width, height):
    """A benign drawing with a mark in every corner."""
    picture = Image.new("RGB", (width, height), "lightblue")
    draw, side = ImageDraw.Draw(picture), min(width, height) // 8
    for left, top in ((0, 0), (width - side, 0), (0, height - side), (width - side, height - side)):
        draw.ellipse((left, top, left + side, top + side), fill="orange")
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    return buffer.getvalue()


def judged(width, height):
    """A shipped verdict, said of such a drawing."""
    verdict, image = samples()[0][0], drawn(width, height)
    sizes = {"sha256": hashlib.sha256(image).hexdigest(), "width": width, "height": height}
    facts = verdict.image_facts.model_copy(update=sizes)
    return verdict.model_copy(update={"image": f"{width}x{height}.jpg", "image_facts": facts}), image


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("stage")) as store:
        for shape in SHAPES:
            store.add(*judged(*shape), "batch")
        with serving(store.folder) as served:
            yield served


@pytest.fixture(scope="module")
def page(browser, address):
    with visitor(browser, address, viewport={"width": 1280, "height": 800}) as opened:
        yield opened


@pytest.fixture
def wide(page):
    """The page with the picture of 1600 x 900 revealed, shown whole."""
    page.locator("[data-open]", has_text="1600x900").click()
    settled(page)
    press(page, "r")
    page.locator(".cj-original").wait_for()
    yield page
    press(page, "r")
    page.locator(".cj-original").wait_for(state="hidden")  # or the next one would hide it by the same key


def box(page, selector="#cj-stage img"):
    return page.locator(selector).first.bounding_box()


def seen_whole(page, shape):
    """Whether the picture lies in its frame and in the window, with its own proportions."""
    frame, picture = box(page, "#cj-stage"), box(page)
    assert picture["width"] / picture["height"] == pytest.approx(shape[0] / shape[1], rel=0.02), "it is squeezed"
    for side, length in (("x", "width"), ("y", "height")):
        assert picture[side] >= frame[side] - 1, f"{side} is cut off"
        assert picture[side] + picture[length] <= frame[side] + frame[length] + 1, f"{length} is cut off"
    width, height = picture["width"], picture["height"]
    assert max(width / frame["width"], height / frame["height"]) > 0.9, "it could be larger"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (390, 844)])
def test_the_whole_picture_is_seen_shielded_and_revealed(browser, address, width, height):
    with visitor(browser, address, viewport={"width": width, "height": height}) as page:
        for shape in SHAPES:
            if page.locator("#cj-rail").is_hidden():
                page.get_by_role("button", name="List and filters").click()
            page.locator("[data-open]", has_text=f"{shape[0]}x{shape[1]}").click()
            settled(page)
            seen_whole(page, shape)
            press(page, "r")
            page.locator(".cj-original").wait_for()
            seen_whole(page, shape)


def test_zoom_pan_and_the_whole_picture_by_key_and_button(wide):
    whole = box(wide)
    wide.keyboard.press("z")
    assert box(wide)["width"] == pytest.approx(1600, rel=0.01), "100 %: a pixel of the file is one of the page"
    assert wide.locator("#cj-zoom").inner_text() == "100 %"
    before = box(wide)
    wide.keyboard.press("ArrowRight")
    assert box(wide)["x"] == pytest.approx(before["x"] - 60, abs=1)
    for _ in range(40):
        wide.keyboard.press("ArrowRight")
    frame, picture = box(wide, "#cj-stage"), box(wide)
    assert picture["x"] + picture["width"] >= frame["x"] + frame["width"] - 2, "it cannot be pushed out of sight"
    wide.keyboard.press("z")
    assert box(wide) == pytest.approx(whole)
    wide.keyboard.press("+")
    assert box(wide)["width"] == pytest.approx(1.4 * whole["width"], rel=0.01)
    wide.get_by_role("button", name="Zoom out").click()
    assert box(wide)["width"] == pytest.approx(whole["width"], rel=0.01)
    wide.get_by_role("button", name="Whole picture or 100 %").click()
    middle = box(wide, "#cj-stage")
    x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2
    before = box(wide)
    wide.mouse.move(x, y)
    wide.mouse.down()
    wide.mouse.move(x + 50, y - 20)
    wide.mouse.up()
    moved = box(wide)
    assert (moved["x"] - before["x"], moved["y"] - before["y"]) == pytest.approx((50, -20), abs=1)


def test_a_turned_picture_is_seen_whole(wide):
    wide.keyboard.press("t")
    seen_whole(wide, (900, 1600))
    wide.get_by_role("button", name="Rotate by a quarter").click()
    seen_whole(wide, (1600, 900))


def test_grey_and_blur_by_key_and_button(wide):
    look = "getComputedStyle(document.querySelector('#cj-stage img')).filter"
    assert wide.evaluate(look) == "none"
    wide.keyboard.press("w")
    assert wide.evaluate(look) == "grayscale(1)"
    wide.keyboard.press(".")
    weak = wide.evaluate(look)
    wide.get_by_role("button", name="More blur").click()
    strong = wide.evaluate(look)
    assert "blur" in weak and "blur" in strong and weak != strong
    assert wide.locator("#cj-blur").inner_text() == "2"
    wide.keyboard.press(",")
    wide.get_by_role("button", name="Less blur").click()
    wide.get_by_role("button", name="Grey", exact=True).click()
    assert wide.evaluate(look) == "none"


def lines_beside_buttons(page):
    """How many of three lines are left; each must be in sight, and on no button but its own."""
    for _ in range(3):
        page.keyboard.press("u")  # there is nothing to take back, and that is told
        settled(page)
    told = page.locator("#cj-toasts .cj-toast")
    on = """all => all.flatMap((one) => { const own = one.getBoundingClientRect();
        const seen = own.left >= 0 && own.top >= 0 && own.right <= innerWidth && own.bottom <= innerHeight;
        return [...document.querySelectorAll("#cj-desk button")].filter((other) => {
          const its = other.getBoundingClientRect();
          return its.width && !one.contains(other) && its.left < own.right && its.right > own.left
            && its.top < own.bottom && its.bottom > own.top; }).map((other) => other.innerText).concat(seen ? [] : ["out of sight"]); })"""
    assert told.evaluate_all(on) == []
    return told.count()


def test_full_screen_keeps_the_decision_and_its_keys(wide):
    small = box(wide, "#cj-stage")["width"]
    wide.keyboard.press("f")
    wide.wait_for_function("document.querySelector('#cj-stage').clientWidth > innerWidth - 60")
    assert box(wide, "#cj-stage")["width"] > small
    seen_whole(wide, (1600, 900))
    wide.keyboard.press("n")
    assert wide.get_by_role("group", name="No violation: why?").is_visible()
    wide.keyboard.press("Escape")
    assert lines_beside_buttons(wide) == 2
    wide.get_by_role("button", name="Full screen").click()
    wide.wait_for_function("document.fullscreenElement === null")
    assert box(wide, "#cj-stage")["width"] == pytest.approx(small, abs=2)


def test_the_next_item_begins_whole_and_upright(wide):
    wide.keyboard.press("t")
    wide.keyboard.press("+")
    wide.locator("[data-open]", has_text="600x1800").click()
    settled(wide)
    seen_whole(wide, (600, 1800))
    press(wide, "r")
