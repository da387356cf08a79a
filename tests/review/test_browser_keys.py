"""Keys of one's own in a real Chromium, kept by the server; one key that agrees with the judge; levels that stay."""

from __future__ import annotations

import pytest

from judge.review.store import Store
from tests.review.browsing import CHROMIUM, press, ready, samples, settled, visitor

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("keys")) as opened:
        for verdict, image in samples():
            opened.add(verdict, image, "batch")
        facts = verdict.image_facts.model_copy(update={"sha256": "0" * 64})
        left = {"verdict": "needs_review", "violations": (), "image_facts": facts, "image": "left.png"}
        opened.add(verdict.model_copy(update=left), None, "batch")
        yield opened


def in_hand(page):
    return int(page.locator("[data-open][aria-current]").get_attribute("data-open"))


def test_one_key_says_what_the_judge_said(store, browser, address):
    with visitor(browser, address) as page:
        for word in ("violation", "no_violation", "needs_review"):
            page.get_by_label("Verdict", exact=True).select_option(word)
            settled(page)
            number, before = in_hand(page), len(store.log())
            verdict = store.verdict(number)
            assert verdict.verdict == word
            page.locator(".cj-tick").nth(12).click()  # whatever is ticked
            page.keyboard.press("a")
            settled(page)
            if word == "needs_review":
                assert "nothing to agree with" in page.get_by_role("alert").inner_text()
                assert (in_hand(page), len(store.log())) == (number, before)
                continue
            said = store.log(last=1)[0]
            assert (said.item, said.decision, said.rules) == (number, word, verdict.violations)
            assert said.reason == "Agrees with the judge."


def test_examples_of_the_rule_in_question_stand_beside_the_item(store, browser, address):
    with visitor(browser, address) as page:
        page.get_by_label("Verdict", exact=True).select_option("violation")
        settled(page)
        block = page.get_by_role("region", name="Examples")
        first = block.get_by_label("Examples of").input_value()
        assert first in store.verdict(in_hand(page)).violations
        assert block.get_by_role("img", name="shielded").count() >= 1
        before = len(store.log())
        block.get_by_role("button", name="Reveal").click()
        block.get_by_role("button", name="Hide").wait_for()
        assert {one.kind for one in store.log()[before:]} == {"reveal"}
        block.get_by_label("Examples of").select_option("drugs")
        block.get_by_role("button", name="Reveal").wait_for()
        number = in_hand(page)
        press(page, "j")
        page.wait_for_function("rule => document.querySelector('#cj-examples-rule')?.value !== rule", arg="")
        assert in_hand(page) != number


def test_keys_and_levels_are_a_persons_own_and_stay(store, browser, address):
    with visitor(browser, address) as page:
        page.keyboard.press("?")
        sheet = page.get_by_role("dialog", name="Keys")
        shown = set(sheet.locator("[data-rebind]").evaluate_all("all => all.map(one => one.dataset.rebind)"))
        used = set(page.locator("[data-key]").evaluate_all("all => all.map(one => one.dataset.key)"))
        assert used <= shown, "the sheet has every key"
        change = sheet.get_by_role("button", name="Change the key: skip: it comes back later")
        change.click()
        page.keyboard.press("v")
        page.get_by_text("'v' is taken").wait_for()
        assert change.inner_text() == "S"
        change.click()
        page.keyboard.press(";")
        page.wait_for_function("document.querySelector('[data-rebind=skip]').innerText === ';'")
        page.keyboard.press("Escape")
        press(page, "w")
        press(page, ".")
        for _ in range(100):
            if store.preferences("local").blur == 1:
                break
            page.wait_for_timeout(50)
        page.reload()
        ready(page)
        assert page.locator("[data-act=skip]").inner_text().startswith(";")
        assert page.locator("#cj-grey").get_attribute("aria-pressed") == "true"
        assert page.locator("#cj-blur").inner_text() == "1"
        number, before = in_hand(page), len(store.log())
        press(page, "s")
        assert len(store.log()) == before, "the old key does nothing"
        press(page, ";")
        assert (store.log(last=1)[0].item, store.log(last=1)[0].decision) == (number, "skip")
        page.keyboard.press("?")
        page.get_by_role("button", name="All keys as they came").click()
        page.wait_for_function("document.querySelector('[data-rebind=skip]').innerText === 'S'")
