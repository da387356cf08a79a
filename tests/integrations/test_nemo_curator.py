"""The stage inside of NeMo Curator: everything is annotated, only violations go, and only where that is asked for."""

from __future__ import annotations

import io
import pickle
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from tests.integrations import nemo_stand_in
from tests.serving.batch.colours import colour_judge, picture

RED, GREEN, BLUE = 1, 2, 4


@pytest.fixture(scope="module", autouse=True)
def host():
    with pytest.MonkeyPatch.context() as patch:
        if find_spec("nemo_curator") is None:
            nemo_stand_in.put_in_place(patch)
        yield import_module("nemo_curator.tasks")
        patch.delitem(__import__("sys").modules, "judge.integrations.nemo_curator", raising=False)


@pytest.fixture
def stage():
    return import_module("judge.integrations.nemo_curator").JudgeImageStage


def pixels(number):
    return np.asarray(Image.open(io.BytesIO(picture(number))).convert("RGB"))


def batch_of(host, folder):
    (folder / "blue.png").write_bytes(picture(BLUE))
    one = host.ImageObject
    images = [
        one(image_id="red", image_data=pixels(RED)),
        one(image_id="green", image_data=pixels(GREEN)),
        one(image_id="blue", image_path=str(folder / "blue.png")),
        one(image_id="pixels first", image_path=str(folder / "blue.png"), image_data=pixels(GREEN)),
        one(image_id="gone", image_path=str(folder / "gone.png")),
        one(image_id="floats", image_data=pixels(RED) / 255.0),
        one(image_id="grey", image_data=pixels(RED)[:, :, 0]),
        one(image_id="empty", image_data=pixels(RED)[:0]),
        one(image_id="nothing"),
    ]
    return host.ImageBatch(dataset_name="drawings", data=images, _metadata={"from": "here"})


def test_everything_is_annotated_and_kept(host, stage, tmp_path):
    task = batch_of(host, tmp_path)
    made = stage(judge=colour_judge())
    made.setup()
    (done,) = made.process_batch([task])
    said = {one.image_id: one.metadata["judge"] for one in done.data}
    assert list(said) == [one.image_id for one in task.data] and len(said) == 9
    assert said["red"] == {"verdict": "violation", "violations": "no-red", "reasons": "", "causes": ""}
    assert said["blue"]["violations"] == "no-blue"
    assert said["green"]["verdict"] == said["pixels first"]["verdict"] == "no_violation"
    for name in ("gone", "floats", "grey", "empty", "nothing"):
        assert (said[name]["verdict"], said[name]["causes"]) == ("needs_review", "unreadable"), name
        assert said[name]["reasons"]


def test_only_violations_are_dropped_and_only_when_asked(host, stage, tmp_path):
    (done,) = stage(judge=colour_judge(), drop_violations=True).process_batch([batch_of(host, tmp_path)])
    kept = {one.image_id for one in done.data}
    assert kept == {"green", "pixels first", "gone", "floats", "grey", "empty", "nothing"}
    assert (done.dataset_name, done._metadata) == ("drawings", {"from": "here"})


def test_bytes_of_a_file_come_first_where_a_version_has_them(host, stage):
    image = host.ImageObject(image_id="both", image_data=pixels(GREEN))
    image.image_bytes = picture(RED)
    (done,) = stage(judge=colour_judge()).process_batch([host.ImageBatch(dataset_name="x", data=[image])])
    assert done.data[0].metadata["judge"]["verdict"] == "violation"


def test_a_stage_is_made_by_its_options_and_can_be_sent_to_a_worker(stage):
    made = pickle.loads(pickle.dumps(stage(constitution="demo", drop_violations=True)))
    assert made.drop_violations and made.inputs() == (["data"], [])
