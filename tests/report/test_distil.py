"""Rows to train a small model on say what the judge said, leave out what has no answer, and load where people train."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from pathlib import Path

import pytest
import yaml
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from judge.cli.verbs import app
from judge.distilling.rows import HumanLabel
from judge.errors import ModelError, UserError
from judge.judging.pipeline import Judge
from judge.report.distil import distil
from judge.report.tables import Tables
from judge.serving.batch.call import batch
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity
from tests.needs import needs
from tests.serving.batch.colours import EDITED, POLICY, ColourMllm, colour_judge, picture, pictures, rows
from tests.serving.batch.test_context import ReadingMllm


class Doubtful(ColourMllm):
    """Another model, which sees green where there is none and is unsure of blue."""

    identity = ModelIdentity(role="mllm", name="doubtful", digest="d" * 64)

    def _one(self, ask):
        if ask.image is not None and ask.statement.startswith("green"):
            return Answer(p_yes=0.99, p_no=0.01)
        if ask.image is not None and ask.statement.startswith("blue"):
            return Answer(p_yes=0.3, p_no=0.7)  # what it says without any picture
        return super()._one(ask)


class Failing(ColourMllm):
    """It fails where it is asked about red."""

    def _one(self, ask):
        if ask.image is not None and ask.statement.startswith("red"):
            raise ModelError("no red today")
        return super()._one(ask)


def drawing(number):
    """A picture that looks like no other number's: squares by its bits."""
    drawn = Image.new("RGB", (96, 96), "white")
    for bit in range(16):
        if hashlib.sha256(bytes([number])).digest()[bit // 8] >> bit % 8 & 1:
            place = (bit % 4 * 24, bit // 4 * 24)
            ImageDraw.Draw(drawn).rectangle((*place, place[0] + 23, place[1] + 23), fill="navy")
    return drawn


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


def written(out, to, **options):
    with Tables(out) as tables:
        told = distil(tables, to, **options)
    return told, [json.loads(line) for line in to.read_text(encoding="utf-8").splitlines()]


def about(lines, what):
    return [line for line in lines if line[what] is not None]


def test_each_answer_is_one_row_with_what_the_tables_say(out, tmp_path):
    told, lines = written(out, tmp_path / "rows.jsonl")
    asked = {
        (one["sha256"], one["statement"]): one
        for one in rows(out, "statements")
        if one["outcome"] in ("holds", "fails")
    }
    found = about(lines, "statement")
    assert told.rows == len(lines) and len(found) == len(asked) > 40
    images = {one["key"]: one for one in rows(out)}
    for line in found:
        row = asked[line["sha256"], line["statement"]]
        question, answer = line["messages"]
        assert question["content"] == [{"type": "image"}, {"type": "text", "text": row["statement"]}]
        assert answer["content"][0]["text"] == line["answer"] == {"holds": "yes", "fails": "no"}[row["outcome"]]
        assert {line[one] == row[one] for one in ("with_image", "prior", "score", "label_mass")} == {True}
        assert line["soft"] == row["probability"] and line["votes"] is None and line["decided_by"] == "judge"
        assert line["images"] == [images[line["key"]]["name"]]
        made_by = {**line["provenance"]}
        assert made_by.pop("models") == ["mllm:colours@" + "c" * 12] and made_by.pop("decision") is None
        assert made_by == {name: images[line["key"]][name] for name in made_by} and len(made_by) == 4
    assert "same.png" not in {line["key"] for line in lines}  # a copy teaches nothing
    assert told.unreadable == 1 and told.left_out == {"copies of another image": 1}


def test_each_rule_of_an_image_is_one_row_with_the_probability_that_it_is_violated(out, tmp_path):
    _, lines = written(out, tmp_path / "rows.jsonl")
    judged = {(one["sha256"], one["rule"]): one for one in rows(out, "statements")}
    assert len(about(lines, "rule")) == len(judged) == 24 * 3
    for line in about(lines, "rule"):
        row = judged[line["sha256"], line["rule"]]
        assert line["soft"] == row["rule_probability"] and line["messages"] is None
        assert line["answer"] == {"violated": "yes", "not_violated": "no"}[row["rule_outcome"]]
        assert (line["soft"] >= 0.5) == (line["answer"] == "yes")


def test_what_is_undecided_is_no_no_and_what_failed_has_no_row(out, tmp_path):
    batch(out.parent / "in", tmp_path / "out", judge=doubtful())
    told, lines = written(tmp_path / "out", tmp_path / "rows.jsonl")
    open_ = {
        (one["sha256"], one["statement"])
        for one in rows(tmp_path / "out", "statements")
        if one["outcome"] == "undecided"
    }
    found = [line for line in about(lines, "statement") if line["answer"] is None]
    assert {(line["sha256"], line["statement"]) for line in found} == open_ != set()
    assert {line["messages"] for line in found} == {None} and all(0.05 < line["soft"] < 0.95 for line in found)
    rules = [line for line in about(lines, "rule") if line["answer"] is None]
    assert {line["rule"] for line in rules} == {"no-teal"} and told.undecided == len(found) + len(rules)
    failing = tmp_path / "failing"
    batch(out.parent / "in", failing, judge=colour_judge(model=Failing()))
    told, lines = written(failing, tmp_path / "failed.jsonl")
    assert not [line for line in lines if line["statement"] == "red is visible" or line["rule"] == "no-red"]
    assert told.left_out["failed"] > 24


def test_what_looks_the_same_is_on_one_side_and_the_split_is_the_same_again(tmp_path):
    images = tmp_path / "in"
    images.mkdir()
    for number in range(12):
        drawn = drawing(number)
        for name, options in {"one.png": {}, "two.jpg": {"quality": 90}, "three.webp": {"quality": 80}}.items():
            drawn.save(images / f"{number}-{name}", **options)
    batch(images, tmp_path / "out", judge=colour_judge())
    _, lines = written(tmp_path / "out", tmp_path / "rows.jsonl", held_out=0.5)
    sides = {}
    for line in lines:
        sides.setdefault(line["key"].split("-")[0], set()).add((line["group"], line["split"]))
    assert len(sides) == 12 and {len(one) for one in sides.values()} == {1}
    assert {side for one in sides.values() for _, side in one} == {"train", "held_out"}
    _, again = written(tmp_path / "out", tmp_path / "again.jsonl", held_out=0.5)
    assert again == lines
    (images / "3-one.png").write_bytes(picture(1))  # another picture than the one that was judged
    told, lines = written(tmp_path / "out", tmp_path / "moved.jsonl", held_out=0.0)
    assert {line["split"] for line in lines if line["key"] == "3-one.png"} == {None}
    assert told.splits == {"train": 35, "neither": 1}


def test_a_decision_of_people_wins_and_is_marked(out, tmp_path):
    judged = {one["key"]: one for one in rows(out)}
    one, other, stale = (judged[f"0000{number}.png"] for number in (1, 2, 3))
    decisions = [
        (one["sha256"], one["constitution_digest"], HumanLabel("no_violation", (), "a red cross", 7)),
        (other["sha256"], other["constitution_digest"], HumanLabel("violation", ("no-red",), "", 9)),
        (stale["sha256"], "0" * 64, HumanLabel("violation", ("no-blue",), "", 11)),
    ]
    plain = {(line["key"], line["rule"], line["statement"]): line for line in written(out, tmp_path / "a.jsonl")[1]}
    told, lines = written(out, tmp_path / "b.jsonl", decisions=decisions)
    people = {(line["key"], line["rule"]): line for line in lines if line["decided_by"] == "person"}
    assert set(people) == {("00001.png", rule) for rule in ("no-red", "no-teal", "no-blue")} | {("00002.png", "no-red")}
    red = people["00001.png", "no-red"]
    assert plain["00001.png", "no-red", None]["answer"] == "yes" and (red["answer"], red["soft"]) == ("no", 0.0)
    assert red["rationale"] == "a red cross" and red["provenance"]["decision"] == 7 and told.by_people == 4
    assert (people["00002.png", "no-red"]["answer"], people["00002.png", "no-red"]["soft"]) == ("yes", 1.0)
    rest = [line for line in lines if line["decided_by"] != "person"]
    assert all(line == plain[line["key"], line["rule"], line["statement"]] for line in rest)


@pytest.mark.skipif(os.name != "posix", reason="names are text elsewhere")
def test_a_picture_whose_name_is_no_text_cannot_be_named_and_is_counted(tmp_path):
    images = pictures(tmp_path / "in", 2)
    Path(os.fsdecode(os.fsencode(images) + b"/caf\xe9.png")).write_bytes(picture(3))
    batch(images, tmp_path / "out", judge=colour_judge())
    found, lines = written(tmp_path / "out", tmp_path / "rows.jsonl")
    assert lines and all(Path(one).is_file() for line in lines for one in line["images"])
    assert set(found.left_out) == {"of files whose names are no text"} and found.left_out.total() > 1


def test_frames_are_left_out_because_the_file_shows_more(tmp_path):
    (tmp_path / "in").mkdir()
    frames = [Image.new("RGB", (16, 16), (255 * (number % 2), 0, 0)) for number in range(2)]
    frames[0].save(tmp_path / "in" / "two.gif", save_all=True, append_images=frames[1:], duration=50)
    batch(tmp_path / "in", tmp_path / "out", judge=colour_judge())
    found, lines = written(tmp_path / "out", tmp_path / "rows.jsonl")
    assert not about(lines, "statement") and set(found.left_out) == {"of a frame, ground or part"}
    red = next(line for line in lines if line["rule"] == "no-red")  # of the whole file: in one of its frames
    assert red["answer"] == "yes" and red["split"] is not None


def test_votes_are_of_models_not_of_policies(out, tmp_path):
    images, several = out.parent / "in", tmp_path / "out"
    batch(images, several, judge=doubtful())
    batch(images, several, judge=colour_judge(EDITED))  # the same statements under another policy: one vote
    batch(images, several, judge=colour_judge())
    _, lines = written(several, tmp_path / "rows.jsonl")
    assert {line["votes"] and sum(line["votes"].values()) for line in lines} <= {None, 2}
    seen = Counter((line["statement"], line["answer"], str(line["votes"])) for line in lines)
    assert seen["green is visible", "no", str({"yes": 1, "no": 1, "silent": 0})]
    assert seen["green is visible", "yes", str({"yes": 2, "no": 0, "silent": 0})]
    assert seen["blue is visible", "yes", str({"yes": 1, "no": 0, "silent": 1})]


def test_parquet_has_the_same_rows_and_loads_as_pictures_with_chats(out, tmp_path):
    datasets = needs("datasets")
    _, lines = written(out, tmp_path / "rows.jsonl")
    with Tables(out) as tables:
        assert distil(tables, tmp_path / "rows.parquet").rows == len(lines)
    loaded = datasets.Dataset.from_parquet(str(tmp_path / "rows.parquet"), cache_dir=str(tmp_path / "cache"))
    assert loaded["statement"][:] == [line["statement"] for line in lines]
    assert loaded["with_image"][:] == [line["with_image"] for line in lines]
    assert loaded["provenance"][:] == [line["provenance"] for line in lines]
    chats = loaded.filter(lambda row: row["messages"] is not None)
    shown = chats.cast_column("images", datasets.List(datasets.Image()))[0]
    assert shown["images"][0].size == (8, 8) and shown["messages"][1]["content"][0]["text"] in ("yes", "no")


def test_the_command_says_what_it_left_out_and_a_wrong_name_is_a_mistake(out, tmp_path):
    told = CliRunner().invoke(app, ["report", str(out), "--distil", str(tmp_path / "rows.jsonl"), "--held-out", "0"])
    assert told.exit_code == 0 and told.stdout == f"{tmp_path / 'rows.jsonl'}\n"
    count = len((tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines())
    assert told.stderr == (
        f"{count} rows, 0 undecided; images: 24 to train on, 0 held out; left out: 1 copies of another image; 1 images could not be judged\n"
    )
    lost = CliRunner().invoke(app, ["report", str(out), "--held-out", "0.1"])
    assert isinstance(lost.exception, UserError) and "only with --distil" in str(lost.exception)
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
    assert found.left_out == {"answered in two ways": 1} and len(about(lines, "statement")) == 1


READS = POLICY.replace("version: 1.0.0", "version: 1.0.0\ncontext: {caption: 40}") + (
    "  - {id: mocked, rule: No mocking., preconditions: [{statement: the text mocks somebody, reads: caption}, "
    "red is visible]}\n"
)


def posts(tmp_path, *captions):
    (tmp_path / "1.png").write_bytes(picture(1))
    lines = [{"path": "1.png", **({} if one is None else {"caption": one})} for one in captions]
    (tmp_path / "posts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    batch(tmp_path / "posts.jsonl", tmp_path / "out", judge=colour_judge(READS, ReadingMllm()))
    return tmp_path / "out"


@pytest.mark.parametrize("captions", [("nice", None), ("nice", "haha"), (None,), ("haha",), ("x" * 41, "nice")])
def test_rows_are_about_pictures_alone_whatever_stood_beside_them(captions, tmp_path):
    told, lines = written(posts(tmp_path, *captions), tmp_path / "rows.jsonl")
    plain = {rule["id"] for rule in yaml.safe_load(POLICY)["rules"]}
    assert {line["rule"] for line in about(lines, "rule")} == plain
    assert "the text mocks somebody" not in {line["statement"] for line in lines}
    assert "red is visible" in {line["statement"] for line in about(lines, "statement")}
    assert told.left_out["about what stands beside an image"] == 2, "the rule and its statement"
    assert told.left_out["copies of another image"] == len(captions) - 1


def test_decisions_of_people_say_nothing_of_rules_that_read_nor_of_pictures_that_they_saw_with_a_text(tmp_path):
    out = posts(tmp_path, None)
    (image,) = rows(out)
    about_it = image["sha256"], image["constitution_digest"]
    for beside, by in ((False, {"person"}), (True, set())):
        decision = HumanLabel("no_violation", (), "fine", 7, beside)
        told, lines = written(out, tmp_path / "rows.jsonl", decisions=[(*about_it, decision)])
        assert {line["decided_by"] for line in about(lines, "rule")} == by
        assert "mocked" not in {line["rule"] for line in lines}
        assert told.left_out["decided beside a context"] == (len(yaml.safe_load(POLICY)["rules"]) if beside else 0)
