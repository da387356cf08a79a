"""`judge review add OUT`: what of a batch needs review comes into the queue with its image, the most uncertain first."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from judge.judging.pipeline import Judge
from judge.review.store import Store
from judge.serving.batch.call import batch
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity
from tests.conftest import ROOT
from tests.serving.batch.colours import ColourMllm, colour_judge, picture, pictures, rows


class Unsure(ColourMllm):
    """Sees no blue in what is red or green, surely; elsewhere it says of blue what it says without any picture, or more."""

    identity = ModelIdentity(role="mllm", name="unsure", digest="e" * 64)

    def _one(self, ask):
        if ask.image is not None and ask.statement.startswith("blue"):
            image = ask.image.convert("RGB")
            sure = max(image.getpixel((0, 0))[:2]) > 127
            yes = 0.01 if sure else 0.3 + 0.04 * (image.getpixel((7, 7))[2] // 8)  # by the picture's number
            return Answer(p_yes=yes, p_no=1 - yes)
        return super()._one(ask)


def unsure():
    return Judge(colour_judge().constitution, Unsure(), settings=Settings(batch=8, escalate=()))


def add(*arguments, code=0):
    command = [sys.executable, "-m", "judge", "review", "add", *map(str, arguments), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=200)
    assert done.returncode == code, done.stderr
    return (json.loads(done.stdout) if code == 0 else None), done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    images = pictures(folder / "in", 24)
    (images / "same.png").write_bytes(picture(4))
    (images / "broken.png").write_bytes(picture(9)[:40])
    batch(images, folder / "out", judge=unsure(), evidence="violations")
    batch(images, folder / "bare", judge=unsure())
    return folder


def test_violations_as_evidence_keep_what_a_person_may_have_to_look_at(folder):
    images = rows(folder / "out")
    assert {row["verdict"] for row in images} == {"violation", "needs_review", "no_violation"}
    assert all((row["evidence"] is None) == (row["verdict"] == "no_violation") for row in images)


def test_what_needs_review_is_added_once_with_its_image_the_most_uncertain_first(folder, tmp_path):
    wanted = [row for row in rows(folder / "out") if row["verdict"] == "needs_review" and row["copy_of"] is None]
    said, _ = add(folder / "out", "--data", tmp_path / "queue")
    assert said == {"given": len(wanted), "added": len(wanted), "without_image": [], "without_evidence": 0}
    assert len(wanted) > 4
    with Store.open(tmp_path / "queue") as store:
        items = store.list(order="oldest")
        assert {one.image for one in items} == {row["name"] for row in wanted}
        assert all(one.has_image and one.verdict == "needs_review" for one in items)
        unsureness = [one.uncertainty for one in items]
        assert unsureness == sorted(unsureness, reverse=True) and len(set(unsureness)) > 2
    again, _ = add(folder / "out", "--data", tmp_path / "queue")
    assert (again["given"], again["added"]) == (len(wanted), 0)


def test_an_image_that_changed_or_went_is_told_and_its_verdict_added_without_it(folder, tmp_path):
    (tmp_path / "moved").mkdir()
    for path in (folder / "in").iterdir():
        (tmp_path / "moved" / path.name).write_bytes(path.read_bytes())
    changed = next(row for row in rows(folder / "out") if row["verdict"] == "needs_review" and row["width"])
    (tmp_path / "moved" / changed["key"]).write_bytes(picture(77))
    said, told = add(folder / "out", "--data", tmp_path / "queue", "--images", tmp_path / "moved")
    assert said["without_image"] == [changed["name"]] and "1 added without an image" in told
    with Store.open(tmp_path / "queue") as store:
        assert [one.image for one in store.list() if not one.has_image] == [changed["name"]]
    said, told = add(folder / "out", "--data", tmp_path / "queue", "--images", tmp_path / "moved")
    assert (said["added"], said["without_image"], told) == (0, [], ""), "what is known was not added without an image"


def test_without_evidence_it_is_said_what_to_run(folder, tmp_path):
    _, told = add(folder / "bare", "--data", tmp_path / "queue", code=2)
    assert f"judge batch {folder / 'in'} -o FOLDER --evidence violations" in told
    assert not (tmp_path / "queue").exists()
    _, told = add(folder / "in", "--data", tmp_path / "queue", code=2)
    assert "no folder of a batch" in told


def test_what_has_evidence_is_added_and_the_rest_is_told(folder, tmp_path):
    images = pictures(tmp_path / "in", 8)
    batch(images, tmp_path / "out", judge=unsure())
    pictures(images, 16)
    batch(images, tmp_path / "out", judge=unsure(), evidence="all")
    said, told = add(tmp_path / "out", "--data", tmp_path / "queue")
    assert said["added"] == said["given"] > 0 and said["without_evidence"] > 0
    assert f"judge: {said['without_evidence']} not added" in told and "--evidence violations" in told
