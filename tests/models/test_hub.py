"""A hub that cannot be reached: said in seconds and one line, exit 3; what was downloaded before loads without it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from judge.models.transformers.hub import is_network_failure, only_local

ROOT = Path(__file__).resolve().parents[2]
ASK = "import sys; from judge.models.transformers.hub import only_local; print(only_local('someone/some-model'))"
LOAD = """
from judge.lean import start_lean
start_lean()
from judge.models.transformers.image_text import load_encoder
from judge.settings import Settings
print(load_encoder("someone/some-model", Settings(device="cpu")).identity.name)
"""


@contextlib.contextmanager
def closed(held: list[float]) -> Iterator[str]:
    """A port at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextlib.contextmanager
def black_hole(held: list[float]) -> Iterator[str]:
    """A port that takes every connection and never says a word. held: for how many seconds each was waited on."""

    def take() -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                connection, _ = listening.accept()
                begun = time.perf_counter()
                with connection, contextlib.suppress(ConnectionError):
                    while connection.recv(1000):
                        pass
                held.append(time.perf_counter() - begun)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


PAGE = b"<html>Please log in</html>"


@contextlib.contextmanager
def answering(status: int, *, as_hub: bool = True) -> Iterator[str]:
    """Something that answers everything with one status and a page. as_hub: with the headers that the hub sends."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(PAGE)))
            if as_hub:
                self.send_header("X-Repo-Commit", "a" * 40)
                self.send_header("ETag", '"b"')
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(PAGE)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def run(*arguments: str, hub: str, home: Path) -> subprocess.CompletedProcess[str]:
    """A Python process with that hub."""
    surroundings = {
        name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and name[:3] != "HF_"
    }
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=100, check=False,
        env={**surroundings, "HF_ENDPOINT": hub, "HF_HOME": str(home)},
    )  # fmt: skip


@pytest.mark.parametrize(("hub", "why"), [(closed, "refused"), (black_hole, "3 s")])
def test_the_command_says_so_within_seconds(tmp_path, hub, why):
    arguments = ["-m", "judge", "check", "examples/images/drugs-violating.png", "--model", "someone/some-model"]
    held: list[float] = []
    with hub(held) as address:
        done = run(*arguments, hub=address, home=tmp_path)
    said = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(said)) == (3, "", 2)
    assert said[0].startswith(f"judge: cannot load someone/some-model: the hub {address} cannot be reached (")
    assert why in said[0]
    assert said[1].startswith("  hint: try again")
    assert sum(held) < 8  # 3, once; the hub's own client waits for 29
    assert bool(held) == (hub is black_hole)


@pytest.mark.parametrize(("status", "found"), [(200, "False"), (404, "False"), (401, "False"), (503, None)])
def test_a_hub_that_answers_is_asked_and_one_that_is_broken_is_not(tmp_path, status, found):
    with answering(status) as address:
        done = run("-c", ASK, hub=address, home=tmp_path)
    assert done.stdout.strip() == (found or "")
    assert found or "it answers with status 503" in done.stderr


@pytest.mark.parametrize(("as_hub", "said"), [(False, "is no hub of models"), (True, "config.json is no JSON")])
def test_a_page_in_place_of_the_hub_is_no_mistake_of_the_users(tmp_path, as_hub, said):
    """A login page or a proxy answers 200 to everything: another try, elsewhere, may do."""
    arguments = ["-m", "judge", "check", "examples/images/drugs-violating.png", "--model", "someone/some-model"]
    with answering(200, as_hub=as_hub) as address:
        done = run(*arguments, hub=address, home=tmp_path)
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(lines)) == (3, "", 2)
    assert said in lines[0] and address in lines[0]
    assert lines[1].startswith("  hint: ") and "try again" in lines[1]


def test_what_was_downloaded_loads_without_the_hub(checkpoint, tmp_path):
    repository = tmp_path / "hub" / "models--someone--some-model"
    shutil.copytree(checkpoint("siglip"), repository / "snapshots" / "0123")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123", encoding="utf-8")
    with closed([]) as address:
        done = run("-c", LOAD, hub=address, home=tmp_path)
    assert (done.stdout, done.stderr) == ("someone/some-model\n", "")


def test_folders_and_impossible_ids_ask_nobody(tmp_path):
    assert only_local(str(tmp_path)) is False
    assert only_local(str(tmp_path / "nowhere" / "at all")) is False


def test_an_error_is_the_networks_when_its_cause_is():
    httpx = pytest.importorskip("httpx")

    def wrapped(cause: Exception) -> OSError:
        error = OSError("could not load")
        error.__cause__ = cause
        return error

    request = httpx.Request("GET", "http://127.0.0.1")
    refused, broken = (
        httpx.HTTPStatusError("", request=request, response=httpx.Response(status)) for status in (404, 502)
    )
    assert is_network_failure(wrapped(httpx.ConnectError("gone")))
    assert is_network_failure(wrapped(broken))
    assert not is_network_failure(wrapped(refused))
    assert not is_network_failure(wrapped(ValueError("no such key")))
