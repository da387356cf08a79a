"""The scripted fakes meet the protocols as the real adapters do, and say so when their script runs out."""

from __future__ import annotations

import pytest
from PIL import Image

from judge.errors import JudgeError, ModelError, ScriptExhausted
from judge.models.scripted import ScriptedDetector, ScriptedEncoder, ScriptedMllm
from judge.ports import Ask
from tests.models import conformance as suite

CHANCES = dict(zip(suite.STATEMENTS, [0.1, 0.9, (0.2, 0.3), 1.0, (0.0, 0.0)], strict=True))
COSINES = dict(zip(suite.STATEMENTS, [-1.0, -0.2, 0.0, 0.31, 1.0], strict=True))
BOXES = {
    "person": (0.0, 0.0, 100.0, 96.0, 0.9), "a knife": (10.0, 20.0, 30.0, 40.0, 0.0), "the fire": (1.5, 2.5, 3.5, 4.5, 1.0),
    "beer": (5.0, 5.0, 5.0, 5.0, 0.3),
}  # fmt: skip
JSON = '{"rating": "No", "rationale": "short", "sure": true}'


class TestMllm(suite.MllmConformance):
    @pytest.fixture
    def subject(self, pictures):
        def make():
            answers = {statement: [said] * 20 for statement, said in CHANCES.items()}
            return ScriptedMllm(answers, CHANCES, [JSON, "Yes.", JSON])

        return suite.MllmSubject(make, pictures, longest=len(JSON))

    def test_a_reply_under_a_schema_is_json_of_it(self, pictures):
        """A fake says what the script says, so the script must hold the JSON."""
        talks = [suite.talk(pictures[0], "Give JSON.")]
        (reply,) = ScriptedMllm(replies=[JSON]).reply(talks, max_tokens=80, schema=suite.Report.model_json_schema())
        assert suite.Report.model_validate_json(reply).rating == "No"


class TestEncoder(suite.EncoderConformance):
    @pytest.fixture
    def subject(self, pictures):
        return suite.EncoderSubject(lambda: ScriptedEncoder(COSINES), pictures)


class TestDetector(suite.DetectorConformance):
    @pytest.fixture
    def subject(self, pictures):
        return suite.DetectorSubject(lambda: ScriptedDetector(BOXES), pictures)


IMAGE = Image.new("RGB", (8, 8))


def test_answers_follow_the_script_and_then_run_out():
    fake = ScriptedMllm({"a": [0.25, (0.1, 0.4)]})
    first, second = fake.answer([Ask(IMAGE, "Is it?", "a")] * 2)
    assert (first.p_yes, first.p_no, second.p_yes, second.p_no) == (0.25, 0.75, 0.1, 0.4)
    with pytest.raises(ScriptExhausted, match="'a'"):
        fake.answer([Ask(IMAGE, "Is it?", "a")])
    assert [ask.statement for ask in fake.asked] == ["a", "a", "a"]


RUN_OUT = {
    "a statement unknown": lambda: ScriptedMllm({"a": [1.0]}).answer([Ask(IMAGE, "", "b")]),
    "no prior": lambda: ScriptedMllm({"a": [1.0]}).answer([Ask(None, "", "a")]),
    "no reply left": lambda: ScriptedMllm(replies=["x"]).reply([suite.talk(None, "hm")] * 2, max_tokens=4),
    "no cosine": lambda: ScriptedEncoder({"a": 0.1}).similarity([IMAGE], ["a", "b"]),
    "no box": lambda: ScriptedDetector({}).detect(IMAGE, ["a"]),
}
FAILING = {
    "answer": lambda error: ScriptedMllm({"a": [error]}).answer([Ask(IMAGE, "", "a")]),
    "prior": lambda error: ScriptedMllm(priors={"a": error}).answer([Ask(None, "", "a")]),
    "reply": lambda error: ScriptedMllm(replies=[error]).reply([suite.talk(None, "hm")], max_tokens=4),
    "cosine": lambda error: ScriptedEncoder({"a": error}).similarity([IMAGE], ["a"]),
    "box": lambda error: ScriptedDetector({"a": error}).detect(IMAGE, ["a"]),
}


@pytest.mark.parametrize("asked", RUN_OUT.values(), ids=RUN_OUT)
def test_a_script_that_runs_out_raises_what_nothing_catches(asked):
    with pytest.raises(ScriptExhausted) as caught:
        asked()
    assert not isinstance(caught.value, JudgeError)


@pytest.mark.parametrize("asked", FAILING.values(), ids=FAILING)
def test_a_scripted_failure_is_raised(asked):
    error = ModelError("scripted failure")
    with pytest.raises(ModelError) as caught:
        asked(error)
    assert caught.value is error


def test_a_scripted_number_that_is_no_probability_is_refused():
    with pytest.raises(ModelError, match="no probabilities"):
        ScriptedMllm({"a": [(0.9, 0.9)]}).answer([Ask(IMAGE, "", "a")])
