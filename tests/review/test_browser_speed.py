"""From one item to the next with 10,000 in the queue, from the key press to the new item on the screen."""

from __future__ import annotations

import hashlib
import io
import statistics

import pytest
from PIL import Image

from judge.review.store import Store
from tests.review.browsing import CHROMIUM, samples, serving, visitor

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")]
ITEMS, STEPS, WITH_IMAGE = 10_000, 15, 60
GENEROUS = 1500  # milliseconds, for the busiest machine; idle ones stay under 150

TIMED = """() => {
  window.steps = []; let pressed = 0;
  document.addEventListener('keydown', (event) => { if (event.key === 's') pressed = performance.now(); }, true);
  new MutationObserver(() => {
    const since = pressed; pressed = 0;
    if (since) requestAnimationFrame(() => requestAnimationFrame(() => window.steps.push(performance.now() - since)));
  }).observe(document.querySelector('#cj-stage'), { childList: true });
}"""


def crowd():
    """Verdicts on as many images; the first ones with an image of 1280 x 960, because those are the ones shown."""
    base = [verdict for verdict, _ in samples()]
    for number in range(ITEMS):
        verdict, image = base[number % len(base)], None
        if number < WITH_IMAGE:
            buffer = io.BytesIO()
            Image.linear_gradient("L").resize((1280, 960)).rotate(number).save(buffer, "JPEG")
            image = buffer.getvalue()
        else:  # not shown, and sixteen findings each take long to store
            verdict = verdict.model_copy(update={"findings": verdict.findings[:1]})
        facts = verdict.image_facts.model_copy(update={"sha256": hashlib.sha256(image or b"%d" % number).hexdigest()})
        yield verdict.model_copy(update={"image": f"{number}.jpg", "image_facts": facts}), image


def test_the_next_item_comes_at_once(tmp_path, browser):
    with Store.open(tmp_path) as store:
        assert sum(1 for _ in store.add_many(crowd(), "batch")) == ITEMS
        with serving(tmp_path) as address, visitor(browser, address) as page:
            assert "10,000" in page.locator("#cj-list").inner_text() or "9,999" in page.locator("#cj-list").inner_text()
            page.evaluate(TIMED)
            for step in range(STEPS):
                page.keyboard.press("s")
                page.wait_for_function(f"window.steps.length > {step}")
                page.wait_for_timeout(50)
            steps = page.evaluate("window.steps")
        assert len([one for one in store.decisions() if one.action == "skip"]) == STEPS
    print(
        f"from item to item: median {statistics.median(steps):.0f} ms, at most {max(steps):.0f} ms"
    )  # pytest -s shows it
    assert statistics.median(steps) < GENEROUS, f"from item to item: {[round(one) for one in steps]} ms"
