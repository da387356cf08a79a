"""The rules to be ticked, in a real Chromium: the same key on every item, found by their words, folded with a count; on
a phone what is asked is a sheet from below."""

from __future__ import annotations

import hashlib

import pytest

from judge.review.store import Store
from judge.verdict import RuleOutcome
from tests.review.browsing import CHROMIUM, press, samples, serving, settled, visitor

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
MANY, VIOLATED = 200, 34


def crowded(number):
    """A verdict on a constitution of two hundred rules, of which 34 are violated, other ones on each item."""
    verdict = samples()[5][0]
    wrong = {(7 * number + 5 * place) % MANY for place in range(VIOLATED)}
    findings = tuple(
        verdict.findings[place % len(verdict.findings)].model_copy(
            update={
                "rule": f"rule-{place:03}",
                "text": f"No thing of the kind {place} may be shown." if place != 150 else "No balloon may be shown.",
                "outcome": RuleOutcome.VIOLATED if place in wrong else RuleOutcome.NOT_VIOLATED,
                "enforced": True,
            }
        )
        for place in range(MANY)
    )
    facts = verdict.image_facts.model_copy(update={"sha256": hashlib.sha256(b"%d" % number).hexdigest()})
    ids = tuple(one.rule for one in findings if one.outcome is RuleOutcome.VIOLATED)
    changes = {"findings": findings, "violations": ids, "verdict": "violation", "image": f"{number}.png"}
    return verdict.model_copy(update={**changes, "image_facts": facts, "shadow_violations": ()}), None


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("few")) as opened:
        for verdict, image in samples():
            opened.add(verdict, image, "batch")
        yield opened


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("many")) as opened:
        for number in range(6):
            opened.add(*crowded(number), "batch")
        yield opened


@pytest.fixture(scope="module")
def addresses(few, many):
    with serving(few.folder) as one, serving(many.folder) as other:
        yield one, other


def keys(page):
    """Digit: rule, as the page shows them."""
    chips = "all => all.filter(one => one.querySelector('kbd')).map(one => [one.querySelector('kbd').innerText, one.innerText])"
    return {key: text.split("\n")[-1] for key, text in page.locator(".cj-tick").evaluate_all(chips)}


def ticked(page):
    return page.locator("#cj-decision input[name=rule]:checked").evaluate_all("all => all.map(one => one.value)")


def test_a_rule_has_the_same_key_on_every_item_and_all_are_in_sight(browser, addresses):
    with visitor(browser, addresses[0], viewport={"width": 1280, "height": 800}) as page:
        seen = []
        for _ in range(6):
            seen.append(keys(page))
            assert page.locator(".cj-tick:visible").count() == 13
            assert page.locator("#cj-unfold").is_hidden()
            assert page.locator("#cj-tick-list").evaluate("one => one.scrollHeight <= one.clientHeight + 1")
            press(page, "j")
        assert all(one == seen[0] for one in seen[1:])
        assert list(seen[0]) == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"]
        before = ticked(page)
        page.keyboard.press("0")
        assert set(ticked(page)) ^ set(before) == {seen[0]["0"]}


def test_two_hundred_rules_fit_the_screen_and_are_found_by_their_words(many, browser, addresses):
    with visitor(browser, addresses[1], viewport={"width": 1280, "height": 800}) as page:
        wrong = list(many.item(1, "local").verdict.violations)
        assert ticked(page) == wrong and len(wrong) == VIOLATED
        assert page.locator(".cj-tick:visible").count() <= 16
        assert page.locator("#cj-ticked").inner_text() == "34 of 200"
        folded = page.get_by_role("button", name="more rules")
        hidden = MANY - page.locator(".cj-tick:visible").count()
        unseen = len(wrong) - page.locator(".cj-tick:visible input:checked").count()
        assert folded.inner_text() == f"Show {hidden} more rules, {unseen} of them ticked"
        assert page.locator("[data-open='1'] b").inner_text() == f"{', '.join(wrong[:3])} and 31 more"
        assert page.locator(".cj-left").bounding_box()["height"] < 800
        assert page.locator("#cj-verdict").bounding_box()["height"] < 250
        assert page.locator("#cj-rules").bounding_box()["height"] < 3000
        page.locator(".cj-rest summary").first.click()
        assert page.locator("#cj-rules .cj-rule").count() == MANY, "and nothing is lost"

        page.keyboard.press("/")
        page.keyboard.type("balloon")
        assert page.locator(".cj-tick:visible").all_inner_texts() == ["rule-150"]
        assert "rule-150" in page.locator("#cj-found").inner_text()
        page.keyboard.press("Enter")
        assert set(ticked(page)) ^ set(wrong) == {"rule-150"}
        page.keyboard.type("kind 19")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")  # an empty field: back to the keys
        chosen = ticked(page)
        press(page, "v")
        said = many.log(last=1)[0]
        assert (said.item, said.decision, set(said.rules)) == (1, "violation", set(chosen))
        folded.click()
        assert page.locator(".cj-tick:visible").count() == MANY


def test_on_a_phone_what_is_asked_is_a_sheet_that_a_finger_can_close(few, browser, addresses):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with visitor(browser, addresses[0], **phone) as page:
        before = len(few.log())

        def beside_picture(sheet):
            """The sheet lies at the bottom; at least two thirds of the picture are in sight above it."""
            box, picture = sheet.bounding_box(), page.locator("#cj-stage img").bounding_box()
            assert box["y"] + box["height"] == pytest.approx(844, abs=1)
            assert picture["y"] >= 0 and box["y"] > picture["y"] + picture["height"] * 2 / 3

        for action in ("no_violation", "escalate"):
            page.evaluate("scrollTo(0, 700)")
            page.locator(f"[data-act={action}]").tap()
            sheet = page.locator("#cj-panel[data-action]")
            beside_picture(sheet)
            for button in sheet.locator("button, [role=option]:visible").all():
                assert button.bounding_box()["height"] >= 44
            sheet.get_by_role("button", name="Cancel").tap()
            assert page.locator("#cj-panel[data-action]").count() == 0
        page.locator("#cj-decision input[name=rule]").evaluate_all("all => all.forEach(one => { one.checked = false })")
        page.locator("[data-act=violation]").first.tap()
        sheet = page.locator("#cj-ticks[data-sheet]")
        beside_picture(sheet)
        sheet.get_by_role("button", name="Cancel").tap()
        assert (page.locator("#cj-ticks[data-sheet]").count(), len(few.log())) == (0, before)

        number = int(page.locator("[data-open][aria-current]").get_attribute("data-open"))
        page.locator("[data-act=violation]").first.tap()
        sheet.get_by_text("drugs").tap()
        sheet.get_by_role("button", name="Record violation").tap()
        settled(page)
        said = few.log(last=1)[0]
        assert (said.item, said.decision, said.rules) == (number, "violation", ("drugs",))
        number = int(page.locator("[data-open][aria-current]").get_attribute("data-open"))
        page.locator("[data-act=no_violation]").tap()
        page.get_by_role("option", name="An exception applies.").tap()
        settled(page)
        said = few.log(last=1)[0]
        assert (said.item, said.decision, said.reason) == (number, "no_violation", "An exception applies.")
