"""What a batch says of itself: what the relevance scan misses, whether answers drift, what it will take."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from judge.constitution import parse_constitution
from judge.judging.pipeline import Judge
from judge.models.scripted import ScriptedEncoder
from judge.serving.batch import run as run_module
from judge.serving.batch.call import batch, estimate
from judge.serving.batch.drift import Drift, stability
from judge.serving.batch.schema import Judged
from judge.settings import Settings
from tests.conftest import ROOT
from tests.serving.batch.colours import POLICY, ColourMllm, colour_judge, install, pictures, rows


def test_an_audit_finds_what_the_relevance_scan_prunes_and_should_not(tmp_path):
    images = pictures(tmp_path / "in", 64)
    cosines = {"No red.": 0.0, "No teal.": 0.9, "No blue unless green.": 0.9}  # every picture is far from `no-red`
    judge = Judge(
        parse_constitution(POLICY), ColourMllm(), encoder=ScriptedEncoder(cosines), settings=Settings(batch=8)
    )
    tally = batch(images, tmp_path / "all", judge=judge, audit=1.0)
    assert (tally.audited, tally.missed) == (64, 32)
    for row in rows(tmp_path / "all"):
        assert row["audited"] and row["missed"] == (["no-red"] if int(row["key"][:5]) & 1 else [])
        assert "no-red" not in row["violations"], "an audit changes no verdict"
    some = batch(images, tmp_path / "some", judge=judge, audit=0.3)
    assert 5 < some.audited < 35
    again = batch(images, tmp_path / "again", judge=judge, audit=0.3)
    assert again.audited == some.audited, "the same images each time"
    assert batch(images, tmp_path / "none", judge=judge).audited == 0


def test_answers_that_move_away_are_noticed(tmp_path, monkeypatch):
    assert stability([100] * 10, [100] * 10) == pytest.approx(0)
    assert stability([1000] + [0] * 9, [0] * 9 + [1000]) > 5
    early = [{"rule": "r", "with_image": 0.05}] * 5000
    drift = Drift()
    assert drift.learn(early) is False
    assert drift.moved(early[:300]) == {}
    assert drift.moved([{"rule": "r", "with_image": 0.95}] * 300)["r"] > 0.25
    assert drift.moved([{"rule": "r", "with_image": 0.95}] * 50) == {}, "too few to say"


def test_a_batch_learns_from_its_first_shards_also_after_a_pause(tmp_path, monkeypatch):
    from judge.serving.batch import drift

    monkeypatch.setattr(run_module, "SHARD_ROWS", 50)
    monkeypatch.setattr(drift, "_FIRST", 100)
    monkeypatch.setattr(drift, "_LEAST", 20)
    folder = tmp_path / "in"
    folder.mkdir()

    def add(first, last, colour):
        for number in range(first, last):
            image = Image.new("RGB", (8, 8), colour)
            image.putpixel((7, 7), (0, number >> 8, number & 255))
            image.save(folder / f"{number:05d}.png")

    add(0, 100, (0, 0, 0))
    assert batch(folder, tmp_path / "out", judge=colour_judge()).moved == {}
    add(100, 200, (255, 0, 0))
    moved = batch(folder, tmp_path / "out", judge=colour_judge()).moved
    assert set(moved) == {"no-red"} and moved["no-red"] > 0.25


def test_an_estimate_is_of_a_sample_and_says_how_sure_it_is(tmp_path):
    images = pictures(tmp_path / "in", 200)
    (images / "broken.png").write_bytes(b"")
    model = ColourMllm()
    found = estimate(images, judge=colour_judge(model=model), sample=40)
    assert found.images == 201 and 39 <= found.sample <= 40
    assert len(model.asked) <= 40 * 4
    assert found.questions == pytest.approx(len(model.asked) / found.sample)
    assert 0.2 < found.violating < 0.95 and found.to_review == 0
    low, high = found.seconds_interval
    assert low <= found.seconds <= high
    hours, (least, most) = found.hours(1_000_000)
    assert least <= hours <= most and hours == pytest.approx(found.seconds * 1_000_000 / 3600)


def test_the_command_says_what_it_will_take_and_writes_nothing(tmp_path, tmp_path_factory):
    folder = tmp_path / "in"
    folder.mkdir()
    name = "body-on-fire-violating.png"
    (folder / name).write_bytes((ROOT / "examples/images" / name).read_bytes())
    site = install(tmp_path_factory.mktemp("site"))
    command = [
        sys.executable, "-m", "judge", "batch", str(folder), "--dry-run", "--processes", "1", "--price-per-hour", "3",
        "--model", f"colours:{tmp_path_factory.mktemp('processes')}",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(site)])}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, text=True, capture_output=True, timeout=200, check=True
    )
    assert (
        done.stdout.startswith("1 images; judged 1 of them") and "a million: " in done.stdout and "costs" in done.stdout
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_nothing_is_said_of_verdicts_before_there_is_one(tmp_path, capfd, monkeypatch):
    from judge.cli import batch_telling
    from judge.serving.batch.tally import BatchTally

    monkeypatch.setattr(batch_telling, "_EVERY", 0.0)
    with batch_telling.Telling(as_json=False) as telling:
        telling.watch(BatchTally(total=36))
        assert capfd.readouterr().err == "judge: 0 of about 36 images\n"
        batch(pictures(tmp_path / "in", 3), tmp_path / "out", judge=colour_judge(), watch=telling.watch)
    said = capfd.readouterr().err.splitlines()[-1]
    assert said.startswith("judge: 3 of about 3 images, ") and "to review" in said and ", ," not in said


def test_images_a_second_are_of_all_that_were_done(monkeypatch):
    from judge.serving.batch import tally as tally_module

    tally = tally_module.BatchTally(total=1000, begun=0.0)
    assert tally.as_json()["per_second"] is None
    for _ in range(300):
        tally.add(Judged({"copy_of": "x", "verdict": "violation", "audited": False, "missed": [], "error": None}))
    monkeypatch.setattr(tally_module.time, "monotonic", lambda: 600.0)
    assert (tally.as_json()["seconds"], tally.as_json()["per_second"]) == (600.0, 0.5)


def test_progress_for_programs_is_json(tmp_path, capfd):
    from judge.cli.batch_telling import Telling

    images = pictures(tmp_path / "in", 3)
    with Telling(as_json=True) as telling:
        tally = batch(images, tmp_path / "out", judge=colour_judge(), watch=telling.watch)
    telling.finish(tally, tmp_path / "out")
    last = json.loads(capfd.readouterr().err.splitlines()[-1])
    assert (last["judged"], last["total"], last["errors"]) == (3, 3, 0) and sum(last["verdicts"].values()) == 3
