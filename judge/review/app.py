"""Serves the review app: opens the store, asks for logins where they are needed, and starts Gradio.

Nothing leaves the machine: no analytics, no fonts or scripts from elsewhere. Images travel inside the page's own
messages, so no folder is served, and originals are sent only when they are revealed.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from judge.errors import UserError

if TYPE_CHECKING:
    from judge.review.store import Store
    from judge.settings import Settings

log = logging.getLogger("judge")


def launch(
    settings: Settings,
    *,
    data: Path,
    host: str = "127.0.0.1",
    port: int = 7860,
    auth: bool | None = None,
    head_file: Path | None = None,
) -> None:
    """Serve the app until interrupted.

    auth: whether people sign in. None: where the host is not this machine alone, or the store has users.
    head_file: where the heads of the log are kept; see `judge.review.heads`.

    Raises:
        UserError: sign-in is needed and there are no users, or refused though there are; the port is taken; the
            data folder cannot be used.
        StoreError: the store is damaged or another version's, or its log is not the one whose heads were kept.
    """
    from judge.review import heads, samples
    from judge.review.store import Store, near

    with Store.open(data) as store:
        signed_in = wants_login(store, host, auth)
        samples.fill(store)
        with heads.kept(store, head_file) if head_file is not None else nullcontext(), near.looking(store):
            _serve(store, settings, data, host, port, signed_in)


def wants_login(store: Store, host: str, auth: bool | None) -> bool:
    """Whether people have to sign in.

    Raises:
        UserError: they have to and nobody could, or they shall not though there are users.
    """
    has_users = store.has_users()
    wanted = auth if auth is not None else has_users or not is_local(host)
    if wanted and not has_users:
        raise UserError(
            f"there are no users yet, and {host} needs people to sign in",
            hint="add one first: judge review user add NAME --role admin",
        )
    if not wanted and (has_users or not is_local(host)):
        why = "the store has users" if has_users else f"{host} can be reached from other machines"
        raise UserError(f"sign-in cannot be turned off: {why}", hint="leave the option out and sign in")
    return wanted


def is_local(host: str) -> bool:
    """Whether only this machine can reach a server on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _serve(store: Store, settings: Settings, data: Path, host: str, port: int, signed_in: bool) -> None:
    temporary = data / "temporary"  # Gradio wants one; the door lets no upload reach it
    temporary.mkdir(mode=0o700, exist_ok=True)
    os.environ["GRADIO_TEMP_DIR"] = str(temporary)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

    from starlette.middleware import Middleware

    from judge.review import page
    from judge.review.access import connections
    from judge.review.access.door import USER, Door
    from judge.review.access.sessions import Sessions
    from judge.review.access.signing import Signing
    from judge.review.ui.context import Context
    from judge.review.ui.theme import head, theme
    from judge.serving.judges import Judges

    signing = Signing(store, Sessions(store)) if signed_in else None
    context = Context(store, settings, data, signed_in, Judges(settings))
    blocks = page.build(context)
    try:
        blocks.launch(
            server_name=host,
            server_port=port,
            auth_dependency=(lambda request: request.scope.get(USER)) if signed_in else None,
            share=False,
            ssr_mode=False,
            quiet=True,
            footer_links=[],
            run_history=False,
            enable_monitoring=False,
            mcp_server=False,
            pwa=False,
            allowed_paths=[],
            theme=theme(),
            head=head(),
            prevent_thread_lock=True,
            app_kwargs={"middleware": [Middleware(Door, signing=signing)]},
        )
    except OSError as error:
        raise UserError(
            f"cannot serve on {host}:{port}: the port is taken, or not for you", hint="choose another --port"
        ) from error
    connections.guard(blocks.server)
    log.warning("serving on http://%s:%d%s", host, port, "" if signed_in else " (this machine only, no sign-in)")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C does: the store and its heads are closed
    try:
        blocks.block_thread()
    finally:
        for end in context.at_the_end:
            end()
