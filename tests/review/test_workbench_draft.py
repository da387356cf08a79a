"""A draft in a real Chromium: what is not saved is said, asked about, and still there after a reload; marks and words
where a mistake is; a tried threshold put into the text."""

from __future__ import annotations

import pytest

from judge.review.store import Decision, ReviewSettings, SecondReads, Store
from tests.review.browsing import CHROMIUM, LONG, serving, visitor
from tests.review.shelf import drawing, samples

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
IMAGES = ("body-on-fire-violating.png", "drugs-violating.png", "body-on-fire-borderline.png")
COSTUME = "explosive-violating.png"  # which people let pass


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("draft")) as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0.0)), "local")
        for name in (*IMAGES, COSTUME):
            verdict = samples()[name]
            item = opened.add(verdict, drawing(name), "batch")
            opened.take(item, "local")
            said = Decision(action=verdict.verdict, rules=verdict.violations, reason="As drawn.")
            opened.decide(item, "local", Decision(action="no_violation", reason="A toy.") if name == COSTUME else said)
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


def test_an_overridden_item_becomes_a_case_that_a_draft_breaks_or_mends_while_it_is_typed(page):
    page.locator("#wb-tab-cases").click()
    page.get_by_text("No cases yet.").wait_for()
    page.get_by_role("button", name="Make a case of item 4").click()
    page.locator("#wb-toasts").get_by_text("Item 4 is a case now: explosive: ok.").wait_for()
    case = page.locator("#wb-cases .wb-case")
    case.get_by_text("fails", exact=True).wait_for()
    assert page.get_by_text("People agree with the judge, or each of these has its case.").is_visible()
    find(page, "- id: explosive")
    typed(page, "- id: explosive", "s")
    case.get_by_text("mended", exact=True).wait_for()
    page.keyboard.press("Backspace")
    case.get_by_text("fails", exact=True).wait_for()
    typed(page, "- statement: explosives are visible", "a bird is visible", back=len("explosives are visible"))
    page.get_by_text("Would ask: a bird is visible.").wait_for()
    page.get_by_role("button", name="Ask the model").click()
    case.get_by_text("mended", exact=True).wait_for(timeout=LONG)
    typed(page, "- statement: a bird is visible", " in the picture")
    page.get_by_text("Would ask: a bird is visible in the picture.").wait_for()
    for _ in " in the picture":
        page.keyboard.press("Backspace")
    case.get_by_text("mended", exact=True).wait_for()
    assert page.get_by_role("button", name="Ask the model").count() == 0, "what was asked once is known"


def find(page, words):
    """Scroll the editor until a line is drawn."""
    page.locator("#wb-code .cm-scroller").evaluate(
        """async (one, words) => {
            for (let at = 0; at < one.scrollHeight; at += 200) {
                one.scrollTop = at;
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                const line = [...one.querySelectorAll(".cm-line")].find((each) => each.textContent.includes(words));
                if (line) { line.scrollIntoView({ block: "center" }); return; }
            }
        }""",
        words,
    )
