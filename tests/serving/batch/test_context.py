"""What a manifest tells beside its images: read from columns, kept with the rows, and part of what is the same image."""

from __future__ import annotations

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from judge.errors import UserError
from judge.report.tables import Tables
from judge.serving.batch.call import batch, estimate
from judge.verdict import Answer
from tests.needs import needs
from tests.serving.batch.colours import ColourMllm, colour_judge, picture, rows

TELLS = """
constitution: posts
version: 1.0.0
context: {caption: 40, place: 40}
rules:
  - id: mocked
    rule: Nobody may be mocked.
    preconditions: [red is visible, {statement: the text mocks somebody, reads: caption}]
  - {id: no-blue, rule: No blue., preconditions: [blue is visible]}
"""
PLAIN = TELLS.replace("context: {caption: 40, place: 40}\n", "").replace(", reads: caption", "")
RED, BLACK = picture(1), picture(0)


class ReadingMllm(ColourMllm):
    """Says yes about a text in which somebody laughs. read: the texts."""

    def __init__(self):
        super().__init__()
        self.read = []

    def _one(self, ask):
        if ask.statement != "the text mocks somebody":
            return super()._one(ask)
        said = ask.instruction
        if "caption" in said and ("haha" in said or "nice" in said):
            self.read.append("haha" if "haha" in said else "nice")
            return Answer(p_yes=0.99, p_no=0.01) if "haha" in said else Answer(p_yes=0.01, p_no=0.99)
        return Answer(p_yes=0.3, p_no=0.7)


def table(folder, lines, name="posts.csv", heads=("path", "caption")):
    folder.mkdir(exist_ok=True)
    (folder / "red.png").write_bytes(RED)
    (folder / "copy.png").write_bytes(RED)
    (folder / "black.png").write_bytes(BLACK)
    with (folder / name).open("w", newline="") as file:
        csv.writer(file).writerows([heads, *lines])
    return folder / name


def judge_table(named, out, model=None, policy=TELLS, **more):
    return batch(named, out, judge=colour_judge(policy, model or ReadingMllm()), **more)


def words(out):
    return {row["key"]: row["verdict"] for row in rows(out)}


def test_the_same_image_with_another_caption_is_judged_by_its_own(tmp_path):
    lines = [["red.png", "haha"], ["red.png", "nice"], ["copy.png", "haha"], ["copy.png", "nice"], ["black.png", ""]]
    tally = judge_table(table(tmp_path / "in", lines), tmp_path / "out")
    assert words(tmp_path / "out") == {
        "red.png": "violation",
        "red.png#2": "no_violation",
        "copy.png": "violation",
        "copy.png#2": "no_violation",
        "black.png": "no_violation",
    }
    found = {row["key"]: row for row in rows(tmp_path / "out")}
    assert (found["copy.png"]["copy_of"], found["copy.png#2"]["copy_of"]) == ("red.png", "red.png#2")
    assert json.loads(found["red.png"]["context"]) == {"caption": "haha"}
    assert json.loads(found["black.png"]["context"]) == {"caption": ""}, "an empty cell is an empty text"
    assert found["red.png"]["context_digest"] != found["red.png#2"]["context_digest"]
    assert tally.copies == 2
    outcomes = {
        (row["context_digest"], row["outcome"])
        for row in rows(tmp_path / "out", "statements")
        if row["statement"] == "the text mocks somebody" and row["outcome"] != "not_asked"
    }
    assert outcomes == {
        (found["red.png"]["context_digest"], "holds"),
        (found["red.png#2"]["context_digest"], "fails"),
    }


def test_a_changed_caption_is_judged_anew_and_the_same_one_is_not(tmp_path):
    lines = [["red.png", "haha"], ["copy.png", "haha"], ["black.png", "haha"]]
    judge_table(table(tmp_path / "in", lines), tmp_path / "out")
    model = ReadingMllm()
    assert judge_table(tmp_path / "in" / "posts.csv", tmp_path / "out", model).judged == 0 and not model.asked
    lines[0][1] = "nice"
    tally = judge_table(table(tmp_path / "in", lines), tmp_path / "out", model)
    assert (tally.judged, model.read) == (1, ["nice"])
    assert words(tmp_path / "out") == {"red.png": "no_violation", "copy.png": "violation", "black.png": "no_violation"}
    judge_table(tmp_path / "in" / "posts.csv", tmp_path / "whole")
    for name in ("images", "statements"):
        assert rows(tmp_path / "out", name) == rows(tmp_path / "whole", name), name


def test_a_caption_that_changes_while_the_image_is_gone_does_not_keep_the_old_verdict(tmp_path):
    named = table(tmp_path / "in", [["black.png", "nice"]])
    judge_table(named, tmp_path / "out")
    (tmp_path / "in" / "black.png").unlink()
    judge_table(named, tmp_path / "out")
    assert words(tmp_path / "out") == {"black.png": "no_violation"}, "what was found out while it was there stays"
    named.write_text("path,caption\nblack.png,haha\n")
    judge_table(named, tmp_path / "out")
    (row,) = rows(tmp_path / "out")
    assert (row["verdict"], row["error"], json.loads(row["context"])) == ("needs_review", "image", {"caption": "haha"})


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_what_is_missing_or_does_not_fit_leaves_its_own_row_to_a_person(kind, tmp_path):
    told = ["haha", "x" * 41, None, 7, "nice"] if kind == "jsonl" else ["haha", "x" * 41, None, "haha", "nice"]
    named = table(tmp_path / "in", [["red.png", one or ""] for one in told])
    lines = [{"path": "red.png", "key": f"{number}", "caption": one} for number, one in enumerate(told)]
    if kind == "jsonl":
        named = named.with_suffix(".jsonl")
        named.write_text("".join(json.dumps(line) + "\n" for line in lines))
    elif kind == "parquet":
        named = named.with_suffix(".parquet")
        pq.write_table(pa.Table.from_pylist(lines), named)
    judge_table(named, tmp_path / "out", evidence="violations")
    found = rows(tmp_path / "out")
    causes = {tuple(row["causes"]) for row in found if row["verdict"] == "needs_review"}
    refused = next(row for row in found if row["causes"] == ["context_refused"])
    assert "41 characters, and at most 40 are read" in refused["error_message"]
    assert refused["context"] is None and refused["context_digest"]
    if kind != "csv":
        assert causes == {("context_refused",), ("no_context",)}
        missing = next(row for row in found if row["causes"] == ["no_context"])
        assert "caption" in " ".join(missing["reasons"]) and missing["context_digest"] == ""
    assert sum(row["causes"] == ["context_refused"] for row in found) == 1 + (kind == "jsonl")
    assert {row["verdict"] for row in found} == {"violation", "no_violation", "needs_review"}
    evidence = [json.loads(row["evidence"])["context"] for row in found if row["verdict"] == "violation"]
    assert evidence[0] == {"caption": "haha"}
    model = ReadingMllm()
    assert judge_table(named, tmp_path / "out", model).judged == 0 and not model.asked


@pytest.mark.parametrize(
    ("policy", "heads", "said"),
    [
        (TELLS.replace("place", "path"), ("path", "caption"), "may be the image, or the field `path`"),
        (TELLS.replace("place", "key"), ("path", "key"), "may be the key of each row, or the field `key`"),
        (TELLS, ("path", "Caption"), "Caption may be the field `caption` of the context, or something else"),
    ],
)
def test_a_column_that_may_be_two_things_is_refused_with_both(policy, heads, said, tmp_path):
    with pytest.raises(UserError, match=said):
        judge_table(table(tmp_path / "in", [["red.png", "haha"]], heads=heads), tmp_path / "out", policy=policy)


def test_columns_that_no_field_is_called_like_are_nothing(tmp_path):
    named = table(tmp_path / "in", [["red.png", "haha", "school"]], heads=("path", "title", "place"))
    judge_table(named, tmp_path / "out")
    (row,) = rows(tmp_path / "out")
    assert (json.loads(row["context"]), row["causes"]) == ({"place": "school"}, ["no_context"])
    judge_table(named, tmp_path / "plain", policy=PLAIN)
    assert {row["context"] for row in rows(tmp_path / "plain")} == {None}


def test_a_changed_policy_takes_over_what_was_found_with_the_same_caption_only(tmp_path):
    lines = [["red.png", "haha"], ["copy.png", "nice"]]
    named = table(tmp_path / "in", lines)
    judge_table(named, tmp_path / "out")
    changed, model = TELLS.replace("No blue.", "No blue at all."), ReadingMllm()
    judge_table(named, tmp_path / "out", model, changed)
    assert words(tmp_path / "out") == {"red.png": "violation", "copy.png": "no_violation"}
    assert {row["reused"] for row in rows(tmp_path / "out")} == {1} and model.read == []
    again = TELLS.replace("No blue.", "No blue ever.")
    judge_table(table(tmp_path / "in", [["red.png", "nice"], ["copy.png", "nice"]]), tmp_path / "out", model, again)
    assert words(tmp_path / "out") == {"red.png": "no_violation", "copy.png": "no_violation"}


def test_reports_count_an_image_once_for_each_context(tmp_path):
    named = table(tmp_path / "in", [["red.png", "haha"], ["red.png", "nice"]])
    judge_table(named, tmp_path / "out")
    with Tables(tmp_path / "out") as tables:
        from judge.report.figures import figures

        mocked = next(one for one in figures(tables).rules if one.rule == "mocked")
    assert (mocked.violated, mocked.not_violated) == (1, 1)


def test_an_estimate_tells_the_context_too(tmp_path):
    named = table(tmp_path / "in", [["red.png", "haha"], ["black.png", "x" * 41]])
    found = estimate(named, judge=colour_judge(TELLS, ReadingMllm()))
    assert (found.sample, found.unreadable, found.violating) == (1, 1, 1.0)


def test_a_hugging_face_data_set_tells_by_its_columns_too(tmp_path):
    datasets = needs("datasets")

    datasets.disable_progress_bars()

    def saved(name, captions):
        rows_of = {"image": [{"bytes": RED, "path": None}] * 3, name: captions, "label": [1, 2, 3]}
        kinds = {"image": datasets.Image(), name: datasets.Value("string"), "label": datasets.Value("int64")}
        datasets.Dataset.from_dict(rows_of, features=datasets.Features(kinds)).save_to_disk(tmp_path / name)
        return tmp_path / name

    judge_table(saved("caption", ["haha", "nice", None]), tmp_path / "out")
    found = {row["key"]: row for row in rows(tmp_path / "out")}
    assert [found[f"{one:09d}"]["verdict"] for one in (1, 2, 3)] == ["violation", "no_violation", "needs_review"]
    assert found["000000003"]["causes"] == ["no_context"]
    with pytest.raises(UserError, match="Caption may be the field `caption`"):
        judge_table(saved("Caption", ["haha", "nice", ""]), tmp_path / "other")


def test_a_stage_of_ray_data_tells_by_columns(monkeypatch):
    from judge.integrations.ray import COLUMNS, JudgeStage

    monkeypatch.setattr("judge.assemble.load_judge", lambda *_: colour_judge(TELLS, ReadingMllm()))
    stage = JudgeStage("posts.yaml")
    told = ["haha", "nice", None, "x" * 41, ""]
    table_of = pa.table({"image": [RED] * 5, "caption": told, "title": ["haha"] * 5})
    found = stage(table_of).to_pylist()
    assert set(found[0]) == {"image", "caption", "title", *COLUMNS, "context", "context_digest"}
    assert [row["verdict"] for row in found] == [
        "violation",
        "no_violation",
        "needs_review",
        "needs_review",
        "needs_review",
    ]
    assert [row["causes"] for row in found[2:4]] == [["no_context"], ["context_refused"]]
    assert [row["context"] and json.loads(row["context"])["caption"] for row in found[:4]] == [
        "haha",
        "nice",
        None,
        None,
    ]
    assert len({row["context_digest"] for row in found}) == 5, "also of what was refused"
    for name, said in (("Caption", "Caption may be the field"), ("place", "the column place may be the image")):
        other = JudgeStage("posts.yaml", column="place" if name == "place" else "image")
        with pytest.raises(UserError, match=said):
            other(pa.table({"image": [RED], name: [RED if name == "place" else "haha"]}))


def test_a_stage_adds_no_columns_of_a_context_where_none_is_declared(monkeypatch):
    from judge.integrations.ray import COLUMNS, JudgeStage

    monkeypatch.setattr("judge.assemble.load_judge", lambda *_: colour_judge(PLAIN, ReadingMllm()))
    (row,) = JudgeStage("plain.yaml")(
        pa.table({"image": [BLACK], "context": ["mine"], "caption": ["haha"]})
    ).to_pylist()
    assert (row["context"], row["verdict"]) == ("mine", "no_violation") and set(row) == {
        "image",
        "context",
        "caption",
        *COLUMNS,
    }
