"""A clip under review in a real Chromium: its frames and ranges by key, by mouse and by touch; shielded, blind, decided."""

from __future__ import annotations

import pytest

from judge.review.audit import audit
from judge.review.store import Decision, GoldReads, ReviewSettings, SecondReads, Store
from tests.judging.clips.eyes import RED
from tests.review.browsing import CHROMIUM, in_hand, press, settled, visitor
from tests.review.filmed import judged

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
MANY = tuple(RED.replace("id: red", f"id: red-{number}") for number in range(1, 9))
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Three clips: one as it is, one whose file is gone, and one that somebody else has read first."""
    with Store.open(tmp_path_factory.mktemp("clips")) as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        verdict, data = judged()
        opened.add(verdict, data, "batch")
        cut, bytes_ = judged(name="gone.mp4", tail=("black",))
        opened.clip(opened.add(cut, bytes_, "batch")).unlink()
        opened.add(*judged(name="blind.mp4", tail=("red",)), "batch")
        opened.take(3, "somebody")
        opened.decide(3, "somebody", Decision(action="escalate", reason="I am not sure"))
        opened.add(*judged(*MANY, name="many.mp4", tail=("blue",)), "batch")
        yield opened


def at(page):
    return page.locator("#cj-film-at b").inner_text()


def made(page):
    """Wait until the frames have come."""
    page.locator(".cj-frames img:not([hidden])").first.wait_for()
    page.locator(".cj-reel").wait_for(state="attached")


def in_sight(page):
    """The frames that the stage shows, by what they are called."""
    return [one.get_attribute("alt") for one in page.locator("#cj-stage img:visible").all()]


def faults(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(one["id"], [each["html"][:200] for each in one["nodes"][:3]]) for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_clip_stands_there_with_its_frames_and_ranges(browser, address, scheme):
    with visitor(browser, address, viewport={"width": 1280, "height": 800}, color_scheme=scheme) as page:
        made(page)
        assert in_hand(page) == "colours.mp4"
        assert at(page) == "0:01.000", "the frame that tells most of a violation stands first"
        assert in_sight(page) == ["The clip under review at 0:01.000, shielded"]
        track = page.get_by_role("img", name="red: 0:01.000 to 0:02.000")
        assert track.count() == 1
        assert "1 s of at least 2 s" in page.locator(".cj-row", has_text="blue").inner_text()
        assert "looked at all of it" in page.locator(".cj-film").inner_text()
        assert page.get_by_role("button", name="0:01.000 to 0:02.000").count() == 1
        page.evaluate("for (const one of document.querySelectorAll('.cj-right details')) one.open = true")
        assert faults(page) == []
        page.keyboard.press("?")
        assert page.get_by_text("of a clip: the next frame").is_visible()


def test_however_many_rules_a_clip_violates_what_decides_it_is_in_sight(browser, address):
    with visitor(browser, address, at="/#/queue/item/4", viewport={"width": 1280, "height": 800}) as page:
        made(page)
        assert page.locator(".cj-row").count() == len(MANY)
        for name in ("violation", "no_violation", "escalate", "skip"):
            box = page.locator(f"#cj-decision .cj-actions [data-act={name}]").bounding_box()
            assert box["y"] + box["height"] <= 800, name
        assert page.locator("#cj-stage").bounding_box()["height"] >= 160
        last = page.locator(".cj-row").last
        last.scroll_into_view_if_needed()
        assert last.is_visible()


def test_keys_and_the_mouse_go_from_frame_to_frame_and_from_range_to_range(browser, address, store):
    with visitor(browser, address, viewport={"width": 1280, "height": 800}) as page:
        made(page)
        times = [one.get_attribute("data-at") for one in page.locator(".cj-frames button").all()]
        told = [
            one.get_attribute("data-at") for one in page.locator(".cj-frames [data-said]:not([data-said=''])").all()
        ]
        here = times.index("0:01.000")
        for key, place in (("l", here + 1), ("ArrowRight", here + 2), ("o", here + 1), ("ArrowLeft", here)):
            page.keyboard.press(key)
            assert at(page) == times[place], key
        assert "0:01.000, frame" in page.locator("#cj-live").inner_text()
        page.keyboard.press("y")
        assert at(page) == told[told.index("0:01.000") + 1]
        page.keyboard.press("x")
        assert at(page) == "0:01.000"
        page.locator(".cj-frames button").last.click()
        assert at(page) == times[-1] == "0:04.999"
        page.get_by_role("button", name="0:03.500 to 0:04.500").click()
        assert at(page).startswith("0:03.5")
        box = page.get_by_role("img", name="red: 0:01.000").bounding_box()
        page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
        assert at(page) == "0:00.000"
        assert store.log(kind="reveal") == (), "shielded frames were shown to nobody else"


def test_a_reveal_shows_the_frames_and_the_place_stays_and_a_decision_is_one_line(browser, address, store):
    with visitor(browser, address, viewport={"width": 1280, "height": 800}) as page:
        made(page)
        page.keyboard.press("l")
        here = at(page)
        press(page, "r")
        page.locator(".cj-original").wait_for()
        assert in_sight(page) == [f"The clip under review at {here}"]
        page.keyboard.press("l")
        assert in_sight(page) == [f"The clip under review at {at(page)}"] != [f"The clip under review at {here}"]
        press(page, "r")
        page.locator(".cj-original").wait_for(state="detached")
        assert "shielded" in in_sight(page)[0]
        assert [one.item for one in store.log(kind="reveal")] == [1]
        press(page, "a")
        line = store.log(item=1, kind="decision")[-1]
        assert (line.decision, line.rules) == ("violation", ("red",))
        press(page, "u")
        assert in_hand(page) == "colours.mp4"


def test_a_clip_whose_file_is_gone_says_so(browser, address, store):
    with visitor(browser, address, viewport={"width": 1280, "height": 800}) as page:
        page.locator("[data-open]", has_text="gone.mp4").click()
        settled(page)
        page.get_by_text("The frames of the clip cannot be shown").wait_for()
        press(page, "r")
        page.locator(".cj-toast-bad").wait_for()
        assert page.locator(".cj-original").count() == 0
        assert [one for one in store.log(kind="reveal") if one.item == 2] == []
        assert page.get_by_role("button", name="0:01.000 to 0:02.000").count() == 1, "the ranges are known"


def test_who_reads_blind_sees_even_frames_and_no_range(browser, address):
    with visitor(browser, address, viewport={"width": 1280, "height": 800}, at="/#/queue/item/3") as page:
        made(page)
        assert page.locator(".cj-verdict").inner_text().startswith("Blind read")
        assert page.locator(".cj-band").count() == 0
        times = [one.get_attribute("data-at") for one in page.locator(".cj-frames button").all()]
        assert (len(times), times[0], at(page)) == (12, "0:00.000", "0:00.000")
        assert "rules that must hold for a while: blue at least 2 s" in page.locator(".cj-film").inner_text()
        assert "red" not in page.locator(".cj-film").inner_text()


def test_on_a_phone_frames_are_tapped(browser, address):
    with visitor(browser, address, **PHONE) as page:
        made(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        first = at(page)
        page.get_by_role("button", name="Next frame").tap()
        assert at(page) != first
        page.locator(".cj-frames button").nth(1).tap()
        assert at(page) == page.locator(".cj-frames button").nth(1).get_attribute("data-at")
        for one in page.locator(".cj-frames button, .cj-film-head .cj-tool").all():
            box = one.bounding_box()
            assert min(box["width"], box["height"]) >= 43, "a finger does not meet it"


def test_the_log_is_whole_in_the_end(store):
    problems = audit(store).problems
    assert len(problems) == 1
    assert "the clip of item 2 is gone" in problems[0]
