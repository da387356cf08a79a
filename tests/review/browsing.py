"""What the browser tests share: a server on a store of its own, Chromium, and what a page must never do."""

from __future__ import annotations

import gzip
import shutil
import socket
import sys
import time
import urllib.request
from contextlib import contextmanager
from functools import cache

from tests import forking
from tests.conftest import ROOT

# The first of them that is installed; the shell has no windows, and takes a fifth less of the processor's time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
LONG = 120_000  # milliseconds for what loads or runs the model on a busy machine


@contextmanager
def serving(data, *more, command=None, stderr=None, port=0):
    """`python app.py` (or another command that takes a port) on the data folder; its address. stderr: an open file that
    what it says is written to."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        port = probe.getsockname()[1]
    command = [*(command or [sys.executable, "app.py", "--data", str(data), *more]), "--port", str(port)]
    server = forking.Popen(command, cwd=ROOT, stderr=stderr)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            assert server.poll() is None, "app.py ended"
            try:
                urllib.request.urlopen(address, timeout=2).close()
                break
            except OSError:
                time.sleep(0.25)
        yield address
    finally:
        server.terminate()
        server.wait(60)


@contextmanager
def chromium():
    """A browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(browser, address, *, login=None, at="", **options):
    """A page in a session of its own; in the end it must have had no errors and sent nothing elsewhere."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    context.set_default_timeout(30_000)
    page = context.new_page()
    strangers, errors = [], []
    page.on("request", lambda one: strangers.append(one.url) if not _local(one.url, address) else None)
    page.on("console", lambda one: errors.append(f"{one.text} {one.location}") if one.type == "error" else None)
    page.on("pageerror", lambda one: errors.append(str(one)))
    try:
        page.goto(address + at)
        if login is not None:
            sign_in(page, *login)
        ready(page)
        yield page
    finally:
        context.close()  # which gives back the item that it holds
    assert not strangers, f"requests left the machine: {strangers}"
    assert not errors


def sign_in(page, name, password):
    """Fill in the page to sign in."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def ready(page):
    """Wait until the desk shows an item, or says that there is none."""
    page.locator("#cj-desk[data-state=item], #cj-desk[data-state=empty]").wait_for(timeout=60_000)


def settled(page):
    """Wait until the server has answered what was asked last."""
    page.locator("#cj-desk:not([aria-busy])").wait_for()


def press(page, key):
    """Press a key and wait until what it asked for is done."""
    page.keyboard.press(key)
    settled(page)


def in_hand(page):
    """Name of the item under review, as the list marks it."""
    return page.locator("[data-open][aria-current] .cj-item-main > span").inner_text().split(" · ")[0]


def _local(url, address):
    return url.startswith((address, "data:", "blob:", address.replace("http", "ws")))


@cache
def samples():
    """The shipped sample verdicts with the bytes of their drawings."""
    from judge.review.samples import VERDICTS
    from judge.verdict import Verdict

    lines = gzip.decompress(VERDICTS.read_bytes()).decode().splitlines()
    verdicts = [Verdict.model_validate_json(line) for line in lines]
    return tuple((one, (ROOT / "examples/images" / one.image).read_bytes()) for one in verdicts)
