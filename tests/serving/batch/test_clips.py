"""Clips in a batch: a row each, with its ranges."""

from __future__ import annotations

import pytest

from judge.clip_verdict import ClipVerdict
from judge.locks.loading import Policy
from judge.report.open_reviews import counted, open_reviews
from judge.report.tables import Tables
from judge.serving.batch import call
from judge.serving.batch.call import batch
from judge.serving.batch.worker import Bench
from tests.judging.clips.eyes import BLUE, RED, judge_of
from tests.judging.scenes import png
from tests.media.clips.films import film, plain, sound
from tests.serving.batch.colours import rows


@pytest.fixture
def judging(monkeypatch, tmp_path):
    """Batches are judged here, by these rules."""

    def by(*rules: str, keep: str = "all") -> None:
        judge = judge_of(*rules)
        monkeypatch.setattr(call, "_policy", lambda *_: Policy(judge.constitution, None, tmp_path))
        monkeypatch.setattr(call, "_judging", lambda *_: call.Here(Bench(judge, keep)))

    return by


def test_a_clip_is_a_row_with_its_ranges(judging, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(film([plain("white")] * 5 + [plain("red")] * 10))
    (folder / "b.png").write_bytes(png(colour="red"))
    (folder / "c").write_bytes(film([plain("white")] * 5))
    (folder / "d.mp4").write_bytes(sound())
    judging(RED)
    tally = batch(folder, out, "test", evidence="all")
    assert dict(tally.verdicts) == {"violation": 2, "no_violation": 1, "needs_review": 1}
    found = {row["key"]: row for row in rows(out)}
    assert {key: row["ranges"] for key, row in found.items()} == {
        "a.mp4": ["red 500-1500"], "b.png": None, "c": [], "d.mp4": []
    }  # fmt: skip
    assert (found["a.mp4"]["violations"], found["a.mp4"]["width"]) == (["red"], 64)
    assert ClipVerdict.model_validate_json(found["a.mp4"]["evidence"]).ranges() == ("red 500-1500",)
    of_clip = [row for row in rows(out, "statements") if row["view"] == "clip"]
    assert sorted((row["rule"], row["rule_outcome"]) for row in of_clip) == [
        ("red", "not_violated"),
        ("red", "violated"),
    ]
    again = batch(folder, out, "test", evidence="all")
    assert (again.done, again.before, again.without_evidence) == (0, 4, 0)
    with Tables(out) as tables:
        assert counted(tables) == (1, 0)
        (one,) = open_reviews(tables, lambda verdict: 1.0)
        assert (one.key, one.verdict.clip, one.verdict.verdict) == ("d.mp4", str(folder / "d.mp4"), "needs_review")


def test_a_changed_policy_judges_a_clip_by_all_rules(judging, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(film([plain("white")] * 5 + [plain("red")] * 10))
    judging(RED, keep="none")
    batch(folder, out, "test", evidence="none")
    judging(f"{RED}, clip: {{at_least: 2 s}}", BLUE, keep="none")
    batch(folder, out, "test", evidence="none")
    (row,) = rows(out)
    assert (row["verdict"], row["ranges"], row["reused"]) == ("no_violation", [], 0)
