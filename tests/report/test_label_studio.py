"""Tasks for Label Studio: each image once, what the judge said as a prediction, what needs a person most first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

import pytest

from judge.report.label_studio import label_studio
from judge.report.tables import Tables
from judge.serving.batch.call import batch
from tests.conftest import ROOT
from tests.report.test_distil import doubtful
from tests.serving.batch.colours import colour_judge, picture, pictures, rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    images = pictures(folder / "in", 24)
    (images / "same.png").write_bytes(picture(3))
    (images / "broken.png").write_bytes(picture(9)[:40])
    (images / "50% & more.png").write_bytes(picture(30))
    batch(images, folder / "out", judge=colour_judge())
    return folder


def tasks(out, to):
    with Tables(out) as tables:
        count, copies = label_studio(tables, to)
    found = json.loads(to.read_text(encoding="utf-8"))
    assert (len(found), len(found) + copies) == (count, len(rows(out)))
    return found


def choices(task):
    (prediction,) = task["predictions"]
    return {one["from_name"]: one["value"]["choices"] for one in prediction["result"]}


def test_each_image_has_a_task_with_what_the_judge_said(folder, tmp_path):
    found = {task["data"]["key"]: task for task in tasks(folder / "out", tmp_path / "tasks.json")}
    images = [row for row in rows(folder / "out") if row["copy_of"] is None]
    assert len(found) == len(images) == 26
    for row in images:
        said = choices(found[row["key"]])
        assert said["verdict"] == [row["verdict"]] and said.get("rules", []) == row["violations"]
        assert found[row["key"]]["data"]["sha256"] == row["sha256"]
        address, _, path = found[row["key"]]["data"]["image"].partition("?d=")
        assert address == "/data/local-files/" and "/" + unquote(path) == row["name"]
    assert "&" not in found["50% & more.png"]["data"]["image"]


@pytest.mark.skipif(os.name != "posix", reason="names are text elsewhere")
def test_a_name_that_is_no_text_is_linked_by_its_bytes(tmp_path):
    images = os.fsencode(pictures(tmp_path / "in", 1))
    names = [images + b"/" + name for name in (b"00000.png", b"caf\xe9 \xff.png", "caf\u00e9.png".encode())]
    for number, name in enumerate(names):
        Path(os.fsdecode(name)).write_bytes(picture(number))
    batch(tmp_path / "in", tmp_path / "out", judge=colour_judge())
    linked = [task["data"]["image"].partition("?d=")[2] for task in tasks(tmp_path / "out", tmp_path / "tasks.json")]
    assert sorted(b"/" + unquote_to_bytes(link) for link in linked) == sorted(names)


def test_what_needs_a_person_most_comes_first(folder, tmp_path):
    batch(folder / "in", tmp_path / "out", judge=doubtful())
    found = tasks(tmp_path / "out", tmp_path / "tasks.json")
    verdicts = [choices(task)["verdict"][0] for task in found]
    reviews = verdicts.count("needs_review")
    assert 2 < reviews < len(verdicts) and verdicts[:reviews] == ["needs_review"] * reviews
    assert found[0]["data"]["key"] == "broken.png" and found[0]["data"]["reasons"]
    scores = [task["predictions"][0].get("score", 0.0) for task in found]
    assert scores == sorted(scores) and scores[reviews - 1] <= 0.5 <= scores[reviews]


def test_the_command_writes_it_and_does_one_thing_at_a_time(folder, tmp_path):
    command = [sys.executable, "-m", "judge", "report", str(folder / "out"), "--label-studio", str(tmp_path / "t.json")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"{tmp_path / 't.json'}\n",
        "26 tasks; 1 copies have none of their own\n",
    )
    done = subprocess.run([*command, "--sql", "SELECT 1"], env=environment, text=True, capture_output=True, timeout=100)
    assert done.returncode == 2 and "one at a time" in done.stderr
