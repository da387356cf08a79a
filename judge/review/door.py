"""What stands before the web server: the few addresses that the page uses are let through, all else is not there.

Gradio serves more than this app needs: uploads to a temporary folder, files, a proxy, an API. None of it is
reachable, so nothing a person sends is ever written outside the store, and no file is served but the page's own.
The page itself may load from and speak to this server only, which the browser enforces.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

from judge.settings import DEFAULT_LIMITS

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Message, _Receive, _Send], Awaitable[None]]

ADDRESSES: Final = frozenset({
    "/", "/config", "/login", "/logout", "/theme.css", "/manifest.json", "/favicon.ico", "/gradio_api/app_id",
    "/gradio_api/run/predict", "/gradio_api/startup-events",
})  # fmt: skip
FOLDERS: Final = ("/assets/", "/static/", "/svelte/", "/gradio_api/heartbeat/")
MOST_BYTES: Final = DEFAULT_LIMITS.file_bytes  # of one event; an upload of half as much is a third larger as text
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_KEPT_BY_BROWSERS: Final = ("/assets/", "/static/", "/svelte/")


class Door:
    """ASGI middleware. local_only: refuse requests by another name than this machine's (no sign-in protects it)."""

    def __init__(self, app: _App, *, local_only: bool) -> None:
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":  # the page has none
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            status, words = refused
            start = {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]}
            await send(start)
            await send({"type": "http.response.body", "body": words.encode()})
            return

        async def guarded(message: _Message) -> None:
            if message["type"] == "http.response.start":
                kept = scope["path"].startswith(_KEPT_BY_BROWSERS)
                fresh = () if kept else ((b"cache-control", b"no-store"),)
                message["headers"] = [*message.get("headers", ()), *_HEADERS, *fresh]
            await send(message)

        await self._app(scope, receive, guarded)

    def _refused(self, scope: _Message) -> tuple[int, str] | None:
        """A status and a reason, where the request is not let through."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        # Without sign-in a page elsewhere could have its own name lead to this machine, and ask as this person.
        if self._local_only and _name(host) not in _LOCAL:
            return 403, "This server answers by the name of this machine only, such as localhost."
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin and urlsplit(origin).netloc != host:
            return 403, "This came from a page of another address."
        path: str = scope["path"]
        if (path.rstrip("/") or "/") not in ADDRESSES and not path.startswith(FOLDERS):
            return 404, "There is nothing here."
        if scope["method"] == "POST":
            length = headers.get(b"content-length", b"")
            if not length.isdigit():
                return 411, "How long this is has to be said."
            if int(length) > MOST_BYTES:
                return 413, "This is larger than the server takes."
        return None


def _name(host: str) -> str:
    """A host without its port."""
    return urlsplit(f"//{host}").hostname or ""
