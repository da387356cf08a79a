"""A draft in a real Chromium: what is not saved is said, asked about, and still there after a reload; marks and words
where a mistake is; a tried threshold put into the text."""

from __future__ import annotations

import pytest

from judge.review.store import Decision, Store
from tests.review.browsing import CHROMIUM, LONG, serving, visitor
from tests.review.shelf import drawing, samples

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
IMAGES = ("body-on-fire-violating.png", "drugs-violating.png", "body-on-fire-borderline.png")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("draft")) as opened:
        for name in IMAGES:
            verdict = samples()[name]
            item = opened.add(verdict, drawing(name), "batch")
            opened.take(item, "local")
            opened.decide(item, "local", Decision(action=verdict.verdict, rules=verdict.violations, reason="As drawn."))
        with serving(opened.folder) as served:
            yield served


@pytest.fixture
def page(browser, address):
    with visitor(browser, address) as opened:
        at_work(opened)
        yield opened


def at_work(page, state="demo 1.0.0 loads: 13 rules"):
    page.get_by_role("tab", name="Policy workbench").click()
    page.locator("#wb-state", has_text=state).wait_for()


def typed(page, line, text, back=0):
    """Write at the end of a line, in place of its last letters."""
    page.locator("#wb-code .cm-line", has_text=line).first.click(position={"x": 60, "y": 8})
    page.keyboard.press("End")
    for _ in range(back):
        page.keyboard.press("Backspace")
    page.keyboard.type(text)


def test_a_draft_survives_a_reload_that_was_asked_about(page, browser, address):
    unsaved, asked = page.locator("#wb-unsaved"), []
    assert unsaved.is_hidden()
    page.locator("#wb-ref").select_option("shipped:os-bench")
    page.locator("#wb-state", has_text="os-bench 1.0.0 loads: 14 rules").wait_for()
    page.locator("#wb-code .cm-line").first.click(position={"x": 60, "y": 8})
    page.keyboard.press("Control+Home")
    page.keyboard.type("# mine\n")
    unsaved.get_by_text("Unsaved edits").wait_for()
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked == ["beforeunload"]
    at_work(page, "os-bench 1.0.0 loads: 14 rules")
    page.locator("#wb-code .cm-line", has_text="# mine").wait_for()
    assert page.locator("#wb-ref").input_value() == "shipped:os-bench"
    assert "brought back from" in unsaved.inner_text()
    later = page.context.new_page()  # as after the browser was closed: nothing of the tab is left
    later.goto(address)
    at_work(later, "os-bench 1.0.0 loads: 14 rules")
    later.locator("#wb-code .cm-line", has_text="# mine").wait_for()
    later.close()
    page.get_by_role("button", name="Discard").click()
    question = page.get_by_role("dialog", name="Discard the edits?")
    question.get_by_role("button", name="Keep editing").click()
    assert unsaved.is_visible()
    page.get_by_role("button", name="Discard").click()
    question.get_by_role("button", name="Discard edits").click()
    unsaved.wait_for(state="hidden")
    assert page.locator("#wb-code .cm-line", has_text="# mine").count() == 0
    page.reload()
    at_work(page, "os-bench 1.0.0 loads: 14 rules")
    assert unsaved.is_hidden()
    assert asked == ["beforeunload"], "nobody asks where nothing would be lost"


def test_an_edit_taken_back_is_no_edit(page):
    typed(page, "status: enforce", "d")
    page.locator("#wb-unsaved").wait_for()
    page.keyboard.press("Backspace")
    page.locator("#wb-unsaved").wait_for(state="hidden")


def test_mistakes_are_marked_beside_their_line_and_said_in_plain_words(page):
    typed(page, "status: enforce", "d")
    marks = page.locator("#wb-code .cm-gutterElement[data-found=bad]")
    marks.wait_for()
    assert marks.all_inner_texts() == ["29"]
    words = page.locator("#wb-here [role=status]")
    page.get_by_text("Line 29: `enforced` is no status. Did you mean `enforce`?").wait_for()
    assert "`enforced` is no status" in marks.get_attribute("title")
    page.keyboard.press("Control+Home")
    words.get_by_text("1 line to look at.").wait_for()
    page.keyboard.press("F8")
    words.get_by_text("Line 29:").wait_for()
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    marks.wait_for(state="detached")
    assert page.locator("#wb-here button").is_hidden()
    page.keyboard.type(": x")
    words.get_by_text("A colon where none can stand. Put a text with a colon in quotes").wait_for()


def test_compare_names_the_changed_status_and_its_columns_wrap(page):
    typed(page, "status: enforce", "shadow", back=7)
    page.locator("#wb-tab-compare").click()
    page.get_by_label("How many").last.fill("3")
    page.locator("[data-kind=compare]").click()
    row = page.locator(".wb-flips tbody tr")
    row.wait_for(timeout=LONG)
    said = row.locator("td").last.inner_text()
    assert "status changed: enforce → shadow" in said
    assert "holds" not in said
    for width in (1280, 1920, 390):
        page.set_viewport_size({"width": width, "height": 900})
        cut = "one => [one.scrollWidth - one.clientWidth, one.getBoundingClientRect().right > innerWidth]"
        assert page.locator(".wb-card:has(.wb-flips)").evaluate(cut) == [0, False], width


def test_a_tried_threshold_is_put_into_the_draft(page):
    page.locator("#wb-tab-thresholds").click()
    page.locator("#wb-rule option[value=drugs]").wait_for(state="attached")
    page.locator("#wb-rule").select_option("drugs")
    page.get_by_text("Of the rule's outcomes").wait_for()
    page.get_by_role("slider", name="Holds over").press("Home")
    page.get_by_role("button", name="Put 0 into the draft").click()
    page.locator("#wb-toasts").get_by_text("prior_holds is 0 in drugs of the draft.").wait_for()
    page.locator("#wb-unsaved").wait_for()
    page.locator("#wb-tab-compare").click()
    page.get_by_label("How many").last.fill("1")
    page.locator("[data-kind=compare]").click()
    changes = page.locator(".wb-changes")
    changes.wait_for(timeout=LONG)
    assert "drugs" in changes.inner_text() and "prior_holds" in changes.inner_text()
