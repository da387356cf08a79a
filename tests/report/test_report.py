"""A report counts what the tables hold, shows pictures shielded only, and stands alone."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from judge.errors import UserError
from judge.report.figures import figures
from judge.report.page import page
from judge.report.tables import Tables
from judge.report.text import bars, print_report
from judge.serving.batch.call import batch
from judge.serving.batch.room import Room, RunName, last_run
from judge.serving.batch.shards import Shards
from tests.conftest import ROOT
from tests.review.browsing import chromium
from tests.serving.batch.colours import colour_judge, picture, pictures, rows


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    images = pictures(folder / "in", 40)
    (images / "same.png").write_bytes(picture(3))
    (images / "broken.png").write_bytes(picture(9)[:40])
    batch(images, folder / "out", judge=colour_judge(), audit=0.5)
    return folder / "out"


def of(out):
    with Tables(out) as tables:
        return figures(tables)


def test_figures_are_those_of_the_tables(out):
    found, images = of(out), rows(out)
    assert found.images == len(images) == 42
    assert found.verdicts == Counter(row["verdict"] for row in images)
    assert found.copies == 1 and found.audited == sum(row["audited"] and row["copy_of"] is None for row in images) > 5
    assert sum(found.errors.values()) == found.causes["unreadable"] == 1
    statements = rows(out, "statements")
    for rule in found.rules:
        of_rule = {(row["sha256"], row["rule_outcome"]) for row in statements if row["rule"] == rule.rule}
        counted = Counter(outcome for _, outcome in of_rule)
        assert (rule.violated, rule.not_violated, rule.undecided, rule.pruned) == (
            counted["violated"], counted["not_violated"], counted["undecided"], counted["pruned"],
        )  # fmt: skip
        assert sum(rule.scores) == sum(row["with_image"] is not None for row in statements if row["rule"] == rule.rule)
    assert next(one.rule for one in found.rules) == "no-red"


def test_lists_name_what_is_open_first_and_then_what_one_fact_kept(out):
    found = of(out)
    assert found.uncertain[0].verdict == "needs_review" and found.uncertain[0].key == "broken.png"
    assert {one.verdict for one in found.near} == {"no_violation"}
    assert all(one.rule and one.about and one.likely is not None for one in found.near)
    green = next(one for one in found.near if int(one.key[:5]) % 8 == 2)  # green alone: teal but for blue
    assert (green.rule, green.about) == ("no-teal", "blue is visible")


def test_a_query_is_answered_in_csv_and_a_wrong_one_in_words(out):
    command = [sys.executable, "-m", "judge", "report", str(out), "--sql"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    query = "SELECT verdict, count(*) AS n FROM images GROUP BY 1 ORDER BY 1"
    done = subprocess.run([*command, query], env=environment, text=True, capture_output=True, check=True, timeout=100)
    found = {row["verdict"]: int(row["n"]) for row in csv.DictReader(io.StringIO(done.stdout))}
    assert found == Counter(row["verdict"] for row in rows(out)) and done.stderr == ""
    done = subprocess.run([*command, "SELECT x FROM y"], env=environment, text=True, capture_output=True, timeout=100)
    assert done.returncode == 2 and "images, statements" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("query", ["", ";", "-- nothing", "SELECT 1; SELECT 2", "ATTACH 'x.db'", "SET threads = 1",
                                   "COPY images TO 'x.csv'", "CREATE TABLE t AS SELECT 1", "INSTALL httpfs"])  # fmt: skip
def test_what_is_not_one_query_is_refused(out, tmp_path, monkeypatch, query):
    folder = out.resolve()
    monkeypatch.chdir(tmp_path)
    with Tables(folder) as tables, pytest.raises(UserError, match="not one query") as caught:
        tables.ask(query)
    assert "images, statements" in caught.value.hint and not list(tmp_path.iterdir())


def test_a_query_reads_the_tables_and_no_other_file(out, tmp_path, monkeypatch):
    (tmp_path / "other.csv").write_text("secret\n1\n")
    monkeypatch.chdir(out.parent)
    variable = pa.table({"secret": [1]})
    with Tables(Path(out.name)) as tables:  # a relative name, as people give it
        for source in (f"read_csv('{tmp_path}/other.csv')", f"'{tmp_path}/other.csv'", "glob('/*')", "variable"):
            with pytest.raises(UserError, match="the query fails"):
                tables.ask(f"SELECT * FROM {source}")
        joined = "SELECT count(DISTINCT images.sha256) FROM images JOIN statements USING (sha256)"
        assert tables.ask(joined)[1] == tables.rows(joined) != [(0,)]
        assert tables.ask("FROM nearest LIMIT 1")[1]
    assert variable.num_rows == 1


def test_an_empty_query_is_a_mistake_in_words(out):
    command = [sys.executable, "-m", "judge", "report", str(out), "--sql", ""]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=100)
    assert done.returncode == 2 and "not one query" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("_again", range(8))
def test_but_for_names_the_failing_fact_with_the_lowest_answer(tmp_path, _again):
    """One fact of the chain is undecided, two fail, one by two alternatives; the order they stand in is no matter."""
    facts = [
        (0, "is open", "undecided", 0.05),
        (1, "fails", "fails", 0.3),
        (2, "fails most", "fails", 0.1),
        (2, "fails most, or nearly", "fails", 0.2),
        (3, "holds", "holds", 0.9),
        (4, "was never asked", "not_asked", None),
    ]
    random.shuffle(facts)
    assert chain(tmp_path, facts, "not_violated") == ("fails most, or nearly", 0.2)
    assert chain(tmp_path, [one for one in facts if one[2] != "fails"], "undecided") == ("is open", 0.05)
    assert chain(tmp_path, [one for one in facts if one[2] == "holds"], "violated") == (None, 0.9)


def chain(folder, facts, outcome):
    """What is wanting of a chain of one image, and its answer, as the tables say that hold these statements."""
    out = Path(tempfile.mkdtemp(dir=folder))
    (out / "batch.json").write_text(
        json.dumps({"version": 1, "source": "x", "runs": [{"name": "r", "ground": "g", "last": ""}]})
    )
    held = {"sha256": "a", "view": "image", "rule": "no-it", "rule_outcome": outcome, "enforced": True}
    named = ("condition", "statement", "outcome", "with_image")
    statements = [{**held, "kind": "precondition", **dict(zip(named, one, strict=True))} for one in facts]
    Shards(out / "r").add([{"key": "a", "sha256": "a", "verdict": "no_violation"}], statements)
    with Tables(out) as tables:
        (found,) = tables.rows("SELECT missing, p FROM chains")
        assert tables.rows("SELECT missing, p FROM nearest") == [found]
    return found


def test_the_terminal_shows_every_rule(out, capsys):
    print_report(of(out))
    printed = capsys.readouterr().out
    assert all(rule in printed for rule in ("no-red", "no-teal", "no-blue")) and "broken.png" in printed
    assert bars((0, 1, 100)) == " ▁█" and bars(()) == ""


def test_the_page_stands_alone_and_shows_nothing_clear(out, tmp_path):
    text = page(of(out))
    assert not re.search(r"https?://|<script|src=(?!\"data:)", text)
    assert "cannot be read" in text or "truncated" in text or "broken" in text
    (tmp_path / "report.html").write_text(text, encoding="utf-8")
    with chromium() as browser:
        tab = browser.new_page()
        seen = []
        tab.on("request", lambda request: seen.append(request.url))
        tab.goto((tmp_path / "report.html").as_uri())
        assert tab.locator("tbody tr").count() >= 3
        assert tab.locator(".sheet img").count() > 3
        sizes = tab.locator(".sheet img").evaluate_all("all => all.map(one => one.naturalWidth)")
        assert max(sizes) <= 96
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert {url.split(":")[0] for url in seen} <= {"file", "data"}


@pytest.mark.parametrize("at_work", ["loading models", "judging the first images"])
def test_a_batch_that_starts_up_has_no_rows_yet(at_work, tmp_path):
    room = Room(tmp_path / "out", "in", "in")
    if at_work == "judging the first images":
        room.run(RunName("colours-0", "0"))
    with pytest.raises(UserError, match="out holds no rows yet"):
        Tables(tmp_path / "out")
    room.close()


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_what_can_be_no_folder_is_no_batch(name, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is no folder of a batch"):
        Tables(tmp_path / name)


def test_what_is_no_batch_is_said(tmp_path):
    with pytest.raises(UserError, match="no folder of a batch"):
        Tables(tmp_path)
    (tmp_path / "batch.json").write_text(json.dumps({"version": 1, "source": "x", "runs": [{"name": "r"}]}))
    (tmp_path / "r").mkdir()
    with pytest.raises(UserError, match="no rows yet"):
        Tables(tmp_path)


def cut(out):
    (path,) = last_run(out).glob("images/*.parquet")
    path.write_bytes(path.read_bytes()[:-200])


def removed(out):
    (path,) = last_run(out).glob("statements/*.parquet")
    path.unlink()


def rewritten(out):
    """A sound table that says something else."""
    (path,) = last_run(out).glob("images/*.parquet")
    table = pq.read_table(path)
    at = table.column_names.index("verdict")
    pq.write_table(table.set_column(at, table.field(at), [["no_violation"] * len(table)]), path)


@pytest.mark.parametrize(
    "option",
    [
        [],
        ["--sql", "SELECT * FROM images"],
        ["--html", "r.html"],
        ["--distil", "r.jsonl"],
        ["--label-studio", "r.json"],
    ],
)
@pytest.mark.parametrize("break_shard", [cut, removed, rewritten])
def test_a_table_that_is_not_as_written_is_said_and_nothing_is_written(out, tmp_path, option, break_shard):
    copied = tmp_path / "out"
    shutil.copytree(out, copied)
    break_shard(copied)
    command = [sys.executable, "-m", "judge", "report", str(copied), *option]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, cwd=tmp_path, text=True, capture_output=True, timeout=100)
    said = "cannot be read" if break_shard is removed else "was changed after it was written"
    assert done.returncode == 3 and said in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert "000001.parquet" in done.stderr and "bring it back from a copy" in done.stderr and done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_table_that_a_batch_at_work_replaces_meanwhile_is_no_damage(out, tmp_path, monkeypatch):
    copied = tmp_path / "out"
    shutil.copytree(out, copied)
    check, replaced = Shards.check, []

    def replacing(shards):
        if not replaced:
            writing = Shards(shards.folder)
            replaced.append(writing.live[0])
            images, statements = (writing.rows(replaced[0], table) for table in ("images", "statements"))
            writing.add(images, statements, [replaced[0].number])
        check(shards)

    monkeypatch.setattr(Shards, "check", replacing)
    assert of(copied) == of(out) and replaced


def test_a_report_of_a_batch_at_work_changes_nothing(out):
    unfinished = last_run(out) / "images" / "000099.parquet"
    unfinished.write_bytes(b"not named in the manifest yet")
    of(out)
    assert unfinished.exists()
    unfinished.unlink()
