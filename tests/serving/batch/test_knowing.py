"""What a batch says of itself: what the relevance scan misses, whether answers drift, what it will take."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys

import pytest
from PIL import Image

from judge.cli import batch_telling
from judge.cli.batch_telling import tell_estimate
from judge.constitution import parse_constitution
from judge.judging.pipeline import Judge
from judge.models.scripted import ScriptedEncoder
from judge.serving.batch import run as run_module
from judge.serving.batch.call import batch, estimate
from judge.serving.batch.drift import Drift, stability
from judge.serving.batch.estimate import estimated
from judge.serving.batch.schema import Judged
from judge.serving.batch.sources import source_of
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
    hours, (least, most) = found.hours(1_000_000)
    assert least < hours < most and hours == pytest.approx(found.seconds * 1_000_000 / 3600)


class Paced:
    """Judges groups that take one second an image and three by turns, as far as rows say."""

    busy = 0

    def __init__(self):
        self.given = []

    @property
    def room(self):
        return 1 - self.busy

    def describe(self):
        pass

    def give(self, tasks):
        self.given.append(list(tasks))
        self.busy = 1

    def done(self, timeout=None):
        self.busy = 0
        pace = 1.0 if len(self.given) % 2 else 3.0
        rest = {"verdict": "no_violation"}
        return [(task, Judged({"seconds": pace, **rest})) for task in self.given[-1]]


@pytest.mark.parametrize(("count", "groups", "times"), [(8, 4, 3.182), (2, 2, 12.706), (200, 4, 3.182)])
def test_an_interval_is_of_groups_that_differ_and_wider_for_images_never_seen(count, groups, times, tmp_path):
    judging = Paced()
    source, rules = source_of(str(pictures(tmp_path / "in", count))), colour_judge().constitution
    found = estimated(source, judging, rules, sample=min(count, 40), batch=32)
    assert len(judging.given) == groups, "what is judged together shares its time, and so is one observation"
    width = times * statistics.stdev([1.0, 3.0] * (groups // 2)) / groups**0.5 / 2.0
    hours, (low, high) = found.hours(1_000_000)
    assert high / hours == pytest.approx(1 + width, abs=1e-3) and low / hours == pytest.approx(
        max(0.0, 1 - width), abs=1e-3
    )
    hours, (low, high) = found.hours()
    assert high / hours == pytest.approx(1 + width * (1 - found.sample / count) ** 0.5, abs=1e-3)


def test_one_image_says_nothing_of_the_spread_and_no_sample_of_the_load(tmp_path, capsys):
    source, rules = source_of(str(pictures(tmp_path / "in", 1))), colour_judge().constitution
    found = estimated(source, Paced(), rules, sample=50, batch=32)
    assert found.hours(1_000_000)[1] is None
    tell_estimate(found, 3.0)
    said = capsys.readouterr().out
    assert "(" not in said and "one image says nothing of how they differ" in said
    assert "the load that this machine has now" in said


@pytest.mark.parametrize(
    ("moments", "now", "said"),
    [
        ([0.0, 0.000011, 0.00002], 0.5, None),  # three rows in an instant are no pace
        ([10.0, 10.0, 10.0], 30.0, "6.0 a minute"),
        ([1.0] * 90_000, 1.0, "90000 a second"),
        ([10.0, 20.0, 30.0], 30.0, "6.0 a minute"),
        ([10.0, 10_010.0], 10_010.0, "0.36 an hour"),
    ],
)
def test_a_pace_is_said_after_some_time_and_in_plain_numbers(moments, now, said, monkeypatch):
    from judge.serving.batch import tally as tally_module

    tally = tally_module.BatchTally(begun=0.0)
    times = iter(moments)
    monkeypatch.setattr(tally_module.time, "monotonic", lambda: next(times))
    for _ in moments:
        tally.add(Judged({"copy_of": "x", "verdict": "violation", "audited": False, "missed": [], "error": None}))
    monkeypatch.setattr(tally_module.time, "monotonic", lambda: now)
    words = batch_telling._more(tally).split(", ")
    assert words[-1] == said if said else not any(" a " in one for one in words)


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
        done.stdout.startswith("1 images; judged 1 of them")
        and "a million like them: " in done.stdout
        and "costs" in done.stdout
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_nothing_is_said_of_verdicts_before_there_is_one(tmp_path, capfd, monkeypatch):
    from judge.cli import batch_telling
    from judge.serving.batch.tally import BatchTally

    monkeypatch.setattr(batch_telling, "_EVERY", 0.0)
    with batch_telling.Telling(as_json=False) as telling:
        telling.watch(BatchTally())
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
