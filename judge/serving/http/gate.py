"""What stands before the routes: who asks, how fast, how many at a time, and how much is read. Knows no image.

A request that would be refused for want of room, of a key or of patience is refused before its body is read.
"""

from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect

from judge.serving.bodies import ENDING, NO_ROOM, TOO_LARGE, TOO_SLOW, App, Limit, Message, Receive, Send, bounded
from judge.serving.http.problems import MOST_ERRORS, ApiProblem, unexpected

if TYPE_CHECKING:
    from judge.serving.http.keys import ApiKey, Scope
    from judge.serving.http.service import Service

GUARDRAIL = "/beta/litellm_basic_guardrail_api"
OWN_FAILURES = frozenset({"overloaded", "out-of-time", "model-lost", "ending"})
"""Problems that are the judge's own, whatever it was sent."""
JUDGING = frozenset({"/v1/judge", "/v1/moderations", GUARDRAIL})
READING = ("/v1/constitutions", "/v1/verdicts", "/metrics")
_ROUTES = (*JUDGING, *READING, "/healthz", "/readyz", "/openapi.json")
_GONE = 499  # counted for whoever hung up before the answer
_SLUGS = {TOO_LARGE: "too-large", TOO_SLOW: "too-slow", NO_ROOM: "overloaded", ENDING: "ending"}
_LOCAL = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?")
_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


class Gate:
    """ASGI middleware. It leaves in the scope who asks: `client_name`, and `api_key` where keys are needed."""

    def __init__(self, app: App, service: Service) -> None:
        self._app, self._service = app, service
        self._limits = service.settings.limits
        self._most = min(self._limits.request_bytes, self._limits.held_bytes)  # what never has room is too large
        self._too_large = f"a request may have {self._most:,} bytes"
        self._held = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, held = time.perf_counter(), 0, 0
        request_id = f"r_{secrets.token_hex(8)}".encode()
        route = next((one for one in _ROUTES if scope["path"].startswith(one)), "other")

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id), *_HEADERS]
            await send(message)

        def arriving(count: int) -> bool:
            nonlocal held
            held += count
            self._held += count
            return self._held <= self._limits.held_bytes

        def beside(problem: ApiProblem) -> dict[str, Any]:
            return self._action(scope, problem)

        scope["beside_problem"] = beside

        async def answer(problem: ApiProblem) -> None:
            self._service.metrics.problem(problem.slug)
            await problem.response(beside(problem))(scope, receive, named)

        async def refused(_: Send, status: int, words: str) -> None:
            again = 1.0 if status in (408, 503) else None
            slug, detail = _SLUGS[(status, words)], self._too_large if (status, words) == TOO_LARGE else words
            await answer(ApiProblem(status, slug, detail, retry_after=again, headers={"connection": "close"}))

        self._service.under_way += 1
        try:
            self._check(scope)
            limit = Limit(self._most, self._limits.body_seconds)
            arrivals = self._service.arrivals
            await bounded(
                self._app, scope, receive, named, limit, refused=refused, arriving=arriving, arrivals=arrivals
            )
        except ApiProblem as problem:
            await answer(problem)
        except ClientDisconnect:  # nobody is left to answer, and nothing is wrong here
            status = status or _GONE
        except Exception as error:
            if status:  # half an answer can only be broken off
                raise
            await answer(unexpected(error))
        finally:
            self._service.under_way -= 1
            self._held -= held
            self._service.metrics.answered(route, status, time.perf_counter() - begun)

    def _check(self, scope: Message) -> None:
        """Refuse what can be refused by its head.

        Raises:
            ApiProblem: it is refused.
        """
        path, headers = scope["path"], dict(scope["headers"])
        self._check_page(headers)
        scope["client_name"] = scope["client"][0] if scope.get("client") else ""
        if path in JUDGING and scope["method"] == "POST":
            key = self._key(scope, headers, "judge")
            scope["may_judge"] = True
            if scope["query_string"]:
                raise _no_query(scope["query_string"])
            if headers.get(b"content-encoding", b"identity").lower() != b"identity":
                detail, hint = "a body that is compressed is not read", "send it without Content-Encoding"
                raise ApiProblem(415, "unsupported-media-type", detail, hint=hint)
            bucket = self._service.bucket(key)
            if bucket is not None and (wait := bucket.wait()) > 0:
                detail = f"this key may send {bucket.rate:g} images a second"
                raise ApiProblem(429, "rate-limited", detail, retry_after=wait)
            if self._service.under_way > self._limits.requests:
                raise ApiProblem(503, "overloaded", "too many requests at a time", retry_after=1.0)
            length = headers.get(b"content-length", b"0")
            if length.isdigit() and int(length) > self._most:
                raise ApiProblem(413, "too-large", self._too_large, headers={"connection": "close"})
            if path != GUARDRAIL:  # which says itself what becomes of what cannot be judged
                self._service.admit()
        elif path.startswith(READING):
            self._key(scope, headers, "read")

    def _action(self, scope: Message, problem: ApiProblem) -> dict[str, Any]:
        """What a problem of the guardrail says of its request. Only for whoever may ask it is a setting."""
        if not scope["path"].startswith(GUARDRAIL):
            return {}
        own = problem.slug in OWN_FAILURES  # a full server's, say
        if own and scope.get("may_judge") and self._service.settings.guardrail.failure == "pass":
            return {"action": "NONE", "blocked_reason": None}
        return {"action": "BLOCKED", "blocked_reason": f"the image could not be judged: {problem.detail}"}

    def _check_page(self, headers: dict[bytes, bytes]) -> None:
        """Refuse what a page in somebody's browser asks, whose own address is another: it could use what that person
        may use. Without keys a page could also have its own name lead to this machine.

        Raises:
            ApiProblem: it is refused.
        """
        host = headers.get(b"host", b"").decode("latin-1")
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin and origin.partition("://")[2] != host:
            raise ApiProblem(403, "forbidden", "this came from a page of another address")
        if self._service.local_only and not _LOCAL.fullmatch(host):
            hint = "call it localhost or 127.0.0.1; --no-keys serves by other names, where something in front asks"
            raise ApiProblem(403, "forbidden", "this server answers by the name of this machine only", hint=hint)

    def _key(self, scope: Message, headers: dict[bytes, bytes], wanted: Scope) -> ApiKey | None:
        """The key of a request; None where none is needed.

        Raises:
            ApiProblem: it has none that may do this.
        """
        keys = self._service.keys
        if keys is None:
            return None
        kind, _, text = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        given = text.strip() if kind.lower() == "bearer" else headers.get(b"x-api-key", b"").decode("latin-1")
        key = keys.of(given) if given else None
        if key is None:
            detail = "this is no key of this server" if given else "a key is needed"
            hint = "send it as `Authorization: Bearer KEY`"
            raise ApiProblem(401, "unauthorized", detail, hint=hint, headers={"www-authenticate": "Bearer"})
        if not key.may(wanted):
            raise ApiProblem(403, "forbidden", f"the key '{key.name}' may not do this: it needs the scope '{wanted}'")
        scope["client_name"], scope["api_key"] = key.name, key
        return key


def _no_query(query: bytes) -> ApiProblem:
    """Nothing is read of an address behind its `?`: a constitution that is named there would not be judged by."""
    names = ", ".join(f"'{one.partition('=')[0][:80]}'" for one in query.decode("latin-1").split("&")[:MOST_ERRORS])
    hint = "put it into the body"
    return ApiProblem(422, "invalid-request", f"the address has parameters that are not read: {names}", hint=hint)
