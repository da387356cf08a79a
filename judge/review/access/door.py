"""What stands before the web server: the few addresses that the page uses are let through, all else is not there.

Gradio serves more than this app needs: uploads to a temporary folder, files, a proxy, an API. None of it is
reachable, so nothing a person sends is ever written outside the store, and no file is served but the page's own.
What strangers send is never read beyond a sign-in's few bytes, and a session is ended only by its own page.
The page itself may load from and speak to this server only, which the browser enforces.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from judge.serving.bodies import TOO_LARGE, App, Limit, Message, Receive, Send, bounded, refuse
from judge.settings import DEFAULT_LIMITS

EVENT: Final = "/gradio_api/run/predict"
HEARTBEAT: Final = "/gradio_api/heartbeat/"
SIGN_OUT: Final = "/logout"
ADDRESSES: Final = frozenset(
    {
        "/",
        "/config",
        "/login",
        SIGN_OUT,
        "/theme.css",
        "/manifest.json",
        "/favicon.ico",
        "/gradio_api/app_id",
        EVENT,
        "/gradio_api/startup-events",
    }
)
FOLDERS: Final = ("/assets/", "/static/", "/svelte/", HEARTBEAT)
EVENTS = Limit(DEFAULT_LIMITS.file_bytes, 300.0)  # an upload of half as much is a third larger as text
OTHERS = Limit(2**16, 20.0)  # a sign-in is the largest of them
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # under `no-referrer` the browser would not say that signing out is ours
    (b"cross-origin-resource-policy", b"same-origin"),
)
_KEPT_BY_BROWSERS: Final = ("/assets/", "/static/", "/svelte/")


class Door:
    """ASGI middleware. local_only: refuse requests by another name than this machine's (no sign-in protects it)."""

    def __init__(self, app: App, *, local_only: bool) -> None:
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":  # the page has none
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._app(scope, receive, send)
            return
        path = scope["path"].rstrip("/") or "/"
        limit = EVENTS if path == EVENT else OTHERS
        refused = self._refused(scope, path, limit)
        if refused is not None:
            await refuse(send, *refused)
            return
        if path == SIGN_OUT:  # Gradio ends a session on GET, which any link or picture elsewhere could ask for
            scope = {**scope, "method": "GET"}

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = scope["path"].startswith(_KEPT_BY_BROWSERS)
                fresh = () if kept else ((b"cache-control", b"no-store"),)
                message["headers"] = [*message.get("headers", ()), *_HEADERS, *fresh]
            await send(message)

        await bounded(self._app, scope, receive, guarded, limit)

    def _refused(self, scope: Message, path: str, limit: Limit) -> tuple[int, str] | None:
        """A status and a reason, where the request is not let through."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        # Without sign-in a page elsewhere could have its own name lead to this machine, and ask as this person.
        if self._local_only and _name(host) not in _LOCAL:
            return 403, "This server answers by the name of this machine only, such as localhost."
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin and urlsplit(origin).netloc != host:
            return 403, "This came from a page of another address."
        if path not in ADDRESSES and not scope["path"].startswith(FOLDERS):
            return 404, "There is nothing here."
        if path == SIGN_OUT and scope["method"] != "POST":
            return 405, "Sign out with the button on the page."
        if path == SIGN_OUT and not origin:
            return 403, "This did not come from the page."
        if (path == EVENT or scope["path"].startswith(HEARTBEAT)) and not (self._local_only or _signed_in(scope)):
            return 401, "Sign in first: reload the page."
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > limit.most:
            return TOO_LARGE  # said in time; what does not say so is counted
        return None


def _signed_in(scope: Message) -> bool:
    """Whether the request has the cookie of a session that Gradio knows; where it keeps them is its own business."""
    from starlette.requests import HTTPConnection

    app: Any = scope["app"]
    cookies = HTTPConnection(scope).cookies
    names = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
    return any(cookies.get(name) in app.tokens for name in names)


def _name(host: str) -> str:
    """A host without its port."""
    return urlsplit(f"//{host}").hostname or ""
