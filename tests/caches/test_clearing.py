"""The cache folder's size, and emptying it: what judge put there goes, and nothing else."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import get_args

import pytest

from judge.caches.clearing import cache_size, clear_cache
from judge.errors import JudgeError
from judge.files import remember
from judge.settings import CacheRoom, cache_room
from tests.cli.test_command import DRAWINGS
from tests.conftest import ROOT
from tests.forking import judge

NAME = "0123456789abcdef" * 2
RULE = "constitution: one-rule\nversion: 1.0.0\nrules:\n  - {id: a, rule: No people may be shown., preconditions: [people are visible]}\n"


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(folder))
    return folder


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_what_commands_leave_is_counted_and_goes(cache, tmp_path):
    """All that judging, testing and keeping answers write is known to be ours: nothing is left."""
    (tmp_path / "a.yaml").write_text(RULE)
    (tmp_path / "a.test.yaml").write_text(
        f"cases:\n  - image: {DRAWINGS / 'blade-in-hand-violating.png'}\n    expect: {{a: violates}}\n"
    )
    assert judge("test", tmp_path / "a.yaml").returncode == 0
    rooms = {path.name for path in cache.iterdir()}
    assert {"verdicts", "priors", "digests", "ways"} <= rooms <= set(get_args(CacheRoom))
    held = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
    assert cache_size() == held > 0
    done = judge("doctor", "--clear-cache", "--json")
    told = json.loads(done.stdout)
    assert (told["cache"], told["removed_bytes"]) == (str(cache), held) and done.stderr == ""
    assert everything(cache) == set()
    assert judge("test", tmp_path / "a.yaml").returncode == 0


def test_nothing_else_in_the_folder_is_touched(cache, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / f"{NAME}.json").write_text("a person's")
    remember(cache_room("verdicts") / "01" / f"{NAME}.json", "ours")
    remember(cache_room("ways") / f"{NAME[:16]}.part", "a rest")
    theirs = {"thesis.txt", "datasets/photo.png", "verdicts/notes.md", f"{NAME}.json", "verdicts/01/my verdict.json"}
    for name in theirs:
        (cache / name).parent.mkdir(exist_ok=True)
        (cache / name).write_text("a person's")
    (cache / "verdicts" / NAME).symlink_to(outside)
    (cache / "priors").symlink_to(outside)
    done = clear_cache()
    assert (done.files, len(done.left)) == (3, 2)  # one of them the link
    assert everything(cache) == theirs | {"datasets", "verdicts", "verdicts/01", "priors"}
    assert everything(outside) == {f"{NAME}.json"}
    done = judge("doctor", "--clear-cache")
    assert (
        done.returncode == 0
        and "removed 0 files" in done.stdout
        and "2 files there are not judge's and stay" in done.stderr
    )


def test_what_a_library_keeps_for_us_goes_whole(cache):
    remember(cache_room("huggingface-datasets") / "parquet" / "any name.arrow", "rows")
    assert clear_cache().files == 1 and everything(cache) == set()


def test_a_cache_that_is_not_there_is_empty(cache):
    assert (cache_size(), clear_cache().files) == (0, 0)
    assert not cache.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may remove anything")
def test_what_cannot_be_removed_is_told(cache):
    remember(cache_room("ways") / f"{NAME}.json", "ours")
    cache_room("ways").chmod(0o500)
    with pytest.raises(JudgeError, match="cannot be emptied"):
        clear_cache()


def test_every_room_is_entered_by_its_door():
    """A folder that is made beside `cache_room` would never be emptied."""
    for path in (ROOT / "judge").rglob("*.py"):
        if path.name != "settings.py":
            assert not re.search(r"cache_dir\(\) */", path.read_text(encoding="utf-8")), path


def test_every_room_is_in_the_docs():
    table = (ROOT / "docs/speed.md").read_text(encoding="utf-8").split("## The cache folder")[1]
    assert tuple(re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)) == get_args(CacheRoom)
