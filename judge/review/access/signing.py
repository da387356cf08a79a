"""Signing in and out: a page of its own, which needs no script, and what is sent with it. Knows no Gradio."""

from __future__ import annotations

import asyncio
import math
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from judge.review.access import logins
from judge.review.access.logins import SignIn
from judge.review.access.sessions import LONGEST, Sessions
from judge.review.store.store import Store
from judge.review.ui import render
from judge.serving.bodies import Message, Receive, Send

_ENDED = "Your session has ended: it was a week old, or your password or account was changed. Sign in again."
_FORGOTTEN = "Forgotten? An admin gives you a new one: judge review user password NAME."


class Signing:
    """Answers what whoever is not signed in may ask."""

    def __init__(self, store: Store, sessions: Sessions) -> None:
        self._store, self._sessions = store, sessions

    def user(self, scope: Message) -> str | None:
        """Who sent a request; None: nobody that is signed in."""
        return self._sessions.user(self._token(scope))

    async def page(self, scope: Message, receive: Receive, send: Send) -> None:
        """The page to sign in."""
        await _page(send, 200, _ENDED if self._token(scope) else "")

    async def sign_in(self, scope: Message, receive: Receive, send: Send) -> None:
        """A name and a password: a session, or why not."""
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        sent = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        name, password = (sent.get(part, [""])[0] for part in ("username", "password"))
        found = await asyncio.to_thread(logins.attempt, self._store, name.strip(), password)
        if found.user is None:
            await _page(send, 429 if found.wait else 401, _refusal(found), name[: logins.LONGEST_NAME])
            return
        token = await asyncio.to_thread(self._sessions.begin, found.user.name)
        secure = "; Secure" if dict(scope["headers"]).get(b"origin", b"").startswith(b"https:") else ""
        kept = f"{self._sessions.cookie}={token}; Path=/; Max-Age={int(LONGEST)}; HttpOnly; SameSite=Lax{secure}"
        await _elsewhere(send, kept)

    async def sign_out(self, scope: Message, receive: Receive, send: Send) -> None:
        """End this session; others of the same person go on."""
        token = self._token(scope)
        if token:
            self._sessions.end(token)
        await _elsewhere(send, f"{self._sessions.cookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")

    def _token(self, scope: Message) -> str | None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            found = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(self._sessions.cookie)
        except CookieError:
            return None
        return found.value if found is not None else None


def _refusal(found: SignIn) -> str:
    """Why not, and what next. The same for names that nobody has."""
    if found.wait:
        wait = math.ceil(found.wait)
        when = f"this name may try again in {wait} second{'s' * (wait != 1)}"
        return f"Too many wrong passwords in a row: {when}. {_FORGOTTEN}"
    tries = f"{found.left} more {'try' if found.left == 1 else 'tries'} before this name has to wait."
    return f"The name or the password is wrong. {tries} {_FORGOTTEN}"


async def _page(send: Send, status: int, told: str, name: str = "") -> None:
    from judge.review.ui.theme import head

    sheets = render.safe(head(("base", "controls", "login")))
    html = render.html("login", told=told, name=name, bad=status >= 400, sheets=sheets)
    await _answer(send, status, [(b"content-type", b"text/html; charset=utf-8")], html.encode())


async def _elsewhere(send: Send, cookie: str) -> None:
    await _answer(send, 303, [(b"location", b"/"), (b"set-cookie", cookie.encode("latin-1"))], b"")


async def _answer(send: Send, status: int, headers: list[Any], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
