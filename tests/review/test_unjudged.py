"""Items that no rule was judged of: they are recorded as a violation all the same, by rules that are found by typing."""

from __future__ import annotations

import hashlib

import pytest

from judge.errors import UserError
from judge.review.audit import audit
from judge.review.queue.policies import KnownPolicies
from judge.review.store import Decision, GoldReads, ReviewSettings, SecondReads, Store
from judge.review.workbench.library import Library
from judge.verdict import Failure
from tests.review.browsing import CHROMIUM, press, samples, serving, visitor

JUDGED = samples()[0][0]
FAILED = Failure(kind="model", message="The model ran out of memory.", hint="")


def unjudged(number, digest=None):
    """What a failure leaves: no finding, and a person has to look."""
    facts = JUDGED.image_facts.model_copy(update={"sha256": hashlib.sha256(b"%d" % number).hexdigest()})
    source = JUDGED.provenance if digest is None else JUDGED.provenance.model_copy(update=digest)
    changes = {"verdict": "needs_review", "violations": (), "shadow_violations": (), "reasons": (FAILED.message,)}
    return JUDGED.model_copy(
        update={**changes, "findings": (), "failure": FAILED, "image_facts": facts, "provenance": source}
    )


ELSEWHERE = {"constitution": "of-elsewhere", "constitution_digest": "0" * 64}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("unjudged")) as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        opened.add(unjudged(0), None, "batch")
        opened.add(unjudged(1, ELSEWHERE), None, "batch")
        yield opened


def test_the_rules_are_those_of_the_constitution_with_this_digest(store, tmp_path):
    library = Library(tmp_path)
    own = [one.rule for one in JUDGED.findings]
    with Store.open(tmp_path / "beside") as other:
        other.add(JUDGED, None, "batch")
        renamed = unjudged(2, {"constitution": "renamed"})  # not in the library by this name
        assert [one.id for one in KnownPolicies(other, library).rules_of(renamed)] == own
    found = KnownPolicies(store, library).rules_of(unjudged(2))
    assert [(one.id, one.text) for one in found] == [(one.rule, one.text) for one in JUDGED.findings]
    assert KnownPolicies(store, library).rules_of(unjudged(2, {"constitution_digest": "1" * 64})) == (), (
        "a name is no digest"
    )


def test_a_rule_that_the_constitution_lacks_is_refused(store, tmp_path):
    known = KnownPolicies(store, Library(tmp_path))
    with pytest.raises(UserError, match="has no rule 'drug'"):
        known.check(Decision(action="violation", rules=("drug",)), unjudged(2))
    known.check(Decision(action="violation", rules=("drugs",)), unjudged(2))
    item = store.take(2, "ann")
    with pytest.raises(UserError, match="is no name of a rule"):
        store.decide(item.id, "ann", Decision(action="violation", rules=("<b>drugs</b>",)))
    store.release(2, "ann")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_a_violation_is_recorded_by_typing_its_rule(store, browser):
    with serving(store.folder) as address, visitor(browser, address) as page:
        assert page.locator(".cj-tick").count() == len(JUDGED.findings)
        assert page.locator(".cj-tick kbd").count() == 10, "with the digits that they have on every item"
        page.keyboard.press("/")
        page.keyboard.type("drugs")
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        press(page, "v")
        assert (store.log(last=1)[0].item, store.log(last=1)[0].rules) == (1, ("drugs",))

        assert page.locator(".cj-tick").count() == 0
        press(page, "v")
        assert "Tick the rules" in page.get_by_role("alert").inner_text()
        page.keyboard.type("No Weapon!")
        assert "Names of rules have a-z" in page.locator("#cj-found").inner_text()
        page.keyboard.press("Enter")
        assert page.locator(".cj-tick").count() == 0
        page.locator("#cj-find").fill("weapons")
        assert page.locator("#cj-found").inner_text() == "Enter adds weapons."
        page.keyboard.press("Enter")
        page.reload()
        page.locator(".cj-tick", has_text="weapons").wait_for()
        press(page, "v")
        said = store.log(last=1)[0]
        assert (said.item, said.decision, said.rules) == (2, "violation", ("weapons",))
    assert audit(store).problems == ()
