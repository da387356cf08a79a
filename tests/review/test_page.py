"""The review page in a real Chromium: an upload is judged, shielded until revealed, and nothing leaves the machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.conftest import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@pytest.fixture
def address():
    """Where `python app.py` serves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, env=os.environ)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            assert server.poll() is None, "app.py ended"
            try:
                urllib.request.urlopen(url, timeout=2).close()
                break
            except OSError:
                time.sleep(0.5)
        yield url
    finally:
        server.terminate()
        server.wait(10)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_an_upload_is_judged(address, tmp_path):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        strangers, errors = [], []
        page.on("request", lambda one: strangers.append(one.url) if not _local(one.url, address) else None)
        page.on("console", lambda one: errors.append(one.text) if one.type == "error" else None)
        page.goto(address)
        page.set_input_files("input[type=file]", str(ROOT / "examples/images/body-on-fire-violating-animal.png"))
        shield = page.locator(".shielded img")
        shield.wait_for()
        assert "blur" in shield.evaluate("one => getComputedStyle(one).filter")
        page.get_by_role("button", name="Judge").click()
        page.locator(".verdict.violation").wait_for(timeout=120_000)
        assert page.locator("details[open]", has_text="body-on-fire: violated").count() == 1
        page.get_by_label("Reveal the image").check()
        page.wait_for_function("!document.querySelector('.shielded img')")
        page.screenshot(path=str(tmp_path / "page.png"))
        if "JUDGE_SCREENSHOTS" in os.environ:
            shutil.copy(tmp_path / "page.png", os.environ["JUDGE_SCREENSHOTS"])
        browser.close()
    assert not strangers, f"requests left the machine: {strangers}"
    assert not errors


def _local(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:", address.replace("http", "ws")))
