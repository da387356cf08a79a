"""Logins: passwords, waiting after failures, roles and what they may, and that an admin is always left."""

from __future__ import annotations

import json
import time

import pytest
from typer.testing import CliRunner

from judge.cli.verbs import app
from judge.errors import UserError
from judge.review.access import logins as access
from judge.review.store import Decision, Right, Role, Store, may
from tests.review.shelf import many

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _cheap(request, monkeypatch):
    """Hashes that cost little, but where time is what is tested."""
    if "take_time" not in request.node.name:
        monkeypatch.setattr(access, "_COST", 2**8)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "data") as opened:
        access.add_user(opened, "root", Role.ADMIN, PASSWORD, by="test")
        yield opened


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when they are told to."""
    now = [1_000_000.0]
    monkeypatch.setattr(access.time, "time", lambda: now[0])
    return now


def test_name_and_password_have_to_fit(store):
    assert access.authenticate(store, "root", PASSWORD).role is Role.ADMIN
    assert access.authenticate(store, "root", PASSWORD + " ") is None
    assert access.authenticate(store, "Root", PASSWORD) is None
    assert access.authenticate(store, "", "") is None
    assert [one.who for one in store.log() if one.kind == "login"] == ["root"]


def test_passwords_are_kept_as_salted_hashes(store):
    access.add_user(store, "twin", Role.REVIEWER, PASSWORD, by="root")
    with store.reading() as connection:
        kept = connection.exec_driver_sql("SELECT password FROM users").scalars().all()
    assert kept[0] != kept[1] and all(one.startswith("scrypt$") for one in kept)
    for path in store.folder.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes()
    assert PASSWORD not in str(store.log())


def test_after_failures_a_name_has_to_wait_longer_each_time(store, clock):
    for _ in range(5):
        assert access.authenticate(store, "root", "wrong password") is None
    assert access.authenticate(store, "root", PASSWORD) is None  # right, but too early
    clock[0] += 1.1
    assert access.authenticate(store, "root", "wrong password") is None
    clock[0] += 1.1
    assert access.authenticate(store, "root", PASSWORD) is None
    clock[0] += 1.1
    assert access.authenticate(store, "root", PASSWORD) is not None
    assert access.authenticate(store, "root", "wrong password") is None
    assert access.authenticate(store, "root", PASSWORD) is not None  # a login forgets the failures


def test_unknown_names_take_time_and_wait_like_known_ones(store, clock):
    def seconds(name):
        begun = time.process_time()
        assert access.authenticate(store, name, "wrong password") is None
        return time.process_time() - begun

    known, unknown = (min(seconds(name) for _ in range(3)) for name in ("root", "nobody"))
    assert 0.5 < known / unknown < 2
    for _ in range(2):
        access.authenticate(store, "nobody", "wrong password")
    begun = time.process_time()
    assert access.authenticate(store, "nobody", PASSWORD) is None
    assert time.process_time() - begun < unknown / 2  # waiting: nothing is computed


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("root", PASSWORD, "already"),
        ("ann", "short", "shorter than"),
        ("", PASSWORD, "no user name"),
        (" ann", PASSWORD, "no user name"),
        ("a\nb", PASSWORD, "no user name"),
    ],
)
def test_users_that_cannot_be(store, name, password, why):
    with pytest.raises(UserError, match=why):
        access.add_user(store, name, Role.REVIEWER, password, by="root")
    assert [one.name for one in access.list_users(store)] == ["root"]


def test_an_admin_is_always_left(store):
    for change in (
        lambda: access.set_role(store, "root", Role.POLICY, by="root"),
        lambda: access.remove_user(store, "root", by="root"),
    ):
        with pytest.raises(UserError, match="last admin"):
            change()
    access.add_user(store, "ann", Role.ADMIN, PASSWORD, by="root")
    access.set_role(store, "root", Role.REVIEWER, by="ann")
    assert store.role_of("root") is Role.REVIEWER
    access.set_password(store, "root", "another password", by="ann")
    assert access.authenticate(store, "root", PASSWORD) is None
    assert access.authenticate(store, "root", "another password") is not None
    access.remove_user(store, "root", by="ann")
    assert access.authenticate(store, "root", "another password") is None
    changes = [one.extra["change"] for one in store.log() if one.kind == "user_changed"]
    assert changes == ["added", "added", "role", "password", "removed"]


def test_the_first_user_is_an_admin(tmp_path):
    with Store.open(tmp_path / "new") as store:
        assert store.role_of("anybody") is Role.ADMIN  # nobody can log in, so nobody is kept out
        with pytest.raises(UserError, match="first user has to be an admin"):
            access.add_user(store, "ann", Role.REVIEWER, PASSWORD, by="test")


def test_roles_grow(store):
    rights = {role: {right for right in Right if may(role, right)} for role in Role}
    assert rights[Role.REVIEWER] == {Right.DECIDE, Right.REVEAL}
    assert rights[Role.REVIEWER] < rights[Role.POLICY] < rights[Role.ADMIN] == set(Right)
    assert not may(Role.POLICY, Right.MANAGE)


def test_a_reviewer_may_not_mark_gold(store):
    access.add_user(store, "ann", Role.REVIEWER, PASSWORD, by="root")
    (item,) = store.add_many(many(1), "batch")
    truth = Decision(action="no_violation", reason="known")
    with pytest.raises(UserError, match="ann is a reviewer and may not mark gold"):
        store.mark_gold(item, "ann", truth)
    with pytest.raises(UserError, match="no user 'eve'"):
        store.next("eve")
    store.mark_gold(item, "root", truth)


def test_users_on_the_command_line(tmp_path):
    def run(*arguments, typed=None):
        return CliRunner().invoke(app, ["review", "user", *arguments, "--data", str(tmp_path / "d")], input=typed)

    assert run("add", "root", "--role", "admin", typed=f"{PASSWORD}\n").exit_code == 0
    assert run("add", "ann", "--role", "reviewer", typed=f"{PASSWORD}\n").exit_code == 0
    assert run("role", "ann", "--role", "policy").exit_code == 0
    listed = json.loads(run("list", "--json").stdout)
    assert [(one["name"], one["role"]) for one in listed] == [("ann", "policy"), ("root", "admin")]
    assert "scrypt" not in str(listed)
    assert run("password", "ann", typed="a new one that is long\n").exit_code == 0
    assert run("remove", "ann").exit_code == 0
    assert isinstance(run("remove", "ann").exception, UserError)
    with Store.open(tmp_path / "d") as store:
        assert access.authenticate(store, "root", PASSWORD) is not None
