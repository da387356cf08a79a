"""What stands before the routes: how many requests at a time, and how much of each is read. Knows no image.

A request that would be refused for want of room is refused before its body is read.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from judge.serving.bodies import NO_ROOM, TOO_LARGE, TOO_SLOW, App, Limit, Message, Receive, Send, bounded
from judge.serving.http.problems import Problem

if TYPE_CHECKING:
    from judge.serving.http.service import Service

JUDGING = frozenset({"/v1/judge", "/v1/moderations", "/beta/litellm_basic_guardrail_api"})
_SLUGS = {TOO_LARGE: "too-large", TOO_SLOW: "too-slow", NO_ROOM: "overloaded"}

_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


class Gate:
    """ASGI middleware."""

    def __init__(self, app: App, service: Service) -> None:
        self._app, self._service = app, service
        self._limits = service.settings.limits
        self._requests = 0
        self._held = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"r_{secrets.token_hex(8)}".encode()
        held = 0

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [
                    (b"x-request-id", request_id),
                    (b"x-content-type-options", b"nosniff"),
                    (b"cache-control", b"no-store"),
                ]
                message["headers"] = [*message.get("headers", ()), *own]
            await send(message)

        def arriving(count: int) -> bool:
            nonlocal held
            held += count
            self._held += count
            return self._held <= self._limits.held_bytes

        async def refused(_: Send, status: int, words: str) -> None:
            slug = _SLUGS[(status, words)]
            again = 1.0 if status in (408, 503) else None
            problem = Problem(status, slug, words, retry_after=again, headers={"connection": "close"})
            await problem.response()(scope, receive, named)

        self._requests += 1
        try:
            self._check(scope)
            limit = Limit(self._limits.request_bytes, self._limits.body_seconds)
            await bounded(self._app, scope, receive, named, limit, refused=refused, arriving=arriving)
        except Problem as problem:
            await problem.response()(scope, receive, named)
        finally:
            self._requests -= 1
            self._held -= held

    def _check(self, scope: Message) -> None:
        """Refuse what can be refused by its head.

        Raises:
            Problem: it is refused.
        """
        if scope["path"] not in JUDGING or scope["method"] != "POST":
            return
        if self._requests > self._limits.requests:
            raise Problem(503, "overloaded", "too many requests at a time", retry_after=1.0)
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._limits.request_bytes:
            most = f"a request may have {self._limits.request_bytes:,} bytes"
            raise Problem(413, "too-large", most, headers={"connection": "close"})
        self._service.admit()
