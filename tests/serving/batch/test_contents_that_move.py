"""Images that share a key, and files that trade their contents, keep what is said of each."""

from __future__ import annotations

import random

import pytest

from judge.serving.batch import run as run_module
from judge.serving.batch.call import batch
from tests.serving.batch.colours import colour_judge, picture, pictures, rows


def test_images_that_share_a_key_are_each_judged(tmp_path):
    images = pictures(tmp_path / "in", 3)
    lines = ["key,path", "x,in/00000.png", "x,in/00001.png", "x,in/00000.png", "y,in/00002.png"]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    for _ in range(2):
        batch(tmp_path / "t.csv", tmp_path / "out", judge=colour_judge())
        found = {row["key"]: row["name"] for row in rows(tmp_path / "out")}
        assert found == {
            key: str(images / name) for key, name in (("x", "00000.png"), ("x#2", "00001.png"), ("y", "00002.png"))
        }


def whole_and_sound(out, images, tmp_path, gone=()):
    """The tables are those of a fresh run, but for rows of images that are gone: of every image with its statements."""
    fresh = tmp_path / f"fresh-{random.random()}"
    batch(images, fresh, judge=colour_judge())
    aside = ("copy_of",)
    found = [{k: v for k, v in row.items() if k not in aside} for row in rows(out) if row["key"] not in gone]
    assert found == [{k: v for k, v in row.items() if k not in aside} for row in rows(fresh)]
    kept = {row["sha256"] for row in rows(out)}
    told = [row for row in rows(out, "statements") if row["sha256"] in {one["sha256"] for one in rows(fresh)}]
    assert told == rows(fresh, "statements")
    assert {row["sha256"] for row in rows(out, "statements")} <= kept
    by_key = {row["key"]: row for row in rows(out)}
    for row in by_key.values():
        assert row["copy_of"] is None or by_key[row["copy_of"]]["sha256"] == row["sha256"]
        assert row["copy_of"] is None or by_key[row["copy_of"]]["copy_of"] is None
    originals = [row["sha256"] for row in by_key.values() if row["copy_of"] is None]
    assert len(originals) == len(set(originals)) and set(originals) == kept


@pytest.mark.parametrize("shard", [4, 1000])
def test_files_that_trade_contents_keep_what_is_said_of_them(tmp_path, shard, monkeypatch):
    monkeypatch.setattr(run_module, "SHARD_ROWS", shard)
    images, out = pictures(tmp_path / "in", 10), tmp_path / "out"
    batch(images, out, judge=colour_judge())
    (images / "00000.png").unlink()
    for number in range(1, 10):
        (images / f"{number:05d}.png").rename(images / f"{number - 1:05d}.png")
    tally = batch(images, out, judge=colour_judge())
    assert tally.gone == 1
    whole_and_sound(out, images, tmp_path, gone={"00009.png"})
    a, b = (images / "00002.png").read_bytes(), (images / "00005.png").read_bytes()
    (images / "00002.png").write_bytes(b)
    (images / "00005.png").write_bytes(a)
    batch(images, out, judge=colour_judge())
    whole_and_sound(out, images, tmp_path, gone={"00009.png"})


def test_contents_that_are_dealt_out_anew_again_and_again_stay_sound(tmp_path, monkeypatch):
    monkeypatch.setattr(run_module, "SHARD_ROWS", 5)
    images, out, chance = pictures(tmp_path / "in", 12), tmp_path / "out", random.Random(3)
    for _ in range(12):
        for path in chance.sample(sorted(images.iterdir()), 5):
            path.write_bytes(picture(chance.randrange(8)))
        batch(images, out, judge=colour_judge())
        whole_and_sound(out, images, tmp_path)
