"""The chain of the log: lines taken out, ends cut off, heads kept elsewhere, and the command that audits it."""

from __future__ import annotations

import json
import stat
import time

import pytest
from typer.testing import CliRunner

from judge.cli.verbs import app
from judge.errors import StoreError, UserError
from judge.review import heads
from judge.review.audit import audit
from judge.review.store import Filters, Store
from tests.review.audited import NOON, audited, tamper


@pytest.fixture
def store(tmp_path):
    with audited(tmp_path) as opened:
        yield opened


def test_a_line_taken_out_breaks_the_chain(store):
    tamper(
        store, "DELETE FROM decisions WHERE seq = 7", "DELETE FROM log WHERE seq = 7",
        "UPDATE log SET seq = seq - 1 WHERE seq > 7",
    )  # fmt: skip
    assert "does not name the hash of the line before it" in audit(store).problems[0]


def test_a_cut_end_shows_only_against_a_kept_head(store):
    head = store.log()[-1].hash
    assert audit(store, head).problems == ()
    older = store.log()[-2].hash
    tamper(store, f"DELETE FROM log WHERE hash = '{head}'")  # a reveal: nothing else was drawn from it
    assert audit(store).problems == ()
    assert "cut off" in audit(store, head).problems[0]
    assert audit(store, older).problems == ()


def test_heads_are_kept_while_the_app_runs_and_each_has_to_be_in_the_log(store, tmp_path, monkeypatch):
    monkeypatch.setattr(heads, "SECONDS", 0.05)
    file = tmp_path / "heads"
    with heads.kept(store, file):
        assert heads.read(file) == ((len(store.log()), store.log()[-1].hash),)
        store.record("ann", "login")
        for _ in range(200):
            if len(heads.read(file)) == 2:
                break
            time.sleep(0.05)
        time.sleep(0.2)
        store.record("bob", "login")
    assert [one.lines for one in heads.read(file)] == [12, 13, 14]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    run = CliRunner().invoke
    arguments = ["audit", "--data", str(store.folder), "--head-file", str(file)]
    assert run(app, arguments).exit_code == 0
    store.record("ann", "login")
    assert run(app, arguments).exit_code == 0, "a log that has grown since is whole"
    tamper(store, "DELETE FROM log WHERE seq > 13")
    assert audit(store).problems == ()
    cut = run(app, arguments)
    assert cut.exit_code == 3 and "the log ends at line 13, but once had 14 lines" in cut.stdout
    with pytest.raises(StoreError, match="not the one whose heads"), heads.kept(store, file):
        pass
    assert len(heads.read(file)) == 3


def test_a_log_written_anew_shows_against_its_heads(store, tmp_path):
    file = tmp_path / "heads"
    with heads.kept(store, file):
        pass
    with Store.open(tmp_path / "another") as other:
        for number in range(20):
            other.record(f"ann {number}", "login")
        report = audit(other, heads=heads.read(file))
        assert "line 12 of the log is not the one whose head" in report.problems[0]
    with Store.open(tmp_path / "empty") as other:
        assert "once had 12 lines" in audit(other, heads=heads.read(file)).problems[0]


@pytest.mark.parametrize(
    "text", ["", "2026 12 abc\n", "no head", "\u00e4", "2026-03-01T12:00:00Z 12 " + "0" * 63 + "\n"]
)
def test_a_head_file_that_holds_no_heads_is_refused(store, tmp_path, text):
    file = tmp_path / "heads"
    with pytest.raises(UserError, match="cannot read the head file"):
        heads.read(file)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="head"):
        heads.read(file)


def test_the_command_says_what_it_found(store):
    data = str(store.folder)
    run = CliRunner().invoke
    whole = run(app, ["audit", "--data", data, "--json"])
    report = json.loads(whole.stdout)
    assert (whole.exit_code, report["problems"]) == (0, [])
    assert run(app, ["audit", "--data", data, "--expect-head", report["head"]]).exit_code == 0
    assert run(app, ["audit", "--data", data, "--expect-head", "0" * 64]).exit_code == 3
    tamper(store, "UPDATE log SET who = 'eve' WHERE seq = 4")
    broken = run(app, ["audit", "--data", data])
    assert broken.exit_code == 3 and broken.stdout.startswith("line 4 of the log: was changed")


def test_every_seen_item_is_still_in_some_state(store):
    counts = store.count(now=NOON)
    assert counts.total == sum(len(store.list(Filters(state=state), now=NOON)) for state in (
        "open", "leased", "decided", "escalated", "second_read")) - _held_in_two(store)  # fmt: skip


def _held_in_two(store):
    """Held second reads stand in both lists."""
    return sum(one.lease is not None and one.state != "open" for one in store.list(now=NOON))
