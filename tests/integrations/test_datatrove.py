"""The filter inside of datatrove: everything is annotated, only violations go, and only where that is asked for."""

from __future__ import annotations

import json
import pickle

import pyarrow.parquet as pq
import pytest
from datatrove.data import Document, Media, MediaType
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader, ParquetReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.pipeline.writers.parquet import ParquetWriter

from judge.integrations.datatrove import JudgeFilter
from tests.serving.batch.colours import colour_judge, picture

RED, GREEN, BLUE = 1, 2, 4


def medium(number=None, **more):
    data = None if number is None else picture(number)
    return Media(id="m", type=MediaType.IMAGE, url="http://127.0.0.1:9/x.png", media_bytes=data, **more)


def documents(folder):
    (folder / "green.png").write_bytes(picture(GREEN))
    return [
        Document("red", "red", [medium(RED)]),
        Document("green", "green", [medium(path=str(folder / "green.png"))]),
        Document("both", "both", [medium(GREEN), medium(BLUE)]),
        Document("broken", "broken", [Media("m", MediaType.IMAGE, "", media_bytes=picture(GREEN)[:40])]),
        Document("far", "far", [medium()]),
        Document("inside", "inside", [medium(path=str(folder / "green.png"), offset=0, length=9)]),
        Document("some", "some", [medium(GREEN), medium()]),
        Document("text", "text"),
    ]


def run(folder, **options):
    found = list(JudgeFilter(judge=colour_judge(), **options).run(iter(documents(folder))))
    return {doc.id: doc for doc in found}


@pytest.mark.parametrize("size", [None, 1, 3])
def test_everything_is_annotated_and_kept(tmp_path, size):
    found = run(tmp_path, batch_size=size)
    assert list(found) == [doc.id for doc in documents(tmp_path)]
    said = {name: doc.metadata["judge"] for name, doc in found.items() if doc.media}
    assert said["red"] == {"verdict": "violation", "violations": "no-red", "reasons": "", "causes": ""}
    assert said["green"]["verdict"] == "no_violation"
    assert said["both"]["violations"] == "no-blue"
    assert [one.metadata["judge"]["verdict"] for one in found["both"].media] == ["no_violation", "violation"]
    for name in ("broken", "far", "inside", "some"):
        assert (said[name]["verdict"], said[name]["causes"]) == ("needs_review", "unreadable"), name
        assert said[name]["reasons"]
    assert "judge" not in found["text"].metadata


def test_only_violations_are_dropped_and_only_when_asked(tmp_path):
    assert set(run(tmp_path, drop_violations=True)) == {"green", "broken", "far", "inside", "some", "text"}


def test_in_a_pipeline_what_is_dropped_is_written_with_its_reason(tmp_path):
    out = tmp_path / "out"
    step = JudgeFilter(
        judge=colour_judge(),
        drop_violations=True,
        exclusion_writer=JsonlWriter(str(out / "dropped"), compression=None),
    )
    stats = LocalPipelineExecutor(
        [documents(tmp_path), step, JsonlWriter(str(out / "kept"), compression=None)], logging_dir=str(tmp_path / "log")
    ).run()
    kept, dropped = (
        {(row := json.loads(line))["id"]: row for line in (out / name / "00000.jsonl").read_text().splitlines()}
        for name in ("kept", "dropped")
    )
    assert set(dropped) == {"red", "both"} and len(kept) == 6
    assert dropped["red"]["metadata"]["filter_reason"] == "no-red"
    assert kept["far"]["metadata"]["judge"]["verdict"] == "needs_review"
    counted = {name: one.total for one in stats.stats for name, one in one.stats.items()}
    assert counted["dropped_no-red"] == 1


@pytest.mark.parametrize(("writer", "reader"), [(JsonlWriter, JsonlReader), (ParquetWriter, ParquetReader)])
def test_what_datatrove_wrote_is_read_back_and_judged(tmp_path, writer, reader):
    more = {"metadata": {"from": "here"}}
    known = [
        Document("red", "red", [medium(RED, **more)], **more),
        Document("green", "green", [medium(GREEN, **more)], **more),
        Document("text", "text", **more),
    ]
    with writer(str(tmp_path / "in"), compression=None, save_media_bytes=True) as file:
        for doc in known:
            file.write(doc)
    found = list(JudgeFilter(judge=colour_judge()).run(reader(str(tmp_path / "in"))()))
    assert [doc.metadata.get("judge", {}).get("verdict") for doc in found] == ["violation", "no_violation", None]


@pytest.mark.parametrize("held", [{"media": None}, {"media": [medium(RED)], "metadata": None}])
def test_what_tables_leave_empty_is_nothing(held):
    doc = Document("text", "id", **held)
    for one in doc.media or ():
        one.metadata = None
    assert JudgeFilter(judge=colour_judge()).filter(doc) is True
    assert (doc.metadata or {}).get("judge", {}).get("verdict") == ("violation" if doc.media else None)


@pytest.mark.parametrize("data", ["no base64!", 7])
def test_bytes_that_are_none_are_for_a_person(data):
    doc = Document("text", "id", [Media("m", MediaType.IMAGE, "", media_bytes=data)])
    assert JudgeFilter(judge=colour_judge(), drop_violations=True).filter(doc) is True
    assert doc.metadata["judge"]["verdict"] == "needs_review"


def test_it_can_be_sent_to_another_process_before_it_has_judged():
    assert pickle.loads(pickle.dumps(JudgeFilter("demo", drop_violations=True)))._drop


def test_a_table_takes_annotations_of_every_kind_after_one_another(tmp_path):
    numbers = [GREEN, GREEN, GREEN, GREEN, RED, BLUE]
    drawn = [Document(f"{number}", f"{place}", [medium(number)]) for place, number in enumerate(numbers)]
    broken = next(doc for doc in documents(tmp_path) if doc.id == "broken")
    with ParquetWriter(str(tmp_path / "out"), batch_size=2) as writer:
        for doc in JudgeFilter(judge=colour_judge()).run(iter([*drawn, broken])):
            writer.write(doc)
    said = [row["metadata"]["judge"] for row in pq.read_table(tmp_path / "out").to_pylist()]
    assert [one["violations"] for one in said] == ["", "", "", "", "no-red", "no-blue", ""]
    assert [one["causes"] for one in said] == [""] * 6 + ["unreadable"]
