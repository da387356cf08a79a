"""The dashboard: numbers counted by the database against numbers counted by hand, and the page in Chromium."""

from __future__ import annotations

import csv
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from judge.review.dashboard.agreement import share
from judge.review.dashboard.numbers import numbers, quantile
from judge.review.store import Decision, GoldReads, ReviewSettings, SecondReads, Store
from judge.verdict import Branch
from tests.review.browsing import CHROMIUM, serving, visitor
from tests.review.shelf import many

NOW = datetime.now(UTC)


def seed(opened, count=36):
    """Items over six weeks, two thirds of them decided, by people who disagree now and then; some read twice."""
    opened.configure(ReviewSettings(second_reads=SecondReads(share=0.5), gold=GoldReads(share=0.0)), "ann")
    for number, (verdict, _) in enumerate(many(count)):
        timed = verdict.model_copy(update={"timings": {"total": (number + 1) / 10}})
        item = opened.add(timed, None, "batch", now=NOW - timedelta(days=number * 42 / count, minutes=5))
        if number % 3 == 2:
            continue
        opened.take(item, "bob")
        if number % 6 == 0:  # not what the judge said
            flagged = verdict.verdict == "violation"
            rule = verdict.findings[0].rule
            said = (
                Decision(action="no_violation", reason="No.")
                if flagged
                else Decision(action="violation", rules=(rule,))
            )
        else:
            said = Decision(action=verdict.verdict, rules=verdict.violations, reason="So it is.")
        opened.decide(item, "bob", said)
        if opened.item(item, "cyd").read == "second":
            opened.take(item, "cyd")
            opened.decide(item, "cyd", said)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("board")) as opened:
        seed(opened)
        yield opened


def test_what_came_in_and_what_waits(store):
    found, rows = numbers(store), store.list(limit=1000)
    assert found.items == len(rows) == 36
    for word in ("violation", "no_violation", "needs_review"):
        assert sum(getattr(day, word) for day in found.days) == sum(row.verdict == word for row in rows)
    assert {rule.rule: rule.violated for rule in found.rules} == Counter(
        rule for row in rows for rule in row.violations
    )
    assert found.waiting.total - found.waiting.decided == sum(row.state != "decided" for row in rows)
    assert found.oldest == min(row.added for row in rows if row.state != "decided")
    days = [datetime.fromisoformat(day.day) for day in found.days]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))


def test_where_people_disagree(store):
    found, decided = numbers(store), list(store.decided())
    judged = [one for one in decided if one.verdict.verdict != "needs_review"]
    back = sum(one.verdict.verdict == "violation" and one.action == "no_violation" for one in judged)
    missed = sum(one.verdict.verdict == "no_violation" and one.action == "violation" for one in judged)
    assert (found.overall.decided, found.overall.taken_back, found.overall.missed) == (len(judged), back, missed)
    assert back > 0
    assert missed > 0
    cells: dict[str, Counter[tuple[bool, bool]]] = {}
    for one in decided:
        for rule in {*one.verdict.violations, *one.rules}:
            cells.setdefault(rule, Counter())[rule in one.verdict.violations, rule in one.rules] += 1
    assert {one.rule: (one.decided, one.taken_back, one.missed) for one in found.overrides} == {
        rule: (each.total(), each[True, False], each[False, True]) for rule, each in cells.items()
    }


def test_steps_and_seconds(store):
    found = numbers(store)
    by_hand: Counter[Branch] = Counter()
    for row in store.list(limit=1000):
        seen = {}
        for finding in store.verdict(row.id).findings:
            for condition in (*finding.preconditions, *finding.exceptions):
                for one in condition.alternatives:
                    seen[finding.view, one.statement] = one.branch
        by_hand.update(branch for branch in seen.values() if branch is not Branch.NOT_ASKED)
    assert found.branches == dict(by_hand)
    assert (found.timed, found.p50, found.p95) == (36, 1.9, 3.5)


def test_second_reads_and_ranges(store):
    everything, week = numbers(store), numbers(store, NOW - timedelta(days=7))
    twice = {one.item for one in store.decisions() if one.read == "second"}
    assert everything.agreement[0].pairs == len(twice) > 0
    assert everything.agreement[0].raw.value == 1.0
    recent = [row for row in store.list(limit=1000) if row.added >= NOW - timedelta(days=7)]
    assert week.items == len(recent) < everything.items
    assert week.waiting == everything.waiting, "what waits is of now"
    assert sum(day.violation for day in week.days) == sum(row.verdict == "violation" for row in recent)


def test_decisions_taken_back_do_not_count(tmp_path):
    with Store.open(tmp_path) as opened:
        verdict, _ = next(many(1))
        item = opened.add(verdict, None, "batch")
        opened.take(item, "bob")
        opened.decide(item, "bob", Decision(action="no_violation", reason="No."))
        opened.undo("bob")
        found = numbers(opened)
        assert (found.overall.decided, found.overrides) == (0, ())
        assert sum(day.decided for day in found.days) == 0


def test_an_empty_store_has_empty_numbers(tmp_path):
    from judge.review.dashboard import tab as dashboard

    with Store.open(tmp_path) as opened:
        found = numbers(opened)
        assert (found.items, found.days, found.p50, found.overall.rate.value) == (0, (), None, None)
        for *_, draw in dashboard.CARDS:
            (note,) = draw(found).layout.annotations
            assert note.text.startswith("No"), "an empty plot says why"


def test_shares_have_honest_intervals():
    none, all_, some = share(0, 3), share(3, 3), share(30, 100)
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(0.5615, abs=1e-3)  # Wilson's, by statsmodels.proportion_confint(0, 3)
    assert (all_.low, all_.high) == pytest.approx((1 - none.high, 1.0))
    assert (some.low, some.high) == pytest.approx((0.2189, 0.3959), abs=1e-3)
    assert share(0, 0).value is None
    assert quantile([], 0.5) is None


def test_a_thousand_items_are_counted_in_half_a_second(tmp_path):
    """With 10,000 the figure stands in docs/review.md; fewer keep the test short."""
    with Store.open(tmp_path) as opened:
        list(opened.add_many(many(1000), "batch"))
        numbers(opened)
        begun = time.process_time()
        numbers(opened)
        assert time.process_time() - begun < 0.5


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_the_page_shows_what_was_counted(store, browser):
    found = numbers(store)
    with serving(store.folder) as address, visitor(browser, address) as page:
        page.get_by_role("tab", name="Dashboard").click()
        page.get_by_label("Items that came in").select_option("all")
        page.locator("#db-items", has_text="36").wait_for()
        assert page.locator("#db-waiting").inner_text() == str(found.waiting.total - found.waiting.decided)
        assert page.locator("#db-overridden").inner_text() == f"{100 * found.overall.rate.value:.0f} %"
        bars = "#db-plot-rules .bars .point"
        page.wait_for_function(f"document.querySelectorAll('{bars}').length === {len(found.rules)}")
        for name in ("verdicts", "overrides", "branches", "latency", "agreement"):
            page.locator(f"#db-plot-{name} .js-plotly-plot").wait_for()
        page.get_by_text("The same as tables").click()
        for one in found.rules:
            assert page.locator(f"tr[data-rule='{one.rule}'] td").inner_text() == str(one.violated)
        page.get_by_label("Items that came in").select_option("7")
        recent = numbers(store, datetime.now(UTC) - timedelta(days=7)).items
        page.locator("#db-items", has_text=str(recent)).wait_for()
        with page.expect_download() as started:
            page.get_by_role("button", name="CSV").click()
        rows = list(csv.DictReader(started.value.path().read_text(encoding="utf-8").splitlines()))
        assert [int(row["seq"]) for row in rows] == [one.seq for one in store.decisions(superseded=True)]
        assert store.log(last=1)[0].kind == "export"
        page.get_by_role("button", name="Switch between light and dark").click()
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
