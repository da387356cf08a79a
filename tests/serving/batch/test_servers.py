"""One model behind two real servers: they share the work, and one that is killed loses nothing."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections import Counter
from contextlib import ExitStack

import pytest

from judge.errors import ModelError, UserError
from judge.serving.batch import servers
from judge.serving.batch.call import batch
from judge.serving.batch.servers import listens
from judge.settings import Settings
from tests import forking
from tests.conftest import ROOT
from tests.serving.batch.colours import pictures, rows

pytestmark = pytest.mark.slow

RULES = """
constitution: one
version: 1.0.0
rules:
  - {id: fire, rule: No fire., preconditions: [fire is visible, smoke is visible]}
"""


@pytest.fixture
def start():
    """Starts a server; gives its process and address. All end with the test."""
    with ExitStack() as stack:

        def one(seconds: float, name: str = "same", port: int | None = None) -> tuple[forking.Popen, str]:
            port = port or free_port()
            command = [sys.executable, "-m", "tests.serving.batch.slow_server", str(port), str(seconds), name]
            process = forking.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
            stack.callback(process.wait)
            stack.callback(process.kill)
            url = f"http://127.0.0.1:{port}/v1"
            deadline = time.monotonic() + 60
            while not listens(url):
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
            return process, url

        yield one


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "one.yaml").write_text(RULES)
    return tmp_path / "one.yaml"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def settings(url: str) -> Settings:
    return Settings(model=url, escalate=(), batch=2)


def test_two_servers_are_nearly_twice_as_fast_as_one(start, rules, tmp_path):
    images = pictures(tmp_path / "in", 28)
    (_, first), (_, second) = start(0.2), start(0.2)
    alone = batch(images, tmp_path / "alone", rules, settings(first), processes=1)
    both = batch(images, tmp_path / "both", rules, settings(first), also_at=[second], processes=1)
    assert alone.judged == both.judged == 28 and alone.errors == both.errors == 0
    assert alone.judging / both.judging >= 1.7
    shared = Counter(row["model_digest"] for row in rows(tmp_path / "both"))
    assert len(shared) == 2 and min(shared.values()) >= 28 / 4
    told = [{k: v for k, v in row.items() if k != "model_digest"} for row in rows(tmp_path / "both")]
    assert told == [{k: v for k, v in row.items() if k != "model_digest"} for row in rows(tmp_path / "alone")]


def test_a_faster_server_is_given_more(start, rules, tmp_path):
    images = pictures(tmp_path / "in", 24)
    (_, slow), (_, fast) = start(0.3), start(0.03)
    batch(images, tmp_path / "out", rules, settings(slow), also_at=[fast], processes=1)
    least, most = sorted(Counter(row["model_digest"] for row in rows(tmp_path / "out")).values())
    assert most >= 2 * least


def test_a_server_that_is_killed_loses_nothing_and_is_taken_back(start, rules, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(servers, "_AGAIN", 0.5)
    images = pictures(tmp_path / "in", 60)
    (_, first), (second, address) = start(0.15), start(0.15)
    port = int(address.rsplit(":", 1)[1].split("/")[0])
    steps = []

    def watch(tally):
        if tally.done >= 10 and not steps:
            second.kill()
            second.wait()
            steps.append("killed")
        if tally.done >= 25 and steps == ["killed"]:
            start(0.05, port=port)
            steps.append("back")

    tally = batch(images, tmp_path / "out", rules, settings(first), also_at=[address], processes=1, watch=watch)
    assert steps == ["killed", "back"]
    assert (tally.judged, tally.errors) == (60, 0)
    assert {row["key"] for row in rows(tmp_path / "out")} == {f"{number:05d}.png" for number in range(60)}
    assert "answers no more" in caplog.text and "answers again" in caplog.text


def test_when_no_server_is_left_the_batch_ends_and_goes_on_later(start, rules, tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "PATIENCE", 1.0)
    images = pictures(tmp_path / "in", 30)
    process, url = start(0.1)

    def watch(tally):
        if tally.done >= 8:
            process.kill()

    with pytest.raises(ModelError, match="no server answers any more"):
        batch(images, tmp_path / "out", rules, settings(url), processes=1, watch=watch)
    done = rows(tmp_path / "out")
    assert 8 <= len(done) < 30 and all(row["error"] is None for row in done)
    start(0.01, port=int(url.rsplit(":", 1)[1].split("/")[0]))
    tally = batch(images, tmp_path / "out", rules, settings(url), processes=1)
    assert tally.before == len(done) and len(rows(tmp_path / "out")) == 30


def test_a_server_that_is_not_there_at_the_start_is_left_out_and_said(start, rules, tmp_path, caplog):
    images = pictures(tmp_path / "in", 4)
    _, url = start(0.01)
    tally = batch(images, tmp_path / "out", rules, settings(url), also_at=["http://127.0.0.1:9/v1"], processes=1)
    assert tally.judged == 4 and "left out: http://127.0.0.1:9/v1" in caplog.text


def test_servers_of_different_models_are_refused(start, rules, tmp_path):
    images = pictures(tmp_path / "in", 1)
    (_, first), (_, second) = start(0.01), start(0.01, "other")
    with pytest.raises(UserError, match=r"different models: same at .*, other at"):
        batch(images, tmp_path / "out", rules, settings(first), also_at=[second], processes=1)
    with pytest.raises(UserError, match="stand beside a server"):
        batch(images, tmp_path / "other", rules, Settings(), also_at=[second])
