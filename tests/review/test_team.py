"""Users and settings in the app: every change by an admin, in the log, and as the audit expects; for nobody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judge.errors import UserError
from judge.review.access.logins import add_user, authenticate, list_users
from judge.review.audit import audit
from judge.review.store import ReviewSettings, Role, Store
from judge.review.team.desk import TeamDesk
from judge.review.ui.context import Context, Person
from judge.settings import Settings
from tests.review.browsing import CHROMIUM, serving, visitor

PASSWORD = "correct horse"
CHOSEN = {
    "second_reads": 20,
    "gold": 2.5,
    "lease": 30,
    "break_every": 50,
    "break_for": 10,
    "anonymous": True,
    "verdict_shown": False,
}


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        for name, role in (("ann", Role.ADMIN), ("pat", Role.POLICY), ("bob", Role.REVIEWER)):
            add_user(opened, name, role, PASSWORD, by="ann")
        yield opened


def desk_of(store, *, authenticated=True):
    return TeamDesk(Context(store, Settings(), Path(store.folder), authenticated, None))


def acted(store, kind, by="ann", **data):
    person = Person(by, store.role_of(by))
    return json.loads(desk_of(store).act({"kind": kind, "serial": 1, **data}, person))


def said(reply):
    return reply["toasts"][0]["text"], reply["toasts"][0]["bad"]


def test_each_change_is_a_line_of_the_log_and_the_audit_holds(store):
    assert "cyd" in acted(store, "add", name="cyd", role="policy", password=PASSWORD)["slots"]["users"]
    acted(store, "role", name="cyd", role="reviewer")
    acted(store, "password", name="cyd", password="another horse")
    acted(store, "settings", chosen=CHOSEN)
    acted(store, "remove", name="bob")
    lines = [(one.who, one.kind, one.extra.get("change")) for one in store.log(last=5)]
    assert lines == [
        ("ann", "user_changed", "added"),
        ("ann", "user_changed", "role"),
        ("ann", "user_changed", "password"),
        ("ann", "settings_changed", None),
        ("ann", "user_changed", "removed"),
    ]
    assert authenticate(store, "cyd", "another horse").role is Role.REVIEWER
    assert {one.name for one in list_users(store)} == {"ann", "pat", "cyd"}
    now = store.settings
    assert (now.second_reads.share, now.gold.share, now.lease_minutes, now.anonymous) == (0.2, 0.025, 30, True)
    assert (now.breaks.every_minutes, now.breaks.for_minutes) == (50, 10)
    assert not audit(store).problems


@pytest.mark.parametrize("by", ["pat", "bob"])
def test_it_is_for_admins_whatever_the_page_sends(store, by):
    assert acted(store, "start", by) == {"serial": 1, "allowed": False}
    before = store.log(last=1)[0].seq
    for kind, data in (
        ("add", {"name": "eve", "role": "admin", "password": PASSWORD}),
        ("role", {"name": by, "role": "admin"}),
        ("password", {"name": "ann", "password": "mine now, all of it"}),
        ("remove", {"name": "ann"}),
        ("settings", {"chosen": CHOSEN}),
    ):
        text, bad = said(acted(store, kind, by, **data))
        assert bad and "may not manage" in text, kind
    assert store.log(last=1)[0].seq == before
    assert store.settings == ReviewSettings()


def test_mistakes_are_told_in_words_and_change_nothing(store):
    before = store.log(last=1)[0].seq
    for kind, data, words in (
        ("add", {"name": "ann", "role": "admin", "password": PASSWORD}, "there is a user 'ann' already"),
        ("add", {"name": " ", "role": "admin", "password": PASSWORD}, "is no user name"),
        ("add", {"name": "eve", "role": "admin", "password": "short"}, "shorter than 10"),
        ("role", {"name": "ann", "role": "reviewer"}, "last admin"),
        ("remove", {"name": "ann"}, "last admin"),
        ("remove", {"name": "nobody"}, "no user 'nobody'"),
        ("settings", {"chosen": {**CHOSEN, "gold": 101}}, "Gold items among those given out: a number from 0"),
        ("settings", {"chosen": {**CHOSEN, "second_reads": 150}}, "Read twice: a number from 0 to 100, please."),
        ("settings", {"chosen": {**CHOSEN, "lease": None}}, "An item is held for: a whole number from 1 to 1440"),
        ("settings", {}, "nothing to save"),
    ):
        text, bad = said(acted(store, kind, **data))
        assert bad and words.lower() in text.lower(), (kind, text)
    assert "Nothing changed" in said(acted(store, "settings", chosen=_as_it_is(store)))[0]
    assert store.log(last=1)[0].seq == before


def test_a_page_that_is_old_reverts_nothing_that_a_colleague_saved(store):
    acted(store, "role", name="pat", role="admin")
    acted(store, "settings", by="pat", chosen=CHOSEN)
    acted(store, "settings", chosen={"lease": 45})
    now = store.settings
    assert (now.lease_minutes, now.second_reads.share, now.gold.share, now.anonymous) == (45, 0.2, 0.025, True)
    assert (now.breaks.every_minutes, now.breaks.for_minutes) == (50, 10)
    acted(store, "settings", chosen={"break_every": 0, "verdict_shown": True})
    assert store.settings.breaks == now.breaks.model_copy(update={"every_minutes": None})
    assert (store.settings.second_reads.share, store.settings.second_reads.verdict_shown) == (0.2, True)
    assert "Nothing changed" in said(acted(store, "settings", chosen={}))[0]


def _as_it_is(store):
    now = store.settings
    return {
        "second_reads": 100 * now.second_reads.share,
        "gold": 100 * now.gold.share,
        "lease": now.lease_minutes,
        "break_every": 0,
        "break_for": now.breaks.for_minutes,
    }


def test_without_sign_in_the_first_user_is_not_made_here(tmp_path):
    with Store.open(tmp_path) as opened:
        desk, local = desk_of(opened, authenticated=False), Person("local", Role.ADMIN)
        shown = json.loads(desk.act({"kind": "start", "serial": 1}, local))["slots"]["users"]
        assert "runs without sign-in" in shown
        asked = {"kind": "add", "serial": 2, "name": "ann", "role": "admin", "password": PASSWORD}
        assert "without sign-in" in said(json.loads(desk.act(asked, local)))[0]
        assert not opened.has_users()


def test_who_gives_their_own_role_away_is_not_told_more(store):
    acted(store, "role", name="pat", role="admin")
    reply = acted(store, "role", name="ann", role="reviewer")
    assert "slots" not in reply or not reply["slots"]
    with pytest.raises(UserError):
        store.require("ann", "manage")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_an_admin_adds_somebody_and_changes_settings_by_keyboard(store, browser):
    with serving(store.folder) as address:
        with visitor(browser, address, login=("bob", PASSWORD)) as bob:
            bob.locator("#cj-person [data-role=reviewer]").wait_for()
            assert bob.get_by_role("tab", name="Team").count() == 0
        with visitor(browser, address, login=("ann", PASSWORD)) as page:
            page.get_by_role("tab", name="Team").click()
            page.locator("#tm-add").get_by_label("Name", exact=True).fill("cyd")
            page.get_by_label("Password 10 letters at least").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.locator("#tm-toasts").get_by_text("cyd can sign in as reviewer.").wait_for()
            page.get_by_label("Role of cyd").select_option("policy")
            page.locator("#tm-changes").get_by_text("cyd made policy").wait_for()
            page.get_by_label("Read twice %").fill("150")
            page.get_by_label("Read twice %").press("Enter")
            page.locator("#tm-toasts").get_by_text("Read twice: a number from 0 to 100").wait_for()
            store.configure(store.settings.model_copy(update={"lease_minutes": 33}), "ann")  # on another page
            page.get_by_label("Read twice %").fill("25")
            page.get_by_label("The dashboard calls reviewers by letters").check()
            page.get_by_label("Read twice %").press("Enter")
            page.locator("#tm-toasts").get_by_text("The team's settings are saved.").wait_for()
            assert page.locator("#tm-toasts .cj-toast-bad").count() == 0
            assert (store.settings.second_reads.share, store.settings.anonymous) == (0.25, True)
            assert store.settings.lease_minutes == 33, "which this page did not know of"
            assert page.get_by_label("An item is held for").input_value() == "33"
            page.get_by_role("button", name="Remove cyd").click()
            page.get_by_role("dialog", name="Remove cyd?").get_by_role("button", name="Keep").click()
            page.get_by_role("button", name="Remove cyd").click()
            page.get_by_role("dialog", name="Remove cyd?").get_by_role("button", name="Remove").click()
            page.locator("#tm-changes").get_by_text("cyd removed").wait_for()
            page.get_by_role("button", name="Change the password of bob").click()
            page.get_by_role("textbox", name="New password").fill("another horse")
            page.keyboard.press("Enter")
            page.locator("#tm-changes").get_by_text("password of bob").wait_for()
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert authenticate(store, "bob", "another horse")
    assert not audit(store).problems
