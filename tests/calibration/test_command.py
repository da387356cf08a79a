"""`judge calibrate` with the bundled model on drawings: from labels to bounds in the lock to other verdicts."""

from __future__ import annotations

import json
import logging
import shutil

import pytest
import yaml
from typer.testing import CliRunner

from judge import load_judge
from judge.assemble import load_like
from judge.calibration.calibrate import RuleChange
from judge.cli.verbs import app
from judge.diff.judging import judge_both
from judge.errors import ImageError, UserError
from judge.locks.lockfile import read_lock
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples" / "images"
RULE = {
    "id": "fire", "rule": "No person or animal may be shown with its body on fire.",
    "preconditions": [{"any": ["people are visible", "animals are visible"]}, "the body is on fire"],
}  # fmt: skip
VIOLATING = ("body-on-fire-violating", "body-on-fire-violating-animal")
OK = (
    "body-on-fire-borderline", "body-on-fire-borderline-campfire", "drugs-borderline", "explosive-violating",
    "child-with-alcohol-violating", "human-remains-borderline",
)  # fmt: skip


def run(*arguments: object):
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def house(tmp_path):
    """A constitution with its lock, and a data set of eight drawings beside it."""
    path = tmp_path / "house.yaml"
    path.write_text(yaml.safe_dump({"constitution": "house", "version": "1.0.0", "rules": [RULE]}))
    run("compile", path, "--no-llm", "--no-priors")
    images = tmp_path / "drawings"
    images.mkdir()
    rows = []
    for name in (*VIOLATING, *OK):
        shutil.copy(EXAMPLES / f"{name}.png", images)
        side = "violates" if name in VIOLATING else "ok"
        rows.append(json.dumps({"file_name": f"{name}.png", "unsafe": side == "violates", side: ["fire"]}))
    (images / "metadata.jsonl").write_text("\n".join(rows))
    return path


def test_from_labels_to_verdicts(house, caplog):
    images, lock = house.parent / "drawings", house.with_name("house.lock.yaml")
    options = ("calibrate", house, images, "--false-positive-rate", "0.2")
    told = json.loads(run(*options, "--json").stdout)
    change = RuleChange.model_validate(told["rules"][0])
    assert told["written"] and (change.ok, change.violating) == (6, 2)
    assert change.after.ok_flagged <= change.before.ok_flagged
    assert "at most 0.2" in told["promise"][0]
    held = read_lock(lock)
    assert held is not None and held.calibration is not None and held.calibration.images == 8
    assert held.rules["fire"].calibration.bounds == change.bounds

    judge = load_judge(house)
    assert judge.provenance.calibration_digest is not None
    words = {name: judge.judge(EXAMPLES / f"{name}.png") for name in (*VIOLATING, *OK)}
    assert sum(words[name].verdict == "violation" for name in OK) == change.after.ok_flagged
    assert sum(words[name].verdict == "violation" for name in VIOLATING) == change.after.violating_flagged
    assert sum(verdict.verdict == "needs_review" for verdict in words.values()) == told["reviews_after"]
    assert words[OK[0]].findings[0].thresholds.bounds == change.bounds

    written = lock.read_text()
    again = json.loads(run(*options, "--json").stdout)  # the same inputs: the same file
    assert not again["changed"] and again["replaced"] == [] and lock.read_text() == written
    other = run("calibrate", house, images, "--false-positive-rate", "0.15", "--unlabelled", "--dry-run")
    assert other.exit_code == 0 and "would be written" in other.stdout and lock.read_text() == written
    assert "bounds" in other.stdout and "become" in other.stdout and "no false positive rate is known" in other.stdout

    with caplog.at_level(logging.WARNING, logger="judge"):
        elsewhere = load_judge(house, encoder="none")
    assert elsewhere.provenance.calibration_digest is None
    assert "calibration in the lock file not used" in caplog.text


def test_a_review_budget_without_labels(house):
    told = json.loads(
        run("calibrate", house, house.parent / "drawings", "--unlabelled", "--review-budget", 0.45, "--json").stdout
    )
    [change] = told["rules"]
    bounds = change["bounds"]
    assert bounds["holds_over"] - bounds["fails_under"] == pytest.approx(2 * told["half_width"], abs=1e-5)
    judge = load_judge(house)
    paths = [house.parent / "drawings" / f"{name}.png" for name in (*VIOLATING, *OK)]
    assert sum(one.verdict == "needs_review" for one in judge.judge_many(paths)) == told["reviews_after"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--false-positive-rate", "0.05"), "too few images for a false positive rate of 0.05: at most 6 are ok"),
        (("--review-budget", "0.1"), "18 are needed"),
        ((), "say what to calibrate for"),
        (("--review-budget", "0.1", "--false-positive-rate", "0.1"), "say what to calibrate for"),
        (("--review-budget", "1.5"), "a rate between 0 and 1"),
        (
            ("--review-budget", "0.3", "-m", "a", "-m", "b", "--committee", "all"),
            "a committee that votes on all would not",
        ),
    ],
)
def test_what_cannot_be_done_is_said(house, options, said):
    with pytest.raises(UserError) as raised:
        run("calibrate", house, house.parent / "drawings", *options)
    assert said in str(raised.value)


def test_locks_that_may_not_be_calibrated(house):
    images = house.parent / "drawings"
    policy = yaml.safe_load(house.read_text())
    policy["rules"][0]["thresholds"] = {"bounds": {"fails_under": 0.0, "holds_over": 1.0}}
    house.write_text(yaml.safe_dump(policy))
    with pytest.raises(UserError, match="rules with bounds of their own: fire"):
        run("calibrate", house, images, "--false-positive-rate", "0.2")
    policy["rules"][0] = {**RULE, "rule": "No body may be on fire."}
    house.write_text(yaml.safe_dump(policy))
    with pytest.raises(UserError, match=r"does not belong to .* any more .stale fire"):
        run("calibrate", house, images, "--false-positive-rate", "0.2")
    house.with_name("house.lock.yaml").unlink()
    with pytest.raises(UserError, match="has no lock file"):
        run("calibrate", house, images, "--false-positive-rate", "0.2")


def test_an_image_that_cannot_be_read_stops_it(house):
    images, lock = house.parent / "drawings", house.with_name("house.lock.yaml")
    before = lock.read_text()
    (images / f"{OK[0]}.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=OK[0]):
        run("calibrate", house, images, "--false-positive-rate", "0.2")
    assert lock.read_text() == before


def test_a_diff_judges_by_the_calibration_of_each_lock(house, tmp_path, monkeypatch):
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path / "cache"))
    plain = house.with_name("plain.yaml")
    shutil.copy(house, plain)
    lock = house.with_name("house.lock.yaml")
    shutil.copy(lock, house.with_name("plain.lock.yaml"))
    run("calibrate", house, house.parent / "drawings", "--false-positive-rate", "0.2")
    judge = load_judge(str(plain))
    like = load_like(judge, str(house))
    assert like.mllm is judge.mllm
    assert like.provenance.lock_digest == read_lock(lock).digest
    assert like.provenance == load_judge(str(house)).provenance
    assert like.provenance.calibration_digest is not None and judge.provenance.calibration_digest is None
    pairs = list(judge_both(judge, like, [str(EXAMPLES / "body-on-fire-violating.png")], keep=False))
    assert [one.provenance.calibration_digest for one in pairs[0]] == [None, like.provenance.calibration_digest]
