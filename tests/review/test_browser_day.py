"""A moderator's day in a real Chromium, by keyboard alone: sixty items with reasons, undo, notes, escalations and second
reads, a lease that is lost, an answer that is lost, and a restart of the server. In the end the log holds what was meant,
line by line, and nothing else."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image
from typer.testing import CliRunner

from judge.cli.verbs import app
from judge.review.access.logins import add_user
from judge.review.store import Decision, GoldReads, ReviewSettings, Role, SecondReads, Store
from tests.review.browsing import CHROMIUM, ready, samples, serving
from tests.review.day import BLIND, Day, Wire

pytestmark = [pytest.mark.rare, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")]
ITEMS, PASSWORD = 61, "correct horse"

PLAN = """
typed_no quick_no violation_by_digits agree note_then_no escalate_quick found_by_typing looked_at undone
chosen_no reason_then_violation agree lease_lost drawn_back_then_violation skip escalate_typed typed_no away_and_back agree_pressed_twice
enter_pressed_twice taken_back_from_recent quick_no note_then_no violation_by_digits found_by_typing answer_lost agree
undone typed_no restarted escalate_quick agree chosen_no skip reason_then_violation looked_at quick_no violation_by_digits
undone agree note_then_no escalate_typed typed_no found_by_typing away_and_back agree_pressed_twice
taken_back_from_recent reason_then_violation drawn_back_then_violation skip chosen_no enter_pressed_twice answer_lost quick_no
agree looked_at
"""


def pictures():
    """Verdicts on as many drawings, each another."""
    shown = samples()
    for number in range(ITEMS):
        verdict, image = shown[number % len(shown)]
        if number >= len(shown):
            buffer = io.BytesIO()
            with Image.open(io.BytesIO(image)) as drawing:
                drawing.convert("RGB").rotate(number).save(buffer, "PNG")
            image = buffer.getvalue()
        facts = verdict.image_facts.model_copy(update={"sha256": hashlib.sha256(image).hexdigest()})
        yield verdict.model_copy(update={"image": f"{number}.png", "image_facts": facts}), image


def told(store, since):
    """The lines of the log as the script means them."""
    lines = store.log()
    return [
        (
            one.kind,
            one.who,
            one.item,
            one.decision,
            one.rules,
            one.reason,
            one.supersedes and one.supersedes - since - 1,
        )
        for one in lines[since:]
    ]


def test_the_log_of_a_day_holds_what_was_meant(browser, tmp_path):
    data = tmp_path / "data"
    with Store.open(data) as store:
        store.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        add_user(store, "lea", Role.ADMIN, PASSWORD, by="test")
        for name in ("ann", "ben"):
            add_user(store, name, Role.REVIEWER, PASSWORD, by="lea")
        ids = [store.add(verdict, image, "batch") for verdict, image in pictures()]
        for item in BLIND:
            store.take(item, "ben")
            store.decide(item, "ben", Decision(action="escalate", reason="Unclear."))
        since = len(store.log())
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        errors = []
        page.on("pageerror", lambda one: errors.append(str(one)))
        day = Day(page, Wire(page), store, ids)
        steps = iter(PLAN.split())
        with serving(data) as address:
            page.goto(address)
            page.locator("input:focus").wait_for()  # typed before, it would go nowhere
            for typed, key in (("ann", "Tab"), (PASSWORD, "Enter")):
                page.keyboard.type(typed)
                page.keyboard.press(key)
            ready(page)
            day.meant.append(("login", "ann", None, None, (), "", None))
            for step in steps:
                day.at_blind_items()
                if step == "restarted":
                    break
                getattr(day, step)()
            why = day.words()
            page.keyboard.press("n")
            page.keyboard.type(why[:9])
        page.keyboard.type(why[9:])
        page.keyboard.press("Enter")  # nobody is there
        page.get_by_text("Connection to the server was lost").first.wait_for()
        with serving(data, port=int(address.rsplit(":", 1)[1])):
            page.locator(".cj-toast-bad", has_text="did not reach the server").wait_for()
            lost = page.locator(".cj-toast", has_text="did not reach the server")
            assert lost.get_by_role("button", name="Dismiss").is_visible()
            page.keyboard.press("Enter")  # in the same panel, with the same words
            day.settle()
            assert lost.count() == 0, "what was decided again is no longer lost"
            day.decided("no_violation", reason=why)
            for step in steps:
                day.at_blind_items()
                getattr(day, step)()
            while day.waiting:  # what was skipped comes last
                day.shows()
                day.typed_no()
            page.locator("#cj-desk[data-state=empty]").wait_for()
            context.close()
        assert told(store, since) == day.meant
        assert not errors
        own = {item for kind, who, item, decision, *_ in day.meant if who == "ann" and decision not in (None, "skip")}
        assert len(own) == ITEMS - 1 == 60
    ended = CliRunner().invoke(app, ["audit", "--data", str(data)])
    assert ended.exit_code == 0, ended.output
