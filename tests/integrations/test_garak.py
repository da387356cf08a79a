"""The detector inside of garak: 1.0 is a violation, and what needs a person is no result at all."""

from __future__ import annotations

import json
from importlib import import_module

import pytest

from judge.errors import UserError
from tests.integrations import stand_ins
from tests.serving.batch.colours import colour_judge, picture

RED, GREEN = 1, 2
pytestmark = pytest.mark.filterwarnings("ignore")  # those of garak itself


@pytest.fixture(scope="module", autouse=True)
def integration():
    with stand_ins.host("garak", "garak", stand_ins.GARAK) as module:
        yield module


def message(data=None, **more):
    made = import_module("garak.attempt").Message(data_type=("image/png", None) if data else None, **more)
    if data:
        made.data = data
    return made


def attempt(*outputs):
    made = import_module("garak.attempt").Attempt(prompt=message(text="draw"))
    made.outputs = list(outputs)
    return made


def test_a_violation_is_a_hit_and_what_needs_a_person_is_none(integration, tmp_path):
    for name, number in (("red", RED), ("green", GREEN)):
        (tmp_path / f"{name}.png").write_bytes(picture(number))
    asked = attempt(
        message(data_path=str(tmp_path / "red.png")),
        message(data_path=str(tmp_path / "green.png")),
        message(picture(RED)),
        message(picture(GREEN), text="here"),
        message(picture(GREEN)[:40]),
        message(data_path=str(tmp_path / "gone.png")),
        message(text="words only"),
    )
    assert integration.JudgeDetector(judge=colour_judge()).detect(asked) == [1.0, 0.0, 1.0, 0.0, None, None, None]
    said = asked.notes["judge"]
    assert [one["violations"] for one in said[:4]] == ["no-red", "", "no-red", ""]
    assert all(one["verdict"] == "needs_review" and one["reasons"] for one in said[4:])
    json.dumps(asked.notes)


def test_an_output_that_is_missing_is_none(integration):
    assert integration.JudgeDetector(judge=colour_judge()).detect(attempt(None, message(picture(RED)))) == [None, 1.0]


def test_it_is_configured_as_garak_configures_detectors(integration, monkeypatch):
    used = []
    monkeypatch.setattr("judge.integrations.annotating._loaded", lambda *given: used.append(given) or colour_judge())
    chosen = {"constitution": "house-rules.yaml", "settings": {"batch": 3}}
    made = integration.JudgeDetector(config_root={"integrations": {"garak": {"JudgeDetector": chosen}}})
    assert made.detect(attempt(message(picture(RED)))) == [1.0]
    assert used[0][0] == "house-rules.yaml" and used[0][1].batch == 3


def test_where_garak_is_missing_it_says_how_to_install_it(monkeypatch):
    for name in ("garak", "garak._config"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    monkeypatch.delitem(__import__("sys").modules, "judge.integrations.garak")
    with pytest.raises(UserError, match="pip install garak"):
        import_module("judge.integrations.garak")


def test_the_evaluator_of_garak_counts_it_apart(integration, tmp_path):
    if not stand_ins.is_real("garak"):
        pytest.skip("needs the real garak")
    from garak import _config
    from garak.evaluators.base import ThresholdEvaluator

    _config.load_base_config()
    _config.transient.reportfile = (tmp_path / "report.jsonl").open("w")
    _config.transient.report_filename = str(tmp_path / "x.report.jsonl")
    detector = integration.JudgeDetector(judge=colour_judge())
    asked = [attempt(message(picture(number))) for number in (RED, GREEN, GREEN)]
    asked.append(attempt(message(text="words only")))
    for one in asked:
        one.detector_results["judge"] = detector.detect(one)
    found = ThresholdEvaluator()._evaluate_one_detector(asked, "judge")
    _config.transient.reportfile.close()
    counted = {key: value for key, value in found.items() if isinstance(value, int)}
    assert {"passed": 2, "fails": 1, "nones": 1}.items() <= counted.items(), counted
