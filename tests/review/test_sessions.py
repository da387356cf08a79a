"""Sessions: kept over a restart, ended with the password; and what is said to whoever does not get in."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from judge.review.access import logins, sessions
from judge.review.access.sessions import Sessions
from judge.review.access.signing import Signing
from judge.review.store import Role, Store

PASSWORD = "correct horse battery"


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(logins, "_COST", 2**8)
    with Store.open(tmp_path / "data") as opened:
        logins.add_user(opened, "ann", Role.ADMIN, PASSWORD, by="test")
        logins.add_user(opened, "bob", Role.REVIEWER, PASSWORD, by="ann")
        yield opened


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when they are told to."""
    now = [1_000_000.0]
    for module in (logins, sessions):
        monkeypatch.setattr(module.time, "time", lambda: now[0])
    return now


def test_a_restart_signs_nobody_out(store):
    before = Sessions(store)
    token, cookie = before.begin("bob"), before.cookie
    before.close()
    after = Sessions(store)
    assert (after.user(token), after.cookie) == ("bob", cookie)
    assert after.user(token + "x") is after.user("") is after.user(None) is None


def test_a_changed_password_ends_the_sessions_of_its_user(store):
    at = Sessions(store)
    ours, other = [at.begin("bob") for _ in range(2)], at.begin("ann")
    logins.set_password(store, "bob", "another password", by="ann")
    assert [at.user(one) for one in ours] == [None, None]
    assert at.user(other) == "ann"
    logins.set_role(store, "ann", Role.ADMIN, by="ann")
    assert at.user(other) == "ann", "a role is looked up anew anyway"


def test_a_user_removed_and_added_anew_is_not_signed_in(store):
    at = Sessions(store)
    token = at.begin("bob")
    logins.remove_user(store, "bob", by="ann")
    assert at.user(token) is None
    logins.add_user(store, "bob", Role.REVIEWER, PASSWORD, by="ann")
    assert at.user(token) is None


def test_a_session_lasts_a_week_and_ends_when_signed_out(store, clock):
    at = Sessions(store)
    kept, ended = at.begin("bob"), at.begin("bob")
    at.end(ended)
    clock[0] += sessions.LONGEST - 1
    assert (at.user(kept), at.user(ended)) == ("bob", None)
    clock[0] += 2
    assert at.user(kept) is None


def test_sessions_are_bounded_and_tokens_are_not_kept(store, clock):
    at = Sessions(store)
    tokens = []
    for _ in range(sessions._MOST + 2):
        clock[0] += 1
        tokens.append(at.begin("bob"))
    assert [at.user(one) for one in tokens[:2]] == [None, None]
    assert {at.user(one) for one in tokens[2:]} == {"bob"}
    file = store.folder / sessions.FILE
    assert file.stat().st_mode & 0o077 == 0
    assert not any(one.encode() in file.read_bytes() for one in tokens)


def test_a_damaged_file_signs_everybody_out_and_nobody_in(store):
    before = Sessions(store)
    token = before.begin("bob")
    before.close()
    (store.folder / sessions.FILE).write_bytes(b"no database" * 100)
    after = Sessions(store)
    assert after.user(token) is None
    assert after.user(after.begin("bob")) == "bob"


def asked(call, body=b"", cookie=""):
    """What is answered: status, headers, text."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"headers": [(b"cookie", cookie.encode()), (b"origin", b"https://judge.example")]}
    with ThreadPoolExecutor(1) as elsewhere:  # a browser of other tests may have a loop in this thread
        elsewhere.submit(lambda: asyncio.run(call(scope, receive, send))).result()
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"].decode()


def test_who_does_not_get_in_is_told_why_and_what_next(store, clock):
    signing = Signing(store, Sessions(store))
    for name in ("bob", "nobody"):
        said = [asked(signing.sign_in, f"username={name}&password=wrong".encode()) for _ in range(6)]
        assert [status for status, _, _ in said] == [401, 401, 401, 401, 429, 429]
        assert "4 more tries before this name has to wait" in said[0][2] and "judge review user password" in said[0][2]
        assert "1 more try before" in said[3][2]
        assert "may try again in 1 second." in said[5][2]
        assert f'value="{name}"' in said[0][2]
    clock[0] += 2
    status, headers, _ = asked(signing.sign_in, f"username=bob&password={PASSWORD.replace(' ', '+')}".encode())
    assert (status, headers[b"location"]) == (303, b"/")
    kept = headers[b"set-cookie"].decode()
    assert "HttpOnly" in kept and "SameSite=Lax" in kept and kept.endswith("; Secure")
    cookie = kept.split(";")[0]
    assert signing.user({"headers": [(b"cookie", cookie.encode())]}) == "bob"
    logins.set_password(store, "bob", "another password", by="ann")
    assert "Your session has ended" in asked(signing.page, cookie=cookie)[2]
    assert "Your session has ended" not in asked(signing.page)[2]


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"username=bob", b"username=<b>&password=x", b"&".join([b"a=b"] * 99)]
)
def test_what_is_no_sign_in_is_none(store, body):
    status, headers, text = asked(Signing(store, Sessions(store)).sign_in, body)
    assert status == 401 or (status, text) == (400, "")
    assert b"set-cookie" not in headers and "<b>" not in text


def test_a_broken_cookie_is_none(store):
    signing = Signing(store, Sessions(store))
    for cookie in ("=", "a=b; ;;;", f"{Sessions(store).cookie}=\x00", "x" * 9000):
        assert signing.user({"headers": [(b"cookie", cookie.encode())]}) is None


def test_two_servers_of_one_store_share_its_sessions(store):
    one, other = Sessions(store), Sessions(store)
    token = one.begin("bob")
    assert other.user(token) == "bob"
    other.end(token)
    assert one.user(token) is None
    assert sqlite3.connect(store.folder / sessions.FILE).execute("SELECT count(*) FROM server").fetchone() == (1,)
