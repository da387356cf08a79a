"""The policy workbench in a real Chromium: lint while typing, trials, comparisons, moved thresholds, saving, roles."""

from __future__ import annotations

import re

import pytest

from judge.review.access.logins import add_user
from judge.review.store import Decision, ReviewSettings, Role, SecondReads, Store
from tests.conftest import ROOT
from tests.review.browsing import CHROMIUM, LONG, visitor
from tests.review.shelf import drawing, samples

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
PASSWORD = "correct horse"
IMAGES = ("body-on-fire-violating.png", "drugs-violating.png", "body-on-fire-borderline.png", "explosive-violating.png")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("bench")) as opened:
        for name, role in (("ann", Role.ADMIN), ("bob", Role.REVIEWER)):
            add_user(opened, name, role, PASSWORD, by="ann")
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0.0)), "ann")
        for name in IMAGES:
            verdict = samples()[name]
            item = opened.add(verdict, drawing(name), "batch")
            opened.take(item, "ann")
            opened.decide(item, "ann", Decision(action=verdict.verdict, rules=verdict.violations, reason="As drawn."))
        yield opened


@pytest.fixture
def page(browser, address):
    with visitor(browser, address, login=("ann", PASSWORD)) as opened:
        at_work(opened)
        yield opened


def at_work(page):
    page.get_by_role("tab", name="Policy workbench").click()
    state(page, "demo 1.0.0 loads: 13 rules")


def state(page, words):
    page.locator("#wb-state", has_text=words).wait_for()


def panel(page, name):
    page.locator(f"#wb-tab-{name}").click()


def retype(page, line, old, new):
    """Put the caret at the end of a line and write `new` in place of its last word."""
    page.locator("#wb-code .cm-line", has_text=line).first.click()
    page.keyboard.press("End")
    for _ in old:
        page.keyboard.press("Backspace")
    page.keyboard.type(new)


def test_an_error_shows_its_line_and_goes_away(page):
    retype(page, "status: enforce", "", "d")
    state(page, "Does not load: 1 mistake")
    finding = page.locator(".wb-finding")
    assert "line 29" in finding.inner_text()
    assert "status: enforced" in finding.inner_text()
    finding.get_by_role("button", name="Go to line 29").click()
    page.locator("#wb-code .wb-found").wait_for()
    assert (
        page.evaluate(
            "(node => (node.nodeType === 1 ? node : node.parentElement).closest('.cm-line').textContent)(getSelection().anchorNode)"
        ).strip()
        == "status: enforced"
    )
    panel(page, "try")
    page.get_by_role("button", name="Judge", exact=True).click()
    assert "does not load" in page.locator("#wb-try-slot").get_by_role("alert").inner_text()
    panel(page, "check")
    retype(page, "status: enforced", "d", "")
    state(page, "demo 1.0.0 loads: 13 rules")
    assert finding.count() == 0


def test_chains_are_drawn_and_said_in_words(page):
    panel(page, "chains")
    rules = page.locator(".wb-rule")
    assert rules.count() == 13
    first = rules.first
    drawn = re.sub(r"\s+", " ", first.locator(".wb-flow").inner_text())
    assert (
        drawn == "when people are visible or animals are visible and fire is visible and the body is on fire violated"
    )
    said = first.get_by_text("Flagged when: people are visible or animals are visible; and fire is visible;")
    assert said.count() == 1
    assert first.get_by_text("people are visible and fire is visible, but the body is not on fire").count() == 1


def test_an_upload_is_tried_and_goes_nowhere(store, page):
    before = store.count().total
    panel(page, "try")
    page.set_input_files("#wb-file", str(ROOT / "examples/images" / IMAGES[0]))
    page.get_by_role("button", name="Judge this file").click()
    page.locator(".wb-tried.cj-violation").wait_for(timeout=LONG)
    assert "1 image judged: 1 violation" in page.locator("#wb-try-slot").inner_text()
    assert page.locator(".wb-tried details.cj-rule[open]", has_text="body-on-fire").count() == 1
    assert store.count().total == before


def test_two_versions_on_images_and_what_flips(page):
    retype(page, "status: enforce", "enforce", "shadow")
    state(page, "demo 1.0.0 loads")
    panel(page, "compare")
    page.get_by_label("How many").last.fill("4")
    page.locator("[data-kind=compare]").click()
    row = page.locator(".wb-flips tbody tr")
    row.wait_for(timeout=LONG)
    assert "1 of 4 images flip" in page.locator("#wb-compare-slot").inner_text()
    words = row.inner_text()
    assert "body-on-fire-violating.png" in words
    assert re.search(r"Violation\s+No violation\s+body-on-fire violated → shadow", words)
    assert "status: enforce → shadow" in page.locator(".wb-changes").inner_text()


def test_the_slider_moves_the_numbers(page):
    panel(page, "thresholds")
    slider = page.get_by_role("slider", name="Holds over")
    slider.wait_for()
    numbers = page.locator(".wb-tiles dd:nth-child(2)")
    assert numbers.all_inner_texts() == ["100 %", "100 %", "0 %", "0"]
    assert "recorded at 0.8" in page.locator("#wb-recorded").inner_text()
    slider.press("End")
    assert page.locator("#wb-value").inner_text() == "1"
    moved = numbers.all_inner_texts()
    assert moved[1] != "100 %"
    assert moved[2] != "0 %"
    assert moved[3] != "0"
    page.locator("#wb-rule").select_option("drugs")
    page.get_by_text("Of the rule's outcomes").wait_for()
    page.get_by_role("slider", name="Holds over").press("Home")
    assert page.locator("#wb-yaml").inner_text() == "thresholds: {prior_holds: 0}"


def test_edits_are_not_lost_without_asking(page):
    retype(page, "status: enforce", "enforce", "shadow")
    state(page, "loads")
    page.locator("#wb-ref").select_option("shipped:os-bench")
    question = page.get_by_role("dialog", name="Open another constitution?")
    question.get_by_role("button", name="Keep editing").click()
    page.wait_for_function("document.getElementById('wb-ref').value === 'shipped:demo'")
    page.locator("#wb-ref").select_option("shipped:os-bench")
    question.get_by_role("button", name="Open and lose edits").click()
    state(page, "os-bench 1.0.0 loads: 14 rules")


def test_a_reviewer_cannot_save(store, browser, address):
    with visitor(browser, address, login=("bob", PASSWORD)) as bob:
        at_work(bob)
        panel(bob, "save")
        assert bob.get_by_text("You can try changes, but not save them.").is_visible()
        bob.locator("#wb-save-slot").evaluate(
            "slot => slot.innerHTML = '<input id=wb-why value=mine><button type=button data-kind=propose>x</button><div id=wb-proposal></div>'"
        )
        bob.locator("[data-kind=propose]").click()
        refused = bob.locator("#wb-proposal").get_by_role("alert")
        refused.wait_for()
        assert "Bob is a reviewer and may not edit constitutions" in refused.inner_text()
    assert not (store.folder / "constitutions").exists()


def test_saving_shows_everything_first(store, page):
    retype(page, "status: enforce", "enforce", "shadow")
    state(page, "demo 1.0.0 loads")
    panel(page, "save")
    page.get_by_role("button", name="Show changes").click()
    page.get_by_text("A new version needs a line for its changelog").wait_for()
    page.get_by_label("What changed, and why").fill("Watch fires for a week first")
    page.keyboard.press("Enter")
    save = page.get_by_role("button", name="Save demo 1.1.0")
    save.wait_for()
    shown = page.locator(".wb-diff").first.inner_text()
    assert "-    status: enforce" in shown
    assert "+    status: shadow" in shown
    assert "+- Watch fires for a week first" in page.locator(".wb-diff").last.inner_text()
    assert not (store.folder / "constitutions").exists(), "nothing is written before it is confirmed"
    save.click()
    page.locator("#wb-toasts").get_by_text("Saved demo 1.1.0").wait_for()
    state(page, "demo 1.1.0 loads")
    assert page.locator("#wb-ref").input_value() == "saved:demo@1.1.0"
    text = (store.folder / "constitutions/demo/1.1.0.yaml").read_text()
    assert "version: 1.1.0" in text
    shipped = (ROOT / "constitutions/demo.yaml").read_text()
    assert text.count("status: shadow") == shipped.count("status: shadow") + 1
    entry = store.log(last=1)[0]
    assert (entry.who, entry.kind, entry.extra["version"]) == ("ann", "constitution_saved", "1.1.0")
    assert entry.reason == "Watch fires for a week first"


@pytest.mark.parametrize("width", [720, 320])
def test_nothing_is_cut_off_when_zoomed(browser, address, width):
    """A 1440 pixels wide window at 200 % is 720 wide, a 1280 one at 400 % is 320."""
    size = {"width": width, "height": 480}
    with visitor(browser, address, login=("ann", PASSWORD), viewport=size, color_scheme="dark") as page:
        at_work(page)
        for name in ("chains", "compare", "thresholds", "save"):
            panel(page, name)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
