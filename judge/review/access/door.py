"""What stands before the web server: the few addresses that the page uses are let through, all else is not there.

Whoever has to sign in is given a page to do so, and nothing else (`signing`); what is let through says whose it is.

Gradio serves more than this app needs: uploads to a temporary folder, files, a proxy, an API. None of it is
reachable, so nothing a person sends is ever written outside the store, and no file is served but the page's own.
What strangers send is never read beyond a sign-in's few bytes, and a session is ended only by its own page.
The page itself may load from and speak to this server only, which the browser enforces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from judge.serving.bodies import TOO_LARGE, App, Limit, Message, Receive, Send, bounded, refuse
from judge.settings import DEFAULT_LIMITS

if TYPE_CHECKING:
    from judge.review.access.signing import Signing

EVENT: Final = "/gradio_api/run/predict"
HEARTBEAT: Final = "/gradio_api/heartbeat/"
STARTING: Final = "/gradio_api/startup-events"  # which Gradio asks of itself, and says nothing of
ICON: Final = "/favicon.ico"
SIGN_IN: Final = "/login"
SIGN_OUT: Final = "/logout"
USER: Final = "judge.user"  # in the scope of a request: who is signed in
ADDRESSES: Final = frozenset(
    {
        "/",
        "/config",
        SIGN_IN,
        SIGN_OUT,
        "/theme.css",
        "/manifest.json",
        ICON,
        "/gradio_api/app_id",
        EVENT,
        STARTING,
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
    """ASGI middleware. signing: who signs in, and how; None: nobody has to, and only requests by a name of this
    machine are answered (nothing else protects it)."""

    def __init__(self, app: App, *, signing: Signing | None) -> None:
        self._app = app
        self._signing = signing

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
        app = self._app
        if refused is None and self._signing is not None:
            scope[USER] = self._signing.user(scope)
            if path in (SIGN_IN, SIGN_OUT) and scope["method"] == "POST":
                app = self._signing.sign_in if path == SIGN_IN else self._signing.sign_out
            elif scope[USER] is None and path in ("/", SIGN_IN):
                app = self._signing.page
            elif scope[USER] is None and path not in (STARTING, ICON):
                refused = 401, "Sign in first: reload the page."
        if refused is not None:
            await refuse(send, *refused)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = scope["path"].startswith(_KEPT_BY_BROWSERS)
                fresh = () if kept else ((b"cache-control", b"no-store"),)
                message["headers"] = [*message.get("headers", ()), *_HEADERS, *fresh]
            await send(message)

        await bounded(app, scope, receive, guarded, limit)

    def _refused(self, scope: Message, path: str, limit: Limit) -> tuple[int, str] | None:
        """A status and a reason, where the request is not let through."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        # Without sign-in a page elsewhere could have its own name lead to this machine, and ask as this person.
        if self._signing is None and _name(host) not in _LOCAL:
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
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > limit.most:
            return TOO_LARGE  # said in time; what does not say so is counted
        return None


def _name(host: str) -> str:
    """A host without its port."""
    return urlsplit(f"//{host}").hostname or ""
