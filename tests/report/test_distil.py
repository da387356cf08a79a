"""Rows to train a small model on say what the judge said, leave out what has no answer, and load where people train."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from judge.errors import UserError
from judge.judging.pipeline import Judge
from judge.report.distil import distil
from judge.report.tables import Tables
from judge.serving.batch.call import batch
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity
from tests.conftest import ROOT
from tests.serving.batch.colours import EDITED, ColourMllm, colour_judge, picture, pictures, rows


class Doubtful(ColourMllm):
    """Another model, which sees green where there is none and is unsure of blue."""

    identity = ModelIdentity(role="mllm", name="doubtful", digest="d" * 64)

    def _one(self, ask):
        if ask.image is not None and ask.statement.startswith("green"):
            return Answer(p_yes=0.99, p_no=0.01)
        if ask.image is not None and ask.statement.startswith("blue"):
            return Answer(p_yes=0.3, p_no=0.7)  # what it says without any picture
        return super()._one(ask)


def doubtful(policy=None):
    judge = colour_judge(policy) if policy else colour_judge()
    return Judge(judge.constitution, Doubtful(), settings=Settings(batch=8, escalate=()))


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    images = pictures(folder / "in", 24)
    (images / "same.png").write_bytes(picture(3))
    (images / "broken.png").write_bytes(picture(9)[:40])
    batch(images, folder / "out", judge=colour_judge())
    return folder / "out"


def written(out, to):
    with Tables(out) as tables:
        found = distil(tables, to)
    return found, [json.loads(line) for line in to.read_text(encoding="utf-8").splitlines()]


def test_each_answer_is_one_row_with_what_the_tables_say(out, tmp_path):
    found, lines = written(out, tmp_path / "rows.jsonl")
    asked = {
        (one["sha256"], one["statement"]): one
        for one in rows(out, "statements")
        if one["outcome"] in ("holds", "fails")
    }
    assert found.rows == len(lines) == len(asked) > 40
    names = {one["key"]: one["name"] for one in rows(out)}
    for line in lines:
        row = asked[line["sha256"], line["statement"]]
        question, answer = line["messages"]
        assert question["content"] == [{"type": "image"}, {"type": "text", "text": row["statement"]}]
        assert answer["content"][0]["text"] == line["answer"] == {"holds": "yes", "fails": "no"}[row["outcome"]]
        assert {line[one] == row[one] for one in ("with_image", "prior", "score", "label_mass")} == {True}
        assert line["images"] == [names[line["key"]]] and line["votes"] is None
    assert "same.png" not in {line["key"] for line in lines}  # a copy teaches nothing
    assert found.unreadable == 1 and not found.left_out


def test_what_has_no_answer_is_left_out_and_counted(out, tmp_path):
    batch(out.parent / "in", tmp_path / "out", judge=doubtful())
    found, lines = written(tmp_path / "out", tmp_path / "rows.jsonl")
    open_ = {
        (one["sha256"], one["statement"])
        for one in rows(tmp_path / "out", "statements")
        if one["outcome"] == "undecided"
    }
    assert found.left_out == {"undecided": len(open_)} and open_
    assert not {line["statement"] for line in lines} & {"blue is visible"}


@pytest.mark.skipif(os.name != "posix", reason="names are text elsewhere")
def test_a_picture_whose_name_is_no_text_cannot_be_named_and_is_counted(tmp_path):
    images = pictures(tmp_path / "in", 2)
    Path(os.fsdecode(os.fsencode(images) + b"/caf\xe9.png")).write_bytes(picture(3))
    batch(images, tmp_path / "out", judge=colour_judge())
    found, lines = written(tmp_path / "out", tmp_path / "rows.jsonl")
    assert lines and all(Path(one).is_file() for line in lines for one in line["images"])
    assert set(found.left_out) == {"of files whose names are no text"} and found.left_out.total() > 1


def test_frames_are_left_out_because_the_file_shows_more(tmp_path):
    from PIL import Image

    (tmp_path / "in").mkdir()
    frames = [Image.new("RGB", (16, 16), (255 * (number % 2), 0, 0)) for number in range(2)]
    frames[0].save(tmp_path / "in" / "two.gif", save_all=True, append_images=frames[1:], duration=50)
    batch(tmp_path / "in", tmp_path / "out", judge=colour_judge())
    found, lines = written(tmp_path / "out", tmp_path / "rows.jsonl")
    assert not lines and set(found.left_out) == {"of a frame, ground or part"}


def test_votes_are_of_models_not_of_policies(out, tmp_path):
    images, several = out.parent / "in", tmp_path / "out"
    batch(images, several, judge=doubtful())
    batch(images, several, judge=colour_judge(EDITED))  # the same statements under another policy: one vote
    batch(images, several, judge=colour_judge())
    _, lines = written(several, tmp_path / "rows.jsonl")
    assert {line["votes"] and sum(line["votes"].values()) for line in lines} <= {None, 2}
    seen = Counter((line["statement"], line["answer"], str(line["votes"])) for line in lines)
    assert seen["green is visible", "no", str({"yes": 1, "no": 1, "undecided": 0})]
    assert seen["green is visible", "yes", str({"yes": 2, "no": 0, "undecided": 0})]
    assert seen["blue is visible", "yes", str({"yes": 1, "no": 0, "undecided": 1})]


def test_parquet_has_the_same_rows_and_loads_as_pictures_with_chats(out, tmp_path):
    datasets = pytest.importorskip("datasets")
    _, lines = written(out, tmp_path / "rows.jsonl")
    with Tables(out) as tables:
        assert distil(tables, tmp_path / "rows.parquet").rows == len(lines)
    loaded = datasets.Dataset.from_parquet(str(tmp_path / "rows.parquet"), cache_dir=str(tmp_path / "cache"))
    assert loaded["statement"][:] == [line["statement"] for line in lines]
    assert loaded["with_image"][:] == [line["with_image"] for line in lines]
    shown = loaded.cast_column("images", datasets.List(datasets.Image()))[0]
    assert shown["images"][0].size == (8, 8) and shown["messages"][1]["content"][0]["text"] in ("yes", "no")


def test_the_command_says_what_it_left_out_and_a_wrong_name_is_a_mistake(out, tmp_path):
    command = [sys.executable, "-m", "judge", "report", str(out), "--distil"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, str(tmp_path / "rows.jsonl")], env=environment, text=True, capture_output=True, timeout=100
    )
    assert done.returncode == 0 and done.stdout == f"{tmp_path / 'rows.jsonl'}\n"
    count = len((tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines())
    assert done.stderr == f"{count} rows; left out: no statement; 1 images could not be judged\n"
    with Tables(out) as tables, pytest.raises(UserError, match=r"rows\.csv"):
        distil(tables, tmp_path / "rows.csv")


def test_one_answer_that_two_rules_take_in_two_ways_teaches_nothing(tmp_path):
    strict = """
constitution: two-ways
version: 1.0.0
rules:
  - {id: strict, rule: No red., preconditions: [red is visible]}
  - {id: lax, rule: No red at all., preconditions: [red is visible], thresholds: {bounds: {fails_under: 9, holds_over: 9}}}
"""
    batch(pictures(tmp_path / "in", 2), tmp_path / "out", judge=colour_judge(strict))
    found, lines = written(tmp_path / "out", tmp_path / "rows.jsonl")
    assert found.left_out == {"answered in two ways": 1} and len(lines) == 1
