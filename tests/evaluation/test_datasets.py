"""Data sets: truth as it is written, in every form it may come in, and every mistake at once."""

from __future__ import annotations

import csv
import json
import logging
import shutil
from pathlib import Path

import pytest
from PIL import Image

from judge.constitution import parse_constitution
from judge.errors import ConstitutionError, UserError
from judge.evaluation.data.datasets import DatasetError, load_dataset, sample
from tests.conftest import ROOT
from tests.needs import needs

POLICY = parse_constitution(
    """
constitution: house
version: 1.0.0
rules:
  - {id: fire, rule: No fire near people., preconditions: [people are visible, fire is visible]}
  - {id: knife, rule: No knives., preconditions: [a knife is visible], exceptions: [a cook is visible]}
"""
)


def picture(path, shade=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (shade, 90, 120)).save(path)
    return path


def folder(path, *rows):
    for shade, row in enumerate(rows):
        row.setdefault("file_name", f"{chr(ord('a') + shade)}.png")
        picture(path / row["file_name"], shade)
    (path / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def mistakes(source):
    with pytest.raises(DatasetError) as caught:
        load_dataset(source, POLICY)
    return [(one.line, f"{one.message} ({one.hint})") for one in caught.value.problems]


def test_a_folder_is_read_as_written(tmp_path):
    source = folder(
        tmp_path / "set",
        {"unsafe": True, "violates": ["fire"], "ok": ["knife"], "holds": ["people are visible"],
         "fails": ["a knife is visible"], "about": "fire", "side": "violating", "tags": {"context": "with"}, "label": 3},
        {"ok": ["fire", "knife"]},
        {"unsafe": False},
    )  # fmt: skip
    data = load_dataset(source, POLICY)
    assert data.name == "set" and [one.id for one in data.examples] == ["a.png", "b.png", "c.png"]
    first, second, third = data.examples
    assert first.unsafe and first.rules == {"fire": True, "knife": False}
    assert first.statements == {"people are visible": True, "a knife is visible": False}
    assert (first.about, first.side, first.tags) == ("fire", "violating", {"context": "with"})
    assert second.unsafe is False and second.rules == {"fire": False, "knife": False}
    assert third.rules == {}  # what is not said is not scored


def test_csv_says_the_same_as_json_lines(tmp_path):
    row = {"unsafe": True, "violates": ["fire"], "holds": ["people are visible", "fire is visible"], "tags": {"c": "1"}}
    lines = load_dataset(folder(tmp_path / "set", row), POLICY)
    shutil.copytree(tmp_path / "set", tmp_path / "other" / "set")
    (tmp_path / "other/set/metadata.jsonl").unlink()
    (tmp_path / "other/set/metadata.csv").write_text(
        "file_name,unsafe,violates,ok,holds,tags,label\n"
        'a.png,True,fire,,people are visible; fire is visible,"{""c"": ""1""}",7\n'
    )
    cells = load_dataset(str(tmp_path / "other/set"), POLICY)
    assert cells.examples[0].model_dump(exclude={"path"}) == lines.examples[0].model_dump(exclude={"path"})
    assert cells.digest == lines.digest


def test_a_csv_file_with_mistakes_names_their_lines(tmp_path):
    picture(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text(
        'file_name,unsafe,shows\na.png,true,"two\nlines"\na.png\n./a.png,perhaps,\nb.png,false,,\n'
    )
    assert [line for line, _ in mistakes(str(tmp_path))] == [4, 5, 5, 6]
    (tmp_path / "metadata.csv").write_text("file_name,unsafe\na.png,false\n" + "x" * 200_000 + ",true\n")
    before = csv.field_size_limit()
    try:
        for limit in (before, 2**27):  # which tables of pictures raise, for the whole process
            csv.field_size_limit(limit)
            assert mistakes(str(tmp_path))[0][1].startswith("not CSV")
    finally:
        csv.field_size_limit(before)


def test_every_mistake_is_told_at_once_with_its_line(tmp_path):
    source = folder(
        tmp_path / "set",
        {"violates": ["fir"], "unsafe": True},
        {"violates": ["fire"], "ok": ["fire"]},
        {"unsafe": False, "violates": ["knife"], "side": "left", "about": "knif"},
        {"unsafe": "yes"},
        {"ok": ["fire"]},
        {"unsafe": True, "violates": ["fire"], "fails": ["fire is visible"], "holds": ["fires are visible"]},
    )
    with (tmp_path / "set/metadata.jsonl").open("a") as file:
        file.write('{"file_name": "a.png", "unsafe": true}\n{"file_name": "aa.png", "unsafe": true}\nnothing\n')
        file.write('{"file_name": "../x.png", "unsafe": true}\n{"unsafe": true}\n')
        file.write('{"file_name": "a.png", "unsafe": false, "unsafe": true}\n')
    found = mistakes(source)
    expected = [
        (1, "did you mean `fire`?"), (2, "under both `violates` and `ok`"), (3, "yet it violates knife"),
        (3, "`side` cannot be 'left'"), (3, "did you mean `knife`?"), (4, "must be true or false, not 'yes'"),
        (5, "whether the image is unsafe is not said"), (6, "by its statements it is not"),
        (6, "did you mean `fire is visible`?"), (7, "stands twice (first on line 1)"), (8, "did you mean `a.png`?"),
        (9, "not JSON"), (10, "outside the folder"), (11, "`file_name` is missing"),
        (12, "`unsafe` stands twice"),
    ]  # fmt: skip
    for line, words in expected:
        assert any(at == line and words in said for at, said in found), (line, words, found)
    assert len(found) == len(expected), found


def test_a_data_set_for_another_constitution_is_no_flood(tmp_path):
    rows = [{"file_name": f"{one}.png", "unsafe": True, "violates": ["other"]} for one in range(130)]
    with pytest.raises(DatasetError) as caught:
        load_dataset(folder(tmp_path / "set", *rows), POLICY)
    assert len(caught.value.problems) == 130 and str(caught.value).endswith("... and 30 mistakes more")


def test_the_same_picture_with_another_truth_is_a_mistake(tmp_path):
    source = folder(tmp_path / "set", {"unsafe": True}, {"unsafe": False})
    shutil.copy(tmp_path / "set/a.png", tmp_path / "set/b.png")
    assert mistakes(source) == [
        (2, "the same picture as 'a.png' with another truth (they differ in whether it is unsafe, see line 1)")
    ]


def test_a_file_that_cannot_be_read_stays_in_and_one_without_truth_is_told(tmp_path, caplog):
    source = folder(tmp_path / "set", {"unsafe": True}, {"unsafe": False})
    (tmp_path / "set/a.png").write_bytes(b"no picture")
    picture(tmp_path / "set/more/left.png")
    with caplog.at_level(logging.WARNING, "judge"):
        assert len(load_dataset(source, POLICY).examples) == 2
    assert "not measured, because they have no row" in caplog.text and "left.png" in caplog.text


def test_the_digest_is_of_images_and_truths(tmp_path):
    def digest():
        return load_dataset(str(tmp_path / "set"), POLICY).digest

    folder(tmp_path / "set", {"unsafe": True}, {"unsafe": False})
    first = digest()
    folder(tmp_path / "set", {"unsafe": True}, {"unsafe": True})
    assert digest() != first
    folder(tmp_path / "set", {"unsafe": True}, {"unsafe": False})
    assert digest() == first
    picture(tmp_path / "set/a.png", 200)
    assert digest() != first


def test_a_sample_is_seeded_and_says_so(tmp_path):
    data = load_dataset(folder(tmp_path / "set", *({"unsafe": bool(one % 2)} for one in range(6))), POLICY)
    some = sample(data, 3, seed=1)
    assert some == sample(data, 3, seed=1) and len(some.examples) == 3
    assert {one.id for one in some.examples} <= {one.id for one in data.examples}
    assert "3 of 6" in some.name and some.digest != data.digest
    assert sample(data, 6, seed=1) == data
    assert len({tuple(one.id for one in sample(data, 3, seed=seed).examples) for seed in range(9)}) > 1


def test_cases_count_as_their_settled_truth(tmp_path):
    for name in ("a", "b", "c"):
        picture(tmp_path / f"{name}.png", ord(name))
    file = tmp_path / "house.test.yaml"
    file.write_text(
        "cases:\n"
        "  - {image: a.png, expect: {fire: todo_violates, knife: ok}, preconditions: {people are visible: holds}}\n"
        "  - {image: b.png, expect: {knife: todo_ok}}\n"
    )
    first, second = load_dataset(str(file), POLICY).examples
    assert first.unsafe and first.rules == {"fire": True, "knife": False}
    assert first.statements == {"people are visible": True}
    assert not second.unsafe and second.rules == {"knife": False}
    file.write_text("cases:\n  - {image: c.png, expect: {knif: ok}}\n")
    with pytest.raises(ConstitutionError, match=r"house\.test\.yaml:2:.*knif"):
        load_dataset(str(file), POLICY)


def test_the_cases_that_ship_are_a_data_set():
    from judge.constitution import load_constitution

    data = load_dataset(str(ROOT / "constitutions/demo.test.yaml"), load_constitution("demo"))
    assert len(data.examples) == 36 and sum(one.unsafe for one in data.examples) == 16


@pytest.fixture
def table(tmp_path):
    """Two pictures with truth, as the library of data sets holds them."""
    datasets = needs("datasets")

    rows = {
        "image": [
            {"bytes": picture(tmp_path / "in" / f"{name}.png", ord(name)).read_bytes(), "path": f"{name}.png"}
            for name in "ab"
        ],
        "unsafe": [True, False], "violates": [["fire"], []], "tags": [{"context": "with"}, {"context": None}],
        "label": [1, 0],
    }  # fmt: skip
    return datasets.Dataset.from_dict(rows).cast_column("image", datasets.Image())


@pytest.mark.parametrize("form", ["file", "folder", "saved"])
def test_a_hugging_face_set_is_read(table, form, tmp_path, monkeypatch):
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path / "cache"))
    if form == "saved":
        table.save_to_disk(tmp_path / "out")
    else:
        (tmp_path / "out").mkdir()
        table.to_parquet(tmp_path / "out/part.parquet")
    source = tmp_path / "out" / ("part.parquet" if form == "file" else "")
    data = load_dataset(str(source), POLICY)
    first, second = data.examples
    assert first.unsafe and first.rules == {"fire": True} and first.tags == {"context": "with"}
    assert not second.unsafe and second.tags == {}
    with Image.open(first.path) as kept, Image.open(tmp_path / "in/a.png") as original:
        assert kept.tobytes() == original.tobytes()
    assert load_dataset(str(source), POLICY) == data  # and nothing is written twice
    assert len(list((tmp_path / "cache/eval-images").rglob("*.*"))) == 2


def test_mistakes_in_a_hugging_face_set_name_the_row(table, tmp_path):
    table.remove_columns(["unsafe"]).to_parquet(tmp_path / "rows.parquet")
    assert [line for line, _ in mistakes(str(tmp_path / "rows.parquet"))] == [2]
    table.remove_columns(["image"]).to_parquet(tmp_path / "none.parquet")
    with pytest.raises(UserError, match="no column of images"):
        load_dataset(str(tmp_path / "none.parquet"), POLICY)


def test_a_parquet_file_that_another_library_wrote_is_read(tmp_path, monkeypatch):
    pandas = needs("pandas")

    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path / "cache"))
    data = picture(tmp_path / "in/a.png").read_bytes()
    rows = {"image": [{"bytes": data, "path": "a.png"}], "unsafe": [True], "violates": [["knife"]]}
    pandas.DataFrame(rows).to_parquet(tmp_path / "a.parquet")
    (one,) = load_dataset(str(tmp_path / "a.parquet"), POLICY).examples
    assert one.id == "000001-a.png" and one.rules == {"knife": True} and Path(one.path).read_bytes() == data


def test_several_splits_are_not_guessed(table, tmp_path):
    datasets = needs("datasets")

    datasets.DatasetDict({"train": table, "test": table}).save_to_disk(tmp_path / "out")
    with pytest.raises(UserError, match=r"several splits: train, test\n.*out/train"):
        load_dataset(str(tmp_path / "out"), POLICY)
    assert len(load_dataset(str(tmp_path / "out/test"), POLICY).examples) == 2


def test_without_the_library_the_error_says_what_to_install(table, tmp_path, monkeypatch):
    table.to_parquet(tmp_path / "a.parquet")
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(UserError, match=r"constitution-judge\[eval\]"):
        load_dataset(str(tmp_path / "a.parquet"), POLICY)


@pytest.mark.parametrize("source", ["none", "./none/here", "none/here.parquet"])
def test_what_is_not_there_is_told_without_asking_the_hub(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no data set at"):
        load_dataset(source, POLICY)


def test_a_folder_of_splits_names_them(tmp_path):
    folder(tmp_path / "set/train", {"unsafe": True})
    with pytest.raises(UserError, match=r"name the folder of one split: .*set/train"):
        load_dataset(str(tmp_path / "set"), POLICY)


def test_a_mistyped_folder_is_not_looked_for_on_the_hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "drawings").mkdir(parents=True)
    monkeypatch.setattr("judge.evaluation.data.datasets._hugging_face", lambda *_: pytest.fail("the hub was asked"))
    with pytest.raises(UserError, match="no data set at data/drawngs") as told:
        load_dataset("data/drawngs", POLICY)
    assert "did you mean `data/drawings`?" in str(told.value.hint)
