"""A file of verdicts that cannot be written costs no verdict and no time."""

from __future__ import annotations

import base64
import contextlib
import json
import sqlite3
import threading
import time

import pytest

from judge.errors import UserError
from judge.serving.http.store import VerdictStore
from tests.serving.http.running import Scripted, serving


def test_a_locked_store_delays_no_verdict_and_it_is_said(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("judge.serving.http.store._REST", 0.5)
    path = tmp_path / "verdicts.db"
    with serving({"store": str(path), "once_seconds": 0}, process=Scripted()) as running:

        def judged(**more):
            answer = running.http.post("/v1/judge", files={"image": ("x", b"v")}, data=more)
            assert answer.status_code == 200, answer.text
            return answer

        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin exclusive")
            begun = time.monotonic()
            found = [judged().json() for _ in range(10)]
            line = json.loads(judged(stream="true").text)
            uri = "data:image/png;base64," + base64.b64encode(b"v").decode()
            given = {"input": [{"type": "image_url", "image_url": {"url": uri}}]}
            moderated = running.http.post("/v1/moderations", json=given).json()["results"][0]
            assert time.monotonic() - begun < 4
            assert all(one["kept"] is False and one["verdicts"][0]["verdict"] == "violation" for one in found)
            assert line["kept"] is False and line["verdict"]["verdict"] == "violation"
            assert moderated["kept"] is False and moderated["flagged"]
        said = [one.getMessage() for one in caplog.records if "not kept" in one.getMessage()]
        assert said and str(path) in said[0] and "locked" in said[0] and len(said) < 12
        assert 'judge_errors_total{type="verdict-not-kept"} 12' in running.http.get("/metrics").text
        deadline = time.monotonic() + 10
        while "kept" in (answer := judged().json()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert running.http.get(f"/v1/verdicts/{answer['ids'][0]}").json() == answer["verdicts"][0]


def test_a_store_that_cannot_be_read_is_tried_again(tmp_path, monkeypatch):
    with serving({"store": str(tmp_path / "verdicts.db")}, process=Scripted()) as running:

        def locked(identity):
            raise sqlite3.OperationalError("database is locked")

        monkeypatch.setattr(running.service.store, "_get", locked)
        answer = running.http.get("/v1/verdicts/v_1")
        assert answer.status_code == 503 and answer.json()["retryable"]


def test_a_disk_that_hangs_delays_the_end_by_seconds_and_it_is_said(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("judge.serving.http.store._LONGEST", 0.1)
    monkeypatch.setattr("judge.serving.http.store._ENDING", 0.3)
    mended, path = threading.Event(), tmp_path / "verdicts.db"
    try:
        with serving({"store": str(path)}, process=Scripted()) as running:
            monkeypatch.setattr(running.service.store, "_put", lambda *_: mended.wait(60))
            answer = running.http.post("/v1/judge", files={"image": ("x", b"v")}).json()
            assert answer["kept"] is False and answer["verdicts"][0]["verdict"] == "violation"
            begun = time.monotonic()
        assert time.monotonic() - begun < 20
        assert f"{path} does not answer" in caplog.text
        (thread,) = (one for one in threading.enumerate() if one.name == "verdicts")
        assert thread.daemon, "it would keep the process from ending"
    finally:
        mended.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_store_that_is_closed_has_what_was_put(tmp_path, caplog):
    with serving({"store": str(tmp_path / "verdicts.db")}, process=Scripted()) as running:
        (identity,) = running.http.post("/v1/judge", files={"image": ("x", b"v")}).json()["ids"]
    with contextlib.closing(sqlite3.connect(tmp_path / "verdicts.db")) as file:
        assert file.execute("select id from verdicts").fetchall() == [(identity,)]
    assert "does not answer" not in caplog.text


def test_a_store_that_is_locked_at_the_start_costs_no_start_and_is_tried_again(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("judge.serving.http.store._REST", 0.3)
    monkeypatch.setattr("judge.serving.http.store._STARTING", 0.1, raising=False)
    path = tmp_path / "verdicts.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("create table somebody_elses (a)")
        other.execute("begin exclusive")
        with serving({"store": str(path), "once_seconds": 0}, process=Scripted()) as running:

            def judged():
                answer = running.http.post("/v1/judge", files={"image": ("x", b"v")})
                assert answer.status_code == 200, answer.text
                return answer.json()

            found = judged()
            assert found["kept"] is False and found["verdicts"][0]["verdict"] == "violation"
            assert running.http.get("/v1/verdicts/v_1").status_code == 503
            assert str(path) in caplog.text and "locked" in caplog.text
            other.execute("rollback")
            deadline = time.monotonic() + 10
            while "kept" in (found := judged()):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert running.http.get(f"/v1/verdicts/{found['ids'][0]}").json() == found["verdicts"][0]


def test_a_store_that_is_locked_from_start_to_end_keeps_no_server_from_ending(tmp_path, monkeypatch):
    monkeypatch.setattr("judge.serving.http.store._STARTING", 0.1, raising=False)
    path = tmp_path / "verdicts.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("create table somebody_elses (a)")
        other.execute("begin exclusive")
        with serving({"store": str(path)}, process=Scripted()):
            pass


def test_a_file_that_is_no_store_is_said_at_the_start(tmp_path):
    path = tmp_path / "verdicts.db"
    path.write_text("this is a letter, and no file of verdicts" * 100)
    with pytest.raises(UserError, match="cannot be kept"):
        VerdictStore(path, 1.0)
