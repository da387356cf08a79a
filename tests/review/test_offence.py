"""How a picture may give offence is shown folded under the rule's chain: as text, and not to who reads blind."""

from __future__ import annotations

import json
import re

import pytest

from judge.causes import Cause
from judge.review.store import Decision, GoldReads, ReviewSettings, SecondReads, Store
from judge.review.ui.parts import rules_html
from judge.verdict import Offence, OffenceFrame, RuleOutcome
from tests.review.browsing import CHROMIUM, samples, serving, visitor
from tests.review.test_told import HOSTILE, ask

SUMMARY = "How it may give offence"


def explained(verdict, **said):
    """The verdict with what a model says of the first rule that is violated."""
    found = next(one for one in verdict.findings if one.outcome is RuleOutcome.VIOLATED)
    words = said or {"intent": HOSTILE, "target_group": "nobody", "implication": "none", "would_change": "who says it"}
    frame = OffenceFrame(rule=found.rule, view=found.view, shown=True, **words)
    return verdict.model_copy(update={"offence": Offence(frames=(frame,), prompts={})})


@pytest.fixture(scope="module")
def judged():
    verdict, image = next(one for one in samples() if one[0].violations and one[0].findings[0].preconditions)
    return explained(verdict), image


def test_it_is_escaped_and_stands_once_and_nowhere_where_it_was_not_asked(judged):
    shown = rules_html(judged[0])
    assert shown.count(SUMMARY) == 1 and "<script" not in shown and "&lt;script&gt;" in shown
    assert '<dt>Context that would change it</dt><dd dir="auto">who says it</dd>' in shown
    assert SUMMARY not in rules_html(judged[0].model_copy(update={"offence": None}))


def test_a_refusal_is_shown_as_one_with_what_was_not_told(judged):
    why = {"cause": Cause.OFFENCE_REFUSED, "reason": "the model refused to explain it", "untold": ("caption",)}
    shown = rules_html(explained(judged[0], **why))
    assert f"{SUMMARY}: no frame</summary>" in shown and "the model refused to explain it" in shown
    assert re.search(r"not told: caption", shown)


def test_who_reads_blind_does_not_see_it(tmp_path, judged):
    with Store.open(tmp_path) as store:
        store.configure(ReviewSettings(second_reads=SecondReads(share=1.0), gold=GoldReads(share=0.0)), "chief")
        item = store.add(*judged, "batch")
        assert SUMMARY in ask(store, "first", kind="take", open=item)["slots"]["rules"]
        store.decide(item, "first", Decision(action="no_violation", reason="nothing bad"))
        blind = ask(store, "second", kind="take", open=item, filters={"state": "second_read"})["slots"]
        assert "Blind read" in blind["verdict"] and SUMMARY not in json.dumps(blind)
        assert store.verdict(item).offence == judged[0].offence


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_in_a_browser_it_unfolds_as_text(browser, tmp_path, judged):
    with Store.open(tmp_path) as store:
        store.add(*judged, "batch")
    with serving(tmp_path) as address, visitor(browser, address) as page:
        folded = page.locator(".cj-offence")
        assert folded.count() == 1 and folded.get_by_text("who says it").is_hidden()
        folded.locator("summary").click()
        assert folded.get_by_text("who says it").is_visible() and page.title() != "owned"
        assert HOSTILE.split(" \u202e")[0] in folded.inner_text()
