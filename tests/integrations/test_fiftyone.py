"""Verdicts as fields of a FiftyOne dataset: every sample has one, and none is cleared that was not looked at."""

from __future__ import annotations

import os
from importlib import import_module
from itertools import islice
from pathlib import Path

import pytest

from judge.errors import UserError
from tests.integrations import stand_ins
from tests.serving.batch.colours import colour_judge, picture

RED, GREEN, BLUE = 1, 2, 4
pytestmark = pytest.mark.filterwarnings("ignore")  # those of FiftyOne itself


@pytest.fixture(scope="module", autouse=True)
def integration(tmp_path_factory):
    os.environ["FIFTYONE_DATABASE_DIR"] = str(tmp_path_factory.mktemp("fiftyone"))
    with stand_ins.host("fiftyone", "fiftyone", stand_ins.FIFTYONE) as module:
        yield module
    del os.environ["FIFTYONE_DATABASE_DIR"]


NAMES = {"red": RED, "green": GREEN, "blue": BLUE}


@pytest.fixture
def dataset(tmp_path):
    fo = import_module("fiftyone")
    for name, number in NAMES.items():
        (tmp_path / f"{name}.png").write_bytes(picture(number))
    (tmp_path / "broken.png").write_bytes(picture(GREEN)[:40])
    (tmp_path / "film.mp4").write_bytes(b"no film")
    names = [*(f"{name}.png" for name in NAMES), "broken.png", "gone.png", "film.mp4"]
    found = []
    for kind in (".png", ".mp4") if stand_ins.is_real("fiftyone") else ("",):  # a dataset has one kind of media
        made = fo.Dataset()
        made.add_samples([fo.Sample(filepath=str(tmp_path / name)) for name in names if name.endswith(kind)])
        found.append(made)
    return found


def said(datasets):
    return {Path(sample.filepath).name: sample for one in datasets for sample in one}


def test_every_sample_has_a_verdict_and_its_rules(integration, dataset):
    for one in dataset:
        integration.annotate_samples(one, judge=colour_judge())
    found = said(dataset)
    assert {name: sample["judge"].label for name, sample in found.items()} == {
        "red.png": "violation", "green.png": "no_violation", "blue.png": "violation",
        "broken.png": "needs_review", "gone.png": "needs_review", "film.mp4": "needs_review",
    }  # fmt: skip
    (rule,) = found["red.png"]["judge_rules"].classifications
    assert (rule.label, rule.text) == ("no-red", "No red.")
    assert found["red.png"]["judge"].because == "violates no-red: No red."
    assert found["green.png"]["judge_rules"].classifications == []
    for name in ("broken.png", "gone.png", "film.mp4"):
        assert found[name]["judge"].reasons and list(found[name]["judge"].causes) == ["unreadable"]


def test_the_field_may_have_another_name(integration, dataset):
    integration.annotate_samples(dataset[0], judge=colour_judge(), field="house")
    found = said(dataset)
    assert found["red.png"]["house"].label == "violation" and found["red.png"]["house_rules"].classifications


def test_what_is_done_stays_when_it_is_ended(integration, dataset, monkeypatch):
    judge = colour_judge()
    many = judge.judge_many

    def ends(images):
        images = list(images)
        if any(str(image).endswith("gone.png") for image in images):
            raise KeyboardInterrupt
        return many(iter(images))

    judge.settings = judge.settings.model_copy(update={"batch": 2})
    monkeypatch.setattr(judge, "judge_many", ends)
    with pytest.raises(KeyboardInterrupt):
        integration.annotate_samples(dataset[0], judge=judge)
    if stand_ins.is_real("fiftyone"):
        dataset[0].reload()
        assert [one["judge"].label for one in islice(dataset[0], 2)] == ["violation", "no_violation"]
        assert dataset[0].count("judge") == 4
    else:
        assert [one["judge"].label for one in dataset[0].saved][:2] == ["violation", "no_violation"]


def test_where_fiftyone_is_missing_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fiftyone", None)
    monkeypatch.delitem(__import__("sys").modules, "judge.integrations.fiftyone")
    with pytest.raises(UserError, match="pip install fiftyone"):
        import_module("judge.integrations.fiftyone")


def test_a_view_shows_what_needs_a_person(integration, dataset):
    if not stand_ins.is_real("fiftyone"):
        pytest.skip("needs the real fiftyone")
    from fiftyone import ViewField

    integration.annotate_samples(dataset[0].limit(4), judge=colour_judge())
    found = dataset[0].match(ViewField("judge.label") == "needs_review")
    assert [Path(path).name for path in found.values("filepath")] == ["broken.png"]
    assert dataset[0].count_values("judge_rules.classifications.label") == {"no-red": 1, "no-blue": 1}
