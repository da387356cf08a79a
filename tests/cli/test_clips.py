"""`judge check` of clips, in this process and with a model whose answers are known."""

from __future__ import annotations

import json

import pytest

from judge import assemble
from judge.clip_verdict import ClipVerdict
from judge.review.store import Store
from tests.cli.test_check import run  # noqa: F401
from tests.judging.clips.eyes import BLUE, RED, judge_of
from tests.judging.scenes import png
from tests.media.clips.films import dotted, film, plain, sound

WHITE, REDDISH = plain("white"), plain("red")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with clips and an image; `check` judges by what is red and blue."""
    monkeypatch.setattr(assemble, "load_judge", lambda *_: judge_of(f"{RED}, category: colours", BLUE))
    (tmp_path / "red.mp4").write_bytes(film([WHITE] * 5 + [REDDISH] * 10 + [WHITE] * 5))
    (tmp_path / "white.png").write_bytes(png())
    (tmp_path / "white.webm").write_bytes(film([WHITE] * 5, codec="libvpx-vp9", container="webm"))
    return tmp_path


def test_a_folder_of_images_and_clips(run, folder):  # noqa: F811
    code, out, err = run("check", folder)
    assert code == 1
    lines = out.splitlines()
    assert lines[0] == f"violation    {folder}/red.mp4"
    assert lines[1].split() == ["red:", "0:00.500", "to", "0:01.500"]
    assert f"no_violation {folder}/white.webm" in lines
    assert "3 images and clips" in err


def test_a_clip_as_json_and_explained(run, folder):  # noqa: F811
    code, out, _ = run("check", "--json", folder / "red.mp4")
    verdict = ClipVerdict.model_validate_json(out)
    assert (code, verdict.clip, verdict.ranges()) == (1, f"{folder}/red.mp4", ("red 500-1500",))
    assert run("check", "--json", folder / "white.webm")[0] == 0
    code, out, _ = run("check", "--explain", folder / "red.mp4")
    assert "it is red" in out
    assert f"{folder}/red.mp4 at 0:00.500: red" in out.replace("\n", "")


def test_a_file_with_sound_alone_is_for_a_person(run, folder):  # noqa: F811
    (folder / "song.mp4").write_bytes(sound())
    code, out, _ = run("check", folder / "song.mp4")
    assert code == 4
    assert "it holds sound and no moving picture" in out


def test_the_shapes_of_others(run, folder):  # noqa: F811
    code, out, _ = run("check", "--as", "aws", folder / "red.mp4")
    said = json.loads(out)
    (label,) = said["ModerationLabels"]
    assert (code, said["JobStatus"], said["VideoMetadata"]["DurationMillis"]) == (1, "SUCCEEDED", 2000)
    assert {key: label[key] for key in label if key != "ModerationLabel"} == {
        "Timestamp": 500,
        "StartTimestampMillis": 500,
        "EndTimestampMillis": 1500,
        "DurationMillis": 1000,
    }
    assert (label["ModerationLabel"]["Name"], label["ModerationLabel"]["ParentName"]) == ("red", "colours")
    assert label["ModerationLabel"]["Confidence"] > 90
    _, out, _ = run("check", "--as", "hive", folder / "red.mp4")
    said = json.loads(out)
    scores = {one["time"]: {each["class"]: each["score"] for each in one["classes"]} for one in said["output"]}
    assert scores[0.5]["red"] > 0.9 > 0.1 > scores[0.0]["red"]
    (folder / "song.mp4").write_bytes(sound())
    _, out, _ = run("check", "--as", "aws", folder / "song.mp4")
    said = json.loads(out)
    assert (said["JobStatus"], said["StatusMessage"]) == ("FAILED", "it holds sound and no moving picture")
    data = film([REDDISH] * 10 + [dotted(place) for place in range(40)], container="matroska")
    (folder / "cut.mkv").write_bytes(data[: len(data) * 6 // 10])
    for shape in ("aws", "hive"):
        code, out, _ = run("check", "--as", shape, folder / "cut.mkv")
        said = json.loads(out)
        told = said["StatusMessage"] if shape == "aws" else "; ".join(said["notes"])
        assert code == 1
        assert "was not looked at: the file ends, or cannot be read any further" in told
    assert json.loads(run("check", "--as", "aws", folder / "cut.mkv")[1])["VideoMetadata"]["FrameRate"] == 10.0
    for inputs in ([folder / "white.png"], [folder / "red.mp4", folder / "white.png"], [folder]):
        code, out, err = run("check", "--as", "aws", *inputs)
        assert (code, out) == (2, ""), "a mistake is told before anything is judged"
        assert "is no clip, and --as is for clips" in err


def test_the_queue_of_reviews_takes_clips(run, folder, tmp_path, monkeypatch):  # noqa: F811
    lines = run("check", "--json", folder / "red.mp4", folder / "white.png")[1]
    (folder / "verdicts.jsonl").write_text(lines, encoding="utf-8")
    code, _, err = run("review", "add", folder / "verdicts.jsonl", "--data", tmp_path / "data")
    assert (code, err) == (0, "2 added, 0 known already\n")
    code, _, err = run("review", "add", folder / "verdicts.jsonl", "--data", tmp_path / "data")
    assert err == "0 added, 2 known already\n"
    with Store.open(tmp_path / "data") as store:
        assert store.clip(1).read_bytes() == (folder / "red.mp4").read_bytes()
    (folder / "red.mp4").write_bytes(b"another")
    code, _, err = run("review", "add", folder / "verdicts.jsonl", "--data", tmp_path / "other")
    assert "1 added without an image" in err
