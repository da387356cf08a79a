"""The panel that asks why, in a real Chromium: what is typed is text, and nothing is recorded but by Enter or a click."""

from __future__ import annotations

import pytest

from judge.review.store import Store
from tests.review.browsing import CHROMIUM, press, samples, serving, settled, visitor

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
TYPED = "not a weapon: visible knives are being sold, 2 of them"  # every letter of it is a shortcut somewhere


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("panel")) as opened:
        for verdict, image in samples():
            opened.add(verdict, image, "batch")
        yield opened


@pytest.fixture(scope="module")
def page(browser, store):
    with serving(store.folder) as address, visitor(browser, address) as opened:
        yield opened


def in_hand(page):
    return int(page.locator("[data-open][aria-current]").get_attribute("data-open"))


def said(store, number):
    """The decisions on an item, as (action, reason)."""
    return [(one.decision, one.reason) for one in store.log(item=number) if one.kind == "decision"]


@pytest.mark.parametrize(("key", "action"), [("n", "no_violation"), ("e", "escalate")])
def test_a_typed_reason_is_text_until_enter(store, page, key, action):
    number, before = in_hand(page), len(store.log())
    page.keyboard.press(key)
    page.keyboard.type(TYPED)
    settled(page)
    assert page.locator("#cj-reason").input_value() == TYPED
    assert (in_hand(page), len(store.log())) == (number, before), "typing recorded something"
    press(page, "Enter")
    assert said(store, number) == [(action, TYPED)]
    assert in_hand(page) != number


def test_letters_find_the_field_wherever_the_focus_is(store, page):
    number, before = in_hand(page), len(store.log())
    page.keyboard.press("n")
    page.locator("#cj-verdict").click()  # the focus leaves the field
    page.keyboard.type("vsu?rp")
    assert page.locator("#cj-reason").input_value() == "vsu?rp"
    assert page.get_by_role("button", name="Record").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("group", name="No violation: why?").count() == 0
    assert page.get_by_role("button", name="Record").is_hidden()
    assert page.locator("#cj-reason").input_value() == "", "it was said for no violation, and is nothing else's"
    assert (in_hand(page), len(store.log())) == (number, before)
    page.keyboard.press("e")
    assert page.locator("#cj-reason").input_value() == ""
    page.keyboard.type("Unclear")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    assert page.locator("#cj-reason").input_value() == "vsu?rp", "what was typed is kept"
    page.locator("[data-act=escalate]").click()
    assert page.locator("#cj-reason").input_value() == "Unclear"
    page.keyboard.press("Escape")
    assert page.locator("#cj-reason").input_value() == ""
    for key in ("n", "e"):
        page.keyboard.press(key)
        page.locator("#cj-reason").fill("")
        page.keyboard.press("Escape")


def test_reasons_are_chosen_by_digit_arrow_or_click(store, page):
    chosen = page.locator("#cj-panel [aria-selected=true]")
    number = in_hand(page)
    page.keyboard.press("n")
    page.keyboard.press("3")
    assert chosen.inner_text().endswith("The judge misread the picture.")
    page.keyboard.type(" knives")
    assert chosen.count() == 0, "a digit that goes on is a text"
    page.locator("#cj-reason").fill("3")
    press(page, "Enter")
    assert said(store, number) == [("no_violation", "The judge misread the picture.")]

    number = in_hand(page)
    page.keyboard.press("e")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    press(page, "Enter")
    assert said(store, number) == [("escalate", "The rule is unclear about this case.")]

    number = in_hand(page)
    page.locator("[data-act=no_violation]").click()
    page.get_by_role("option", name="An exception applies.").click()
    settled(page)
    assert said(store, number) == [("no_violation", "An exception applies.")]


def test_without_a_reason_nothing_is_recorded(store, page):
    number, before = in_hand(page), len(store.log())
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    assert "Say why first" in page.get_by_role("alert").inner_text()
    page.get_by_role("button", name="Cancel").click()
    assert (in_hand(page), len(store.log())) == (number, before)
    press(page, "s")
    assert in_hand(page) != number, "closed, the panel lets keys act again"


def test_an_escalation_names_only_rules_that_a_person_ticked(store, page):
    preselected = next(one.id for one in store.list() if one.state == "open" and store.verdict(one.id).violations)
    page.locator("#cj-list").evaluate(
        "(list, id) => { const row = list.querySelector('[data-open]'); row.dataset.open = id; row.click(); }",
        preselected,
    )
    settled(page)
    page.locator("#cj-work").focus()
    assert page.locator("#cj-decision input[name=rule]:checked").count()
    other = page.locator("#cj-decision input[name=rule]:not(:checked)").first
    name = other.get_attribute("value")
    for press_it, rules in ((False, ()), (True, (name,))):
        if press_it:
            press(page, "u")
            page.locator(f"#cj-decision input[name=rule][value={name}]").check()
            page.locator("#cj-work").focus()
        page.keyboard.press("e")
        page.keyboard.type("Unclear")
        press(page, "Enter")
        assert store.log(item=preselected, kind="decision")[-1].rules == rules
