"""Every kind of input gives the same pictures under stable keys; what may be read in two ways is refused with both."""

from __future__ import annotations

import base64
import contextlib
import csv
import io
import json
import os
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from judge.errors import ImageError, UserError
from judge.serving.batch.sources import source_of, tables
from judge.settings import Limits
from tests.needs import needs
from tests.serving.batch.colours import picture, pictures

COUNT = 5
WANTED = [picture(number) for number in range(COUNT)]
NAMES = [f"{number:05d}.png" for number in range(COUNT)]


def read(source):
    found = [(item.key, item.read()) for item in source.items()]
    assert [key for key, _ in found] == [item.key for item in source.items()], "keys are the same each time"
    assert len({key for key, _ in found}) == len(found)
    return found


def tar(path, members):
    with tarfile.open(path, "w") as file:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return path


def folder(tmp_path):
    pictures(tmp_path / "in", COUNT)
    (tmp_path / "in" / "notes.md").write_text("no picture")
    return str(tmp_path / "in"), NAMES


def globbed(tmp_path):
    pictures(tmp_path / "in", COUNT)
    return str(tmp_path / "in" / "*.png"), [str(tmp_path / "in" / name) for name in NAMES]


def listed(tmp_path):
    pictures(tmp_path / "in", COUNT)
    (tmp_path / "list.txt").write_text("".join(f"in/{name}\n" for name in NAMES))
    return str(tmp_path / "list.txt"), [f"in/{name}" for name in NAMES]


def csv_of_paths(tmp_path):
    pictures(tmp_path / "in", COUNT)
    with (tmp_path / "t.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["caption", "path"])
        writer.writerows(["a, b", f"in/{name}"] for name in NAMES)
    return str(tmp_path / "t.csv"), [f"in/{name}" for name in NAMES]


def jsonl_of_paths_with_keys(tmp_path):
    pictures(tmp_path / "in", COUNT)
    lines = (json.dumps({"key": f"k{n}", "file_name": f"in/{name}"}) for n, name in enumerate(NAMES))
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    return str(tmp_path / "t.jsonl"), [f"k{n}" for n in range(COUNT)]


def jsonl_of_base64(tmp_path):
    lines = (json.dumps({"bytes": f"data:image/png;base64,{base64.b64encode(one).decode()}"}) for one in WANTED)
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    return str(tmp_path / "t.jsonl"), [f"t.jsonl:{n}" for n in range(1, COUNT + 1)]


def parquet_of_bytes(tmp_path):
    pq.write_table(pa.table({"key": [f"k{n}" for n in range(COUNT)], "jpg": WANTED}), tmp_path / "t.parquet")
    return str(tmp_path / "t.parquet"), [f"k{n}" for n in range(COUNT)]


def parquet_of_hugging_face(tmp_path):
    pq.write_table(pa.table({"image": [{"bytes": one, "path": None} for one in WANTED]}), tmp_path / "t.parquet")
    return str(tmp_path / "t.parquet"), [f"t.parquet:{n}" for n in range(1, COUNT + 1)]


def webdataset(tmp_path):
    tar(tmp_path / "a.tar", [pair for n in range(COUNT) for pair in ((f"{n}.png", WANTED[n]), (f"{n}.json", b"{}"))])
    return str(tmp_path / "a.tar"), [f"a.tar/{n}.png" for n in range(COUNT)]


def img2dataset(tmp_path):
    (tmp_path / "out").mkdir()
    for shard in range(2):
        some = range(shard * 3, min(COUNT, shard * 3 + 3))
        tar(tmp_path / "out" / f"0000{shard}.tar", [(f"{n:09d}.jpg", WANTED[n]) for n in some])
        pq.write_table(pa.table({"url": ["x"]}), tmp_path / "out" / f"0000{shard}.parquet")
        (tmp_path / "out" / f"0000{shard}_stats.json").write_text("{}")
    return str(tmp_path / "out"), [f"0000{n // 3}.tar/{n:09d}.jpg" for n in range(COUNT)]


def saved_to_disk(tmp_path):
    datasets = needs("datasets")

    datasets.disable_progress_bars()
    rows = {"image": [{"bytes": one, "path": None} for one in WANTED]}
    datasets.Dataset.from_dict(rows, features=datasets.Features({"image": datasets.Image()})).save_to_disk(
        tmp_path / "ds"
    )
    return str(tmp_path / "ds"), [f"{n:09d}" for n in range(1, COUNT + 1)]


KINDS = [
    folder, globbed, listed, csv_of_paths, jsonl_of_paths_with_keys, jsonl_of_base64, parquet_of_bytes,
    parquet_of_hugging_face, webdataset, img2dataset, saved_to_disk,
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_gives_the_pictures_under_stable_keys(kind, tmp_path):
    named, keys = kind(tmp_path)
    found = read(source_of(named))
    assert [data for _, data in found] == WANTED
    assert [key for key, _ in found] == keys


def test_what_is_passed_over_is_said(tmp_path):
    for kind, word in ((folder, "1 text"), (webdataset, "5 .json")):
        source = source_of(kind(tmp_path)[0])
        list(source.items())
        assert word in "".join(source.says())


def refuse(named, *said, **more):
    with pytest.raises(UserError) as error:
        for item in source_of(str(named), **more).items():
            item.read()
    for word in said:
        assert word in str(error.value)


def test_what_may_be_read_in_two_ways_is_refused_with_both(tmp_path):
    named, _ = img2dataset(tmp_path)
    (tmp_path / "out" / "photo.png").write_bytes(WANTED[0])
    refuse(named, "as tar files of images", "as a folder of images", "photo.png")

    pq.write_table(pa.table({"path": ["a"], "jpg": [WANTED[0]]}), tmp_path / "two.parquet")
    refuse(tmp_path / "two.parquet", "path, jpg", "--column path")
    assert [item.read() for item in source_of(str(tmp_path / "two.parquet"), column="jpg").items()] == WANTED[:1]


def test_what_is_no_input_is_refused_and_says_what_would_be(tmp_path):
    (tmp_path / "one.png").write_bytes(WANTED[0])
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    (tmp_path / "u.csv").write_text("url\nhttps://example.com/a.png\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    refuse("", "empty")
    refuse(tmp_path / "nothing", "no such input", "a folder, a glob")
    refuse("audits/before.csv", "no such input: audits/before.csv")
    refuse(tmp_path / "one.png", "one file")
    refuse(tmp_path / "t.csv", "no column of images", "columns: a, b")
    refuse(tmp_path / "t.csv", "no column c", column="c")
    refuse(tmp_path / "u.csv", "addresses of images only")
    refuse(tmp_path / "empty.csv", "no rows")
    refuse(tmp_path / "bad.parquet", "no parquet file")
    refuse(str(tmp_path / "*.gif"), "nothing is called")
    (tmp_path / "list.txt").write_text("one.png\n")
    for named in (tmp_path / "list.txt", tmp_path / "*.png", pictures(tmp_path / "in", 1)):
        refuse(named, "is no table", "leave --column out", column="a")


def test_an_item_that_cannot_be_read_ends_nothing(tmp_path):
    rows = [{"image": ""}, {"image": "https://example.com/a.png"}, {"image": "gone.png"}, {"image": "A" * 5000 + "!"}]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for item in source_of(str(tmp_path / "t.jsonl")).items():
        with pytest.raises(ImageError):
            item.read()
    large = tar(tmp_path / "large.tar", [("a.png", b"0" * 5000), ("b.png", WANTED[0])])
    first, second = [], []
    for item in source_of(str(large), Limits(file_bytes=4000)).items():
        try:
            second.append(item.read())
        except ImageError as error:
            first.append(error)
    assert len(first) == 1 and second == WANTED[:1]


def outcomes(named):
    found = {}
    for item in source_of(str(named)).items():
        try:
            found[item.key] = item.read()
        except ImageError as error:
            found[item.key] = error.message
    return found


def test_a_line_that_says_one_thing_twice_is_an_image_that_cannot_be_read(tmp_path):
    pictures(tmp_path / "in", 2)
    (tmp_path / "t.jsonl").write_text('{"path": "in/00000.png", "path": "in/00001.png"}\n{"path": "in/00001.png"}\n')
    found = list(outcomes(tmp_path / "t.jsonl").values())
    assert found == ["line 1: `path` stands twice", WANTED[1]]


def test_a_line_that_is_no_json_is_an_image_that_cannot_be_read(tmp_path):
    pictures(tmp_path / "in", 2)
    (tmp_path / "t.jsonl").write_text('{"path": "in/00000.png"}\nnot json\n[1]\n{"path": "in/00001.png"}\n')
    found = list(outcomes(tmp_path / "t.jsonl").values())
    assert found == [WANTED[0], "line 2: it is no JSON object", "line 3: it is no JSON object", WANTED[1]]


def test_a_row_with_more_or_fewer_cells_than_the_head_is_an_image_that_cannot_be_read(tmp_path):
    pictures(tmp_path / "in", 2)
    (tmp_path / "t.csv").write_text("path,caption\nin/00000.png,a\nin/00001.png\n\nin/00001.png,b,c\nin/00001.png,d\n")
    found = outcomes(tmp_path / "t.csv")
    assert found == {
        "in/00000.png": WANTED[0],
        "t.csv:2": "line 3: it has 1 cell, and the head has 2",
        "t.csv:3": "line 5: it has 3 cells, and the head has 2",
        "in/00001.png": WANTED[1],
    }


def test_a_row_goes_by_its_line_also_after_empty_ones(tmp_path):
    rows = [{"image": base64.b64encode(WANTED[0]).decode()}, "", "not json", "", {"image": None}]
    (tmp_path / "t.jsonl").write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in rows))
    found = outcomes(tmp_path / "t.jsonl")
    assert found == {
        "t.jsonl:1": WANTED[0], "t.jsonl:3": "line 3: it is no JSON object", "t.jsonl:5": "the row has no image"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"image": base64.b64encode(WANTED[0]).decode()[:-8] + "!"}, "its image is neither a file nor base64"),
        ({"image": "gone.png"}, "its image is neither a file nor base64"),
        ({"path": 5}, "its path is no text"),
        ({"path": ["a.png"]}, "its path is no text"),
        ({"path": ""}, "the row has no path"),
        ({"path": None}, "the row has no path"),
        ({"path": "gone.png"}, "no such file"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(row, said, tmp_path):
    (tmp_path / "t.jsonl").write_text(json.dumps(row))
    assert list(outcomes(tmp_path / "t.jsonl").values()) == [said]


@pytest.mark.parametrize(("line", "hint"), [('"in/00000.png"', "quotes"), ("# photographs", "comments")])
def test_a_list_with_quotes_or_comments_is_told_that_lines_are_paths(line, hint, tmp_path):
    pictures(tmp_path / "in", 1)
    (tmp_path / "t.txt").write_text(f"in/00000.png\n{line}\n")
    source = source_of(str(tmp_path / "t.txt"))
    assert source.says() == []
    for item in source.items():
        with contextlib.suppress(ImageError):
            item.read()
    (said,) = source.says()
    assert hint in said and "t.txt:2" in said
    (tmp_path / line).parent.mkdir(exist_ok=True)
    (tmp_path / line).write_bytes(WANTED[1])  # then that is its name
    assert [item.read() for item in source.items()] == WANTED[:2] and source.says() == []


def test_rows_that_cannot_be_read_are_said(tmp_path, monkeypatch):
    pictures(tmp_path / "in", 1)
    monkeypatch.setattr(tables, "_LINE", 1000)
    (tmp_path / "t.csv").write_text("path\nin/00000.png\n" + "x" * 2000 + "\nin/00000.png\n")
    found = list(outcomes(tmp_path / "t.csv").values())
    assert found[0] == WANTED[0] and "the rows from 2 on cannot be read" in found[1]


def test_small_images_as_base64_are_told_from_paths(tmp_path):
    pictures(tmp_path / "in", 1)
    texts = [base64.b64encode(WANTED[1]).decode(), "in/00000.png"]
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps({"image": text}) for text in texts))
    assert list(outcomes(tmp_path / "t.jsonl").values()) == [WANTED[1], WANTED[0]]


def test_a_damaged_part_of_a_parquet_is_so_many_images_that_cannot_be_read(tmp_path):
    path = tmp_path / "t.parquet"
    table = pa.table({"bytes": [picture(n) * 20 for n in range(30)]})
    pq.write_table(table, path, row_group_size=10, compression="none", use_dictionary=False)
    begin = pq.read_metadata(path).row_group(1).column(0).data_page_offset
    with path.open("r+b") as file:
        file.seek(begin)
        file.write(b"\xff" * 64)
    found = outcomes(path)
    assert len(found) == 30
    assert [isinstance(said, bytes) for said in found.values()] == [True] * 10 + [False] * 10 + [True] * 10


def test_a_quote_that_is_never_closed_is_said(tmp_path):
    pictures(tmp_path / "in", 2)
    (tmp_path / "t.csv").write_text('path\nin/00000.png\n"in/00001.png\nin/00000.png\n')
    found = list(outcomes(tmp_path / "t.csv").values())
    assert found[0] == WANTED[0] and "the rows from 2 on cannot be read" in found[1]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_list_in_utf_16_is_refused_and_says_what_to_do(encoding, tmp_path):
    pictures(tmp_path / "in", 1)
    for name, text in (
        ("t.csv", "path\nin/00000.png\n"),
        ("t.jsonl", '{"path": "in/00000.png"}'),
        ("t.txt", "in/00000.png"),
    ):
        (tmp_path / name).write_text(text, encoding=encoding)
        refuse(tmp_path / name, f"{name} is not in UTF-8", "save it again as UTF-8")
        (tmp_path / name).write_text(text, encoding="utf-8-sig")
        assert list(outcomes(tmp_path / name).values()) == [WANTED[0]]


def test_names_that_are_no_text_are_found(tmp_path):
    name = b"caf\xe9.png"
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(WANTED[0])
    (tmp_path / "t.csv").write_bytes(b"path\n" + name + b"\n")
    (tmp_path / "t.txt").write_bytes(name + b"\n")
    for file in ("t.csv", "t.txt"):
        assert list(outcomes(tmp_path / file).values()) == [WANTED[0]]
