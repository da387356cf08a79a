"""What is remembered of a checkpoint's digest is believed only where it looks like one."""

from __future__ import annotations

import os

import pytest

from judge.models.transformers.checkpoints import digest


@pytest.mark.parametrize(
    "damage", [b"", b"digest", b"\xff\xfe", b"A" * 64, b"0" * 63, b"0" * 65, b'{"digest": ""}', "pipe"]
)
def test_damage_in_a_remembered_digest_is_dropped_and_made_again(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    right = digest(str(folder))
    (kept,) = (tmp_path / "cache" / "digests").iterdir()
    assert kept.read_text("ascii") == right
    if damage == "pipe":
        kept.unlink()
        os.mkfifo(kept)
    else:
        kept.write_bytes(damage)
    assert digest(str(folder)) == right
    assert kept.read_text("ascii") == right
