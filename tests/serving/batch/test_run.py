"""A batch goes on where it stopped, judges equal bytes once, and takes over what a changed policy leaves as it is."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from typer.testing import CliRunner

from benchmarks.soak import ATTACKS
from judge.cli import verbs
from judge.cli.batch_telling import Telling
from judge.errors import JudgeError, UserError
from judge.locks.loading import Policy
from judge.serving.batch import call
from judge.serving.batch import run as run_module
from judge.serving.batch.call import batch
from judge.serving.batch.room import last_run
from judge.serving.batch.worker import Bench
from judge.settings import Settings
from tests.conftest import ROOT
from tests.serving.batch.colours import ColourMllm, colour_judge, picture, pictures, rows


def test_every_image_has_a_row_that_says_what_judging_it_alone_says(tmp_path):
    images = pictures(tmp_path / "in", 20)
    tally = batch(images, tmp_path / "out", judge=colour_judge())
    assert (tally.judged, tally.before, tally.errors) == (20, 0, 0)
    judge = colour_judge()
    for row in rows(tmp_path / "out"):
        verdict = judge.judge(images / row["key"])
        assert (row["verdict"], row["violations"]) == (verdict.verdict, list(verdict.violations))
        assert row["sha256"] == verdict.image_facts.sha256
        assert row["constitution_digest"] == judge.constitution.digest
    assert Counter(row["verdict"] for row in rows(tmp_path / "out"))["violation"] > 5
    of_one = [
        row for row in rows(tmp_path / "out", "statements") if row["sha256"] == rows(tmp_path / "out")[0]["sha256"]
    ]
    assert {(row["rule"], row["kind"], row["statement"]) for row in of_one} >= {
        ("no-blue", "exception", "green is visible")
    }


def test_what_has_a_row_is_not_judged_again(tmp_path):
    images = pictures(tmp_path / "in", 5)
    batch(images, tmp_path / "out", judge=colour_judge())
    pictures(tmp_path / "in", 7)
    model = ColourMllm()
    tally = batch(images, tmp_path / "out", judge=colour_judge(model=model))
    assert (tally.judged, tally.before) == (2, 5)
    assert len(model.asked) <= 2 * 4
    assert len({row["key"] for row in rows(tmp_path / "out")}) == len(rows(tmp_path / "out")) == 7


def test_an_image_whose_file_changed_is_judged_again_and_has_one_row(tmp_path):
    images = pictures(tmp_path / "in", 6)
    (images / "copy.png").write_bytes(picture(1))
    batch(images, tmp_path / "out", judge=colour_judge())
    (images / "00001.png").write_bytes(picture(100))
    tally = batch(images, tmp_path / "out", judge=colour_judge())
    assert (tally.judged, tally.before) == (1, 6)
    fresh = tmp_path / "fresh"
    batch(images, fresh, judge=colour_judge())
    aside = ("copy_of", "notes")
    assert [{k: v for k, v in row.items() if k not in aside} for row in rows(tmp_path / "out")] == [
        {k: v for k, v in row.items() if k not in aside} for row in rows(fresh)
    ]
    assert rows(tmp_path / "out", "statements") == rows(fresh, "statements")


def test_equal_bytes_are_judged_once(tmp_path):
    images = pictures(tmp_path / "in", 3)
    for number in range(20):
        (images / f"same-{number}.png").write_bytes(picture(5))
    model = ColourMllm()
    tally = batch(images, tmp_path / "out", judge=colour_judge(model=model))
    assert (tally.judged, tally.copies) == (4, 19)
    assert len(model.asked) <= 4 * 4
    same = [row for row in rows(tmp_path / "out") if row["key"].startswith("same")]
    assert len(same) == 20 and len({row["verdict"] for row in same}) == 1
    assert sum(row["copy_of"] is None for row in same) == 1


def test_what_cannot_be_read_has_a_row_and_is_tried_again_when_asked(tmp_path):
    images = pictures(tmp_path / "in", 3)
    (images / "broken.png").write_bytes(picture(9)[:40])
    (images / "gone.png").symlink_to(tmp_path / "nowhere.png")
    tally = batch(images, tmp_path / "out", judge=colour_judge())
    assert tally.errors == 2
    by_key = {row["key"]: row for row in rows(tmp_path / "out")}
    assert {by_key[key]["verdict"] for key in ("broken.png", "gone.png")} == {"needs_review"}
    assert by_key["gone.png"]["error"] == "image" and by_key["gone.png"]["sha256"] is None
    again = batch(images, tmp_path / "out", judge=colour_judge())
    assert (again.before, again.done, again.errors) == (5, 0, 2), "errors are of all images, not of this call"

    (tmp_path / "nowhere.png").write_bytes(picture(9))
    tally = batch(images, tmp_path / "out", judge=colour_judge(), retry_errors=True)
    assert (tally.done, tally.errors, tally.before) == (2, 1, 3)
    assert len(rows(tmp_path / "out")) == 5
    assert {row["key"]: row for row in rows(tmp_path / "out")}["gone.png"]["error"] is None


def test_the_command_says_each_time_what_could_not_be_judged(tmp_path, monkeypatch):
    images = pictures(tmp_path / "in", 3)
    (images / "broken.png").write_bytes(picture(9)[:40])
    batch(images, tmp_path / "out", judge=colour_judge())
    monkeypatch.setattr(call, "_policy", lambda *_: Policy(colour_judge().constitution, None, images))
    monkeypatch.setattr(call, "_judging", lambda *_: call.Here(Bench(colour_judge(), "none")))
    again = CliRunner().invoke(verbs.app, ["batch", str(images), "-o", str(tmp_path / "out")])
    assert again.exit_code == 1 and "1 could not be judged; try them again with --retry-errors" in again.stderr
    (images / "broken.png").unlink()
    assert CliRunner().invoke(verbs.app, ["batch", str(images), "-o", str(tmp_path / "out")]).exit_code == 0


@pytest.mark.parametrize("others", [2, 6])
def test_an_index_of_another_run_is_made_anew(others, tmp_path):
    images = pictures(tmp_path / "in", 4)
    batch(images, tmp_path / "out", judge=colour_judge())
    other = tmp_path / "other"
    other.mkdir()
    for number in range(others):
        (other / f"{50 + number}.png").write_bytes(picture(50 + number))
        batch(other, tmp_path / "others", judge=colour_judge())
    shutil.copy(last_run(tmp_path / "others") / "index.sqlite", last_run(tmp_path / "out"))
    tally = batch(images, tmp_path / "out", judge=colour_judge())
    assert (tally.before, tally.done, tally.gone) == (4, 0, 0)
    assert len(rows(tmp_path / "out")) == 4


@pytest.mark.parametrize("first", ["in", "in/*.png", "list.txt"])
def test_an_input_is_the_same_however_it_is_spelled(first, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures(tmp_path / "in", 2)
    (tmp_path / "list.txt").write_text("in/00000.png\nin/00001.png\n")
    batch(first, "out", judge=colour_judge())
    spelled = [f"./{first}", f".//{first}"] + ["in/", f"{tmp_path}/in", "in/../in"] * (first == "in")
    spelled += [str(tmp_path / first)] * (first == "list.txt")
    for again in spelled:
        tally = batch(again, "out", judge=colour_judge())
        assert (tally.before, tally.done, tally.gone) == (2, 0, 0), again
    shutil.move(tmp_path, moved := tmp_path.with_name("moved"))
    monkeypatch.chdir(moved)
    assert batch(first, "out", judge=colour_judge()).before == 2, "both may be moved together"
    shutil.move(moved, tmp_path)


def test_another_input_in_the_same_folder_is_refused(tmp_path):
    batch(pictures(tmp_path / "in", 2), tmp_path / "out", judge=colour_judge())
    with pytest.raises(UserError, match=r"holds the batch of .*/in, and this is .*/other"):
        batch(pictures(tmp_path / "other", 2), tmp_path / "out", judge=colour_judge())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="holds other files"):
        batch(tmp_path / "in", tmp_path / "mine", judge=colour_judge())
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("files", [[], ["notes.md"]])
def test_an_input_without_images_is_refused_before_models_are_loaded(files, tmp_path):
    (tmp_path / "in").mkdir()
    for name in files:
        (tmp_path / "in" / name).write_text("no picture")
    (tmp_path / "list.txt").write_text("\n")
    for source in ("in", "list.txt"):
        with pytest.raises(UserError, match="no images in .*" + ("(?s:.*)1 text" if files and source == "in" else "")):
            batch(tmp_path / source, tmp_path / "out", settings=Settings(model=str(tmp_path / "nowhere")))
    assert not (tmp_path / "out").exists()


def test_hostile_files_change_nothing_but_their_own_rows(tmp_path):
    """One in twenty; `python -m benchmarks.batches.hostile` has more of them, and the bundled model."""
    alone, among = pictures(tmp_path / "alone", 150), pictures(tmp_path / "among", 150)
    for number, attack in enumerate((*ATTACKS[:6], *ATTACKS[9:11])):
        attack(among / f"{20 * number:05d}-hostile", random.Random(number))
    batch(alone, tmp_path / "out-alone", judge=colour_judge())
    tally = batch(among, tmp_path / "out-among", judge=colour_judge())
    assert tally.judged == 158 and 4 <= tally.errors <= 8
    hostile = {row["sha256"] for row in rows(tmp_path / "out-among") if row["key"].endswith("-hostile")}
    for table in ("images", "statements"):
        found = [row for row in rows(tmp_path / "out-among", table) if row["sha256"] not in hostile]
        name = ("name",) if table == "images" else ()
        assert [{k: v for k, v in row.items() if k not in name} for row in found] == [
            {k: v for k, v in row.items() if k not in name} for row in rows(tmp_path / "out-alone", table)
        ]


def test_a_shard_that_was_edited_is_an_error_and_nothing_is_lost(tmp_path):
    images = pictures(tmp_path / "in", 4)
    batch(images, tmp_path / "out", judge=colour_judge())
    (shard,) = (last_run(tmp_path / "out") / "images").glob("*.parquet")
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-1] + b"?")
    with pytest.raises(JudgeError, match="was changed after it was written"):
        batch(images, tmp_path / "out", judge=colour_judge())
    shard.write_bytes(whole)
    assert batch(images, tmp_path / "out", judge=colour_judge()).before == 4


def test_a_full_disk_is_an_error_and_nothing_is_lost(tmp_path, monkeypatch):
    images = pictures(tmp_path / "in", 30)
    monkeypatch.setattr(run_module, "SHARD_ROWS", 10)
    from judge.serving.batch import shards

    real, wrote = shards._write, []

    def full(path, *more):
        wrote.append(path)
        if len(wrote) == 4:  # the second table of the second shard
            raise OSError(28, "No space left on device")
        real(path, *more)

    monkeypatch.setattr(shards, "_write", full)
    with pytest.raises(JudgeError, match="No space left on device"):
        batch(images, tmp_path / "out", judge=colour_judge())
    monkeypatch.setattr(shards, "_write", real)
    tally = batch(images, tmp_path / "out", judge=colour_judge())
    assert tally.before >= 10 and tally.before + tally.done == 30
    batch(images, tmp_path / "whole", judge=colour_judge())
    assert rows(tmp_path / "out") == rows(tmp_path / "whole")


def test_a_folder_that_vanishes_ends_the_run_with_what_was_done(tmp_path, monkeypatch):
    images = pictures(tmp_path / "in", 40)
    real = ColourMllm._one

    def vanish(self, ask):
        if images.exists():
            images.rename(tmp_path / "away")
        return real(self, ask)

    monkeypatch.setattr(ColourMllm, "_one", vanish)
    with pytest.raises(UserError, match="no longer there"):
        batch(images, tmp_path / "out", judge=colour_judge())
    monkeypatch.undo()
    (tmp_path / "away").rename(images)
    tally = batch(images, tmp_path / "out", judge=colour_judge())
    assert tally.errors == 0 and tally.before + tally.done == 40 == len(rows(tmp_path / "out"))


def test_rows_of_images_that_are_gone_stay_and_are_said(tmp_path, capfd):
    images = pictures(tmp_path / "in", 4)
    batch(images, tmp_path / "out", judge=colour_judge())
    (images / "00003.png").rename(images / "other.png")
    tally = batch(images, tmp_path / "out", judge=colour_judge())
    assert (tally.copies, tally.gone) == (1, 1)
    Telling(as_json=False).finish(tally, tmp_path / "out")
    assert "1 rows are of images that are no longer in the input" in capfd.readouterr().err


def test_a_run_that_was_killed_before_it_wrote_anything_goes_on(tmp_path):
    images, out = pictures(tmp_path / "in", 2), tmp_path / "out"
    out.mkdir()
    (out / ".lock").touch()
    (out / "0123456789abcdef.part").touch()
    assert batch(images, out, judge=colour_judge()).judged == 2
    with pytest.raises(UserError, match="inside the input"):
        batch(images, images / "out", judge=colour_judge())


@pytest.mark.parametrize("name", ["file", "file/below", "link", "x" * 300])
def test_tables_where_no_folder_can_be_are_a_mistake_of_the_user(name, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(UserError, match="can be no folder"):
        batch(pictures(tmp_path / "in", 1), tmp_path / name, judge=colour_judge())


def test_a_price_is_of_a_dry_run(tmp_path):
    found = CliRunner().invoke(
        verbs.app, ["batch", str(tmp_path), "-o", str(tmp_path / "out"), "--price-per-hour", "3"]
    )
    assert isinstance(found.exception, UserError) and "--price-per-hour" in str(found.exception)
    assert "--dry-run" in str(found.exception)


def test_keys_and_names_that_are_no_text_are_written(tmp_path):
    pictures(tmp_path / "in", 1)
    (tmp_path / "t.jsonl").write_text('{"key": "\\ud800", "path": "in/00000.png"}\n{"path": "\\udcff.png"}\n')
    tally = batch(tmp_path / "t.jsonl", tmp_path / "out", judge=colour_judge())
    assert (tally.judged, tally.errors) == (2, 1)
    assert {row["key"] for row in rows(tmp_path / "out")} == {"\\ud800", "\\udcff.png"}


def test_killed_at_random_points_nothing_is_lost_or_doubled(tmp_path):
    """With `JUDGE_KILLS=50 JUDGE_IMAGES=5000` it is the whole measurement; here fewer."""
    count, kills = int(os.environ.get("JUDGE_IMAGES", "400")), int(os.environ.get("JUDGE_KILLS", "4"))
    images = pictures(tmp_path / "in", count)
    for number in range(0, count, 40):
        (images / f"copy-{number:05d}.png").write_bytes(picture(number))
        (images / f"broken-{number:05d}.png").write_bytes(picture(number)[:50] + bytes([number % 251]))
    chance = random.Random(7)
    command = [sys.executable, "-m", "tests.serving.batch.colours", str(images), str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    begun = time.monotonic()
    subprocess.run([*command[:-1], str(tmp_path / "whole")], env=environment, cwd=ROOT, check=True, timeout=600)
    whole = time.monotonic() - begun
    killed = 0
    for _ in range(kills):
        process = subprocess.Popen(command, env=environment, cwd=ROOT)
        try:
            process.wait(chance.uniform(0.3, 1.0) * whole)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
    subprocess.run(command, env=environment, cwd=ROOT, check=True, timeout=600)
    assert killed
    assert rows(tmp_path / "out") == rows(tmp_path / "whole")
    assert rows(tmp_path / "out", "statements") == rows(tmp_path / "whole", "statements")
    assert (
        len({row["key"] for row in rows(tmp_path / "out")})
        == len(rows(tmp_path / "out"))
        == count + 2 * len(range(0, count, 40))
    )
